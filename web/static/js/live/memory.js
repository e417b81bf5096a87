/**
 * What this tab remembers over a reload: the check was done, what was on, and its own name.
 * @module
 */

/** @import { Memory } from "./room.js" */

/** @param {string} hearingId @param {string} seatId @returns {Memory} */
export function loadMemory(hearingId, seatId) {
  /** @type {Memory} */
  const fresh = { checked: false, microphone: true, camera: true };
  try {
    return { ...fresh, ...JSON.parse(sessionStorage.getItem(key(hearingId, seatId)) ?? "{}") };
  } catch {
    return fresh;
  }
}

/** @param {string} hearingId @param {string} seatId @param {Memory} memory */
export function saveMemory(hearingId, seatId, memory) {
  try {
    sessionStorage.setItem(key(hearingId, seatId), JSON.stringify(memory));
  } catch {
    // Without storage the check is simply asked again after a reload.
  }
}

/**
 * A random name for this tab, so that the hub recognises it when it comes back before its old socket is known dead.
 * A duplicated tab inherits the storage of the first: only a reload may keep the name.
 */
export function tabName() {
  const name = "hub.client";
  const entry = performance.getEntriesByType("navigation")[0];
  const reloaded = entry instanceof PerformanceNavigationTiming && entry.type === "reload";
  try {
    const kept = sessionStorage.getItem(name);
    if (kept && reloaded) return kept;
    const fresh = randomName();
    sessionStorage.setItem(name, fresh);
    return fresh;
  } catch {
    return randomName();
  }
}

function randomName() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @param {string} hearingId @param {string} seatId */
function key(hearingId, seatId) {
  return `hub.live.${hearingId}.${seatId}`;
}
