/**
 * What all lanes lack at one place, in one request: the permission is asked for once, and nothing waits for a connection.
 * @module
 */

/** @import { LanePlayer } from "./lane_player.js" */
/** @import { Segment } from "./plan.js" */

/** As `web/api/replays.py` writes it: place in the request and size in bytes, both big-endian. */
const HEAD_BYTES = 8;
/** As many as the hub gives at once. */
const MOST = 64;

/** Cuts an answer into its files, whatever pieces it comes in. Pure. */
export class Frames {
  constructor() {
    /** @type {Uint8Array[]} */
    this.pieces = [];
    this.size = 0;
  }

  /**
   * @param {Uint8Array} piece
   * @returns {{ place: number, data: ArrayBuffer }[]} what is whole now
   */
  add(piece) {
    this.pieces.push(piece);
    this.size += piece.length;
    const found = [];
    for (;;) {
      const head = this.#peek(HEAD_BYTES);
      if (!head) return found;
      const view = new DataView(head);
      const length = view.getUint32(4);
      const whole = this.#peek(HEAD_BYTES + length);
      if (!whole) return found;
      this.#drop(HEAD_BYTES + length);
      found.push({ place: view.getUint32(0), data: whole.slice(HEAD_BYTES) });
    }
  }

  /** @param {number} count @returns {ArrayBuffer | null} null: not so many have come */
  #peek(count) {
    if (this.size < count) return null;
    const found = new Uint8Array(count);
    let at = 0;
    for (const piece of this.pieces) {
      found.set(piece.subarray(0, count - at), at);
      at += Math.min(piece.length, count - at);
      if (at === count) break;
    }
    return found.buffer;
  }

  /** @param {number} count */
  #drop(count) {
    this.size -= count;
    while (count > 0) {
      const first = this.pieces[0];
      if (first.length > count) this.pieces[0] = first.subarray(count);
      else this.pieces.shift();
      count -= Math.min(count, first.length);
    }
  }
}

/**
 * Fetch what the lanes lack, the first of them first. What does not come they fetch by themselves.
 * @param {string} replayId
 * @param {readonly LanePlayer[]} lanes
 * @param {number} positionMs
 * @param {AbortController} request
 */
export async function gather(replayId, lanes, positionMs, request) {
  /** @type {{ lane: LanePlayer, segment: Segment }[]} */
  const waiting = [];
  for (const lane of lanes) {
    const segment = lane.lacking(positionMs);
    if (segment && waiting.length < MOST) waiting.push({ lane, segment });
  }
  if (waiting.length < 2) return;
  for (const { lane, segment } of waiting) lane.await(segment, request);
  try {
    const query = waiting.map(({ segment }) => `id=${segment.segment_id}`).join("&");
    const answer = await fetch(`/api/replays/${replayId}/segments?${query}`, { signal: request.signal, credentials: "same-origin" });
    if (!answer.ok || !answer.body) throw new Error(`HTTP ${answer.status}`);
    const frames = new Frames();
    const reader = answer.body.getReader();
    for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) {
      for (const { place, data } of frames.add(value ?? new Uint8Array())) {
        const { lane, segment } = waiting[place];
        lane.take(segment, request, data);
      }
    }
  } catch {
    // Each lane asks again for its own, and counts its own failures.
  } finally {
    for (const { lane, segment } of waiting) lane.take(segment, request, null);
  }
}
