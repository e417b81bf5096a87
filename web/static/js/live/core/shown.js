/**
 * Tells the hub what the page shows, when it has changed and at most twice a second.
 * @module
 */

/** @typedef {{ tiles: { seat_id: string, source: string, height: number }[], pinned: string[] }} View */

const EVERY_MS = 500;
/** Heights are told in steps, or every pixel that a panel takes would be news. */
const STEP_PX = 45;

/** The height of a tile in device pixels as it is told. @param {number} cssPixels @param {number} ratio */
export function toldHeight(cssPixels, ratio) {
  return Math.max(STEP_PX, Math.ceil((cssPixels * ratio) / STEP_PX) * STEP_PX);
}

export class Shown {
  /**
   * @param {(view: View) => boolean} send   false: could not be sent now
   * @param {() => number} [now]
   */
  constructor(send, now = () => performance.now()) {
    this.send = send;
    this.now = now;
    this.told = "";
    this.toldAt = Number.NEGATIVE_INFINITY;
    /** @type {View | null} */
    this.next = null;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
  }

  /** The hub does not know it any more. */
  again() {
    this.told = "";
    if (this.next) this.#plan();
  }

  /** @param {View} view */
  show(view) {
    this.next = view;
    if (JSON.stringify(view) !== this.told) this.#plan();
  }

  #plan() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#tell(), Math.max(0, this.toldAt + EVERY_MS - this.now()));
  }

  #tell() {
    const text = JSON.stringify(this.next);
    if (!this.next || text === this.told || !this.send(this.next)) return;
    this.told = text;
    this.toldAt = this.now();
  }
}
