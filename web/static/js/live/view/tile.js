/**
 * One tile: a picture with its name plate, or the reason why there is none.
 * @module
 */

import { t } from "../../text.js";
import { hasBegun } from "../core/frames.js";
import { h, icon, setAttribute, setIcon, setText, show } from "./dom.js";
import { qualityWord } from "./words.js";

/** @import { SeatView } from "../core/protocol.js" */
/** @import { Place } from "../core/layout.js" */

/**
 * @typedef {object} TileFacts
 * @property {SeatView} seat
 * @property {boolean} you
 * @property {boolean} chairs
 * @property {boolean} floor
 * @property {boolean} speaking
 * @property {boolean} paused          recess or interruption: nothing is forwarded
 * @property {boolean} frozen          our line carries none of the picture; the voice goes on
 * @property {boolean} pinned
 * @property {MediaStreamTrack | null} track
 * @property {string} line             which line carries it for whom: another value is another picture
 * @property {number | null | undefined} begins   RTP time of its first frame on that line; null: not begun; undefined: at once
 * @property {string} absent           why there is no picture although the camera is on, or ""
 * @property {string} fault            what is wrong with our own camera, or ""
 */

export class Tile {
  /** @param {Place} place @param {() => void} onPin */
  constructor(place, onPin) {
    this.place = place;
    /** The line's last picture may still be somebody else's: it stays covered until ours has come. */
    this.covered = false;
    this.line = "";
    /** @type {number | null | undefined} */
    this.begins = undefined;
    /** @type {TileFacts | null} */
    this.facts = null;
    this.pin = h("button", { type: "button", class: "tile-pin" }, icon("pin"));
    this.pin.addEventListener("click", onPin);
    this.video = h("video", { autoplay: true, playsinline: true });
    this.video.muted = true;
    this.emptyText = h("p", {});
    this.emptyIcon = icon("camera");
    this.empty = h("div", { class: "tile-empty" }, this.emptyIcon, this.emptyText);
    this.voice = icon("microphone");
    this.label = h("span", { class: "plate-label" });
    this.role = h("span", { class: "plate-role" });
    this.bars = h("span", { class: "bars", role: "img" }, h("i"), h("i"), h("i"), h("i"));
    this.hand = h("span", { class: "tile-hand", hidden: true, role: "img", "aria-label": t("Đang giơ tay") }, icon("hand"));
    this.still = h("p", { class: "tile-still", hidden: true }, t("Đường truyền yếu: tạm dừng hình, tiếng vẫn nghe"));
    this.element = h("article", {
      class: `tile tile-${place.source}`, "data-seat-id": place.seatId, "data-source": place.source, "data-key": place.key,
    }, this.video, this.empty, this.still, h("div", { class: "tile-corner" }, this.pin, this.hand), h("footer", { class: "plate" }, this.voice, this.label, this.role, this.bars));
    /** @type {MediaStreamTrack | null} */
    this.track = null;
    this.video.addEventListener("playing", () => this.#plays());
  }

  /** @param {TileFacts} facts */
  update(facts) {
    const { seat } = facts;
    this.facts = facts;
    this.#setTrack(facts);
    const reason = this.#emptyReason(facts);
    const waits = reason === "" && this.covered;
    show(this.empty, reason !== "" || waits);
    setAttribute(this.empty, "data-cover", waits);
    show(this.video, reason === "");
    show(this.still, facts.frozen && reason === "");
    const off = this.place.source === "camera" && !facts.seat.camera && !facts.seat.device;
    setIcon(this.emptyIcon, this.place.source === "screen" ? "screen" : off || facts.fault ? "camera-off" : "camera");
    setText(this.emptyText, waits ? t("Đang nhận hình…") : reason);
    show(this.pin, !facts.you && this.place.source === "camera");
    setAttribute(this.pin, "aria-pressed", String(facts.pinned));
    setAttribute(this.pin, "aria-label", facts.pinned ? t("Bỏ ghim %(seat)s", { seat: seat.label }) : t("Ghim %(seat)s", { seat: seat.label }));
    const heard = (seat.microphone || seat.device) && !seat.muted;
    setIcon(this.voice, heard ? "microphone" : "microphone-off");
    show(this.voice, this.place.source === "camera");
    setText(this.label, this.place.source === "screen" ? t("Màn hình của %(seat)s", { seat: seat.label }) : seat.label);
    setText(this.role, facts.you ? t("Bạn") : facts.chairs ? t("Chủ trì") : "");
    show(this.hand, Boolean(seat.hand_raised_at) && this.place.source === "camera");
    setAttribute(this.bars, "data-quality", String(seat.quality ?? ""));
    setAttribute(this.bars, "aria-label", qualityWord(seat.quality));
    show(this.bars, this.place.source === "camera");
    setAttribute(this.element, "data-speaking", String(facts.speaking && heard));
    setAttribute(this.element, "data-floor", String(facts.floor));
    setAttribute(this.element, "data-muted", String(!heard));
    setAttribute(this.element, "data-you", facts.you);
    setAttribute(this.element, "aria-label", this.#spoken(facts, heard));
  }

  /** @param {TileFacts} facts */
  #setTrack(facts) {
    this.begins = facts.begins;
    if (facts.line !== this.line) {
      this.line = facts.line;
      this.covered = facts.begins !== undefined;
      setAttribute(this.element, "data-playing", false);
      if (this.covered) this.#watch(facts.line);
      else if (!this.video.paused) this.#plays();
    }
    if (facts.track === this.track) return;
    this.track = facts.track;
    setAttribute(this.element, "data-playing", false);
    this.video.srcObject = facts.track ? new MediaStream([facts.track]) : null;
    if (facts.track) void this.video.play().catch(() => undefined);
  }

  /** Look at each frame until one of ours has come. @param {string} line */
  #watch(line) {
    if (!("requestVideoFrameCallback" in this.video)) {
      this.covered = false;
      return;
    }
    this.video.requestVideoFrameCallback((_, frame) => {
      if (line !== this.line || !this.covered) return;
      if (hasBegun(this.begins, frame.rtpTimestamp)) this.#uncover();
      else this.#watch(line);
    });
  }

  #uncover() {
    this.covered = false;
    this.#plays();
    if (this.facts) this.update(this.facts);
  }

  #plays() {
    if (!this.covered && this.track) setAttribute(this.element, "data-playing", true);
  }

  /** @param {TileFacts} facts */
  #emptyReason(facts) {
    if (facts.paused) return t("Tạm dừng");
    if (this.place.source === "screen") return facts.track ? "" : t("Đang nhận hình…");
    if (facts.seat.presence === "lost") return t("Mất kết nối, đang chờ nối lại…");
    if (facts.fault) return facts.fault;
    if (!facts.seat.camera && !facts.seat.device) return t("Camera tắt");
    return facts.track ? "" : facts.absent || t("Đang nhận hình…");
  }

  /** @param {TileFacts} facts @param {boolean} heard */
  #spoken(facts, heard) {
    const parts = [this.label.textContent ?? "", facts.seat.name ?? "", heard ? t("micro bật") : t("micro tắt")];
    if (facts.frozen) parts.push(this.still.textContent ?? "");
    if (facts.floor) parts.push(t("đang được mời phát biểu"));
    parts.push(qualityWord(facts.seat.quality));
    return parts.filter(Boolean).join(", ");
  }
}
