/** The form of a series: only the fields of the chosen kind of recurrence are shown; another unit has other people. */

import { wireStaff } from "./booking-staff.js";

const KEPT = "title starts ends frequency interval month_days first_day last_day weekdays positions".split(" ");
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
      for (const [name, value] of new FormData(form)) {
        if (KEPT.includes(name) && typeof value === "string") query.append(name, value);
      }
      location.href = `/series/new?${query}`;
    }
  });
  show();
  wireStaff(form);
}
