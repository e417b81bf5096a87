/**
 * What a replay holds and what is to be fetched next. Pure.
 * @module
 */

/** @typedef {{ seat_id: string, kind: string, label: string, position: number }} Seat */
/** @typedef {{ track_id: string, seat_id: string, source: string, kind: "audio" | "video", codec: string }} Track */
/**
 * @typedef {{ segment_id: string, track_id: string, number: number, start_ms: number, duration_ms: number,
 *   media_type: string, begins_with_keyframe: boolean, size_bytes: number, stored: boolean }} Segment
 */
/** @typedef {{ track_id: string | null, start_ms: number, end_ms: number, cause: string }} Gap */
/** @typedef {{ at_ms: number, kind: string, seat_id: string | null, payload: Record<string, unknown> }} Chapter */
/** @typedef {{ at_ms: number, kind: string, seat_id: string | null, text: string }} Remark */

/**
 * @typedef {object} Timeline
 * @property {string} recording_id
 * @property {string} hearing_number
 * @property {string} title
 * @property {string} state
 * @property {string} started_at
 * @property {number} duration_ms
 * @property {Seat[]} seats
 * @property {Track[]} tracks
 * @property {Segment[]} segments
 * @property {Gap[]} gaps
 * @property {Chapter[]} chapters
 * @property {Remark[]} notes
 * @property {Remark[]} messages
 */

/**
 * Everything that one seat sent from one source, over all its publications: what one element plays.
 * @typedef {object} Lane
 * @property {string} key
 * @property {string} seatId
 * @property {string} source
 * @property {"audio" | "video"} kind
 * @property {Segment[]} segments   by position; only what is in the store
 */

export const AHEAD_MS = 30_000;
export const BEHIND_MS = 20_000;
/** Two requests under way per lane keep the line full without starving the other lanes. */
const AT_ONCE = 2;
/** A shorter hole between two segments is only the length of a frame or a packet. */
export const HOLE_MS = 250;

/** @param {Timeline} timeline @returns {Lane[]} */
export function lanesOf(timeline) {
  const tracks = new Map(timeline.tracks.map((track) => [track.track_id, track]));
  /** @type {Map<string, Lane>} */
  const lanes = new Map();
  for (const segment of [...timeline.segments].sort((a, b) => a.start_ms - b.start_ms)) {
    const track = tracks.get(segment.track_id);
    if (!track || !segment.stored) continue;
    const key = `${track.seat_id}/${track.source}`;
    const lane = lanes.get(key) ?? { key, seatId: track.seat_id, source: track.source, kind: track.kind, segments: [] };
    lane.segments.push(segment);
    lanes.set(key, lane);
  }
  return [...lanes.values()];
}

/** @param {Segment} segment */
export function endMs(segment) {
  return segment.start_ms + segment.duration_ms;
}

/**
 * The segment that holds a position; the hair between two segments belongs to the first.
 * @param {Lane} lane
 * @param {number} positionMs
 * @returns {Segment | null}
 */
export function segmentAt(lane, positionMs) {
  let low = 0;
  let high = lane.segments.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (lane.segments[middle].start_ms <= positionMs) low = middle;
    else high = middle - 1;
  }
  const found = lane.segments[low];
  if (!found || found.start_ms > positionMs) return null;
  const next = lane.segments[low + 1];
  const joined = next && next.start_ms - endMs(found) < HOLE_MS;
  return positionMs < (joined ? next.start_ms : endMs(found)) ? found : null;
}

/**
 * What to ask for now: from the position on, the nearest first.
 * @param {Lane} lane
 * @param {number} positionMs
 * @param {{ has: (segmentId: string) => boolean }} there   appended already, or given up
 * @param {{ size: number, has: (segmentId: string) => boolean }} underWay
 * @param {number} rate
 * @returns {Segment[]}
 */
export function wanted(lane, positionMs, there, underWay, rate) {
  const until = positionMs + AHEAD_MS * Math.max(1, rate);
  const missing = lane.segments.filter((segment) => endMs(segment) > positionMs && segment.start_ms < until
    && !there.has(segment.segment_id) && !underWay.has(segment.segment_id));
  return missing.slice(0, Math.max(0, AT_ONCE - underWay.size));
}

/**
 * What to let go of: far behind, or far ahead after a jump back.
 * @param {Lane} lane
 * @param {number} positionMs
 * @param {{ has: (segmentId: string) => boolean }} there
 * @param {number} rate
 * @returns {Segment[]}
 */
export function unwanted(lane, positionMs, there, rate) {
  const from = positionMs - BEHIND_MS;
  const until = positionMs + 3 * AHEAD_MS * Math.max(1, rate);
  return lane.segments.filter((segment) => there.has(segment.segment_id) && (endMs(segment) < from || segment.start_ms > until));
}

/**
 * Stretches with media, holes that nobody notices closed.
 * @param {readonly Segment[]} segments   by position
 * @returns {{ startMs: number, endMs: number }[]}
 */
export function stretches(segments) {
  /** @type {{ startMs: number, endMs: number }[]} */
  const found = [];
  for (const segment of segments) {
    const last = found.at(-1);
    if (last && segment.start_ms - last.endMs < HOLE_MS) last.endMs = Math.max(last.endMs, endMs(segment));
    else found.push({ startMs: segment.start_ms, endMs: endMs(segment) });
  }
  return found;
}

/** A room encoder that nobody had let in yet, and a browser whose place it took: nothing is missing there. */
const NOTHING_MISSING = new Set(["waiting", "device"]);

/**
 * The gaps of a seat's picture or sound; those of no track concern everyone.
 * @param {Timeline} timeline
 * @param {string} seatId
 * @param {"audio" | "video"} kind
 * @returns {Gap[]}
 */
export function gapsOf(timeline, seatId, kind) {
  const mine = new Set(timeline.tracks.filter((track) => track.seat_id === seatId && track.kind === kind
    && !track.source.startsWith("screen")).map((track) => track.track_id));
  return timeline.gaps.filter((gap) => (gap.track_id === null || mine.has(gap.track_id)) && gap.end_ms > gap.start_ms
    && !NOTHING_MISSING.has(gap.cause));
}

/**
 * The last of these (ordered by position) that has begun.
 * @template {{ at_ms: number }} T
 * @param {readonly T[]} items
 * @param {number} positionMs
 * @returns {T | null}
 */
export function current(items, positionMs) {
  let found = null;
  for (const item of items) {
    if (item.at_ms > positionMs) break;
    found = item;
  }
  return found;
}
