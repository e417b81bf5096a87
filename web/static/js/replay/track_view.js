/**
 * The timeline: a lane per point with its picture, voice and gaps, chapters above, one scrubber over all of them.
 * @module
 */

import { t } from "../text.js";
import { elapsed } from "../live/core/time.js";
import { find, h, setAttribute, setText } from "../live/view/dom.js";
import { Dragging } from "./dragging.js";
import { sinceOpening } from "./finding.js";
import { gapsOf, NOTHING_MISSING, stretches, VOICE_MS, withheldAt } from "./plan.js";
import { chapterWords, gapWords } from "./words.js";

/** @import { Seat } from "./plan.js" */
/** @import { Player } from "./player.js" */

/** How many times wider than the page the timeline may be drawn. */
const ZOOMS = [1, 2, 4, 8, 16];
/** Wider bitmaps are refused by some browsers. */
const MOST_PIXELS = 16_000;

export class TrackView {
  /** @param {Player} player */
  constructor(player) {
    this.player = player;
    this.duration = Math.max(1, player.timeline.duration_ms);
    this.scroll = find(".lane-scroll");
    this.inner = find(".lane-inner");
    this.lanes = find(".lanes");
    this.scrub = find(".scrub");
    this.playhead = find(".playhead");
    this.pointer = find(".pointer");
    this.hint = find(".lane-hint");
    this.dragging = new Dragging((ms) => player.seek(ms));
    this.zoom = 0;
    /** @type {{ canvas: HTMLCanvasElement, voice: Uint8Array }[]} */
    this.voices = [];
    const seats = [...player.timeline.seats].sort((a, b) => a.position - b.position);
    for (const seat of seats) this.#lane(seat);
    this.#marks();
    this.scrub.addEventListener("pointerdown", (event) => this.#grab(event));
    this.scrub.addEventListener("pointermove", (event) => this.#move(event));
    this.scrub.addEventListener("lostpointercapture", () => this.#letGo());
    this.scrub.addEventListener("pointerleave", () => this.#leave());
    for (const [action, by] of /** @type {const} */ ([["zoom-in", 1], ["zoom-out", -1]])) {
      find(`[data-action=${action}]`).addEventListener("click", () => this.zoomBy(by));
    }
    new ResizeObserver(() => this.#drawVoices()).observe(this.inner);
    this.zoomBy(0);
  }

  /** What the timeline shows: where it is being dragged to, else where the player is. */
  get positionMs() {
    return this.dragging.atMs ?? this.player.positionMs;
  }

  render() {
    const position = this.positionMs;
    this.playhead.style.insetInlineStart = `${(position / this.duration) * 100}%`;
    const second = String(Math.floor(position / 1000));
    if (this.scrub.getAttribute("aria-valuenow") !== second) {
      setAttribute(this.scrub, "aria-valuenow", second);
      setAttribute(this.scrub, "aria-valuetext", elapsed(position));
      if (this.zoom && this.dragging.atMs === null) this.#follow(position);
    }
  }

  /** Draw it wider or narrower, around the present position. @param {1 | -1 | 0} by */
  zoomBy(by) {
    this.zoom = Math.max(0, Math.min(ZOOMS.length - 1, this.zoom + by));
    this.inner.style.inlineSize = `${ZOOMS[this.zoom] * 100}%`;
    const middle = (this.player.positionMs / this.duration) * this.inner.offsetWidth - this.scroll.clientWidth / 2;
    this.scroll.scrollLeft = Math.max(0, middle);
    setAttribute(find("[data-action=zoom-in]"), "disabled", this.zoom === ZOOMS.length - 1);
    setAttribute(find("[data-action=zoom-out]"), "disabled", this.zoom === 0);
  }

  /** Where the found notes and messages are. @param {readonly { at_ms: number }[]} found */
  showFound(found) {
    find(".found-marks").replaceChildren(...found.map((one) => this.#at(h("i", {}), one.at_ms)));
  }

  /** Keep the playhead in sight. @param {number} position */
  #follow(position) {
    const at = (position / this.duration) * this.inner.offsetWidth;
    const { scrollLeft, clientWidth } = this.scroll;
    if (this.player.playing && (at < scrollLeft || at > scrollLeft + clientWidth - 20)) this.scroll.scrollLeft = at - 20;
  }

  #marks() {
    const { timeline } = this.player;
    const labels = new Map(timeline.seats.map((seat) => [seat.seat_id, seat.label]));
    const chapters = sinceOpening(timeline.chapters).map((one) => {
      const mark = this.#at(h("i", { "data-kind": one.kind }), one.at_ms);
      mark.title = `${elapsed(one.at_ms)} ${chapterWords(one, labels.get(one.seat_id ?? "") ?? "")}`;
      return mark;
    });
    const notes = timeline.notes.map((one) => this.#at(h("i", { "data-kind": "noted" }), one.at_ms));
    find(".chapter-marks").append(...chapters, ...notes);
  }

  /** @param {Seat} seat */
  #lane(seat) {
    const rows = [this.#row(seat, "video"), this.#row(seat, "audio")];
    if (rows.every((row) => row.querySelector(".lane-media") === null)) return;
    const canvas = h("canvas", { class: "lane-voice" });
    const voice = this.player.voices.get(seat.seat_id);
    if (voice) this.voices.push({ canvas, voice });
    rows[1].append(canvas);
    find(".lane-names").append(h("span", { class: "lane-name", title: seat.label }, seat.label));
    this.lanes.append(h("div", { class: "lane", "data-seat-id": seat.seat_id }, ...rows));
  }

  /** @param {Seat} seat @param {"audio" | "video"} kind */
  #row(seat, kind) {
    const segments = this.player.lanes.filter((one) => one.lane.seatId === seat.seat_id && one.lane.kind === kind)
      .flatMap((one) => one.lane.segments).sort((a, b) => a.start_ms - b.start_ms);
    const row = h("div", { class: `lane-row lane-${kind}` });
    for (const gap of gapsOf(this.player.timeline, seat.seat_id, kind)) {
      const mark = this.#stretch("lane-gap", gap.start_ms, gap.end_ms);
      mark.dataset.cause = gap.cause;
      row.append(mark);
    }
    for (const one of this.player.timeline.withheld) {
      if (one.seat_id === null || one.seat_id === seat.seat_id) row.append(this.#stretch("lane-withheld", one.start_ms, one.end_ms));
    }
    // Media over gaps: where one publication ended another may already have begun.
    for (const { startMs, endMs } of stretches(segments)) row.append(this.#stretch("lane-media", startMs, endMs));
    return row;
  }

  /** @param {string} name @param {number} startMs @param {number} endMs */
  #stretch(name, startMs, endMs) {
    const mark = this.#at(h("i", { class: name }), startMs);
    mark.style.inlineSize = `${(Math.max(0, Math.min(endMs, this.duration) - startMs) / this.duration) * 100}%`;
    return mark;
  }

  /** @template {HTMLElement} E @param {E} element @param {number} ms @returns {E} */
  #at(element, ms) {
    element.style.insetInlineStart = `${(ms / this.duration) * 100}%`;
    return element;
  }

  /** One bar per pixel, as high as the loudest that it stands for. */
  #drawVoices() {
    const width = Math.min(MOST_PIXELS, Math.max(1, Math.round(this.inner.offsetWidth)));
    const slots = this.duration / VOICE_MS;
    for (const { canvas, voice } of this.voices) {
      const height = Math.max(1, Math.round(canvas.clientHeight || 14));
      canvas.width = width;
      canvas.height = height;
      const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
      pen.fillStyle = getComputedStyle(canvas).color;
      for (let x = 0; x < width; x += 1) {
        const from = Math.floor((x * slots) / width);
        const loudest = Math.max(...voice.subarray(from, Math.max(from + 1, Math.floor(((x + 1) * slots) / width))));
        const bar = Math.round((height * loudest) / 9);
        if (bar > 0) pen.fillRect(x, (height - bar) / 2, 1, bar);
      }
    }
  }

  /** @param {PointerEvent} event */
  #grab(event) {
    if (event.button !== 0) return;
    this.scrub.setPointerCapture(event.pointerId);
    this.dragging.hold(this.#under(event));
    this.#hover(event);
    this.player.onChange();
  }

  /** @param {PointerEvent} event */
  #move(event) {
    this.#hover(event);
    if (this.dragging.atMs === null) return;
    this.dragging.hold(this.#under(event));
    this.player.onChange();
  }

  #letGo() {
    this.dragging.release();
    this.player.onChange();
  }

  /** What lies under the pointer: the time, the chapter, and why something is missing there. @param {PointerEvent} event */
  #hover(event) {
    const at = this.#under(event);
    this.#at(this.pointer, at).hidden = false;
    const withheld = withheldAt(this.player.timeline.withheld, at);
    const words = this.#missing(at, event.clientY);
    if (withheld) setText(this.hint, t("%(time)s – giữ kín: %(ground)s", { time: elapsed(at), ground: withheld.ground }));
    else setText(this.hint, words ? t("%(time)s – thiếu vì %(cause)s", { time: elapsed(at), cause: words }) : elapsed(at));
  }

  /** Why there is nothing at this moment in the lane at that height; above the lanes, in any. @param {number} at @param {number} y */
  #missing(at, y) {
    const { timeline } = this.player;
    const lane = /** @type {HTMLElement[]} */ ([...this.lanes.children]).find((one) => {
      const box = one.getBoundingClientRect();
      return box.top <= y && y < box.bottom;
    });
    const gaps = lane ? gapsOf(timeline, lane.dataset.seatId ?? "", "video").concat(gapsOf(timeline, lane.dataset.seatId ?? "", "audio"))
      : timeline.gaps.filter((gap) => gap.cause !== "muted" && !NOTHING_MISSING.has(gap.cause));
    const causes = gaps.filter((gap) => gap.start_ms <= at && at < gap.end_ms).map((gap) => gapWords(gap.cause));
    return [...new Set(causes)].join(", ");
  }

  #leave() {
    this.pointer.hidden = true;
    setText(this.hint, "");
  }

  /** @param {PointerEvent} event */
  #under(event) {
    const box = this.scrub.getBoundingClientRect();
    return Math.max(0, Math.min(1, (event.clientX - box.left) / Math.max(1, box.width))) * this.duration;
  }
}
