/**
 * Chapters, notes and messages in one list by time: what was when, a way to go there, and a search.
 * @module
 */

import { fold, t } from "../text.js";
import { elapsed } from "../live/core/time.js";
import { find, h, icon, setAttribute, setText, show } from "../live/view/dom.js";
import { current, parts, sinceOpening, sought } from "./finding.js";
import { chapterIcon, chapterWords } from "./words.js";

/** @import { Player } from "./player.js" */

/** A jump lands a moment before, so that the first word is not cut off. */
const LEAD_MS = 1500;

/**
 * @typedef {object} Jump
 * @property {number} at_ms
 * @property {"chapter" | "note" | "minutes" | "message"} sort
 * @property {string} text
 * @property {string} who
 * @property {HTMLElement} item
 * @property {HTMLElement} button
 * @property {HTMLElement} words
 */

export class JumpList {
  /** @param {Player} player @param {() => void} onChange   other jumps are found now */
  constructor(player, onChange) {
    this.player = player;
    this.onChange = onChange;
    this.root = find(".jumps");
    this.count = find(".found-count");
    this.query = /** @type {HTMLInputElement} */ (find("[data-action=search]"));
    this.sort = /** @type {HTMLSelectElement} */ (find("[data-action=sort]"));
    this.jumps = this.#all();
    this.found = this.jumps;
    /** @type {Jump | null} */
    this.shown = null;
    this.root.append(...this.jumps.map((jump) => jump.item));
    this.query.addEventListener("input", () => this.#filter());
    this.sort.addEventListener("change", () => this.#filter());
    this.query.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.query.value) {
        this.query.value = "";
        this.#filter();
      } else if (event.key === "Enter") this.step(event.shiftKey ? -1 : 1);
      else return;
      event.preventDefault();
    });
    show(find(".jumps-empty"), this.jumps.length === 0);
  }

  render() {
    const now = current(this.found, this.player.positionMs + LEAD_MS);
    for (const jump of this.jumps) setAttribute(jump.button, "aria-current", jump === now ? "true" : null);
    if (now !== this.shown && this.player.playing) now?.item.scrollIntoView({ block: "nearest" });
    this.shown = now;
  }

  /** To the next of those found, or the one before. @param {1 | -1} by */
  step(by) {
    const here = this.player.positionMs;
    const next = by > 0 ? this.found.find((jump) => target(jump) > here + 250) : [...this.found].reverse().find((jump) => target(jump) < here - 2500);
    if (next) this.#go(next);
  }

  /** @param {Jump} jump */
  #go(jump) {
    this.player.seek(target(jump));
    jump.item.scrollIntoView({ block: "nearest" });
  }

  #filter() {
    const words = sought(this.query.value);
    const sort = this.sort.value;
    this.found = this.jumps.filter((jump) => {
      const folded = fold(`${jump.who} ${jump.text}`);
      const hit = (sort === "all" || jump.sort === sort) && words.every((word) => folded.includes(word));
      show(jump.item, hit);
      if (hit) jump.words.replaceChildren(...parts(jump.text, words).map(({ text, marked }) => (marked ? h("mark", {}, text) : text)));
      return hit;
    });
    const filtered = words.length > 0 || sort !== "all";
    setText(this.count, filtered ? t("%(found)s/%(all)s mục", { found: this.found.length, all: this.jumps.length }) : "");
    this.onChange();
  }

  /** Whether less than everything is shown. */
  get searching() {
    return this.query.value.trim() !== "";
  }

  /** @returns {Jump[]} */
  #all() {
    const { timeline } = this.player;
    const labels = new Map(timeline.seats.map((seat) => [seat.seat_id, seat.label]));
    const label = (/** @type {string | null} */ id) => labels.get(id ?? "") ?? "";
    const jumps = [
      ...sinceOpening(timeline.chapters).map((one) => this.#jump(one.at_ms, "chapter", chapterWords(one, label(one.seat_id)), "", chapterIcon(one.kind))),
      ...timeline.notes.map((one) => this.#jump(one.at_ms, "note", one.text, t("Thư ký"), "note")),
      ...(timeline.minutes ?? []).map((one) => this.#jump(one.at_ms, "minutes", one.text, t("Biên bản"), "file")),
      ...timeline.messages.map((one) => this.#jump(one.at_ms, "message", one.text, label(one.seat_id), "message")),
    ];
    return jumps.sort((a, b) => a.at_ms - b.at_ms);
  }

  /**
   * @param {number} at_ms
   * @param {Jump["sort"]} sort
   * @param {string} text
   * @param {string} who
   * @param {string} drawing
   * @returns {Jump}
   */
  #jump(at_ms, sort, text, who, drawing) {
    const words = h("span", {}, text);
    const button = h("button", { type: "button", "data-at": String(at_ms) }, h("time", {}, elapsed(at_ms)), icon(drawing),
      h("span", { class: "jump-text" }, who ? h("b", {}, `${who}: `) : "", words));
    const item = h("li", { "data-sort": sort }, button);
    const jump = { at_ms, sort, text, who, item, button, words };
    button.addEventListener("click", () => this.#go(jump));
    return jump;
  }
}

/** @param {Jump} jump */
function target(jump) {
  return jump.sort === "chapter" ? jump.at_ms : Math.max(0, jump.at_ms - LEAD_MS);
}
