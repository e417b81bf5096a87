/**
 * All lanes of a recording on one clock.
 * @module
 */

import { seatNamed } from "../text.js";
import { changed, positionMs, stopped } from "./clock.js";
import { gather } from "./gathering.js";
import { LanePlayer } from "./lane_player.js";
import { lanesOf, loudnessAt, voiceOf } from "./plan.js";

/** @import { Timeline } from "./plan.js" */

const TICK_MS = 50;

export class Player {
  /**
   * @param {Timeline} timeline
   * @param {string} replayId
   * @param {() => void} onChange   something people see has changed
   */
  constructor(timeline, replayId, onChange) {
    this.timeline = { ...timeline, seats: timeline.seats.map(seatNamed) };
    this.onChange = onChange;
    this.clock = stopped(0);
    this.volume = 1;
    this.replayId = replayId;
    /** The seat whose picture is shown large: what it needs comes first. @type {string | null} */
    this.foremost = null;
    this.gathering = new AbortController();
    /** @type {Set<string>} seats that the viewer does not want to hear */
    this.silent = new Set();
    this.lanes = lanesOf(timeline).map((lane) => new LanePlayer(lane, {
      address: (segment) => `/api/replays/${replayId}/segments/${segment.segment_id}`,
      durationMs: timeline.duration_ms, onChange, onSettled: () => this.tick(),
    }));
    this.voices = new Map(timeline.seats.map((seat) => [seat.seat_id, voiceOf(timeline, seat.seat_id)]));
    setInterval(() => this.tick(), TICK_MS);
  }

  get positionMs() {
    return Math.min(this.timeline.duration_ms, positionMs(this.clock, performance.now()));
  }

  get playing() {
    return this.clock.playing;
  }

  /** Whether somebody speaks at this seat now. @param {string} seatId */
  speaks(seatId) {
    const voice = this.voices.get(seatId);
    return voice !== undefined && loudnessAt(voice, this.positionMs) > 0;
  }

  /** Waiting for media that has not come yet. */
  get waiting() {
    return this.clock.held;
  }

  play() {
    if (this.positionMs >= this.timeline.duration_ms) this.seek(0);
    this.#change({ playing: true });
  }

  pause() {
    this.#change({ playing: false });
  }

  /** @param {number} rate */
  setRate(rate) {
    this.#change({ rate });
  }

  /** @param {number} ms */
  seek(ms) {
    const position = Math.max(0, Math.min(this.timeline.duration_ms, ms));
    this.#change({ positionMs: position });
    this.gathering.abort();
    this.gathering = new AbortController();
    for (const lane of this.lanes) lane.jumped(position);
    const first = this.lanes.filter((lane) => lane.lane.seatId === this.foremost);
    void gather(this.replayId, [...new Set([...first, ...this.lanes])], position, this.gathering);
    this.tick();
  }

  /** @param {number} volume 0 to 1 */
  setVolume(volume) {
    this.volume = volume;
    for (const lane of this.lanes) this.#loudness(lane);
    this.onChange();
  }

  /** @param {string} seatId @param {boolean} heard */
  setHeard(seatId, heard) {
    if (heard) this.silent.delete(seatId);
    else this.silent.add(seatId);
    for (const lane of this.lanes) this.#loudness(lane);
    this.onChange();
  }

  tick() {
    const position = this.positionMs;
    if (position >= this.timeline.duration_ms && this.clock.playing) this.#change({ playing: false });
    const missing = this.lanes.some((lane) => !lane.ready(position));
    if (missing !== this.clock.held) this.#change({ held: missing });
    const running = this.clock.playing && !this.clock.held;
    for (const lane of this.lanes) lane.sync({ positionMs: position, rate: this.clock.rate, running, urgent: missing });
  }

  /** @param {LanePlayer} lane */
  #loudness(lane) {
    if (lane.lane.kind !== "audio") return;
    lane.element.volume = this.volume;
    lane.element.muted = this.silent.has(lane.lane.seatId);
  }

  /** @param {Parameters<typeof changed>[2]} change */
  #change(change) {
    this.clock = changed(this.clock, performance.now(), change);
    this.onChange();
  }
}
