/** Days and hours as people type them: 23/11/2026 and 08:30, whatever language the browser itself speaks. */

/**
 * The ISO day of `23/11/2026`, `23.11.2026`, `23112026`, `23/11` (this year) or `2026-11-23`; empty when it is none.
 * @param {string} text
 * @param {Date} [now]
 */
export function parseDay(text, now = new Date()) {
  const typed = text.trim();
  const iso = /^(\d{4})-(\d{2})-(\d{2})$/.exec(typed);
  const parts =
    /^(\d{1,2})[/.\-](\d{1,2})(?:[/.\-](\d{4}))?$/.exec(typed) ?? /^(\d{2})(\d{2})(\d{4})$/.exec(typed);
  const [year, month, day] = iso
    ? [Number(iso[1]), Number(iso[2]), Number(iso[3])]
    : parts
      ? [Number(parts[3] ?? now.getFullYear()), Number(parts[2]), Number(parts[1])]
      : [0, 0, 0];
  const date = new Date(Date.UTC(year, month - 1, day));
  if (date.getUTCFullYear() !== year || date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return "";
  return date.toISOString().slice(0, 10);
}

/**
 * `08:30` of `8:30`, `8h30`, `830` or `8`; empty when it is no hour of the day.
 * @param {string} text
 */
export function parseClock(text) {
  const typed = text.trim().toLowerCase();
  const parts = /^(\d{1,2})(?:[:hg.](\d{2})?)?$/.exec(typed) ?? /^(\d{1,2})(\d{2})$/.exec(typed);
  if (!parts) return "";
  const [hour, minute] = [Number(parts[1]), Number(parts[2] ?? 0)];
  if (hour > 23 || minute > 59) return "";
  return `${String(hour).padStart(2, "0")}:${String(minute).padStart(2, "0")}`;
}

/** @param {string} iso */
const shown = (iso) => iso.split("-").reverse().join("/");

/** What was typed in short is written out when the field is left; a calendar opens on demand. */
export function wireDates() {
  for (const input of document.querySelectorAll("input[data-day]")) {
    if (input instanceof HTMLInputElement) wireDay(input);
  }
  for (const input of document.querySelectorAll("input[data-clock]")) {
    if (!(input instanceof HTMLInputElement)) continue;
    input.addEventListener("change", () => {
      input.value = parseClock(input.value) || input.value;
    });
  }
}

/** @param {HTMLInputElement} input */
function wireDay(input) {
  input.addEventListener("change", () => {
    const day = parseDay(input.value);
    if (day) input.value = shown(day);
  });
  const button = document.querySelector(`button[data-calendar="${input.id}"]`);
  if (!(button instanceof HTMLButtonElement) || !("showPicker" in HTMLInputElement.prototype)) return;
  button.hidden = false;
  const calendar = document.createElement("input");
  calendar.type = "date";
  calendar.className = "calendar";
  calendar.tabIndex = -1;
  calendar.setAttribute("aria-hidden", "true");
  button.after(calendar);
  button.addEventListener("click", () => {
    calendar.value = parseDay(input.value);
    calendar.showPicker();
  });
  calendar.addEventListener("change", (event) => {
    event.stopPropagation();
    if (!calendar.value) return;
    input.value = shown(calendar.value);
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
}
