/**
 * Dragging along the timeline: each move is shown at once, but media is fetched only where the pointer rests or lets go.
 * @module
 */

/** A pointer that stands still for so long has found its place. */
export const REST_MS = 150;

export class Dragging {
  /** @param {(ms: number) => void} seek   fetch and show what is there */
  constructor(seek) {
    this.seek = seek;
    /** Where the pointer holds the position; null while nobody drags. @type {number | null} */
    this.atMs = null;
    /** @type {number | null} */
    this.soughtMs = null;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.resting = undefined;
  }

  /** The pointer is down or has moved. @param {number} ms */
  hold(ms) {
    if (ms === this.atMs) return; // a trembling hand of no distance is still at rest
    this.atMs = ms;
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.#sought(ms), REST_MS);
  }

  /** The pointer lets go. */
  release() {
    clearTimeout(this.resting);
    if (this.atMs !== null) this.#sought(this.atMs);
    this.atMs = null;
    this.soughtMs = null;
  }

  /** @param {number} ms */
  #sought(ms) {
    if (ms === this.soughtMs) return;
    this.soughtMs = ms;
    this.seek(ms);
  }
}
