/**
 * One lane's element: fetches its segments ahead, appends them, and keeps to the master clock.
 * @module
 */

import { follow, JUMP_MS } from "./clock.js";
import { endMs, segmentAt, unwanted, wanted } from "./plan.js";

/** @import { Lane, Segment } from "./plan.js" */

const TRIES = 4;
const RETRY_MS = 1500;
const START_LEAD_MS = 120;
/** After a jump decoders begin at a keyframe up to ten seconds before; longer than this nobody waits for one lane. */
const SETTLE_MS = 4000;
/** While somebody drags along the timeline nothing is let go of, up to so many segments. */
const KEEP_WHILE_URGENT = 24;

export class LanePlayer {
  /**
   * @param {Lane} lane
   * @param {{ address: (segment: Segment) => string, durationMs: number, onChange: () => void, onSettled: () => void }} options
   */
  constructor(lane, options) {
    this.lane = lane;
    this.options = options;
    this.element = document.createElement(lane.kind === "audio" ? "audio" : "video");
    this.element.muted = lane.kind === "video";
    this.element.preload = "auto";
    if (this.element instanceof HTMLVideoElement) this.element.playsInline = true;
    this.element.addEventListener("seeked", () => options.onSettled());
    /** @type {Map<string, Segment>} segments in the buffer */
    this.appended = new Map();
    /** Until then the clock waits for the element to show what it was sent to. */
    this.settlesUntilMs = performance.now() + SETTLE_MS;
    /** @type {Map<string, AbortController>} */
    this.underWay = new Map();
    /** @type {Map<string, { tries: number, againAtMs: number }>} */
    this.failures = new Map();
    /** @type {{ segment: Segment, data: ArrayBuffer | null }[]} `data` null: remove it */
    this.queue = [];
    this.bending = false;
    /** @type {SourceBuffer | null} */
    this.buffer = null;
    this.type = "";
    this.source = new MediaSource();
    this.source.addEventListener("sourceopen", () => this.#opened(), { once: true });
    this.element.src = URL.createObjectURL(this.source);
  }

  /** Segments that could not be fetched for good; the viewer is told. */
  get broken() {
    return [...this.failures.values()].filter((failure) => failure.tries >= TRIES).length;
  }

  /** Whether the clock may run at this position as far as this lane is concerned. @param {number} positionMs */
  ready(positionMs) {
    const segment = segmentAt(this.lane, positionMs);
    if (!segment || this.#givenUp(segment.segment_id)) return true;
    return this.appended.has(segment.segment_id) && this.#settled(positionMs);
  }

  /** Whether the element has come to where it was sent; only just after a jump anybody asks. @param {number} positionMs */
  #settled(positionMs) {
    if (performance.now() > this.settlesUntilMs) return true;
    if (this.buffer?.updating) return false;
    if (!this.#buffered(positionMs)) return true;
    const { element } = this;
    if (element.seeking || element.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return false;
    if (Math.abs(element.currentTime * 1000 - positionMs) > JUMP_MS) return false;
    this.settlesUntilMs = 0;
    return true;
  }

  /** Whether there is something to see or hear. @param {number} positionMs */
  present(positionMs) {
    const segment = segmentAt(this.lane, positionMs);
    return segment !== null && this.appended.has(segment.segment_id);
  }

  /**
   * Bring the element in line with the clock.
   * @param {{ positionMs: number, rate: number, running: boolean, urgent: boolean }} now   `urgent`: some lane does not show the place yet
   */
  sync(now) {
    this.#feed(now);
    const { element } = this;
    if (!this.present(now.positionMs) || !this.#buffered(now.positionMs)) {
      if (!element.paused) element.pause();
      return;
    }
    if (element.seeking) {
      if (!this.#buffered(element.currentTime * 1000)) element.currentTime = now.positionMs / 1000; // aimed at a hole
      return;
    }
    const actualMs = element.currentTime * 1000;
    if (!now.running) {
      if (!element.paused) element.pause();
      if (Math.abs(actualMs - now.positionMs) > 20) element.currentTime = now.positionMs / 1000;
      return;
    }
    if (element.paused && now.running && Math.abs(actualMs - now.positionMs) > 20) {
      // It takes a moment to start: aim at where the clock will be then.
      element.currentTime = (now.positionMs + START_LEAD_MS * now.rate) / 1000;
      void element.play().catch(() => undefined);
      return;
    }
    const { kind } = this.lane;
    const step = follow({ wantedMs: now.positionMs, actualMs, rate: now.rate, bending: this.bending, kind });
    this.bending = step.bending;
    if (step.seek) {
      // The clock waits until it is there: else it would be too late again, and jump for ever on a slow machine.
      this.settlesUntilMs = performance.now() + SETTLE_MS;
      element.currentTime = now.positionMs / 1000;
    }
    if (element.playbackRate !== step.rate) element.playbackRate = step.rate;
    if (element.paused) void element.play().catch(() => undefined);
  }

  /** How far the element is from where it should be, for tests and for the curious. @param {number} positionMs */
  apartMs(positionMs) {
    return this.element.currentTime * 1000 - positionMs;
  }

  /** What this place needs and nobody fetches yet. @param {number} positionMs @returns {Segment | null} */
  lacking(positionMs) {
    const segment = segmentAt(this.lane, positionMs);
    if (!segment || this.appended.has(segment.segment_id) || this.underWay.has(segment.segment_id)) return null;
    return this.#waiting(segment.segment_id, performance.now()) ? null : segment;
  }

  /** Somebody else fetches it for this lane. @param {Segment} segment @param {AbortController} request */
  await(segment, request) {
    this.underWay.set(segment.segment_id, request);
  }

  /** @param {Segment} segment @param {AbortController} request @param {ArrayBuffer | null} data   null: it did not come */
  take(segment, request, data) {
    if (this.underWay.get(segment.segment_id) === request) this.underWay.delete(segment.segment_id);
    if (!data || request.signal.aborted) return;
    this.queue.push({ segment, data });
    this.#next();
  }

  /** After a jump: what was under way for the old place is not needed first. @param {number} positionMs */
  jumped(positionMs) {
    this.settlesUntilMs = performance.now() + SETTLE_MS;
    // Aimed at before the bytes are here, the decoder begins with the first of them.
    if (this.buffer && segmentAt(this.lane, positionMs)) this.element.currentTime = positionMs / 1000;
    this.queue = this.queue.filter(({ segment, data }) => data === null || (segment.start_ms <= positionMs && positionMs < endMs(segment)));
    for (const [id, request] of this.underWay) {
      const segment = this.lane.segments.find((one) => one.segment_id === id);
      if (segment && (endMs(segment) < positionMs || segment.start_ms > positionMs + 10_000)) request.abort();
    }
  }

  /** @param {string} id */
  #givenUp(id) {
    return (this.failures.get(id)?.tries ?? 0) >= TRIES;
  }

  #opened() {
    URL.revokeObjectURL(this.element.src);
    this.source.duration = this.options.durationMs / 1000 + 1;
    // Firefox on a closed network plays no H.264: a lane of nothing else is given up, and the viewer told.
    const first = this.lane.segments.find((segment) => MediaSource.isTypeSupported(segment.media_type));
    if (!first) {
      for (const segment of this.lane.segments) this.failures.set(segment.segment_id, { tries: TRIES, againAtMs: 0 });
      this.options.onChange();
      return;
    }
    this.type = first.media_type;
    this.buffer = this.source.addSourceBuffer(this.type);
    this.buffer.addEventListener("updateend", () => this.#next());
    this.#next();
  }

  /** @param {{ positionMs: number, rate: number, urgent: boolean }} now */
  #feed({ positionMs, rate, urgent }) {
    const now = performance.now();
    const there = { has: (/** @type {string} */ id) => this.appended.has(id) || this.#waiting(id, now) };
    for (const segment of wanted(this.lane, positionMs, there, this.underWay, rate, urgent)) void this.#fetch(segment);
    // Decoders have both processors to themselves until every lane shows the place.
    if (urgent && this.appended.size < KEEP_WHILE_URGENT) return;
    for (const segment of unwanted(this.appended.values(), positionMs, rate)) {
      this.appended.delete(segment.segment_id);
      this.queue.push({ segment, data: null });
    }
    this.#next();
  }

  /** Given up, queued, or not to be tried again yet. @param {string} id @param {number} nowMs */
  #waiting(id, nowMs) {
    const failure = this.failures.get(id);
    if (failure && (failure.tries >= TRIES || nowMs < failure.againAtMs)) return true;
    return this.queue.some((item) => item.segment.segment_id === id && item.data !== null);
  }

  /** @param {Segment} segment */
  async #fetch(segment) {
    const request = new AbortController();
    this.underWay.set(segment.segment_id, request);
    try {
      const answer = await fetch(this.options.address(segment), { signal: request.signal, credentials: "same-origin" });
      if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
      this.queue.push({ segment, data: await answer.arrayBuffer() });
      this.failures.delete(segment.segment_id);
    } catch {
      if (!request.signal.aborted) this.#failed(segment);
    } finally {
      this.underWay.delete(segment.segment_id);
    }
    this.#next();
  }

  /** @param {Segment} segment */
  #failed(segment) {
    const tries = (this.failures.get(segment.segment_id)?.tries ?? 0) + 1;
    this.failures.set(segment.segment_id, { tries, againAtMs: performance.now() + RETRY_MS * tries });
    if (tries >= TRIES) this.options.onChange();
  }

  /** Append or remove one thing; the buffer does one at a time. */
  #next() {
    const { buffer } = this;
    if (!buffer || buffer.updating || this.source.readyState === "closed") return;
    const item = this.queue.shift();
    if (!item) return;
    const { segment, data } = item;
    try {
      if (data === null) {
        buffer.remove(segment.start_ms / 1000, endMs(segment) / 1000);
        return;
      }
      // Every file stands alone: forget whatever the parser was in the middle of.
      buffer.abort();
      if (segment.media_type !== this.type) {
        buffer.changeType(segment.media_type);
        this.type = segment.media_type;
      }
      buffer.appendBuffer(data);
      this.appended.set(segment.segment_id, segment);
    } catch (error) {
      this.#refused(error, segment);
    }
  }

  /** @param {unknown} error @param {Segment} segment */
  #refused(error, segment) {
    this.appended.delete(segment.segment_id);
    if (error instanceof DOMException && error.name === "QuotaExceededError" && this.buffer) {
      const keepFrom = Math.max(0, this.element.currentTime - 5);
      for (const one of [...this.appended.values()]) {
        if (endMs(one) / 1000 <= keepFrom) this.appended.delete(one.segment_id);
      }
      if (keepFrom > 0) this.buffer.remove(0, keepFrom);
      return;
    }
    this.failures.set(segment.segment_id, { tries: TRIES, againAtMs: 0 });
    this.options.onChange();
  }

  /** @param {number} positionMs */
  #buffered(positionMs) {
    const { buffered } = this.element;
    const at = positionMs / 1000;
    for (let index = 0; index < buffered.length; index += 1) {
      if (buffered.start(index) <= at + 0.01 && at < buffered.end(index) - 0.01) return true;
    }
    return false;
  }
}
