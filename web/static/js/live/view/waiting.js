/**
 * The waiting room: a big clock, who is present, one sentence of status.
 * @module
 */

import { statusSentence } from "../core/announce.js";
import { timeOfDay } from "../core/time.js";
import { find, h, keyed, setAttribute, setText, show } from "./dom.js";
import { presenceWord, seatWord } from "./words.js";
import { t } from "../../text.js";

/** @import { SeatView } from "../core/protocol.js" */
/** @import { Room } from "../room.js" */

/** With more seats than this those who are present come first, or nobody would find them. */
const CROWD = 12;

/**
 * Officials and oneself, then who is present, then who is not; a few stand as they were booked.
 * @param {readonly SeatView[]} seats
 * @param {string} you
 */
function inOrder(seats, you) {
  const rank = (/** @type {SeatView} */ seat) => {
    if (seat.seat_kind !== "point" || seat.seat_id === you) return 0;
    return seat.presence === "absent" ? 2 : 1;
  };
  return seats.length <= CROWD ? seats : [...seats].sort((a, b) => rank(a) - rank(b));
}

export class WaitingView {
  /** @param {Room} room */
  constructor(room) {
    this.room = room;
    this.root = find(".waiting");
  }

  /** Every second. */
  tick() {
    setText(find(".waiting-clock", this.root), timeOfDay(Date.now()));
  }

  render() {
    const { state, devices } = this.room;
    const sentence = find(".waiting-status", this.root);
    setText(sentence, statusSentence(state));
    const here = state.seats.filter((seat) => seat.presence === "waiting" || seat.presence === "admitted").length;
    setText(find(".present-count", this.root), t("(%(here)s/%(all)s)", { here, all: state.seats.length }));
    keyed(find(".present", this.root), inOrder(state.seats, state.you), (seat) => seat.seat_id,
      (seat) => h("li", { "data-seat-id": seat.seat_id }, h("span", { class: "dot", "aria-hidden": "true" }),
        h("b", {}, seat.label), h("span", { class: "present-state" })),
      (element, seat) => {
        setAttribute(element, "data-presence", seat.presence);
        const words = [seatWord(seat.seat_kind), presenceWord(seat.presence), seat.seat_id === state.you ? t("Bạn") : ""];
        setText(find(".present-state", element), words.filter(Boolean).join(" · "));
      });
    const line = find(".waiting-recorder", this.root);
    setText(line, state.recorderReady ? t("Máy ghi đã sẵn sàng.") : t("Máy ghi chưa sẵn sàng: %(reason)s", { reason: state.recorderReason }));
    setAttribute(line, "data-tone", state.recorderReady ? "good" : "warn");
    show(line, state.welcomed);
    this.#preview(devices.track("camera"));
  }

  /** @param {MediaStreamTrack | null} track */
  #preview(track) {
    const video = /** @type {HTMLVideoElement} */ (find(".waiting-self", this.root));
    const shown = video.srcObject instanceof MediaStream ? video.srcObject.getTracks()[0] : null;
    if (shown !== track) video.srcObject = track ? new MediaStream([track]) : null;
    show(video, track !== null);
  }
}
