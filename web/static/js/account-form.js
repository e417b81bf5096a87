/** Further roles: empty spare rows are hidden until asked for. */

const rows = [...document.querySelectorAll("[data-grants] .grant")].filter((row) => row instanceof HTMLElement);
const add = document.querySelector("[data-add-grant]");

/** @param {HTMLElement} row */
const empty = (row) => !(/** @type {HTMLSelectElement | null} */ (row.querySelector('select[name="role"]'))?.value);

if (add instanceof HTMLButtonElement) {
  rows.forEach((row, index) => {
    row.hidden = index > 0 && empty(row);
  });
  add.hidden = false;
  add.addEventListener("click", () => {
    let row = rows.find((one) => one.hidden);
    const last = rows[rows.length - 1];
    if (!row && last) {
      row = /** @type {HTMLElement} */ (last.cloneNode(true));
      number(row, rows.length + 1);
      last.after(row);
      rows.push(row);
    }
    if (!row) return;
    row.hidden = false;
    row.querySelector("select")?.focus();
  });
}

/**
 * A copied row's labels and fields get numbers of their own.
 * @param {HTMLElement} row
 * @param {number} index
 */
function number(row, index) {
  for (const label of row.querySelectorAll("label")) {
    label.htmlFor = label.htmlFor.replace(/\d+$/, String(index));
    label.textContent = (label.textContent ?? "").replace(/\d+$/, String(index));
  }
  for (const select of row.querySelectorAll("select")) {
    select.id = select.id.replace(/\d+$/, String(index));
    if (select.name === "role") select.value = "";
  }
}
