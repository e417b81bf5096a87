/**
 * Notices sooner than the browser does that nothing comes back any more. Pure.
 * @module
 */

/** Who sends media is answered at least ten times a second (transport-wide feedback): so long a silence is none. */
export const STALL_MS = 1200;

/**
 * @typedef {object} Flow   bytes of the connection so far
 * @property {number} sent
 * @property {number} received
 */

export class StallDetector {
  constructor() {
    /** @type {Flow | null} */
    this.last = null;
    this.quietSince = 0;
    this.sentThen = 0;
  }

  /**
   * Whether much was sent for long enough and nothing came back; once per stall.
   * @param {Flow} flow
   * @param {number} nowMs
   */
  look(flow, nowMs) {
    const comes = this.last === null || flow.received !== this.last.received;
    this.last = flow;
    if (comes) {
      this.quietSince = nowMs;
      this.sentThen = flow.sent;
      return false;
    }
    // Checks alone are a few hundred bytes a second; sound is some thousand.
    const stalled = nowMs - this.quietSince >= STALL_MS && flow.sent - this.sentThen > 2000;
    if (stalled) this.quietSince = Infinity;
    return stalled;
  }
}
