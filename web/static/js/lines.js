/** Lines of a form, as a receipt has: one more without leaving the page. Without scripts the button asks the server. */

const button = document.querySelector("button[data-adds-line]");

/** A copy of the last line under the next number, with each number field as it stood in the first line's default. */
function addLine() {
  const lines = document.querySelectorAll("fieldset[data-line]");
  const last = lines[lines.length - 1];
  if (!(last instanceof HTMLElement) || !(button instanceof HTMLElement)) return;
  const now = last.dataset.line ?? "1";
  const next = String(Number(now) + 1);
  const line = /** @type {HTMLElement} */ (last.cloneNode(true));
  line.dataset.line = next;
  const legend = line.querySelector("legend");
  if (legend) legend.textContent = (legend.textContent ?? "").replace(now, next);
  for (const element of line.querySelectorAll("[id], [name], [for], [data-error-for]")) renumber(element, now, next);
  for (const input of line.querySelectorAll("input")) {
    input.value = input.type === "number" ? (input.name.startsWith("copies") ? "0" : "1") : "";
    input.autofocus = false;
    input.removeAttribute("aria-invalid");
    input.removeAttribute("aria-describedby");
  }
  for (const error of line.querySelectorAll(".error")) if (error instanceof HTMLElement) error.hidden = true;
  last.after(line);
  line.querySelector("input")?.focus();
  if (Number(next) >= Number(button.dataset.most)) button.hidden = true;
}

/**
 * @param {Element} element
 * @param {string} now
 * @param {string} next
 */
function renumber(element, now, next) {
  for (const name of ["id", "name", "for", "data-error-for"]) {
    const value = element.getAttribute(name);
    if (value?.endsWith(`_${now}`)) element.setAttribute(name, `${value.slice(0, -now.length)}${next}`);
  }
}

button?.addEventListener("click", (event) => {
  event.preventDefault();
  addLine();
});
