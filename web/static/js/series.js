/** The form of a series: only the fields of the chosen kind of recurrence are shown; another unit has other people. */

const form = document.querySelector("form[data-series]");

function show() {
  const chosen = form?.querySelector('input[name="frequency"]:checked');
  const value = chosen instanceof HTMLInputElement ? chosen.value : "monthly";
  for (const part of form?.querySelectorAll("[data-when-frequency]") ?? []) {
    if (part instanceof HTMLElement) part.hidden = part.dataset.whenFrequency !== value;
  }
}

if (form instanceof HTMLFormElement) {
  form.addEventListener("change", (event) => {
    show();
    const changed = event.target;
    if (changed instanceof HTMLSelectElement && changed.name === "unit_id") {
      const query = new URLSearchParams({ unit: changed.value });
      for (const name of ["title", "starts", "ends"]) {
        const field = form.elements.namedItem(name);
        if (field instanceof HTMLInputElement) query.set(name, field.value);
      }
      location.href = `/series/new?${query}`;
    }
  });
  show();
}
export {};
