/**
 * Lists of rows with buttons, by keyboard: arrows lead from row to row, and where a row goes away with the focus in it
 * the focus goes on to the next, as a person who works through the list would.
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
