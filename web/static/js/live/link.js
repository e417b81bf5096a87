/**
 * The WebSocket to the hub, which comes back by itself: joins, keeps itself alive, tells when it is lost.
 * @module
 */

import { delayMs } from "./core/backoff.js";
import { parse, PROTOCOL_VERSION } from "./core/protocol.js";

/** @import { FromHub } from "./core/protocol.js" */

const PING_EVERY_MS = 2000;
/** Without any word from the hub for so long the line counts as lost, although the browser has not noticed yet. */
const SILENCE_MS = 5000;
/** A connection that is not there after this time is tried anew, because the network may have changed under it. */
const CONNECT_MS = 4000;
/** Once the hub is reached it may take longer to answer: it may have just been started again. */
const WELCOME_MS = 10_000;

/**
 * @typedef {object} LinkEvents
 * @property {(message: FromHub) => void} onMessage
 * @property {() => void} onLost     the line broke; the link is trying to come back
 * @property {(failures: number) => void} onFailed  an attempt did not succeed; the number in a row
 * @property {() => number | null} quality   what to report with the next ping
 */

/**
 * @typedef {object} Surroundings   what differs between a browser and a test
 * @property {(url: string) => WebSocket} open
 * @property {() => number} random
 * @property {() => number} now   milliseconds on a clock that is never set back
 */

export class Link {
  /**
   * @param {string} url
   * @param {{ seatId: string, client: string }} who   `client` names this tab over reloads and reconnections
   * @param {LinkEvents} events
   * @param {Surroundings} [surroundings]
   */
  constructor(url, who, events, surroundings) {
    this.url = url;
    this.who = who;
    this.events = events;
    this.surroundings = surroundings ?? { open: (address) => new WebSocket(address), random: Math.random, now: () => performance.now() };
    /** @type {WebSocket | null} */
    this.socket = null;
    this.attempt = 0;
    this.failures = 0;
    this.finished = false;
    this.takeOver = false;
    this.lastHeardMs = 0;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    /** @type {ReturnType<typeof setInterval> | undefined} */
    this.pinging = undefined;
    this.joined = false;
    /** @type {WebSocket | null} */
    this.prepared = null;
  }

  /** Open beforehand, while the person is still busy, and take no seat yet. What becomes of it, `connect` finds out. */
  prepare() {
    this.prepared ??= this.surroundings.open(this.url);
  }

  /** Open now, whatever wait was under way. @param {{ takeOver?: boolean }} [options] */
  connect(options = {}) {
    clearTimeout(this.timer);
    this.finished = false;
    this.takeOver = options.takeOver ?? false;
    this.#drop();
    const socket = this.#openedBefore() ?? this.surroundings.open(this.url);
    this.socket = socket;
    this.timer = setTimeout(() => this.#tooLate(socket), CONNECT_MS);
    socket.addEventListener("open", () => this.#opened(socket));
    socket.addEventListener("message", (event) => this.#received(socket, event.data));
    socket.addEventListener("close", () => this.#lost(socket));
    socket.addEventListener("error", () => this.#lost(socket));
    if (socket.readyState === 1) this.#opened(socket);
  }

  #openedBefore() {
    const socket = this.prepared;
    this.prepared = null;
    return socket && socket.readyState <= 1 ? socket : null;
  }

  /** The network is back: do not wait for the next attempt. */
  hurry() {
    if (!this.finished && !this.joined) {
      this.attempt = 0;
      this.connect({ takeOver: this.takeOver });
    } else if (this.joined) {
      // The socket may be dead without knowing it: ask, and give the answer less time than usual.
      this.#ping();
      this.lastHeardMs = Math.min(this.lastHeardMs, this.surroundings.now() - (SILENCE_MS - 1500));
    }
  }

  /**
   * @param {{ type: string, [field: string]: unknown }} message
   * @returns {boolean} false when there is no line; nothing is queued, because the next welcome decides anew
   */
  send(message) {
    if (!this.joined && message.type !== "join") return false;
    if (this.socket?.readyState !== 1) return false;
    this.socket.send(JSON.stringify(message));
    return true;
  }

  /** No more: after a goodbye, or when the person leaves. */
  finish() {
    this.finished = true;
    clearTimeout(this.timer);
    this.#openedBefore()?.close();
    this.#drop();
  }

  /** @param {WebSocket} socket */
  #opened(socket) {
    if (socket !== this.socket) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#tooLate(socket), WELCOME_MS);
    this.lastHeardMs = this.surroundings.now();
    const { seatId, client } = this.who;
    this.send({ type: "join", version: PROTOCOL_VERSION, seat_id: seatId, take_over: this.takeOver, client });
  }

  /** @param {WebSocket} socket @param {unknown} data */
  #received(socket, data) {
    if (socket !== this.socket) return;
    this.lastHeardMs = this.surroundings.now();
    const message = parse(data);
    if (!message) return;
    if (message.type === "welcome") this.#welcomed();
    if (message.type === "goodbye" || message.type === "seat_taken") this.finish();
    this.events.onMessage(message);
  }

  #welcomed() {
    clearTimeout(this.timer);
    this.joined = true;
    this.attempt = 0;
    this.takeOver = false;
    clearInterval(this.pinging);
    this.pinging = setInterval(() => this.#ping(), PING_EVERY_MS);
  }

  #ping() {
    if (this.surroundings.now() - this.lastHeardMs > SILENCE_MS && this.socket) {
      this.#lost(this.socket);
      return;
    }
    this.send({ type: "ping", at: this.surroundings.now(), quality: this.events.quality() });
  }

  /** Nobody answered. The attempt was the wait: try again at once. @param {WebSocket} socket */
  #tooLate(socket) {
    this.attempt = 0;
    this.#lost(socket);
  }

  /** @param {WebSocket} socket */
  #lost(socket) {
    if (socket !== this.socket || this.finished) return;
    const wasJoined = this.joined;
    this.#drop();
    if (wasJoined) this.events.onLost();
    this.failures = wasJoined ? 0 : this.failures + 1;
    if (!wasJoined) this.events.onFailed(this.failures);
    clearTimeout(this.timer);
    const wait = delayMs(this.attempt, this.surroundings.random());
    this.attempt += 1;
    this.timer = setTimeout(() => this.connect({ takeOver: this.takeOver }), wait);
  }

  #drop() {
    clearInterval(this.pinging);
    this.joined = false;
    const socket = this.socket;
    this.socket = null;
    if (socket && socket.readyState <= 1) socket.close();
  }
}
