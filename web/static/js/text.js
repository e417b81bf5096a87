/** Texts for people: written in Vietnamese where they are used, translated from the page's own dictionary. */

/** @type {Record<string, string>} */
const dictionary = JSON.parse(document.getElementById("texts")?.textContent || "{}");

/**
 * The text in the reader's language, with `%(name)s` replaced.
 * @param {string} message the Vietnamese original, as a literal: it is extracted from the source
 * @param {Record<string, string | number>} [params]
 * @returns {string}
 */
export function t(message, params = {}) {
  const text = dictionary[message] ?? message;
  return text.replace(/%\((\w+)\)s/g, (whole, name) => (name in params ? String(params[name]) : whole)).replace(/%%/g, "%");
}

/**
 * A place with its name in the reader's language: what was kept as "Chủ trì – Trần Quang Minh" names the part first.
 * @template {{ label: string }} Seat
 * @param {Seat} seat
 * @returns {Seat}
 */
export function seatNamed(seat) {
  /** @type {Record<string, string>} */
  const parts = { "Chủ trì": t("Chủ trì"), "Phó chủ trì": t("Phó chủ trì"), "Thư ký": t("Thư ký") };
  const [part = "", ...name] = seat.label.split(" – ");
  const said = parts[part];
  return said && name.length ? { ...seat, label: [said, ...name].join(" – ") } : seat;
}

/**
 * Text without marks and case, as people type it to find something. It keeps its length where the text is composed.
 * @param {string} text
 */
export function fold(text) {
  return text.normalize("NFD").replace(/\p{Mn}/gu, "").toLowerCase().replaceAll("đ", "d");
}

/** The reader's language: `vi` or `en`. */
export const language = document.documentElement.lang || "vi";

/**
 * `1:02:03`.
 * @param {number} milliseconds
 */
export function elapsed(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  return `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}

const clockFormat = new Intl.DateTimeFormat("vi-VN", {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
  timeZone: "Asia/Ho_Chi_Minh",
});

/**
 * `08:30:15` in Vietnam, whatever the PC's own zone is.
 * @param {Date | string | number} instant
 */
export function clock(instant) {
  return clockFormat.format(new Date(instant));
}
