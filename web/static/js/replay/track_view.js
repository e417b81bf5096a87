/**
 * The timeline: a lane per seat with its picture, sound and gaps, and one scrubber over all of them.
 * @module
 */

import { t } from "../text.js";
import { elapsed } from "../live/core/time.js";
import { find, h, setAttribute, setText } from "../live/view/dom.js";
import { gapsOf, stretches } from "./plan.js";
import { gapWords } from "./words.js";

/** @import { Seat } from "./plan.js" */
/** @import { Player } from "./player.js" */

export class TrackView {
  /** @param {Player} player */
  constructor(player) {
    this.player = player;
    this.duration = Math.max(1, player.timeline.duration_ms);
    this.lanes = find(".lanes");
    this.scrub = find(".scrub");
    this.playhead = find(".playhead");
    this.hint = find(".lane-hint");
    const seats = [...player.timeline.seats].sort((a, b) => a.position - b.position);
    this.lanes.append(...seats.flatMap((seat) => this.#lane(seat)));
    this.scrub.addEventListener("pointerdown", (event) => this.#grab(event));
    this.scrub.addEventListener("pointermove", (event) => this.#hover(event));
    this.scrub.addEventListener("pointerleave", () => setText(this.hint, ""));
  }

  render() {
    const position = this.player.positionMs;
    this.playhead.style.insetInlineStart = `${(position / this.duration) * 100}%`;
    const second = String(Math.floor(position / 1000));
    if (this.scrub.getAttribute("aria-valuenow") !== second) {
      setAttribute(this.scrub, "aria-valuenow", second);
      setAttribute(this.scrub, "aria-valuetext", elapsed(position));
    }
  }

  /** @param {Seat} seat @returns {HTMLElement[]} */
  #lane(seat) {
    const track = (/** @type {"audio" | "video"} */ kind) => {
      const segments = this.player.lanes.filter((one) => one.lane.seatId === seat.seat_id && one.lane.kind === kind)
        .flatMap((one) => one.lane.segments).sort((a, b) => a.start_ms - b.start_ms);
      const row = h("div", { class: `lane-row lane-${kind}` });
      for (const gap of gapsOf(this.player.timeline, seat.seat_id, kind)) {
        const mark = this.#mark("lane-gap", gap.start_ms, gap.end_ms);
        mark.dataset.cause = gap.cause;
        row.append(mark);
      }
      // Media over gaps: where one publication ended another may already have begun.
      for (const { startMs, endMs } of stretches(segments)) row.append(this.#mark("lane-media", startMs, endMs));
      return row;
    };
    const rows = [track("video"), track("audio")];
    if (rows.every((row) => row.querySelector(".lane-media") === null)) return [];
    return [h("div", { class: "lane", "data-seat-id": seat.seat_id }, h("span", { class: "lane-name" }, seat.label),
      h("div", { class: "lane-rows", "aria-hidden": "true" }, ...rows))];
  }

  /** @param {string} name @param {number} startMs @param {number} endMs */
  #mark(name, startMs, endMs) {
    const mark = h("i", { class: name });
    mark.style.insetInlineStart = `${(startMs / this.duration) * 100}%`;
    mark.style.inlineSize = `${(Math.max(0, Math.min(endMs, this.duration) - startMs) / this.duration) * 100}%`;
    return mark;
  }

  /** @param {PointerEvent} event */
  #grab(event) {
    this.scrub.setPointerCapture(event.pointerId);
    this.player.seek(this.#at(event));
    const move = (/** @type {PointerEvent} */ moved) => this.player.seek(this.#at(moved));
    this.scrub.addEventListener("pointermove", move);
    this.scrub.addEventListener("pointerup", () => this.scrub.removeEventListener("pointermove", move), { once: true });
  }

  /** What lies under the pointer: the time, and why something is missing there. @param {PointerEvent} event */
  #hover(event) {
    const at = this.#at(event);
    const missing = this.player.timeline.gaps.filter((gap) => gap.start_ms <= at && at < gap.end_ms
      && !["muted", "waiting", "device"].includes(gap.cause));
    const words = [...new Set(missing.map((gap) => gapWords(gap.cause)))].join(", ");
    setText(this.hint, words ? t("%(time)s – thiếu vì %(cause)s", { time: elapsed(at), cause: words }) : elapsed(at));
  }

  /** @param {PointerEvent} event */
  #at(event) {
    const box = this.scrub.getBoundingClientRect();
    return Math.max(0, Math.min(1, (event.clientX - box.left) / Math.max(1, box.width))) * this.duration;
  }
}
