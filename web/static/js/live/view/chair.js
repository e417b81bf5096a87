/**
 * The chair's panel: the hearing's course, the floor's queue, every point by its state, the recorder's health.
 * @module
 */

import { fold, t } from "../../text.js";
import { elapsedMs, hands, isLive, maySend, seatOf } from "../core/state.js";
import { stretch } from "../core/time.js";
import { ask } from "./dialog.js";
import { find, h, keyed, setAttribute, setText, show } from "./dom.js";
import { troubleWords } from "./line_words.js";
import { presenceWord, qualityWord } from "./words.js";

/** @import { Presence, SeatView } from "../core/protocol.js" */
/** @import { Room } from "../room.js" */

/** @type {Presence[]} */
const ORDER = ["waiting", "lost", "admitted", "absent"];

/** With more seats than this there is a box to find one. */
const FILTER_ABOVE = 12;

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
    this.filter = /** @type {HTMLInputElement} */ (find(".points-filter", this.root));
    this.filter.addEventListener("input", () => this.render());
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
    this.#points();
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
        : state.recording ? t("Máy ghi đang ghi.") : t("Máy ghi đã sẵn sàng.");
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
    keyed(find(".floor-queue", this.root), queue, (seat) => seat.seat_id, (seat) => this.#waiting(seat), (element) => {
      setAttribute(find("[data-action=give-floor]", element), "disabled", !this.room.may("give_floor"));
    });
    show(find(".floor-empty", this.root), queue.length === 0);
  }

  /** @param {SeatView} seat */
  #waiting(seat) {
    return h("li", {}, h("span", {}, seat.label),
      this.#action("give-floor", t("Mời phát biểu"), seat, () => this.room.command("give_floor", { seat_id: seat.seat_id })),
      this.#action("lower-hand", t("Hạ tay"), seat, () => this.room.command("lower_hand", { seat_id: seat.seat_id })));
  }

  /** Who may send picture and sound, and whether the hub has to save. */
  #publishing() {
    const { state } = this.room;
    if (document.activeElement !== this.policy) this.policy.value = state.publishing;
    setAttribute(this.policy, "disabled", !this.room.may("set_publishing"));
    const sending = state.seats.filter((seat) => seat.presence === "admitted" && maySend(state, seat)).length;
    const listening = state.seats.filter((seat) => seat.presence === "admitted" && !maySend(state, seat)).length;
    setText(find(".publishing-count", this.root), t("%(sending)s nơi đang gửi hình và tiếng, %(listening)s nơi nghe và xem.", { sending, listening }));
    const busy = find(".pictures-limited", this.root);
    show(busy, state.pictureLevel > 0);
    setText(busy, t("Máy chủ đang bận: hệ thống tạm giảm số hình và cỡ hình (mức %(level)s). Tiếng, người đang phát biểu và bản ghi không bị giảm.", { level: state.pictureLevel }));
  }

  #points() {
    const { state } = this.room;
    show(this.filter, state.seats.length > FILTER_ABOVE);
    const wanted = fold(this.filter.value.trim());
    const others = state.seats.filter((seat) => seat.seat_id !== state.you && (!wanted || fold(`${seat.label} ${seat.name ?? ""}`).includes(wanted)));
    const waiting = others.filter((seat) => seat.presence === "waiting").length;
    setText(find(".admit-count", this.root), waiting ? `(${waiting})` : "");
    const groups = ORDER.map((presence) => ({ presence, seats: others.filter((seat) => seat.presence === presence) }))
      .filter((group) => group.seats.length > 0);
    keyed(find(".point-groups", this.root), groups, (group) => group.presence,
      () => h("section", { class: "point-group" }, h("h4"), h("ul", { class: "points" })),
      (element, group) => {
        setText(find("h4", element), `${presenceWord(group.presence)} (${group.seats.length})`);
        keyed(find("ul", element), group.seats, (seat) => seat.seat_id, (seat) => this.#row(seat),
          (row, seat) => this.#update(row, seat));
      });
  }

  /** @param {SeatView} seat */
  #row(seat) {
    const id = { seat_id: seat.seat_id };
    return h("li", { class: "point", "data-seat-id": seat.seat_id },
      h("p", { class: "point-name" }, h("b", {}, seat.label), h("span", { class: "point-facts" })),
      h("div", { class: "point-actions" },
        this.#action("admit", t("Mời vào"), seat, () => this.room.command("admit", id)),
        this.#action("give-floor", t("Mời phát biểu"), seat, () => this.room.command("give_floor", id)),
        this.#action("allow-publishing", t("Cho gửi hình"), seat, () => this.room.command("allow_publishing", id)),
        this.#action("withdraw-publishing", t("Thôi gửi hình"), seat, () => this.room.command("withdraw_publishing", id)),
        this.#action("mute", t("Tắt và khóa micro"), seat, () => this.room.command("mute", { ...id, lock: true })),
        this.#action("unmute", t("Cho bật micro"), seat, () => this.room.command("unmute", id)),
        this.#action("remove", t("Đưa ra phòng chờ"), seat, () => void this.#remove(seat))));
  }

  /** @param {HTMLElement} row @param {SeatView} seat */
  #update(row, seat) {
    const inside = seat.presence === "admitted" || (seat.presence === "lost" && seat.admitted);
    const worst = this.room.state.troubles[seat.seat_id]?.[0];
    const line = worst ? troubleWords(worst) : qualityWord(seat.quality);
    setAttribute(row, "data-bad-line", Boolean(worst));
    const facts = [seat.name ?? "", inside || seat.presence === "waiting" ? line : "",
      seat.muted ? t("micro bị khóa") : "", inside && !maySend(this.room.state, seat) ? t("nghe và xem") : "", seat.hand_raised_at ? t("giơ tay") : ""];
    setText(find(".point-facts", row), facts.filter(Boolean).join(" · "));
    const may = (/** @type {string} */ action, /** @type {boolean} */ shown, /** @type {string} */ type) => {
      const button = find(`[data-action=${action}]`, row);
      show(button, shown);
      setAttribute(button, "disabled", !this.room.may(type));
    };
    may("admit", seat.presence === "waiting", "admit");
    may("give-floor", seat.presence === "admitted" && this.room.state.floor !== seat.seat_id, "give_floor");
    const { state } = this.room;
    const listens = inside && !maySend(state, seat);
    may("allow-publishing", listens, "allow_publishing");
    may("withdraw-publishing", inside && seat.allowed && state.publishing === "invited", "withdraw_publishing");
    may("mute", inside && !seat.muted && !listens, "mute");
    may("unmute", inside && seat.muted, "unmute");
    may("remove", inside, "remove");
  }

  /** @param {string} action @param {string} words @param {SeatView} seat @param {() => void} act */
  #action(action, words, seat, act) {
    const button = h("button", {
      type: "button", class: "button compact", "data-action": action, "data-seat-id": seat.seat_id,
      "aria-label": `${words}: ${seat.label}`,
    }, words);
    button.addEventListener("click", act);
    return button;
  }

  /** @param {string} action */
  #button(action) {
    return find(`.panel-commands [data-action=${action}]`, this.root);
  }

  /** @param {string} action @param {() => void} act */
  #wire(action, act) {
    this.#button(action).addEventListener("click", act);
  }

  /** @param {SeatView} seat */
  async #remove(seat) {
    const reason = await ask({
      title: t("Đưa %(seat)s ra phòng chờ?", { seat: seat.label }), confirm: t("Đưa ra"), action: "remove-confirm",
      text: [t("Điểm này ngừng có hình và tiếng trong buổi tiếp cho tới khi được mời lại. Việc này được ghi vào biên bản.")],
      field: t("Lý do (điểm này sẽ đọc được)"),
    });
    if (reason !== null) this.room.command("remove", { seat_id: seat.seat_id, reason });
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
