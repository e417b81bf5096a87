/**
 * What a replay holds and what is to be fetched next. Pure.
 * @module
 */

/** @typedef {{ seat_id: string, kind: string, label: string, position: number }} Seat */
/** @typedef {{ track_id: string, seat_id: string, source: string, kind: "audio" | "video" }} Track */
/**
 * @typedef {object} Segment
 * @property {string} segment_id
 * @property {string} track_id
 * @property {number} start_ms
 * @property {number} duration_ms
 * @property {string} media_type
 * @property {boolean} stored
 * @property {string} voice   a digit per `VOICE_MS`, 0 silence to 9 loud; empty where nothing is known
 */
/** @typedef {{ track_id: string | null, start_ms: number, end_ms: number, cause: string }} Gap */
/**
 * A passage that only few may see; of every seat when `seat_id` is null. `shown`: this viewer is one of them.
 * @typedef {{ start_ms: number, end_ms: number, seat_id: string | null, ground: string, shown: boolean }} Withheld
 */
/** @typedef {{ at_ms: number, kind: string, seat_id: string | null, text?: string }} Chapter */
/** @typedef {{ at_ms: number, kind: string, seat_id: string | null, text: string }} Remark */

/**
 * @typedef {object} Facts   what a recording holds beside its segments
 * @property {string} recording_id
 * @property {string} started_at
 * @property {number} duration_ms
 * @property {Seat[]} seats
 * @property {Gap[]} gaps
 * @property {Chapter[]} chapters
 * @property {Remark[]} [minutes]   what the minutes say of moments
 * @property {Remark[]} notes
 * @property {Remark[]} messages
 * @property {Withheld[]} withheld
 */
/** @typedef {Facts & { tracks: Track[], segments: Segment[] }} Timeline */
/** @typedef {[string, number, number, string, boolean, string]} Row   a segment as the hub writes it */

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

/**
 * The hub's answer, its terse segments spelled out.
 * @param {Facts & { tracks: (Track & { segments: Row[] })[] }} answer
 * @returns {Timeline}
 */
export function readTimeline(answer) {
  const segments = answer.tracks.flatMap(({ track_id, segments: rows }) => rows.map((row) => {
    const [segment_id, start_ms, duration_ms, media_type, stored, voice] = row;
    return { segment_id, track_id, start_ms, duration_ms, media_type, stored, voice };
  }));
  return { ...answer, tracks: answer.tracks, segments };
}

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
 * The index of the last segment that has begun, or -1.
 * @param {Lane} lane
 * @param {number} positionMs
 */
function begunAt({ segments }, positionMs) {
  let low = -1;
  let high = segments.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (segments[middle].start_ms <= positionMs) low = middle;
    else high = middle - 1;
  }
  return low;
}

/**
 * The segment that holds a position; the hair between two segments belongs to the first.
 * @param {Lane} lane
 * @param {number} positionMs
 * @returns {Segment | null}
 */
export function segmentAt(lane, positionMs) {
  const at = begunAt(lane, positionMs);
  const found = lane.segments[at];
  if (!found) return null;
  const next = lane.segments[at + 1];
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
 * @param {boolean} [urgent]   some lane waits: nobody fetches ahead meanwhile
 * @returns {Segment[]}
 */
export function wanted(lane, positionMs, there, underWay, rate, urgent = false) {
  const until = urgent ? positionMs + 1 : positionMs + AHEAD_MS * Math.max(1, rate);
  const missing = [];
  for (let at = Math.max(0, begunAt(lane, positionMs)); at < lane.segments.length; at += 1) {
    const segment = lane.segments[at];
    if (segment.start_ms >= until || missing.length + underWay.size >= AT_ONCE) break;
    const id = segment.segment_id;
    if (endMs(segment) > positionMs && !there.has(id) && !underWay.has(id)) missing.push(segment);
  }
  return missing;
}

/**
 * What to let go of: far behind, or far ahead after a jump back.
 * @param {Iterable<Segment>} kept
 * @param {number} positionMs
 * @param {number} rate
 * @returns {Segment[]}
 */
export function unwanted(kept, positionMs, rate) {
  const from = positionMs - BEHIND_MS;
  const until = positionMs + 3 * AHEAD_MS * Math.max(1, rate);
  return [...kept].filter((segment) => endMs(segment) < from || segment.start_ms > until);
}

/** How long one digit of `Segment.voice` lasts. */
export const VOICE_MS = 500;

/**
 * How loud a seat's microphone is over the whole recording, one value from 0 to 9 per `VOICE_MS`.
 * @param {Timeline} timeline
 * @param {string} seatId
 * @returns {Uint8Array}
 */
export function voiceOf(timeline, seatId) {
  const slots = new Uint8Array(Math.ceil(timeline.duration_ms / VOICE_MS) + 1);
  const mine = new Set(timeline.tracks.filter((track) => track.seat_id === seatId && track.source === "microphone").map((track) => track.track_id));
  for (const segment of timeline.segments) {
    if (!segment.voice || !mine.has(segment.track_id)) continue;
    for (let at = 0; at < segment.voice.length; at += 1) {
      const slot = Math.round(segment.start_ms / VOICE_MS) + at;
      if (slot < slots.length) slots[slot] = Math.max(slots[slot], segment.voice.charCodeAt(at) - 48);
    }
  }
  return slots;
}

/** @param {Uint8Array} voice as `voiceOf` gives it @param {number} positionMs */
export function loudnessAt(voice, positionMs) {
  return voice[Math.floor(positionMs / VOICE_MS)] ?? 0;
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
export const NOTHING_MISSING = new Set(["waiting", "device"]);

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
 * The passage that is withheld of this seat (of any, without one) at a position, or null.
 * @param {readonly Withheld[]} withheld
 * @param {number} positionMs
 * @param {string} [seatId]
 */
export function withheldAt(withheld, positionMs, seatId) {
  return withheld.find((one) => one.start_ms <= positionMs && positionMs < one.end_ms
    && (!seatId || one.seat_id === null || one.seat_id === seatId)) ?? null;
}
