/**
 * Messages to all and the secretary's notes: two lists with a field below.
 * @module
 */

import { elapsed, timeOfDay } from "../core/time.js";
import { seatOf } from "../core/state.js";
import { find, h, keyed, setAttribute, setText } from "./dom.js";

/** @import { Happened } from "../core/protocol.js" */
/** @import { Room } from "../room.js" */

export class TextList {
  /**
   * @param {Room} room
   * @param {"messages" | "notes"} panel
   * @param {"say" | "note"} command
   */
  constructor(room, panel, command) {
    this.room = room;
    this.command = command;
    this.panel = panel;
    this.root = find(`[data-panel=${panel}]`);
    this.list = find(".texts", this.root);
    this.form = /** @type {HTMLFormElement} */ (find("form", this.root));
    this.field = /** @type {HTMLTextAreaElement} */ (find("textarea", this.form));
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    this.field.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        this.#send();
      }
    });
  }

  render() {
    const items = this.panel === "messages" ? this.room.state.texts : this.room.state.notes;
    const atEnd = this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight < 40;
    const before = this.list.children.length;
    keyed(this.list, items, (item) => String(item.seq), (item) => this.#item(item));
    if (items.length > before && (atEnd || before === 0)) this.list.scrollTop = this.list.scrollHeight;
    setAttribute(find("button[type=submit]", this.form), "disabled", !this.room.may(this.command));
    setAttribute(find(".texts-empty", this.root), "hidden", items.length > 0);
  }

  /** @param {Happened} item */
  #item(item) {
    const who = seatOf(this.room.state, item.event.seat_id);
    const when = h("time", { datetime: item.at }, item.elapsed_ms === null ? timeOfDay(new Date(item.at)) : elapsed(item.elapsed_ms));
    const head = h("p", { class: "text-head" }, h("b", {}, who?.label ?? ""), when);
    const body = h("p", { class: "text-body" });
    setText(body, String(item.event.text ?? ""));
    return h("li", {}, head, body);
  }

  #send() {
    const text = this.field.value.trim();
    if (text && this.room.may(this.command) && this.room.command(this.command, { text })) this.field.value = "";
  }
}
