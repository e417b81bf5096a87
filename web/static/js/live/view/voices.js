/**
 * The sound of the others, apart from the pictures: who is on another page of tiles is heard all the same. Each line
 * of sound has its own player; whose voice it carries changes while it plays.
 * @module
 */

import { h, setAttribute } from "./dom.js";

/** @import { Received } from "../media/subscriber.js" */

export class Voices {
  /**
   * @param {HTMLElement} container
   * @param {(blocked: boolean) => void} onBlocked   the browser wants a click before it plays sound
   */
  constructor(container, onBlocked) {
    this.container = container;
    this.onBlocked = onBlocked;
    /** @type {Map<string, { audio: HTMLAudioElement, track: MediaStreamTrack }>} */
    this.playing = new Map();
    this.sinkId = "";
  }

  /** @param {readonly Received[]} received */
  update(received) {
    const wanted = received.filter((one) => one.track.kind === "audio");
    const keys = new Set(wanted.map((one) => one.mid));
    for (const [key, { audio }] of this.playing) {
      if (keys.has(key)) continue;
      audio.srcObject = null;
      audio.remove();
      this.playing.delete(key);
    }
    for (const one of wanted) this.#play(one);
  }

  /** After a click: try again. */
  unblock() {
    for (const { audio } of this.playing.values()) void this.#start(audio);
  }

  /** @param {string} sinkId */
  setLoudspeaker(sinkId) {
    this.sinkId = sinkId;
    for (const { audio } of this.playing.values()) this.#route(audio);
  }

  /** @param {Received} one */
  #play(one) {
    const known = this.playing.get(one.mid);
    const audio = known?.audio ?? h("audio", { autoplay: true });
    setAttribute(audio, "data-seat-id", one.seatId);
    setAttribute(audio, "data-source", one.source);
    if (known?.track === one.track) return;
    audio.srcObject = new MediaStream([one.track]);
    if (!known) this.container.append(audio);
    this.playing.set(one.mid, { audio, track: one.track });
    this.#route(audio);
    void this.#start(audio);
  }

  /** @param {HTMLAudioElement} audio */
  async #start(audio) {
    try {
      await audio.play();
      this.onBlocked(false);
    } catch (error) {
      if (error instanceof DOMException && error.name === "NotAllowedError") this.onBlocked(true);
    }
  }

  /** @param {HTMLAudioElement} audio */
  #route(audio) {
    if (this.sinkId && "setSinkId" in audio) void audio.setSinkId(this.sinkId).catch(() => undefined);
  }
}
