/**
 * Which case comes next. Pure.
 * @module
 */

/** @typedef {{ id: string, number: string, type: string, summary?: string }} ListedCase */

/**
 * The first after the one that is heard which has not been; else the first of all that has not.
 * @param {readonly ListedCase[]} cases
 * @param {ReadonlySet<string>} heard
 * @param {string | null} now
 * @returns {ListedCase | null}
 */
export function nextCase(cases, heard, now) {
  const begin = cases.findIndex((one) => one.id === now) + 1;
  const order = [...cases.slice(begin), ...cases.slice(0, begin)];
  return order.find((one) => !heard.has(one.id) && one.id !== now) ?? null;
}
