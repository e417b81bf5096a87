/**
 * What both peer connections have in common: a number for each life, and someone who notices when it fails.
 * @module
 */

import { delayMs } from "../core/backoff.js";
import { StallDetector } from "../core/stall.js";

/** @import { IceServer } from "../core/protocol.js" */

/** A short break heals by itself; only after this time is ICE asked to look for another way. */
const PATIENCE_MS = 500;
/** The old way is in use until there is a new one, but asking for more often than this helps nobody. */
const RESTART_EVERY_MS = 4000;
/** Reading the figures of sixteen pictures costs more than of one's own, and who only receives has time. */
const LOOK_MS = { sends: 400, receives: 800 };
/** How long a new or restarted connection may take. */
const CONNECT_MS = 6000;

let lastGeneration = 0;

/** Numbers that never come again, not even after a reload of the page. */
export function nextGeneration() {
  lastGeneration = Math.max(lastGeneration + 1, Date.now());
  return lastGeneration;
}

/** @type {IceServer[]} */
let relays = [];

/** The relays that the hub names, for every connection from now on. @param {IceServer[]} servers */
export function useRelays(servers) {
  relays = servers;
}

/** @returns {RTCConfiguration} */
function configuration() {
  return { iceServers: relays, bundlePolicy: "max-bundle", rtcpMuxPolicy: "require" };
}

/** Never a public STUN or TURN server: there is the hub itself, and the relays that it names. */
export function makeConnection() {
  return new RTCPeerConnection(configuration());
}

/** All that are watched now. @type {Set<Watch>} */
const watched = new Set();

/** The network has changed, or one connection says so by standing still: all look for another way. */
function networkChanged() {
  for (const watch of watched) watch.weak();
}

globalThis.window?.addEventListener("online", networkChanged);

/**
 * Watches one peer connection and says what to do about it.
 */
export class Watch {
  /**
   * @param {RTCPeerConnection} connection
   * @param {{ onState: (connected: boolean) => void, onWeak: () => void, onDead: () => void, sends?: boolean }} events
   *   `onWeak`: look for another way (ICE restart); `onDead`: begin anew; `sends`: it sends media
   * @param {number} attempt   how many lives before this one failed in a row
   */
  constructor(connection, events, attempt) {
    this.connection = connection;
    this.events = events;
    this.attempt = attempt;
    this.stopped = false;
    this.weakAt = -Infinity;
    this.stall = new StallDetector();
    /** @type {ReturnType<typeof setInterval> | undefined} */
    this.looking = setInterval(() => void this.#look(), LOOK_MS[events.sends ? "sends" : "receives"]);
    watched.add(this);
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = setTimeout(() => this.#dead(), CONNECT_MS);
    this.listener = () => this.#changed();
    connection.addEventListener("connectionstatechange", this.listener);
  }

  stop() {
    this.stopped = true;
    watched.delete(this);
    clearInterval(this.looking);
    clearTimeout(this.timer);
    this.connection.removeEventListener("connectionstatechange", this.listener);
  }

  #changed() {
    if (this.stopped) return;
    const state = this.connection.connectionState;
    this.events.onState(state === "connected");
    if (state === "connected") {
      clearTimeout(this.timer);
      this.attempt = 0;
    } else if (state === "disconnected") {
      this.#after(PATIENCE_MS, () => this.weak());
    } else if (state === "failed") {
      // What was asked for a moment ago is under way; its own time limit follows it.
      this.weak();
    }
  }

  /** Ask for an ICE restart, and give it a limited time. */
  weak() {
    const now = performance.now();
    if (this.stopped || now - this.weakAt < RESTART_EVERY_MS) return;
    this.weakAt = now;
    // The relays' credentials are for a day; the hub has named newer ones with every welcome.
    if (this.connection.signalingState !== "closed") this.connection.setConfiguration(configuration());
    this.events.onWeak();
    this.#after(CONNECT_MS, () => { if (this.connection.connectionState !== "connected") this.#dead(); });
  }

  async #look() {
    if (this.connection.connectionState !== "connected") return;
    const reports = await this.connection.getStats().catch(() => null);
    const flow = { sent: 0, received: 0, asked: 0, answered: 0 };
    reports?.forEach((/** @type {any} */ report) => {
      if (report.type === "transport") {
        flow.sent += report.bytesSent ?? 0;
        flow.received += report.bytesReceived ?? 0;
      } else if (report.type === "candidate-pair" && report.nominated) {
        // Those after the first answer are counted apart, answers are not.
        flow.asked += (report.requestsSent ?? 0) + (report.consentRequestsSent ?? 0);
        flow.answered += report.responsesReceived ?? 0;
      }
    });
    if (!this.stopped && this.stall.look(flow, performance.now())) networkChanged();
  }

  /** Begin anew, but not at once. */
  giveUp() {
    this.#dead();
  }

  #dead() {
    if (this.stopped) return;
    this.#after(delayMs(this.attempt, Math.random()), () => this.events.onDead());
  }

  /** @param {number} ms @param {() => void} act */
  #after(ms, act) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => { if (!this.stopped) act(); }, ms);
  }
}
