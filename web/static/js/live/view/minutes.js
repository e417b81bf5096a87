/**
 * The minutes beside the picture: written by who writes them, read and answered by everybody else.
 * @module
 */

import { post } from "../../api.js";
import { MinutesEditor } from "../../minutes/editor.js";
import { t } from "../../text.js";
import { elapsedMs, isLive } from "../core/state.js";
import { ask } from "./dialog.js";
import { find, setAttribute, setText, show } from "./dom.js";

/** @import { Room } from "../room.js" */
/** @import { Notices } from "./notices.js" */

export class MinutesPanel {
  /**
   * @param {Room} room
   * @param {{ hearingId: string, seatId: string, minutesState: string, writesMinutes: boolean }} boot
   * @param {Notices} notices
   */
  constructor(room, boot, notices) {
    this.room = room;
    this.boot = boot;
    this.notices = notices;
    this.root = find("[data-panel=minutes]");
    this.reader = find(".minutes-reader", this.root);
    this.changed = 0;
    /** @type {MinutesEditor | null} */
    this.editor = null;
    this.writing = boot.writesMinutes && boot.minutesState === "writing";
    const freeze = this.root.querySelector("[data-action=freeze-minutes]");
    freeze?.addEventListener("click", () => void this.#freeze());
  }

  /** @param {boolean} open */
  render(open) {
    const { state } = this.room;
    if (state.minutesChanged !== this.changed) {
      this.changed = state.minutesChanged;
      void this.#look();
    }
    if (!open) return;
    if (this.writing && !this.editor) this.#edit();
    if (!this.writing && !this.read) void this.#read();
    this.editor?.follow(state.caseId);
    show(find(".minutes-writer", this.root), this.writing);
    show(this.reader, !this.writing);
    const freeze = this.root.querySelector("[data-action=freeze-minutes]");
    if (freeze) setAttribute(freeze, "disabled", !isLive(state.state));
  }

  #edit() {
    const root = find("[data-minutes-editor]", this.root);
    this.editor = new MinutesEditor(root, this.boot.hearingId, 0, {
      elapsedMs: () => (isLive(this.room.state.state) ? elapsedMs(this.room.state, performance.now()) : null),
      onState: () => { if (!this.editor?.fault) void this.#look(); },
    });
  }

  /** Frozen, answered, opened again or locked, here or elsewhere. */
  async #look() {
    if (this.boot.writesMinutes) {
      try {
        const { state } = await post(`/api/hearings/${this.boot.hearingId}/minutes`, { since: 0 });
        const writing = state === "writing";
        if (!writing) {
          this.editor?.stop();
          this.editor = null;
        }
        this.writing = writing;
      } catch {
        return; // told again when the line is back
      }
    } else this.notices.announce(t("Biên bản vừa thay đổi."));
    await this.#read();
    this.room.events.onChange();
  }

  async #read() {
    this.read = true;
    try {
      const answer = await fetch(`/hearings/${this.boot.hearingId}/minutes/reading?seat=${this.boot.seatId}`, { credentials: "same-origin" });
      if (!answer.ok) throw new Error(String(answer.status));
      // Our own page, rendered and escaped by our own templates.
      this.reader.innerHTML = await answer.text();
    } catch {
      setText(this.reader, t("Chưa đọc được biên bản. Hãy thử lại."));
      this.read = false;
      return;
    }
    for (const form of this.reader.querySelectorAll("form")) {
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        void this.#answer(form);
      });
    }
  }

  /** @param {HTMLFormElement} form */
  async #answer(form) {
    const fields = new FormData(form);
    const fault = find(".error", form);
    try {
      await post(`/api/hearings/${this.boot.hearingId}/minutes/answers`, {
        seat_id: String(fields.get("seat_id")), version: Number(fields.get("version")),
        position: String(fields.get("position")), words: String(fields.get("words") ?? ""),
      });
      this.notices.toast(t("Đã ghi ý kiến về biên bản."));
      await this.#read();
    } catch (error) {
      setText(find("span", fault), error instanceof Error ? error.message : String(error));
      show(fault, true);
    }
  }

  async #freeze() {
    const answer = await ask({
      title: t("Chốt biên bản để đọc lại?"), confirm: t("Chốt để đọc lại"), action: "freeze-confirm",
      text: [t("Nội dung được giữ thành một bản có số; mọi điểm cầu đọc và cho ý kiến ngay trong buổi tiếp.")],
    });
    if (answer === null || !this.editor || !(await this.editor.flush())) return;
    try {
      await post(`/api/hearings/${this.boot.hearingId}/minutes/freeze`);
    } catch (error) {
      this.notices.toast(error instanceof Error ? error.message : String(error), true);
    }
    await this.#look();
  }
}
