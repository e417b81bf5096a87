/**
 * The master clock of a replay, and how each element is kept to it. Pure: the time is always an argument.
 * @module
 */

/**
 * @typedef {object} ClockState
 * @property {number} positionMs   at `atMs`
 * @property {number} atMs         a monotonic clock
 * @property {number} rate
 * @property {boolean} playing     what the person wants
 * @property {boolean} held        media is missing: time stands still until it has come
 */

/** @param {number} positionMs @returns {ClockState} */
export function stopped(positionMs) {
  return { positionMs, atMs: 0, rate: 1, playing: false, held: false };
}

/** @param {ClockState} clock @param {number} nowMs */
export function positionMs(clock, nowMs) {
  return clock.positionMs + (clock.playing && !clock.held ? (nowMs - clock.atMs) * clock.rate : 0);
}

/**
 * Change something about the clock without a jump in its position.
 * @param {ClockState} clock
 * @param {number} nowMs
 * @param {Partial<Pick<ClockState, "playing" | "held" | "rate" | "positionMs">>} change
 * @returns {ClockState}
 */
export function changed(clock, nowMs, change) {
  return { ...clock, positionMs: positionMs(clock, nowMs), atMs: nowMs, ...change };
}

/** Apart by less than this, nothing is done: sound and picture count as together. */
export const CLOSE_MS = 25;
/** Above this the rate is bent; it is bent until `CLOSE_MS` is reached, so that it does not flutter. */
export const START_MS = 45;
/** Above this a jump is less disturbing than catching up. */
export const JUMP_MS = 400;
/** How far the rate is bent at most: of sound so little that speech does not show it, of pictures more. */
export const BEND = { audio: 0.06, video: 0.2 };

/**
 * What to do with an element that is to be at `wantedMs` and is at `actualMs`.
 * @param {{ wantedMs: number, actualMs: number, rate: number, bending: boolean, kind: "audio" | "video" }} now
 * @returns {{ seek: boolean, rate: number, bending: boolean }}
 */
export function follow({ wantedMs, actualMs, rate, bending, kind }) {
  const ahead = actualMs - wantedMs;
  const apart = Math.abs(ahead);
  // At double speed the same delay of a frame is twice as many milliseconds of media.
  const scale = Math.max(1, rate);
  if (apart > JUMP_MS * scale) return { seek: true, rate, bending: false };
  if (apart > START_MS * scale || (bending && apart > CLOSE_MS * scale)) {
    const bend = Math.min(BEND[kind], apart / 1000 + 0.015);
    return { seek: false, rate: rate * (ahead > 0 ? 1 - bend : 1 + bend), bending: true };
  }
  return { seek: false, rate, bending: false };
}
