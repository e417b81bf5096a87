/**
 * The subscribing peer connection: the hub offers, the browser answers, in the order in which offers came.
 * @module
 */

import { measuringRoundTrips } from "../core/sdp.js";
import { makeConnection, nextGeneration, Watch } from "./connection.js";

/** @import { Offer, Slots, Source } from "../core/protocol.js" */

/**
 * @typedef {object} Received   what one line of the connection carries now
 * @property {string} mid
 * @property {string} seatId
 * @property {Source} source
 * @property {MediaStreamTrack} track
 * @property {boolean} playable
 * @property {string} producer
 * @property {number | null} timestamp   RTP time of its first packet: what comes before is still somebody else; null: not begun
 */

/** Firefox on a closed network has no H.264: the hub then sends none of it. @param {string} codec */
function canPlay(codec) {
  if (codec !== "H264") return true;
  const codecs = RTCRtpReceiver.getCapabilities?.("video")?.codecs ?? [];
  return codecs.some((one) => one.mimeType.toLowerCase() === "video/h264");
}

export class Subscriber {
  /**
   * @param {(message: { type: string, [field: string]: unknown }) => boolean} send
   * @param {{ onState: (connected: boolean) => void, onTracks: (received: Received[]) => void }} events
   */
  constructor(send, events) {
    this.send = send;
    this.events = events;
    /** @type {RTCPeerConnection | null} */
    this.connection = null;
    /** @type {Watch | null} */
    this.watch = null;
    this.generation = 0;
    /** @type {Promise<void>} */
    this.queue = Promise.resolve();
  }

  /** Begin, or begin anew. The old pictures stand until the first new offer comes. */
  start() {
    const attempt = this.watch ? this.watch.attempt + 1 : 0;
    this.watch?.stop();
    this.generation = nextGeneration();
    const previous = this.connection;
    const connection = makeConnection();
    this.connection = connection;
    previous?.close();
    this.watch = new Watch(connection, {
      onState: this.events.onState,
      // Here the hub offers, so it is asked to.
      onWeak: () => this.send({ type: "subscribe", generation: this.generation, restart: true }),
      // Alone in the hearing there is nothing to offer, so there is no connection and no fault.
      onDead: () => { if (connection.remoteDescription) this.start(); },
    }, attempt);
    this.send({ type: "subscribe", generation: this.generation });
  }

  close() {
    this.watch?.stop();
    this.watch = null;
    this.connection?.close();
    this.connection = null;
    this.events.onTracks([]);
  }

  /**
   * After a lost line: go on with the connection the worker still has, else begin anew.
   * @param {number | null} generation   the one that the hub says still lives
   */
  resume(generation) {
    const state = this.connection?.connectionState;
    const lives = this.connection !== null && this.generation === generation;
    if (!lives || state === "failed") this.start();
    else if (state === "disconnected") this.watch?.weak();
    else this.send({ type: "subscribe", generation: this.generation });
  }

  /** The hub could not make the connection, or not take our answer: begin anew, not at once. */
  refused() {
    this.watch?.giveUp();
  }

  /** @param {Offer} offer */
  offered(offer) {
    this.queue = this.queue.then(() => this.#answer(offer)).catch(() => this.start());
  }

  /** Lines carry others from now on. @param {Slots} slots */
  moved(slots) {
    this.queue = this.queue.then(() => {
      const { connection } = this;
      if (connection && slots.generation === this.generation) this.events.onTracks(this.#received(connection, slots));
    });
  }

  /** @returns {Promise<Record<string, any>[]>} */
  async stats() {
    const report = await this.connection?.getStats().catch(() => null);
    return report ? [...report.values()] : [];
  }

  /** @param {Offer} offer */
  async #answer(offer) {
    const connection = this.connection;
    if (!connection || offer.generation !== this.generation) return;
    await connection.setRemoteDescription({ type: "offer", sdp: offer.sdp });
    const answer = await connection.createAnswer();
    const measuring = measuringRoundTrips(answer.sdp ?? "", offer.sdp);
    // A browser that takes no description but its own says so, and goes without.
    await connection.setLocalDescription({ type: "answer", sdp: measuring }).catch(() => connection.setLocalDescription(answer));
    if (connection !== this.connection) return;
    const sdp = connection.localDescription?.sdp ?? "";
    this.send({ type: "answer", generation: offer.generation, revision: offer.revision, sdp });
    this.events.onTracks(this.#received(connection, offer));
  }

  /** @param {RTCPeerConnection} connection @param {Offer | Slots} told @returns {Received[]} */
  #received(connection, told) {
    const byMid = new Map(connection.getTransceivers().map((one) => [one.mid, one.receiver.track]));
    return told.streams.flatMap((one) => {
      const track = byMid.get(one.mid);
      if (!track) return [];
      return [{
        mid: one.mid, seatId: one.seat_id, source: one.source, track, playable: canPlay(one.codec), producer: one.producer_id,
        timestamp: one.timestamp ?? null,
      }];
    });
  }
}
