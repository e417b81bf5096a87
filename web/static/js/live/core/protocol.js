/**
 * The hub's messages as types; PROTOCOL.md says what each means.
 * @module
 */

export const PROTOCOL_VERSION = 1;

/** @typedef {"scheduled" | "open" | "recess" | "interrupted" | "closed" | "postponed" | "cancelled"} HearingState */
/** @typedef {"absent" | "waiting" | "admitted" | "lost"} Presence */
/** @typedef {"camera" | "microphone" | "screen" | "screen_audio"} Source */

/**
 * @typedef {object} SeatView
 * @property {string} seat_id
 * @property {"chair" | "deputy" | "secretary" | "point"} seat_kind
 * @property {string} label
 * @property {string | null} name
 * @property {Presence} presence
 * @property {boolean} admitted   let in by the chair, also while its line is lost
 * @property {boolean} microphone
 * @property {boolean} camera
 * @property {boolean} screen
 * @property {boolean} muted
 * @property {boolean} locked
 * @property {boolean} allowed   by the chair, to send while others only listen
 * @property {string | null} hand_raised_at
 * @property {number | null} quality
 * @property {boolean} device   a room encoder sends its picture and sound
 * @property {"absent" | "here" | "lost"} browser
 */

/**
 * An event: `kind` and its own fields (seat_id, text, reason, locked, microphone …).
 * @typedef {{ kind: string, seat_id?: string, [field: string]: any }} HearingEvent
 */

/** @typedef {{ type: "happened", seq: number, at: string, elapsed_ms: number | null, event: HearingEvent }} Happened */

/**
 * This seat's peer connections that still live in the media worker, by generation.
 * @typedef {{ publish_generation: number | null, subscribe_generation: number | null }} MediaView
 */

/** A TURN server, as RTCPeerConnection takes it. @typedef {{ urls: string[], username: string, credential: string }} IceServer */

/**
 * @typedef {object} Welcome
 * @property {"welcome"} type
 * @property {string} hearing_id
 * @property {string} number
 * @property {string} title
 * @property {HearingState} state
 * @property {string} you
 * @property {string} chair
 * @property {string | null} floor
 * @property {SeatView[]} seats
 * @property {boolean} recording
 * @property {number | null} elapsed_ms
 * @property {boolean} recorder_ready
 * @property {string} recorder_reason
 * @property {string[]} may
 * @property {MediaView} media
 * @property {IceServer[]} ice_servers
 * @property {Happened[]} messages
 * @property {number} chair_lost_after_s
 * @property {"all" | "invited"} publishing
 * @property {number} picture_level
 * @property {string | null} case_id
 * @property {string[]} heard
 * @property {number} most_pictures
 */

/** @typedef {{ type: "state", recorder_ready: boolean, recorder_reason: string, quality: Record<string, number>, may: string[] }} StateMessage */
/** @typedef {{ cause: string, amount: number }} Trouble */
/** @typedef {{ type: "troubles", seats: Record<string, Trouble[]> }} TroublesMessage */

/**
 * What this browser says of its own line; null where it does not know.
 * @typedef {object} Seen
 * @property {number} freezes
 * @property {number} frozen      share of the time, of the worst picture
 * @property {number | null} fps
 * @property {number | null} height
 * @property {number} concealed   share of the sound
 * @property {number | null} jitter_buffer_ms
 * @property {"none" | "cpu" | "bandwidth" | "other"} limited
 * @property {number | null} sent_fps
 * @property {number | null} sent_height
 * @property {number | null} available_bps
 * @property {number | null} round_trip_ms
 * @property {"" | "udp" | "tcp" | "relay"} via
 */

/**
 * One direction, measured by the hub.
 * @typedef {{ bps: number, loss: number, jitter_ms: number, round_trip_ms: number | null, height: number | null,
 *   nacks: number, keyframe_requests: number }} Way
 */

/** @typedef {{ source: Source, bps: number, loss: number, jitter_ms: number, height: number | null, layer: string, stalled: boolean }} SourceFigures */

/**
 * @typedef {{ up: Way | null, down: Way | null, sources: SourceFigures[], estimate_bps: number | null,
 *   microphone_silent: boolean, gone: boolean, seen: Seen | null }} Figures
 */

/** @typedef {{ type: "line_figures", seat_id: string, quality: number | null, figures: Figures }} LineFigures */
/** @typedef {{ mid: string, seat_id: string, source: Source, producer_id: string, codec: string, timestamp: number | null }} StreamView */
/** @typedef {{ type: "offer", generation: number, revision: number, sdp: string, streams: StreamView[] }} Offer */
/** @typedef {{ type: "slots", generation: number, streams: StreamView[] }} Slots */
/** @typedef {{ type: "published", generation: number, sdp: string }} Published */
/** @typedef {{ type: "layers", generation: number, source: Source, rids: string[] }} Layers */
/** @typedef {{ type: "frozen", generation: number, pictures: { seat_id: string, source: Source }[] }} Frozen */
/** @typedef {{ type: "error", code: string, text: string, about: string | null }} ErrorMessage */
/** @typedef {{ type: "goodbye", reason: string }} Goodbye */

/**
 * @typedef {Welcome | Happened | StateMessage | TroublesMessage | LineFigures | Offer | Slots | Published | Layers | Frozen | ErrorMessage | Goodbye
 *   | { type: "speaking", seat_ids: string[] } | { type: "media_reset" } | { type: "seat_taken", name: string }
 *   | { type: "minutes_changed" } | { type: "pong", at: number }} FromHub
 */

/**
 * Read one frame. Unknown types are dropped (null), so that an older page survives a newer hub.
 * @param {unknown} data
 * @returns {FromHub | null}
 */
export function parse(data) {
  try {
    const message = JSON.parse(String(data));
    return KNOWN.has(message?.type) ? message : null;
  } catch {
    return null;
  }
}

const KNOWN = new Set([
  "welcome", "happened", "state", "speaking", "published", "offer", "media_reset", "seat_taken", "goodbye", "pong",
  "error", "troubles", "line_figures", "layers", "frozen", "slots", "minutes_changed",
]);
