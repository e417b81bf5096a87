/**
 * What this browser knows of the hearing: a pure function of the hub's messages. Views only read it.
 * @module
 */

/** @import { FromHub, Happened, HearingEvent, HearingState, MediaView, SeatView, Trouble, LineFigures, Welcome } from "./protocol.js" */

/**
 * @typedef {"connecting" | "online" | "lost" | "taken" | "over"} LinkState
 */

/**
 * @typedef {object} LiveState
 * @property {LinkState} link
 * @property {boolean} welcomed        the hub has told the whole state at least once
 * @property {string} goodbye          why the hub closed for good, or ""
 * @property {string} takenBy          who sits in our seat, when the hub asks whether to take over
 * @property {string} number
 * @property {string} title
 * @property {HearingState} state
 * @property {string} you
 * @property {string} chair
 * @property {string | null} floor
 * @property {number | null} floorSinceMs   position on the recording's clock; null when it is not known
 * @property {readonly SeatView[]} seats
 * @property {boolean} recording
 * @property {{ elapsedMs: number, atMs: number } | null} clock   recording position, and when we were told
 * @property {boolean} recorderReady
 * @property {string} recorderReason
 * @property {boolean} recorderLost
 * @property {boolean} workerLost
 * @property {ReadonlySet<string>} may
 * @property {readonly Happened[]} texts
 * @property {readonly Happened[]} notes
 * @property {readonly string[]} speaking
 * @property {Readonly<Record<string, number>>} spokenAt
 * @property {number} seq
 * @property {MediaView} media          our peer connections that the media worker still had at the last welcome
 * @property {string} removedReason     why the chair sent us back to the waiting room, or ""
 * @property {number} chairLostAfterS
 * @property {"all" | "invited"} publishing   who may send picture and sound
 * @property {number} pictureLevel     0, or how far the hub limits pictures because it is short of time
 * @property {number} mostPictures     how many a seat is sent at once while nothing is limited
 * @property {Readonly<Record<string, Trouble[]>>} troubles   bad lines by seat, the gravest trouble first
 * @property {string | null} caseId    the case that is heard now; "" for one that is not ours to know
 * @property {ReadonlySet<string>} heard   cases that have been called
 * @property {number} minutesChanged    counts what the hub told of the minutes
 * @property {LineFigures | null} watched   the line whose figures the hub tells us, as last told
 */

/**
 * @param {string} seatId
 * @returns {LiveState}
 */
export function initial(seatId) {
  return {
    link: "connecting", welcomed: false, goodbye: "", takenBy: "", number: "", title: "", state: "scheduled",
    you: seatId, chair: "", floor: null, floorSinceMs: null, seats: [], recording: false, clock: null,
    recorderReady: false, recorderReason: "", recorderLost: false, workerLost: false, may: new Set(), texts: [],
    notes: [], speaking: [], spokenAt: {}, seq: 0, removedReason: "", chairLostAfterS: 60,
    publishing: "all", pictureLevel: 0, mostPictures: 16,
    media: { publish_generation: null, subscribe_generation: null }, troubles: {}, watched: null,
    caseId: null, heard: new Set(), minutesChanged: 0,
  };
}

/**
 * @param {LiveState} state
 * @param {FromHub | { type: "link", link: LinkState }} message
 * @param {number} nowMs   a monotonic clock, for the running time between two messages
 * @returns {LiveState}
 */
export function reduce(state, message, nowMs) {
  switch (message.type) {
    case "link":
      return { ...state, link: message.link };
    case "welcome":
      return welcome(state, message, nowMs);
    case "happened":
      return happened(state, message, nowMs);
    case "state":
      return {
        ...state,
        recorderReady: message.recorder_ready,
        recorderReason: message.recorder_reason,
        // What has not changed stays the same object: views tell by that what need not be drawn again.
        may: sameWords(state.may, message.may) ? state.may : new Set(message.may),
        seats: state.seats.map((seat) => withQuality(seat, message.quality[seat.seat_id] ?? seat.quality)),
      };
    case "troubles":
      return { ...state, troubles: message.seats };
    case "minutes_changed":
      return { ...state, minutesChanged: state.minutesChanged + 1 };
    case "line_figures":
      return { ...state, watched: message };
    case "speaking":
      return {
        ...state,
        speaking: message.seat_ids,
        spokenAt: { ...state.spokenAt, ...Object.fromEntries(message.seat_ids.map((id) => [id, nowMs])) },
      };
    case "seat_taken":
      return { ...state, link: "taken", takenBy: message.name };
    case "goodbye":
      return { ...state, link: "over", goodbye: message.reason };
    default:
      return state;
  }
}

/**
 * @param {LiveState} state
 * @param {Welcome} message
 * @param {number} nowMs
 * @returns {LiveState}
 */
function welcome(state, message, nowMs) {
  const sameFloor = state.welcomed && state.floor === message.floor;
  const seqs = message.messages.map((one) => one.seq);
  return {
    ...state,
    link: "online", welcomed: true, goodbye: "", takenBy: "",
    number: message.number, title: message.title, state: message.state, you: message.you, chair: message.chair,
    floor: message.floor, floorSinceMs: sameFloor ? state.floorSinceMs : null,
    seats: message.seats,
    recording: message.recording, clock: clockOf(message.elapsed_ms, nowMs),
    recorderReady: message.recorder_ready, recorderReason: message.recorder_reason,
    recorderLost: isLive(message.state) && !message.recorder_ready, workerLost: false,
    may: new Set(message.may),
    texts: message.messages.filter((one) => one.event.kind === "said"),
    notes: message.messages.filter((one) => one.event.kind === "noted"),
    media: message.media, speaking: [], seq: Math.max(0, ...seqs), chairLostAfterS: message.chair_lost_after_s,
    publishing: message.publishing ?? "all", pictureLevel: message.picture_level ?? 0,
    mostPictures: message.most_pictures ?? 16,
    troubles: {}, watched: null,
    caseId: message.case_id ?? null, heard: new Set(message.heard ?? []),
    minutesChanged: state.minutesChanged + (state.welcomed ? 1 : 0),
  };
}

/**
 * @param {LiveState} state
 * @param {Happened} message
 * @param {number} nowMs
 * @returns {LiveState}
 */
function happened(state, message, nowMs) {
  // The welcome's snapshot may already hold what comes again just after it.
  if (message.seq <= state.seq) return state;
  const clock = clockOf(message.elapsed_ms, nowMs) ?? state.clock;
  return apply({ ...state, seq: message.seq, clock }, message);
}

/**
 * @param {LiveState} state
 * @param {Happened} message
 * @returns {LiveState}
 */
function apply(state, message) {
  const { event } = message;
  const seats = moveSeat(state.seats, event, message.at);
  switch (event.kind) {
    case "opened":
      return { ...state, state: "open", recording: true };
    case "recess_called":
      return { ...state, state: "recess" };
    case "resumed":
      return { ...state, state: "open" };
    case "interrupted":
      return { ...state, state: "interrupted" };
    case "chair_taken":
      return { ...state, chair: event.seat_id ?? state.chair };
    case "ended":
      return { ...state, state: "closed", recording: false, floor: null, floorSinceMs: null };
    case "floor_given":
      return { ...state, seats, floor: event.seat_id ?? null, floorSinceMs: message.elapsed_ms };
    case "floor_taken":
      return { ...state, floor: null, floorSinceMs: null };
    case "case_called":
      return { ...state, caseId: event.case_id, heard: event.case_id ? new Set([...state.heard, event.case_id]) : state.heard };
    case "said":
      return { ...state, texts: [...state.texts, message] };
    case "noted":
      return { ...state, notes: [...state.notes, message] };
    case "recorder_lost":
      return { ...state, recorderLost: true };
    case "recorder_back":
      return { ...state, recorderLost: false };
    case "publishing_set":
      return { ...state, publishing: event.policy === "invited" ? "invited" : "all" };
    case "pictures_limited":
      return { ...state, pictureLevel: event.level };
    case "worker_lost":
      return { ...state, workerLost: true };
    case "worker_back":
      return { ...state, workerLost: false };
    default:
      return { ...state, seats, ...consequences(state, event) };
  }
}

/**
 * What leaving, being removed and being admitted mean beyond the seat itself.
 * @param {LiveState} state
 * @param {HearingEvent} event
 * @returns {Partial<LiveState>}
 */
function consequences(state, event) {
  const mine = event.seat_id === state.you;
  const gone = event.kind === "left" || event.kind === "removed";
  return {
    ...(gone && event.seat_id === state.floor ? { floor: null, floorSinceMs: null } : {}),
    ...(mine && event.kind === "removed" ? { removedReason: event.reason ?? "" } : {}),
    ...(mine && event.kind === "admitted" ? { removedReason: "" } : {}),
  };
}

/**
 * @param {readonly SeatView[]} seats
 * @param {HearingEvent} event
 * @param {string} at
 */
function moveSeat(seats, event, at) {
  return seats.map((seat) => (seat.seat_id === event.seat_id ? { ...seat, ...change(seat, event, at) } : seat));
}

/**
 * @param {SeatView} seat
 * @param {HearingEvent} event
 * @param {string} at
 * @returns {Partial<SeatView>}
 */
function change(seat, event, at) {
  switch (event.kind) {
    case "joined":
      return { presence: seat.admitted ? "admitted" : "waiting", name: event.name, browser: "here" };
    case "left":
      return {
        presence: seat.device ? "waiting" : "absent", browser: "absent", admitted: false, hand_raised_at: null,
        screen: false, quality: null,
      };
    case "lost":
    case "displaced":
      return seat.device ? { browser: "lost" } : { presence: "lost", browser: "lost", quality: 0 };
    case "device_joined":
      return { device: true, presence: seat.admitted ? "admitted" : "waiting" };
    case "device_left":
    case "device_lost":
      return withoutDevice(seat, event.kind === "device_left");
    case "admitted":
      return { presence: seat.presence === "waiting" ? "admitted" : seat.presence, admitted: true };
    case "removed":
      return {
        presence: seat.presence === "admitted" ? "waiting" : seat.presence, admitted: false, hand_raised_at: null,
        screen: false,
      };
    case "publishing_allowed":
      return { allowed: true };
    case "publishing_withdrawn":
      return { allowed: false };
    case "muted":
      return { muted: true, locked: event.locked };
    case "unmuted":
      return { muted: false, locked: false };
    case "media_changed":
      return { microphone: event.microphone, camera: event.camera, screen: event.screen };
    case "hand_raised":
      return { hand_raised_at: at };
    case "hand_lowered":
    case "floor_given":
      return { hand_raised_at: null };
    default:
      return {};
  }
}

/**
 * The room encoder is gone: the seat is where its browser is.
 * @param {SeatView} seat
 * @param {boolean} left   on purpose
 * @returns {Partial<SeatView>}
 */
function withoutDevice(seat, left) {
  if (seat.browser === "here") return { device: false };
  if (seat.browser === "lost" || !left) return { device: false, presence: "lost", quality: 0 };
  return { device: false, presence: "absent", admitted: false, hand_raised_at: null, screen: false, quality: null };
}

/** @param {number | null} elapsedMs @param {number} nowMs */
function clockOf(elapsedMs, nowMs) {
  return elapsedMs === null || elapsedMs === undefined ? null : { elapsedMs, atMs: nowMs };
}

/** @param {SeatView} seat @param {number | null} quality */
function withQuality(seat, quality) {
  return seat.quality === quality ? seat : { ...seat, quality };
}

/** @param {ReadonlySet<string>} known @param {readonly string[]} told */
function sameWords(known, told) {
  return known.size === told.length && told.every((word) => known.has(word));
}

/** @param {HearingState} state */
export function isLive(state) {
  return state === "open" || state === "recess" || state === "interrupted";
}

/** @param {LiveState} state @param {string | null | undefined} seatId */
export function seatOf(state, seatId) {
  return state.seats.find((seat) => seat.seat_id === seatId) ?? null;
}

/** @param {LiveState} state */
export function me(state) {
  return seatOf(state, state.you);
}

/** Whether this browser has media in the hearing now. @param {LiveState} state */
export function onStage(state) {
  return isLive(state.state) && me(state)?.presence === "admitted";
}

/**
 * The recording's position now; null before the opening.
 * @param {LiveState} state
 * @param {number} nowMs
 */
export function elapsedMs(state, nowMs) {
  if (!state.clock) return null;
  return state.clock.elapsedMs + (isLive(state.state) ? nowMs - state.clock.atMs : 0);
}

/**
 * Whether the chair's policy lets a seat send picture and sound; everybody may while it is "all".
 * @param {LiveState} state
 * @param {SeatView} seat
 */
export function maySend(state, seat) {
  return state.publishing === "all" || seat.allowed || seat.seat_id === state.floor || seat.seat_id === state.chair
    || seat.seat_kind !== "point";
}

/** Hands in the order in which they went up. @param {LiveState} state */
export function hands(state) {
  return state.seats
    .filter((seat) => seat.hand_raised_at)
    .sort((a, b) => String(a.hand_raised_at).localeCompare(String(b.hand_raised_at)));
}

/**
 * Why this seat is not heard although its microphone is on, as a sentence's key.
 * @param {LiveState} state
 * @returns {"" | "muted" | "locked" | "recess" | "interrupted" | "listening"}
 */
export function silencedBy(state) {
  if (state.state === "recess" || state.state === "interrupted") return state.state;
  const seat = me(state);
  if (seat && !maySend(state, seat)) return "listening";
  if (!seat?.muted) return "";
  return seat.locked ? "locked" : "muted";
}
