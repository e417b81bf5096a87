/**
 * The chair's view of the lines: who has a bad one and why, and one point's figures when asked for.
 * @module
 */

import { t } from "../../text.js";
import { seatOf } from "../core/state.js";
import { find, h, keyed, setAttribute, setOptions, setText, show } from "./dom.js";
import { makeFigures, updateFigures } from "./line_figures.js";
import { gravity, troubleWords } from "./line_words.js";
import { qualityWord } from "./words.js";

/** @import { SeatView, Trouble } from "../core/protocol.js" */
/** @import { Room } from "../room.js" */

/** More than fit on a screen help nobody: the gravest are named, the others counted. */
const MOST_NAMED = 6;

export class LinesView {
  /** @param {Room} room */
  constructor(room) {
    this.room = room;
    this.root = find(".line-part");
    this.chosen = "";
    /** What the hub was asked to tell; forgotten whenever the line to the hub breaks. */
    this.asked = "";
    this.select = /** @type {HTMLSelectElement} */ (find("select", this.root));
    this.detail = find(".line-detail", this.root);
    this.figures = makeFigures();
    this.detail.append(this.figures);
    this.select.addEventListener("change", () => this.#choose(this.select.value));
  }

  /** @param {boolean} open   whether the panel can be seen: figures nobody looks at are not asked for */
  render(open) {
    this.#ask(open);
    if (!open) return;
    const { state } = this.room;
    const bad = worst(state.seats, state.troubles);
    setText(find(".lines-count", this.root), bad.length ? `(${bad.length})` : "");
    show(find(".lines-empty", this.root), bad.length === 0);
    keyed(find(".lines-bad", this.root), bad.slice(0, MOST_NAMED), ({ seat }) => seat.seat_id, ({ seat }) => this.#entry(seat),
      (element, one) => this.#update(element, one));
    const more = find(".lines-more", this.root);
    show(more, bad.length > MOST_NAMED);
    setText(more, t("… và %(count)s nơi khác", { count: bad.length - MOST_NAMED }));
    const there = state.seats.filter((seat) => seat.presence !== "absent");
    setOptions(this.select, [{ value: "", label: t("Chọn một nơi để xem số đo") },
      ...there.map((seat) => ({ value: seat.seat_id, label: seat.label }))], this.chosen);
    this.#show();
  }

  /** @param {SeatView} seat */
  #entry(seat) {
    const button = h("button", { type: "button", class: "line-bad", "data-seat-id": seat.seat_id }, h("b"), h("span"));
    button.addEventListener("click", () => this.#choose(this.chosen === seat.seat_id ? "" : seat.seat_id));
    return h("li", {}, button);
  }

  /** @param {HTMLElement} element @param {{ seat: SeatView, troubles: Trouble[] }} one */
  #update(element, { seat, troubles }) {
    const button = find("button", element);
    setText(button.children[0], seat.label);
    setText(button.children[1], troubles.map(troubleWords).join("; "));
    setAttribute(button, "aria-expanded", String(this.chosen === seat.seat_id));
  }

  /** @param {string} seatId */
  #choose(seatId) {
    this.chosen = seatId;
    if (this.select.value !== seatId) this.select.value = seatId;
    this.room.events.onChange();
  }

  /** @param {boolean} open */
  #ask(open) {
    if (this.room.state.link !== "online") {
      this.asked = "";
      return;
    }
    const wanted = open ? this.chosen : "";
    if (wanted === this.asked || !this.room.may("watch_line")) return;
    if (this.room.command("watch_line", { seat_id: wanted || null })) this.asked = wanted;
  }

  #show() {
    const { state } = this.room;
    const told = state.watched?.seat_id === this.chosen ? state.watched : null;
    show(this.detail, this.chosen !== "");
    show(this.figures, told !== null);
    const seat = seatOf(state, this.chosen);
    setText(find(".line-name", this.detail), seat?.label ?? "");
    setText(find(".line-quality", this.detail), told ? qualityWord(told.quality) : t("Đang chờ số đo; nơi này chưa gửi hay nhận hình và tiếng."));
    if (told) updateFigures(this.figures, told.figures);
  }
}

/**
 * Those with a bad line, the gravest first; of equals in the order of the table.
 * @param {readonly SeatView[]} seats
 * @param {Readonly<Record<string, Trouble[]>>} troubles
 */
export function worst(seats, troubles) {
  return seats
    .flatMap((seat) => (troubles[seat.seat_id]?.length ? [{ seat, troubles: troubles[seat.seat_id] }] : []))
    .sort((a, b) => gravity(a.troubles[0]) - gravity(b.troubles[0]));
}
