/**
 * Asks both peer connections every two seconds how they are, and keeps one mark from 0 to 4.
 * @module
 */

import { noCounters, quality, readCounters } from "../core/quality.js";

/** @import { Publisher } from "./publisher.js" */
/** @import { Subscriber } from "./subscriber.js" */

const EVERY_MS = 2000;

export class QualityMeter {
  /**
   * @param {Publisher} publisher
   * @param {Subscriber} subscriber
   * @param {() => boolean} isConnected
   */
  constructor(publisher, subscriber, isConnected) {
    this.publisher = publisher;
    this.subscriber = subscriber;
    this.isConnected = isConnected;
    this.counters = noCounters();
    /** @type {number | null} */
    this.quality = null;
    /** @type {ReturnType<typeof setInterval> | undefined} */
    this.timer = undefined;
  }

  start() {
    clearInterval(this.timer);
    this.counters = noCounters();
    this.timer = setInterval(() => void this.#measure(), EVERY_MS);
  }

  stop() {
    clearInterval(this.timer);
    this.quality = null;
  }

  async #measure() {
    const [sending, receiving] = await Promise.all([this.publisher.stats(), this.subscriber.stats()]);
    const now = readCounters(sending, receiving, this.isConnected());
    this.quality = quality(this.counters, now);
    this.counters = now;
  }
}
