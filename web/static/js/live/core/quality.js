/**
 * From the browser's counters to the five words people see for a line. Pure.
 * @module
 */

/**
 * Counters at one moment. Packets are totals since the connection began; times are in seconds as getStats gives them.
 * @typedef {object} Counters
 * @property {boolean} connected
 * @property {number} received  packets received on the subscribing connection
 * @property {number} lost      packets missing there
 * @property {number | null} sendLoss      fraction 0–1 that the hub reported as lost of what we send
 * @property {number | null} roundTrip     seconds
 */

/** @returns {Counters} */
export function noCounters() {
  return { connected: false, received: 0, lost: 0, sendLoss: null, roundTrip: null };
}

/** Each row: the worst loss (fraction) and round trip (seconds) with which a line still earns the mark. */
const MARKS = /** @type {const} */ ([
  [4, 0.01, 0.2],
  [3, 0.03, 0.4],
  [2, 0.08, 0.8],
  [1, 0.2, 2],
]);

/**
 * 0 (bad or not connected) to 4 (good), over the stretch between two readings.
 * @param {Counters} before
 * @param {Counters} after
 * @returns {number}
 */
export function quality(before, after) {
  if (!after.connected) return 0;
  const loss = Math.max(receiveLoss(before, after), after.sendLoss ?? 0);
  const roundTrip = after.roundTrip ?? 0;
  return MARKS.find(([, worstLoss, worstTrip]) => loss <= worstLoss && roundTrip <= worstTrip)?.[0] ?? 0;
}

/**
 * @param {Counters} before
 * @param {Counters} after
 */
export function receiveLoss(before, after) {
  const received = after.received - before.received;
  const lost = after.lost - before.lost;
  // A new connection counts from nothing again, and late packets can make "lost" shrink.
  if (received < 0 || lost <= 0) return 0;
  return lost / (received + lost);
}

/**
 * Read getStats reports into counters.
 * @param {Iterable<Record<string, any>>} sending
 * @param {Iterable<Record<string, any>>} receiving
 * @param {boolean} connected
 * @returns {Counters}
 */
export function readCounters(sending, receiving, connected) {
  const counters = { ...noCounters(), connected };
  for (const report of sending) {
    if (report.type === "remote-inbound-rtp") {
      counters.sendLoss = Math.max(counters.sendLoss ?? 0, report.fractionLost ?? 0);
      counters.roundTrip = Math.max(counters.roundTrip ?? 0, report.roundTripTime ?? 0);
    }
  }
  for (const report of receiving) {
    if (report.type === "inbound-rtp") {
      counters.received += report.packetsReceived ?? 0;
      counters.lost += Math.max(0, report.packetsLost ?? 0);
    } else if (report.type === "candidate-pair" && report.nominated && report.state === "succeeded") {
      counters.roundTrip = Math.max(counters.roundTrip ?? 0, report.currentRoundTripTime ?? 0);
    }
  }
  return counters;
}
