/**
 * Chapters, notes and messages: what was when, and a way to go there.
 * @module
 */

import { elapsed } from "../live/core/time.js";
import { find, h, setAttribute, show } from "../live/view/dom.js";
import { current } from "./plan.js";
import { chapterWords } from "./words.js";

/** @import { Chapter } from "./plan.js" */
/** @import { Player } from "./player.js" */

/** A jump lands a moment before, so that the first word is not cut off. */
const LEAD_MS = 1500;

export class JumpLists {
  /** @param {Player} player */
  constructor(player) {
    this.player = player;
    const { timeline } = player;
    const labels = new Map(timeline.seats.map((seat) => [seat.seat_id, seat.label]));
    const label = (/** @type {string | null} */ id) => labels.get(id ?? "") ?? "";
    this.lists = [
      this.#fill("chapters", sinceOpening(timeline.chapters).map((one) => ({ at_ms: one.at_ms, text: chapterWords(one, label(one.seat_id)), who: "" })), 0),
      this.#fill("notes", timeline.notes.map((one) => ({ at_ms: one.at_ms, text: one.text, who: "" })), LEAD_MS),
      this.#fill("messages", timeline.messages.map((one) => ({ at_ms: one.at_ms, text: one.text, who: label(one.seat_id) })), LEAD_MS),
    ];
  }

  render() {
    const position = this.player.positionMs;
    for (const list of this.lists) {
      const now = current(list, position + LEAD_MS);
      for (const item of list) setAttribute(item.element, "aria-current", item === now ? "true" : null);
    }
  }

  /**
   * @param {string} name
   * @param {{ at_ms: number, text: string, who: string }[]} items
   * @param {number} leadMs
   */
  #fill(name, items, leadMs) {
    const root = find(`[data-list=${name}]`);
    const empty = document.querySelector(`[data-empty=${name}]`);
    if (empty) show(empty, items.length === 0);
    return items.map((item) => {
      const button = h("button", { type: "button", "data-at": String(item.at_ms) }, h("time", {}, elapsed(item.at_ms)),
        h("span", {}, item.who ? h("b", {}, `${item.who}: `) : "", item.text));
      button.addEventListener("click", () => this.player.seek(Math.max(0, item.at_ms - leadMs)));
      root.append(h("li", {}, button));
      return { ...item, element: button };
    });
  }
}

/**
 * Who came to the waiting room before the opening is no chapter of the recording.
 * @param {readonly Chapter[]} chapters
 */
function sinceOpening(chapters) {
  return chapters.slice(Math.max(0, chapters.findIndex((one) => one.kind === "opened")));
}
