// @ts-check
// What stands in people's way on the page that is shown, as sentences. axe-core has been loaded before.
(() => {
  const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
  const NO_FIELD = new Set(["hidden", "submit", "button", "reset", "image"]);

  /** @param {Element} element */
  const shown = (element) => {
    const { width, height } = element.getBoundingClientRect();
    const { visibility, clipPath } = getComputedStyle(element);
    return width > 0 && height > 0 && visibility === "visible" && clipPath === "none"; // clipped: for screen readers only
  };
  /** @param {Element} element */
  const named = (element) => element.outerHTML.slice(0, 140).replaceAll(/\s+/g, " ");

  /** @param {Element} root */
  async function violations(root) {
    // The watermark says nothing to whoever watches: it is pure decoration, until somebody photographs the screen.
    const axe = /** @type {any} */ (window).axe;
    const found = await axe.run({ include: root, exclude: [[".watermark"]] }, { runOnly: { type: "tag", values: RULES }, resultTypes: ["violations"] });
    return found.violations.flatMap((one) => one.nodes.map((node) => {
      const why = [...node.any, ...node.all, ...node.none].map(({ message }) => message).join("; ");
      return `${one.id} at ${node.target.join(" ")}: ${why}`;
    }));
  }

  /** A field's words are to be seen; those of a search may be its button (WCAG technique G167). @param {HTMLInputElement} field */
  function labelled(field) {
    const by = field.getAttribute("aria-labelledby")?.split(" ") ?? [];
    const words = [...(field.labels ?? []), ...by.map((id) => document.getElementById(id))];
    const texts = words.flatMap((one) => [...(one?.childNodes ?? [])].filter((node) => node.textContent?.trim()));
    const parts = texts.map((node) => (node instanceof Element ? node : node.parentElement));
    return parts.some((part) => part !== null && shown(part)) || Boolean(field.closest("td, th")?.closest("table")?.tHead)
      || (field.type === "search" && [...(field.form?.querySelectorAll("button") ?? [])].some(shown));
  }

  function form() {
    const faults = [];
    const headings = [...document.querySelectorAll("h1")].filter(shown);
    if (headings.length !== 1) faults.push(`${headings.length} h1 are shown`);
    if (!document.title.replace("Cầu Tiếp Dân", "").replaceAll(/[\s–]/g, "")) faults.push("the title says nothing");
    /** @type {NodeListOf<HTMLInputElement>} */
    const fields = document.querySelectorAll("input, select, textarea");
    for (const field of fields) {
      const hidden = NO_FIELD.has(field.type) || field.closest("[aria-hidden=true]") !== null || !shown(field);
      if (!hidden && !labelled(field)) faults.push(`no visible label: ${named(field)}`);
    }
    return faults;
  }

  /** Everything; closed parts and dialogs included, unless the page is in use. @param {boolean} [opens] */
  async function barriers(opens = true) {
    const faults = form();
    if (!opens) return [...faults, ...await violations(document.documentElement)];
    for (const closed of document.querySelectorAll("details:not([open], [data-pop])")) closed.setAttribute("open", "");
    faults.push(...await violations(document.documentElement));
    for (const dialog of document.querySelectorAll("dialog:not([open])")) {
      const asked = /** @type {HTMLDialogElement} */ (dialog);
      asked.showModal();
      faults.push(...(await violations(asked)).map((fault) => `in a dialog, ${fault}`));
      asked.close();
    }
    return faults;
  }

  /** Within something that scrolls by itself. @param {Element} element */
  function scrolled(element) {
    for (let one = element.parentElement; one && one !== document.body; one = one.parentElement) {
      if (getComputedStyle(one).overflowX !== "visible") return true;
    }
    return false;
  }

  /** What makes the page wider than the screen; empty when nothing does. */
  function tooWide() {
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) return [];
    const reaching = [...document.body.querySelectorAll("*")].filter((one) => one.getBoundingClientRect().right > clientWidth + 0.5 && !scrolled(one));
    return [`${scrollWidth} px wide on a screen of ${clientWidth}: ${reaching.slice(0, 2).map(named).join(" | ")}`];
  }

  Object.assign(window, { barriers, tooWide });
})();
