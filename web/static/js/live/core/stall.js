/**
 * Notices sooner than the browser does that nothing comes back any more. Pure.
 * @module
 */

/** Who sends media is answered at least ten times a second (transport-wide feedback), a check within a round trip. */
export const STALL_MS = 1200;

/**
 * @typedef {object} Flow   of the connection so far
 * @property {number} sent       bytes
 * @property {number} received   bytes
 * @property {number} asked      checks of ours (RFC 7675), every 2.5 s or so: all that who only receives sends for certain
 * @property {number} answered   of those
 */

export class StallDetector {
  constructor() {
    /** @type {Flow | null} */
    this.last = null;
    this.quietSince = 0;
    /** @type {Flow | null} when it fell quiet */
    this.then = null;
    /** When the first check was seen that has not been answered. */
    this.askedAt = Infinity;
  }

  /**
   * Whether nothing came for long enough although much was sent, or a check should have been answered; once per stall.
   * @param {Flow} flow
   * @param {number} nowMs
   */
  look(flow, nowMs) {
    const { last } = this;
    this.last = flow;
    if (last === null || this.then === null || flow.received !== last.received || flow.answered !== last.answered) {
      this.quietSince = nowMs;
      this.then = flow;
      this.askedAt = Infinity;
      return false;
    }
    if (flow.asked > this.then.asked) this.askedAt = Math.min(this.askedAt, nowMs);
    // Checks alone are a few hundred bytes a second; sound is some thousand.
    const unheard = nowMs - this.quietSince >= STALL_MS && flow.sent - this.then.sent > 2000;
    const stalled = unheard || nowMs - this.askedAt >= STALL_MS;
    if (stalled) {
      this.quietSince = this.askedAt = Infinity;
      this.then = { ...flow, asked: Infinity };
    }
    return stalled;
  }
}
