/** The case form: what only matters for some types or kinds appears when it does. */

const form = document.querySelector("form[data-case-form]");

/** @param {string} name */
function chosen(name) {
  const input = form?.querySelector(`input[name="${name}"]:checked`);
  return input instanceof HTMLInputElement ? input.value : "";
}

function update() {
  const type = chosen("type");
  for (const element of form?.querySelectorAll("[data-when-type]") ?? []) {
    if (element instanceof HTMLElement) element.hidden = element.dataset.whenType !== type;
  }
  const count = form?.querySelector('input[name="people_count"]');
  const kind = chosen("party_kind");
  if (count instanceof HTMLInputElement && kind) {
    const field = count.closest(".field");
    if (field instanceof HTMLElement) field.hidden = kind === "individual";
    if (kind === "individual") count.value = "1";
    else if (kind === "group" && Number(count.value) < 2) count.value = "2";
  }
  for (const box of form?.querySelectorAll("input[data-reveals-section]") ?? []) {
    if (box instanceof HTMLInputElement) revealSection(box);
  }
}

/**
 * A hidden section's required fields must not stop the form.
 * @param {HTMLInputElement} box
 */
function revealSection(box) {
  const section = document.getElementById(box.dataset.revealsSection ?? "");
  if (!section) return;
  section.hidden = !box.checked;
  for (const input of section.querySelectorAll("input")) input.disabled = !box.checked;
}

form?.addEventListener("change", update);
update();
