/** The booking form: rows for who receives and who interprets, of the points that are chosen. */

/** @param {HTMLFormElement} form */
export function wireStaff(form) {
  const rows = /** @type {HTMLElement[]} */ ([...form.querySelectorAll("[data-staff-of]")]);
  const options = form.querySelector("[data-interpreter-options]");
  const none = form.querySelector("[data-staff-none]");
  const show = () => {
    const chosen = new Set(chosenPoints(form));
    for (const row of rows) {
      row.hidden = !chosen.has(row.dataset.staffOf ?? "");
      if (!row.hidden && options instanceof HTMLTemplateElement) fill(row, options);
    }
    if (none instanceof HTMLElement) none.hidden = rows.some((row) => !row.hidden);
  };
  form.addEventListener("change", show);
  show();
}

/** The accounts named for points that are chosen: what the free times are sought for. @param {HTMLFormElement} form */
export function namedStaff(form) {
  return staffSelects(form).map((select) => select.value).filter(Boolean);
}

/** The lists of the points that are chosen. @param {HTMLFormElement} form */
export function staffSelects(form) {
  const shown = [...form.querySelectorAll("[data-staff-of]:not([hidden]) select")];
  return shown.filter((select) => select instanceof HTMLSelectElement);
}

/** @param {HTMLFormElement} form */
function chosenPoints(form) {
  const boxes = [...form.querySelectorAll('input[name="point_ids"]:checked:not(:disabled)')];
  return boxes.map((box) => /** @type {HTMLInputElement} */ (box).value);
}

/** @param {HTMLElement} row @param {HTMLTemplateElement} options */
function fill(row, options) {
  const select = row.querySelector("[data-interpreters]");
  if (!(select instanceof HTMLSelectElement) || select.dataset.filled) return;
  const chosen = select.value;
  select.replaceChildren(/** @type {HTMLOptionElement} */ (select.options[0]), options.content.cloneNode(true));
  select.value = chosen;
  select.dataset.filled = "yes";
}
