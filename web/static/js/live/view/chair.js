/**
 * The chair's panel: the hearing's course, the floor's queue, the recorder's health; every point by its state in `points.js`.
 * @module
 */

import { shortcut } from "../../shortcuts.js";
import { t } from "../../text.js";
import { elapsedMs, hands, isLive, maySend, seatOf } from "../core/state.js";
import { stretch } from "../core/time.js";
import { ask } from "./dialog.js";
import { find, h, keyed, setAttribute, setText, show } from "./dom.js";
import { firstButton, keepFocus, wireArrows } from "./keyboard.js";
import { PointsView, seatButton } from "./points.js";

/** @import { SeatView } from "../core/protocol.js" */
/** @import { Panels } from "./panels.js" */
/** @import { Room } from "../room.js" */

export class ChairPanel {
  /** @param {Room} room */
  constructor(room) {
    this.room = room;
    this.root = find("[data-panel=chair]");
    this.#wire("open", () => room.command("open"));
    this.#wire("admit-all", () => room.command("admit"));
    this.#wire("mute-all", () => room.command("mute", { lock: true }));
    this.#wire("unmute-all", () => room.command("unmute"));
    this.#wire("take-floor", () => room.command("take_floor"));
    this.#wire("recess", () => void this.#recess());
    this.#wire("resume", () => room.command("resume"));
    this.#wire("end", () => void this.#end());
    this.policy = /** @type {HTMLSelectElement} */ (find(".publishing-policy", this.root));
    this.policy.addEventListener("change", () => room.command("set_publishing", { policy: this.policy.value }));
    this.points = new PointsView(room);
    this.queue = find(".floor-queue", this.root);
    wireArrows(this.queue);
  }

  /**
   * Keys that lead a chair among two hundred points; they only move the focus, so that nothing happens by a slip.
   * @param {Panels} panels
   */
  wireKeys(panels) {
    const go = (/** @type {() => HTMLElement} */ target) => () => {
      if (!panels.has("chair")) return;
      if (panels.open !== "chair") panels.toggle("chair");
      target().focus();
    };
    shortcut("/", t("Tìm điểm (chủ trì)"), go(() => this.points.start()), "/");
    shortcut("g", t("Đến người giơ tay (chủ trì)"), go(() => firstButton(this.queue) ?? find("#part-floor")));
  }

  /** What moves by the clock alone. */
  tick() {
    if (this.root.getClientRects().length) this.#floor();
  }

  render() {
    if (!this.root.getClientRects().length) return; // closed, or somebody else chairs: it is drawn when it opens
    const { state } = this.room;
    const live = isLive(state.state);
    show(this.#button("open"), state.state === "scheduled");
    setAttribute(this.#button("open"), "disabled", !this.room.may("open") || !state.recorderReady);
    show(this.#button("recess"), live && state.state === "open");
    show(this.#button("resume"), live && state.state !== "open");
    show(this.#button("end"), live);
    for (const [action, type] of /** @type {const} */ ([["recess", "recess"], ["resume", "resume"], ["end", "end"],
      ["admit-all", "admit"], ["mute-all", "mute"], ["unmute-all", "unmute"]])) {
      setAttribute(this.#button(action), "disabled", !this.room.may(type));
    }
    this.#recorder();
    this.#floor();
    this.#publishing();
    this.points.render();
  }

  /** Why the hearing cannot be opened, and whether it is being recorded. */
  #recorder() {
    const { state } = this.room;
    const line = find(".recorder-line", this.root);
    const bad = state.recorderLost || !state.recorderReady;
    setAttribute(line, "data-tone", bad ? "danger" : "good");
    const text = bad
      ? t("Máy ghi chưa sẵn sàng: %(reason)s", { reason: state.recorderReason || t("mất liên lạc") })
      : state.recorderReason
        ? t("Máy ghi hoạt động, có cảnh báo: %(reason)s", { reason: state.recorderReason })
        : !state.recording ? t("Máy ghi đã sẵn sàng.")
          : state.state === "open" ? t("Máy ghi đang ghi.") : t("Máy ghi sẵn sàng, đang tạm dừng ghi.");
    setText(line, text);
  }

  #floor() {
    const { state } = this.room;
    const holder = seatOf(state, state.floor);
    const now = elapsedMs(state, performance.now());
    const since = state.floorSinceMs !== null && now !== null ? stretch(now - state.floorSinceMs) : "";
    setText(find(".floor-holder", this.root), holder ? holder.label : t("Chưa ai được mời phát biểu"));
    setText(find(".floor-time", this.root), holder ? since : "");
    setAttribute(this.#button("take-floor"), "disabled", !holder || !this.room.may("take_floor"));
    const queue = hands(state);
    keepFocus(this.queue, () => keyed(this.queue, queue, (seat) => seat.seat_id, (seat) => this.#waiting(seat), (element) => {
      setAttribute(find("[data-action=give-floor]", element), "disabled", !this.room.may("give_floor"));
    }), () => find("#part-floor", this.root)); // not to the button that would end the turn just given
    show(find(".floor-empty", this.root), queue.length === 0);
  }

  /** @param {SeatView} seat */
  #waiting(seat) {
    return h("li", {}, h("span", {}, seat.label),
      seatButton("give-floor", t("Mời phát biểu"), seat, () => this.room.command("give_floor", { seat_id: seat.seat_id })),
      seatButton("lower-hand", t("Hạ tay"), seat, () => this.room.command("lower_hand", { seat_id: seat.seat_id })));
  }

  /** Who may send picture and sound, and whether the hub has to save. */
  #publishing() {
    const { state } = this.room;
    if (document.activeElement !== this.policy) this.policy.value = state.publishing;
    setAttribute(this.policy, "disabled", !this.room.may("set_publishing"));
    const sending = state.seats.filter((seat) => seat.presence === "admitted" && maySend(state, seat)).length;
    const listening = state.seats.filter((seat) => seat.presence === "admitted" && !maySend(state, seat)).length;
    setText(find(".publishing-count", this.root), state.publishing === "all"
      ? t("%(sending)s nơi đang gửi hình và tiếng, %(listening)s nơi nghe và xem.", { sending, listening })
      : t("%(sending)s nơi được gửi: chủ trì, thư ký, người đang phát biểu và điểm được cho phép. %(listening)s nơi nghe và xem.", { sending, listening }));
    const busy = find(".pictures-limited", this.root);
    show(busy, state.pictureLevel > 0);
    setText(busy, t("Máy chủ đang bận: hệ thống tạm giảm số hình và cỡ hình (mức %(level)s). Tiếng, người đang phát biểu và bản ghi không bị giảm.", { level: state.pictureLevel }));
  }

  /** @param {string} action */
  #button(action) {
    return find(`.panel-commands [data-action=${action}]`, this.root);
  }

  /** @param {string} action @param {() => void} act */
  #wire(action, act) {
    this.#button(action).addEventListener("click", act);
  }

  async #recess() {
    const answer = await ask({
      title: t("Cho tạm nghỉ?"), confirm: t("Tạm nghỉ"), action: "recess-confirm",
      text: [t("Hình và tiếng của mọi điểm dừng lại và không được ghi cho tới khi bạn cho tiếp tục. Giờ nghỉ được ghi rõ trong bản ghi.")],
    });
    if (answer !== null) this.room.command("recess");
  }

  /** Irreversible: the consequence is told first, then asked once more. */
  async #end() {
    const { number, title } = this.room.state;
    const first = await ask({
      title: t("Kết thúc buổi tiếp?"), confirm: t("Tiếp tục"), action: "end-continue",
      text: [
        t("Mọi điểm rời khỏi buổi tiếp, máy ghi dừng và bản ghi được đóng lại để lưu trữ."),
        t("Buổi tiếp đã kết thúc không thể mở lại. Nếu chỉ cần nghỉ, hãy chọn “Tạm nghỉ”."),
      ],
    });
    if (first === null) return;
    const second = await ask({
      title: t("Xác nhận lần cuối"), confirm: t("Kết thúc, không mở lại"), danger: true, action: "end-confirm",
      text: [t("Kết thúc buổi tiếp số %(number)s – %(title)s?", { number, title })],
    });
    if (second !== null) this.room.command("end", { confirm: number });
  }
}
