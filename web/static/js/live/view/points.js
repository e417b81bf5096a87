/**
 * The chair's list of seats by their state, and what may be done with each.
 * @module
 */

import { fold, t } from "../../text.js";
import { maySend } from "../core/state.js";
import { ask } from "./dialog.js";
import { find, h, keyed, setAttribute, setText, show } from "./dom.js";
import { firstButton, keepFocus, wireArrows } from "./keyboard.js";
import { troubleWords } from "./line_words.js";
import { presenceWord, qualityWord } from "./words.js";

/** @import { Presence, SeatView } from "../core/protocol.js" */
/** @import { Room } from "../room.js" */

/** @type {Presence[]} */
const ORDER = ["waiting", "lost", "admitted", "absent"];

/** With more seats than this there is a box to find one, and each shows its first button only until it is opened. */
const CROWD = 12;
const FIRST = new Set(["admit", "give-floor"]);

/** @param {string} action @param {string} words @param {SeatView} seat @param {() => void} act */
export function seatButton(action, words, seat, act) {
  const button = h("button", {
    type: "button", class: "button compact", "data-action": action, "data-seat-id": seat.seat_id,
    "aria-label": `${words}: ${seat.label}`,
  }, words);
  button.addEventListener("click", act);
  return button;
}

export class PointsView {
  /** @param {Room} room */
  constructor(room) {
    this.room = room;
    this.root = find(".points-part");
    /** The seat whose further buttons are shown. */
    this.opened = "";
    /** What each row was drawn from. @type {Map<string, readonly unknown[]>} */
    this.drawn = new Map();
    this.filter = /** @type {HTMLInputElement} */ (find(".points-filter", this.root));
    this.filter.addEventListener("input", () => this.render());
    this.filter.addEventListener("keydown", (event) => {
      // Escape empties the box; only then does it close the panel.
      if (event.key === "Escape" && this.filter.value) event.stopPropagation();
    });
    this.list = find(".point-groups", this.root);
    wireArrows(this.list, this.filter);
    this.worse = find(".points-worse", this.root);
    this.worse.addEventListener("click", () => find("#part-lines").scrollIntoView({ block: "start" }));
  }

  /** Where the keyboard begins here. @returns {HTMLElement} */
  start() {
    this.filter.select();
    return this.filter.hidden ? firstButton(this.list) ?? find("h3", this.root) : this.filter;
  }

  render() {
    const { state } = this.room;
    const crowd = state.seats.length > CROWD;
    setAttribute(this.root, "data-crowd", crowd);
    show(this.filter, crowd);
    const wanted = fold(this.filter.value.trim());
    const others = state.seats.filter((seat) => seat.seat_id !== state.you && (!wanted || fold(`${seat.label} ${seat.name ?? ""}`).includes(wanted)));
    const waiting = state.seats.filter((seat) => seat.presence === "waiting" && seat.seat_id !== state.you).length;
    setText(find(".admit-count", this.root), waiting ? `(${waiting})` : "");
    const bad = Object.values(state.troubles).filter((troubles) => troubles.length > 0).length;
    show(this.worse, bad > 0);
    setText(this.worse, t("%(count)s đường truyền xấu", { count: bad }));
    show(find(".points-none", this.root), others.length === 0);
    const groups = ORDER.map((presence) => ({ presence, seats: others.filter((seat) => seat.presence === presence) }))
      .filter((group) => group.seats.length > 0);
    setText(find(".points-found", this.root), wanted ? t("%(count)s điểm khớp", { count: others.length }) : "");
    keepFocus(this.list, () => this.#draw(groups, crowd), () => this.start());
  }

  /** @param {{ presence: Presence, seats: SeatView[] }[]} groups @param {boolean} crowd */
  #draw(groups, crowd) {
    keyed(this.list, groups, (group) => group.presence,
      () => h("section", { class: "point-group" }, h("h4"), h("ul", { class: "points" })),
      (element, group) => {
        setText(find("h4", element), `${presenceWord(group.presence)} (${group.seats.length})`);
        keyed(find("ul", element), group.seats, (seat) => seat.seat_id, (seat) => this.#row(seat),
          (row, seat) => this.#update(row, seat, crowd));
      });
  }

  /** @param {SeatView} seat */
  #row(seat) {
    const id = { seat_id: seat.seat_id };
    this.drawn.delete(seat.seat_id);
    const more = h("button", { type: "button", class: "button compact point-more", "data-action": "more", "aria-label": t("Việc khác: %(seat)s", { seat: seat.label }) }, t("Việc khác"));
    more.addEventListener("click", () => { this.opened = this.opened === seat.seat_id ? "" : seat.seat_id; this.render(); });
    return h("li", { class: "point", "data-seat-id": seat.seat_id },
      h("p", { class: "point-name" }, h("b", {}, seat.label), h("span", { class: "point-facts" })),
      h("div", { class: "point-actions" },
        seatButton("admit", t("Mời vào"), seat, () => this.room.command("admit", id)),
        seatButton("give-floor", t("Mời phát biểu"), seat, () => this.room.command("give_floor", id)),
        more,
        seatButton("allow-publishing", t("Cho gửi hình"), seat, () => this.room.command("allow_publishing", id)),
        seatButton("withdraw-publishing", t("Thôi gửi hình"), seat, () => this.room.command("withdraw_publishing", id)),
        seatButton("mute", t("Tắt và khóa micro"), seat, () => this.room.command("mute", { ...id, lock: true })),
        seatButton("unmute", t("Cho bật micro"), seat, () => this.room.command("unmute", id)),
        seatButton("remove", t("Đưa ra phòng chờ"), seat, () => void this.#remove(seat))));
  }

  /** @param {HTMLElement} row @param {SeatView} seat @param {boolean} crowd */
  #update(row, seat, crowd) {
    const { state } = this.room;
    const sends = maySend(state, seat);
    const floor = state.floor === seat.seat_id;
    const worst = state.troubles[seat.seat_id]?.[0];
    const open = !crowd || this.opened === seat.seat_id;
    // Two hundred rows are looked at with every change, and seldom is there one to draw.
    const from = [seat, worst?.cause, worst?.amount, sends, floor, open, state.publishing, state.may, state.link];
    if (this.drawn.get(seat.seat_id)?.every((one, index) => one === from[index])) return;
    this.drawn.set(seat.seat_id, from);
    const inside = seat.presence === "admitted" || (seat.presence === "lost" && seat.admitted);
    const line = worst ? troubleWords(worst) : seat.quality === null ? "" : qualityWord(seat.quality);
    setAttribute(row, "data-bad-line", Boolean(worst));
    const facts = [seat.name ?? "", inside || seat.presence === "waiting" ? line : "", floor ? t("đang được mời phát biểu") : "",
      seat.muted ? t("micro bị khóa") : "", inside && !sends ? t("nghe và xem") : "", seat.hand_raised_at ? t("giơ tay") : ""];
    setText(find(".point-facts", row), facts.filter(Boolean).join(" · "));
    const listens = inside && !sends;
    const further = [
      this.#offer(row, "admit", seat.presence === "waiting", "admit", open),
      this.#offer(row, "give-floor", seat.presence === "admitted" && !floor, "give_floor", open),
      this.#offer(row, "allow-publishing", listens, "allow_publishing", open),
      this.#offer(row, "withdraw-publishing", inside && seat.allowed && state.publishing === "invited", "withdraw_publishing", open),
      this.#offer(row, "mute", inside && !seat.muted && !listens, "mute", open),
      this.#offer(row, "unmute", inside && seat.muted, "unmute", open),
      this.#offer(row, "remove", inside, "remove", open),
    ].includes(true);
    const more = find("[data-action=more]", row);
    show(more, crowd && further);
    setAttribute(more, "aria-expanded", String(open));
  }

  /**
   * Show a button or not; true when it is one of those behind "more".
   * @param {HTMLElement} row @param {string} action @param {boolean} possible @param {string} type @param {boolean} open
   */
  #offer(row, action, possible, type, open) {
    const button = find(`[data-action=${action}]`, row);
    show(button, possible && (open || FIRST.has(action)));
    setAttribute(button, "disabled", !this.room.may(type));
    return possible && !FIRST.has(action);
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
}
