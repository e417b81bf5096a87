/**
 * From the browser's counters to what it tells the hub of its own line. Pure.
 * @module
 */

/** @import { Seen } from "./protocol.js" */

/** @typedef {Record<string, any>} Report   one entry of getStats */

/**
 * Totals of one stream at one moment, by the report's id.
 * @typedef {object} StreamTotals
 * @property {"sound" | "picture" | "sent"} what
 * @property {number} packets
 * @property {number} freezes
 * @property {number} frozenS
 * @property {number} samples
 * @property {number} concealed
 * @property {number} waitedS      time that sound spent in the jitter buffer
 * @property {number} emitted
 * @property {Report} report       for what is not counted
 */

/**
 * @typedef {object} LineTotals
 * @property {ReadonlyMap<string, StreamTotals>} streams
 * @property {number | null} availableBps
 * @property {number | null} roundTripMs
 * @property {"" | "udp" | "tcp" | "relay"} via
 */

/** @returns {LineTotals} */
export function noTotals() {
  return { streams: new Map(), availableBps: null, roundTripMs: null, via: "" };
}

/**
 * @param {Iterable<Report>} sending     getStats of the publishing connection
 * @param {Iterable<Report>} receiving   getStats of the subscribing connection
 * @returns {LineTotals}
 */
export function readTotals(sending, receiving) {
  /** @type {Map<string, StreamTotals>} */
  const streams = new Map();
  for (const report of receiving) {
    if (report.type === "inbound-rtp") streams.set(`in-${report.id}`, totals(report, report.kind === "audio" ? "sound" : "picture"));
  }
  const sent = [...sending];
  for (const report of sent) {
    if (report.type === "outbound-rtp" && report.kind === "video") streams.set(`out-${report.id}`, totals(report, "sent"));
  }
  const pair = selected(sent);
  const local = sent.find((report) => report.id === pair?.localCandidateId);
  return {
    streams,
    availableBps: number(pair?.availableOutgoingBitrate),
    roundTripMs: pair?.currentRoundTripTime === undefined ? null : pair.currentRoundTripTime * 1000,
    via: !local ? "" : local.candidateType === "relay" ? "relay" : local.protocol === "tcp" ? "tcp" : "udp",
  };
}

/** @param {Report} report @param {"sound" | "picture" | "sent"} what @returns {StreamTotals} */
function totals(report, what) {
  return {
    what, report,
    packets: (what === "sent" ? report.packetsSent : report.packetsReceived) ?? 0,
    freezes: report.freezeCount ?? 0, frozenS: report.totalFreezesDuration ?? 0,
    samples: report.totalSamplesReceived ?? 0,
    // Silence made up while nobody sends is no fault of the line.
    concealed: (report.concealedSamples ?? 0) - (report.silentConcealedSamples ?? 0),
    waitedS: report.jitterBufferDelay ?? 0, emitted: report.jitterBufferEmittedCount ?? 0,
  };
}

/** The candidate pair in use; Firefox names it by itself, Chromium by the transport. @param {Report[]} reports */
function selected(reports) {
  const transport = reports.find((report) => report.type === "transport" && report.selectedCandidatePairId);
  return reports.find((report) => report.id === transport?.selectedCandidatePairId)
    ?? reports.find((report) => report.type === "candidate-pair" && report.nominated && report.state === "succeeded");
}

/**
 * What the line did between two readings. Streams in which nothing moved are left out: muted, or given to nobody.
 * @param {LineTotals} before
 * @param {LineTotals} after
 * @param {number} ms   between them
 * @returns {Seen}
 */
export function lineSeen(before, after, ms) {
  const moved = [...after.streams].flatMap(([id, now]) => {
    const then = before.streams.get(id);
    return then && now.packets > then.packets ? [{ then, now }] : [];
  });
  const of = (/** @type {string} */ what) => moved.filter(({ now }) => now.what === what);
  const pictures = of("picture").map(({ then, now }) => freezes(then, now, ms));
  const sounds = of("sound");
  const sent = of("sent").map(({ now }) => now.report);
  return {
    freezes: clamp(sum(pictures.map((one) => one.count)), 1_000_000),
    frozen: clamp(largest(pictures.map((one) => one.share)) ?? 0, 1),
    fps: bounded(largest(of("picture").map(({ now }) => now.report.framesPerSecond)), 1000),
    height: bounded(largest(of("picture").map(({ now }) => now.report.frameHeight)), 16_384),
    concealed: clamp(largest(sounds.map(({ then, now }) => ratio(now.concealed - then.concealed, now.samples - then.samples))) ?? 0, 1),
    jitter_buffer_ms: bounded(largest(sounds.map(({ then, now }) => 1000 * ratio(now.waitedS - then.waitedS, now.emitted - then.emitted))), 600_000),
    limited: worstLimit(sent.map((report) => report.qualityLimitationReason)),
    sent_fps: bounded(largest(sent.map((report) => report.framesPerSecond)), 1000),
    sent_height: bounded(largest(sent.map((report) => report.frameHeight)), 16_384),
    available_bps: bounded(after.availableBps, 100_000_000_000, true),
    round_trip_ms: bounded(after.roundTripMs, 600_000),
    via: after.via,
  };
}

/**
 * A picture that was paused for long counts as one endless freeze when it comes back: that is no fault of the line.
 * @param {StreamTotals} then
 * @param {StreamTotals} now
 * @param {number} ms
 */
function freezes(then, now, ms) {
  const stoodMs = (now.frozenS - then.frozenS) * 1000;
  const count = now.freezes - then.freezes;
  if (count <= 0 || stoodMs > 2 * ms) return { count: 0, share: 0 };
  return { count, share: stoodMs / ms };
}

/** @param {(string | undefined)[]} reasons @returns {Seen["limited"]} */
function worstLimit(reasons) {
  for (const reason of /** @type {const} */ (["cpu", "bandwidth", "other"])) if (reasons.includes(reason)) return reason;
  return "none";
}

/** @param {number} part @param {number} whole */
function ratio(part, whole) {
  return whole > 0 ? Math.max(0, part) / whole : 0;
}

/** @param {number[]} numbers */
function sum(numbers) {
  return numbers.reduce((total, one) => total + one, 0);
}

/** @param {unknown[]} numbers */
function largest(numbers) {
  const known = numbers.filter((one) => typeof one === "number" && Number.isFinite(one)).map(Number);
  return known.length ? Math.max(...known) : null;
}

/** @param {unknown} value */
function number(value) {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

/** @param {number} value @param {number} most */
function clamp(value, most) {
  return Math.min(most, Math.max(0, value));
}

/** @param {number | null} value @param {number} most @param {boolean} [whole] */
function bounded(value, most, whole = most === 16_384) {
  if (value === null) return null;
  return whole ? Math.round(clamp(value, most)) : Math.round(clamp(value, most) * 10) / 10;
}
