/** The booking form's suggestions: the next times at which everybody and every point chosen are free. */

import { get } from "./api.js";
import { namedStaff } from "./booking-staff.js";
import { parseClock, parseDay } from "./dates.js";
import { t } from "./text.js";

/** @typedef {{day: string, text: string, starts: string, ends: string}} Free */

const form = document.querySelector("form[data-booking]");
const place = form?.querySelector("[data-free]");
const list = form?.querySelector("[data-free-list]");

/** @param {string} name */
function field(name) {
  const found = form instanceof HTMLFormElement ? form.elements.namedItem(name) : null;
  return found instanceof HTMLInputElement || found instanceof HTMLSelectElement ? found : null;
}

function query() {
  const [day, starts, ends] = [
    parseDay(field("day")?.value ?? ""),
    parseClock(field("starts")?.value ?? ""),
    parseClock(field("ends")?.value ?? ""),
  ];
  if (!day || !starts || !ends || !(form instanceof HTMLElement)) return null;
  const asked = new URLSearchParams({ day, starts, ends, but: form.dataset.but ?? "" });
  for (const name of ["chair_id", "deputy_id", "secretary_id"]) asked.append("person", field(name)?.value ?? "");
  if (form instanceof HTMLFormElement) for (const person of namedStaff(form)) asked.append("person", person);
  asked.append("point", field("bridge_point_id")?.value ?? "");
  for (const box of form.querySelectorAll('input[name="point_ids"]:checked')) {
    if (box instanceof HTMLInputElement) asked.append("point", box.value);
  }
  return asked;
}

/** @param {Free[]} found */
function show(found) {
  if (!list) return;
  list.replaceChildren(
    ...found.map((one) => {
      const item = document.createElement("li");
      const button = document.createElement("button");
      button.type = "button";
      button.className = "button compact";
      button.textContent = `${one.text}–${one.ends}`;
      button.addEventListener("click", () => choose(one));
      item.append(button);
      return item;
    }),
  );
  if (!found.length) {
    const item = document.createElement("li");
    item.textContent = t("Không có giờ nào trống cho tất cả trong 45 ngày tới.");
    list.append(item);
  }
}

/** @param {Free} one */
function choose(one) {
  for (const [name, value] of [["day", one.day], ["starts", one.starts], ["ends", one.ends]]) {
    const found = field(name ?? "");
    if (!found) continue;
    found.value = value ?? "";
    found.dispatchEvent(new Event("change", { bubbles: true }));
  }
  list?.replaceChildren();
}

if (place instanceof HTMLElement) {
  place.hidden = false;
  place.querySelector("[data-free-ask]")?.addEventListener("click", async () => {
    const asked = query();
    if (!asked) return;
    try {
      show((await get(`/api/hearings/free?${asked}`)).free);
    } catch (error) {
      if (list) list.textContent = error instanceof Error ? error.message : "";
    }
  });
}
