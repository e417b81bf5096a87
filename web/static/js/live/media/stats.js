/**
 * Asks both peer connections every two seconds how they are: keeps one mark from 0 to 4, and tells the hub more of it.
 * @module
 */

import { lineSeen, noTotals, readTotals } from "../core/line.js";
import { noCounters, quality, readCounters } from "../core/quality.js";

/** @import { Publisher } from "./publisher.js" */
/** @import { Seen } from "../core/protocol.js" */
/** @import { Subscriber } from "./subscriber.js" */

const EVERY_MS = 2000;
/** The hub is told at every second reading. */
const TELL_EVERY = 2;

export class QualityMeter {
  /**
   * @param {Publisher} publisher
   * @param {Subscriber} subscriber
   * @param {() => boolean} isConnected
   * @param {(seen: Seen) => void} tell
   */
  constructor(publisher, subscriber, isConnected, tell) {
    this.publisher = publisher;
    this.subscriber = subscriber;
    this.isConnected = isConnected;
    this.tell = tell;
    this.counters = noCounters();
    this.totals = noTotals();
    this.toldAt = 0;
    this.readings = 0;
    /** @type {number | null} */
    this.quality = null;
    /** @type {ReturnType<typeof setInterval> | undefined} */
    this.timer = undefined;
  }

  start() {
    clearInterval(this.timer);
    this.counters = noCounters();
    this.totals = noTotals();
    this.readings = this.toldAt = 0;
    this.timer = setInterval(() => void this.#measure(), EVERY_MS);
  }

  stop() {
    clearInterval(this.timer);
    this.timer = undefined;
    this.quality = null;
  }

  async #measure() {
    const [sending, receiving] = await Promise.all([this.publisher.stats(), this.subscriber.stats()]);
    if (this.timer === undefined) return;
    const now = readCounters(sending, receiving, this.isConnected());
    this.quality = quality(this.counters, now);
    this.counters = now;
    this.readings += 1;
    if (this.readings % TELL_EVERY === 0) this.#tell(sending, receiving);
  }

  /** @param {Record<string, any>[]} sending @param {Record<string, any>[]} receiving */
  #tell(sending, receiving) {
    const totals = readTotals(sending, receiving);
    const now = performance.now();
    if (this.toldAt) this.tell(lineSeen(this.totals, totals, now - this.toldAt));
    this.totals = totals;
    this.toldAt = now;
  }
}
