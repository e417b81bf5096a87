/** Suggestions beside a form's day and hours: the next times at which everybody and every point chosen are free.
 *
 * On the booking form they are those chosen there; a form that moves a hearing says which by `data-moves`, and by
 * `data-day`, `data-starts` and `data-ends` when it is now. */

import { get } from "./api.js";
import { namedStaff } from "./booking-staff.js";
import { parseClock, parseDay } from "./dates.js";
import { t } from "./text.js";

/** @typedef {{day: string, text: string, starts: string, ends: string}} Free */

/**
 * @param {HTMLFormElement} form
 * @param {string} name
 */
function field(form, name) {
  const found = form.elements.namedItem(name);
  return found instanceof HTMLInputElement || found instanceof HTMLSelectElement ? found : null;
}

/** @param {HTMLFormElement} form */
function query(form) {
  const [typedDay, typedStarts, typedEnds] = ["day", "starts", "ends"].map(
    (name) => field(form, name)?.value || (form.dataset[name] ?? ""),
  );
  const [day, starts, ends] = [parseDay(typedDay ?? ""), parseClock(typedStarts ?? ""), parseClock(typedEnds ?? "")];
  if (!day || !starts || !ends) return null;
  const asked = new URLSearchParams({ day, starts, ends });
  if (form.dataset.moves) asked.set("moves", form.dataset.moves);
  else addChosen(form, asked);
  return asked;
}

/**
 * @param {HTMLFormElement} form
 * @param {URLSearchParams} asked
 */
function addChosen(form, asked) {
  asked.set("but", form.dataset.but ?? "");
  for (const name of ["chair_id", "deputy_id", "secretary_id"]) asked.append("person", field(form, name)?.value ?? "");
  for (const person of namedStaff(form)) asked.append("person", person);
  asked.append("point", field(form, "bridge_point_id")?.value ?? "");
  for (const box of form.querySelectorAll('input[name="point_ids"]:checked')) {
    if (box instanceof HTMLInputElement) asked.append("point", box.value);
  }
}

/**
 * @param {HTMLFormElement} form
 * @param {Element} list
 * @param {Free} one
 */
function choice(form, list, one) {
  const item = document.createElement("li");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button compact";
  button.textContent = `${one.text}–${one.ends}`;
  button.addEventListener("click", () => {
    for (const name of /** @type {const} */ (["day", "starts", "ends"])) {
      const found = field(form, name);
      if (!found) continue;
      found.value = one[name];
      found.dispatchEvent(new Event("change", { bubbles: true }));
    }
    list.replaceChildren();
    field(form, "day")?.focus();
  });
  item.append(button);
  return item;
}

/** @param {string} text */
function told(text) {
  const item = document.createElement("li");
  item.textContent = text;
  return item;
}

/**
 * @param {HTMLFormElement} form
 * @param {Element} list
 */
async function ask(form, list) {
  const asked = query(form);
  if (!asked) return list.replaceChildren(told(t("Hãy ghi ngày và giờ trước.")));
  try {
    const found = /** @type {Free[]} */ ((await get(`/api/hearings/free?${asked}`)).free);
    list.replaceChildren(...found.map((one) => choice(form, list, one)));
    if (!found.length) list.append(told(t("Không có giờ nào trống cho tất cả trong 45 ngày tới.")));
  } catch (error) {
    list.replaceChildren(told(error instanceof Error ? error.message : ""));
  }
}

for (const place of document.querySelectorAll("[data-free]")) {
  const [form, list] = [place.closest("form"), place.querySelector("[data-free-list]")];
  if (!(place instanceof HTMLElement) || !form || !list) continue;
  place.hidden = false;
  place.querySelector("[data-free-ask]")?.addEventListener("click", () => void ask(form, list));
}
