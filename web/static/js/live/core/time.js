/**
 * Times and positions as people read them. Pure.
 * @module
 */

const ZONE = "Asia/Ho_Chi_Minh";

const clockFormat = new Intl.DateTimeFormat("vi-VN", {
  timeZone: ZONE, hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
});

/**
 * A position or a duration: `0:01:02`, hours always shown so that its width never changes within ten hours.
 * @param {number} ms
 */
export function elapsed(ms) {
  const seconds = Math.floor(Math.max(0, ms) / 1000);
  return `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}

/**
 * A short stretch such as a turn to speak: `2:05`.
 * @param {number} ms
 */
export function stretch(ms) {
  const seconds = Math.floor(Math.max(0, ms) / 1000);
  return `${Math.floor(seconds / 60)}:${two(seconds % 60)}`;
}

/**
 * The time of day in Vietnam, `08:30:15`.
 * @param {number | Date} instant
 */
export function timeOfDay(instant) {
  return clockFormat.format(instant);
}

/**
 * Read a position in a recording as it stands in an address: `1h10m5s`, `95s`, or plain seconds.
 * @param {string | null | undefined} text
 * @returns {number | null} milliseconds, or null when the text is no position
 */
export function parsePosition(text) {
  const trimmed = (text ?? "").trim();
  if (/^\d{1,6}$/.test(trimmed)) return Number(trimmed) * 1000;
  const found = /^(?:(\d{1,3})h)?(?:(\d{1,4})m)?(?:(\d{1,6})s)?$/.exec(trimmed);
  if (!found || trimmed === "") return null;
  const [, hours, minutes, seconds] = found;
  return ((Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * 60 + Number(seconds ?? 0)) * 1000;
}

/**
 * The reverse of `parsePosition`, for links.
 * @param {number} ms
 */
export function formatPosition(ms) {
  const seconds = Math.floor(Math.max(0, ms) / 1000);
  const parts = [[Math.floor(seconds / 3600), "h"], [Math.floor(seconds / 60) % 60, "m"], [seconds % 60, "s"]];
  const text = parts.filter(([count]) => count).map(([count, unit]) => `${count}${unit}`).join("");
  return text || "0s";
}

/** @param {number} number */
function two(number) {
  return String(number).padStart(2, "0");
}
