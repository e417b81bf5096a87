/**
 * What both peer connections have in common: a number for each life, and someone who notices when it fails.
 * @module
 */

import { delayMs } from "../core/backoff.js";

/** A short break heals by itself; only after this time is ICE asked to look for another way. */
const PATIENCE_MS = 2000;
/** How long a new or restarted connection may take. */
const CONNECT_MS = 6000;

let lastGeneration = 0;

/** Numbers that never come again, not even after a reload of the page. */
export function nextGeneration() {
  lastGeneration = Math.max(lastGeneration + 1, Date.now());
  return lastGeneration;
}

/** No STUN, no TURN: the hub itself is the only address there is, and these networks have no way out. */
export function makeConnection() {
  return new RTCPeerConnection({ iceServers: [], bundlePolicy: "max-bundle", rtcpMuxPolicy: "require" });
}

/**
 * Watches one peer connection and says what to do about it.
 */
export class Watch {
  /**
   * @param {RTCPeerConnection} connection
   * @param {{ onState: (connected: boolean) => void, onWeak: () => void, onDead: () => void, restarts?: boolean }} events
   *   `onWeak`: look for another way (ICE restart), unless `restarts` is false; `onDead`: begin anew
   * @param {number} attempt   how many lives before this one failed in a row
   */
  constructor(connection, events, attempt) {
    this.connection = connection;
    this.events = events;
    this.attempt = attempt;
    this.stopped = false;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = setTimeout(() => this.#dead(), CONNECT_MS);
    this.listener = () => this.#changed();
    connection.addEventListener("connectionstatechange", this.listener);
  }

  stop() {
    this.stopped = true;
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
      this.weak();
    }
  }

  /** Ask for an ICE restart, and give it a limited time. */
  weak() {
    if (this.stopped) return;
    if (this.events.restarts === false) {
      this.#dead();
      return;
    }
    this.events.onWeak();
    this.#after(CONNECT_MS, () => this.#dead());
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
