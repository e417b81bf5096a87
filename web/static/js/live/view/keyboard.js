/**
 * By keyboard: in lists of rows with buttons arrows lead from row to row, and where something goes away with the focus
 * in it the focus goes on to what comes next, as a person who works through it would.
 * @module
 */

/** @param {Element} element */
const shown = (element) => element.isConnected && element.checkVisibility();

/** @param {Element} row @param {string} action @returns {HTMLElement | undefined} */
function buttonOf(row, action) {
  const buttons = /** @type {HTMLElement[]} */ ([...row.querySelectorAll("button")].filter(shown));
  return buttons.find((button) => button.dataset.action === action) ?? buttons[0];
}

/**
 * Draw the list; what had the focus in it keeps it, or hands it on.
 * @param {HTMLElement} list
 * @param {() => void} draw
 * @param {() => HTMLElement} otherwise   where the focus goes when no row is left
 */
export function keepFocus(list, draw, otherwise) {
  const held = document.activeElement;
  const row = held instanceof HTMLElement && list.contains(held) ? held.closest("li") : null;
  if (!(held instanceof HTMLElement) || !row) return draw();
  const siblings = [...(row.parentElement?.children ?? [])];
  const place = siblings.indexOf(row);
  draw();
  if (shown(held) || !shown(list)) return;
  const nearest = [row, ...siblings.slice(place + 1), ...siblings.slice(0, place).reverse()];
  const next = nearest.filter(shown).map((one) => buttonOf(one, held.dataset.action ?? "")).find(Boolean);
  (next ?? otherwise()).focus();
}

/**
 * Draw whatever it is; what had the focus keeps it though it was moved, and what has gone or sleeps now hands it on:
 * to the button that took its place in its row of commands, else to the heading of its part of the page.
 * @param {() => void} draw
 */
export function holdFocus(draw) {
  const held = document.activeElement;
  if (!(held instanceof HTMLElement) || held === document.body) return draw();
  const above = ancestors(held);
  draw();
  const now = document.activeElement;
  if (now !== held && now !== document.body) return; // somebody has led it elsewhere on purpose
  if (shown(held) && !held.matches(":disabled")) return void (now === held || held.focus({ preventScroll: true }));
  for (const part of above.filter(shown)) {
    const next = part.matches(".command-row") ? firstButton(part) : heading(part);
    if (next) return next.focus({ preventScroll: true });
  }
}

/** @param {Element} element */
function ancestors(element) {
  const all = [];
  for (let one = element.parentElement; one; one = one.parentElement) all.push(one);
  return all;
}

/** What names this part of the page, where it is one. @param {Element} part @returns {HTMLElement | undefined} */
function heading(part) {
  if (!part.matches("section, aside, main, footer")) return undefined;
  const found = /** @type {HTMLElement[]} */ ([...part.querySelectorAll("h1, h2, h3")].filter(shown))[0];
  if (found) found.tabIndex = -1;
  return found;
}

/**
 * Up and down between the rows, at the same button where it is there.
 * @param {HTMLElement} list
 * @param {HTMLElement} [above]   a field from which the first row is reached
 */
export function wireArrows(list, above) {
  const rows = () => [...list.querySelectorAll("li")].filter((row) => shown(row) && buttonOf(row, ""));
  list.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const held = event.target;
    if (!step || !(held instanceof HTMLElement)) return;
    const all = rows();
    const next = all[all.indexOf(/** @type {HTMLLIElement} */ (held.closest("li"))) + step];
    event.preventDefault();
    if (next) buttonOf(next, held.dataset.action ?? "")?.focus();
    else if (step < 0) above?.focus();
  });
  above?.addEventListener("keydown", (event) => {
    const first = rows()[0];
    if (event.key !== "ArrowDown" || !first) return;
    event.preventDefault();
    buttonOf(first, "")?.focus();
  });
}

/** The first button that can be pressed in there. @param {ParentNode} root @returns {HTMLElement | undefined} */
export function firstButton(root) {
  return /** @type {HTMLElement[]} */ ([...root.querySelectorAll("button:enabled")].filter(shown))[0];
}
