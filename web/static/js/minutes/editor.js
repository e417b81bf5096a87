/**
 * The minutes' fields, kept in step with the hub every few seconds; what has not reached it stays in this browser.
 * @module
 */

import { ApiError, post } from "../api.js";
import { clock, t } from "../text.js";
import { acknowledged, fresh, movedCaret, nextSave, received, refused, restored, stamp, unsaved } from "./draft.js";

/** @import { Draft } from "./draft.js" */

const SAVE_MS = 2000;
const REST_MS = 5000;
/** A first failure is tried again soon, a long one not too often. */
const MOST_WAIT_MS = 15_000;

/**
 * @typedef {object} Hooks
 * @property {() => number | null} elapsedMs   the recording's position now; null: nothing is being recorded
 * @property {(state: string) => void} onState  the minutes are no longer being written
 * @property {(caseId: string | null) => void} [onCase]
 */

export class MinutesEditor {
  /** @param {HTMLElement} root @param {string} hearingId @param {number} revision @param {Hooks} hooks */
  constructor(root, hearingId, revision, hooks) {
    this.root = root;
    this.path = `/api/hearings/${hearingId}/minutes`;
    this.memory = `hub.minutes.${hearingId}`;
    this.revision = revision;
    this.hooks = hooks;
    this.failures = 0;
    this.fault = "";
    this.busy = false;
    this.savedAt = 0;
    /** @type {HTMLTextAreaElement | null} */
    this.last = null;
    /** @type {Map<string, Draft>} */
    this.drafts = new Map();
    /** @type {Map<string, HTMLTextAreaElement>} */
    this.fields = new Map();
    this.status = /** @type {HTMLElement} */ (root.querySelector(".minutes-saved"));
    const kept = this.#kept();
    for (const field of root.querySelectorAll("textarea")) this.#take(field, kept);
    root.querySelector("[data-action=stamp]")?.addEventListener("click", () => this.stamp());
    root.addEventListener("keydown", (event) => {
      if (event.key !== "F9") return;
      event.preventDefault();
      this.stamp();
    });
    window.addEventListener("online", () => this.hurry());
    window.addEventListener("pagehide", () => this.#keep());
    this.timer = setTimeout(() => void this.#turn(), 0);
    this.#tell();
  }

  /** @param {HTMLTextAreaElement} field @param {Record<string, unknown>} kept */
  #take(field, kept) {
    const key = field.dataset.key ?? "";
    const draft = restored(fresh(key, field.value, Number(field.dataset.number ?? 0)), kept[key]);
    this.fields.set(key, field);
    this.drafts.set(key, draft);
    if (field.value !== draft.text) field.value = draft.text;
    field.addEventListener("focus", () => { this.last = field; });
    field.addEventListener("input", () => {
      this.drafts.set(key, { .../** @type {Draft} */ (this.drafts.get(key)), text: field.value });
      this.#error(key, "");
      this.#keep();
      this.#plan(SAVE_MS);
      this.#tell();
    });
  }

  /** Whether anything typed has not reached the hub. */
  get unsaved() {
    return [...this.drafts.values()].some(unsaved);
  }

  /** Send now. */
  hurry() {
    this.#plan(0);
  }

  /** Send all that is typed; resolves when the hub has it. @returns {Promise<boolean>} */
  async flush() {
    for (let tries = 0; tries < 20 && (this.unsaved || this.busy); tries += 1) {
      if (this.busy) await new Promise((resolve) => setTimeout(resolve, 100));
      else if (!(await this.#exchange())) return false;
    }
    return !this.unsaved;
  }

  /** The recording's present second, where the caret is. */
  stamp() {
    const field = this.last ?? this.root.querySelector("details[open] textarea");
    const at = this.hooks.elapsedMs();
    if (!(field instanceof HTMLTextAreaElement) || at === null) {
      this.status.textContent = t("Buổi tiếp không đang ghi nên chưa có thời điểm để chèn.");
      return;
    }
    field.focus();
    const before = field.value.slice(0, field.selectionStart);
    const gap = before === "" || /\s$/.test(before) ? "" : " ";
    field.setRangeText(`${gap}${stamp(at)} `, field.selectionStart, field.selectionEnd, "end");
    field.dispatchEvent(new Event("input"));
  }

  /** Open the part of the case that is heard. @param {string | null} caseId */
  follow(caseId) {
    for (const part of this.root.querySelectorAll("details[data-part]")) {
      const heard = part.getAttribute("data-part") === caseId;
      part.querySelector(".minutes-heard")?.toggleAttribute("hidden", !heard);
      if (heard) part.setAttribute("open", "");
    }
  }

  stop() {
    clearTimeout(this.timer);
    this.stopped = true;
  }

  /** @param {number} afterMs */
  #plan(afterMs) {
    if (this.stopped || (this.planned && this.planned <= performance.now() + afterMs)) return;
    clearTimeout(this.timer);
    this.planned = performance.now() + afterMs;
    this.timer = setTimeout(() => void this.#turn(), afterMs);
  }

  async #turn() {
    this.planned = 0;
    await this.#exchange();
    const waiting = this.failures ? Math.min(MOST_WAIT_MS, 1000 * 2 ** this.failures) : this.unsaved && !this.fault ? SAVE_MS : REST_MS;
    this.#plan(waiting);
  }

  /** @returns {Promise<boolean>} whether the hub took it */
  async #exchange() {
    if (this.busy || this.stopped) return false;
    this.busy = true;
    const saves = [];
    for (const [key, draft] of this.fault ? [] : this.drafts) {
      const next = nextSave(draft, newId);
      if (next) {
        this.drafts.set(key, next.draft);
        saves.push(next.save);
      }
    }
    this.#keep();
    try {
      this.#hear(await post(this.path, { since: this.revision, saves }), saves);
      return true;
    } catch (error) {
      this.#failed(error, saves);
      return false;
    } finally {
      this.busy = false;
      this.#keep();
      this.#tell();
    }
  }

  /**
   * @param {{ state: string, revision: number, saved: Record<string, number>, case_id: string | null,
   *   elapsed_ms: number | null, sections: { key: string, number: number, text: string }[] }} answer
   * @param {{ key: string, save_id: string }[]} saves
   */
  #hear(answer, saves) {
    this.failures = 0;
    this.revision = answer.revision;
    if (saves.length) this.savedAt = Date.now();
    for (const { key, save_id } of saves) {
      this.drafts.set(key, acknowledged(/** @type {Draft} */ (this.drafts.get(key)), save_id, answer.saved[save_id]));
    }
    for (const { key, number, text } of answer.sections) this.#received(key, number, text);
    this.clock = answer.elapsed_ms === null ? null : { elapsedMs: answer.elapsed_ms, atMs: performance.now() };
    this.hooks.onCase?.(answer.case_id);
    if (answer.state !== "writing") this.hooks.onState(answer.state);
  }

  /** @param {string} key @param {number} number @param {string} text */
  #received(key, number, text) {
    const field = this.fields.get(key);
    const draft = this.drafts.get(key);
    if (!field || !draft) return;
    const now = received(draft, text, number);
    this.drafts.set(key, now);
    if (field.value === now.text) return;
    const caret = movedCaret(field.value, now.text, field.selectionStart);
    field.value = now.text;
    if (document.activeElement === field) field.setSelectionRange(caret, caret);
  }

  /** @param {unknown} error @param {{ key: string }[]} saves */
  #failed(error, saves) {
    const known = error instanceof ApiError ? error : null;
    const final = known !== null && [400, 403, 404, 409, 413].includes(known.status);
    if (!final) {
      this.failures += 1;
      return;
    }
    this.fault = known.message;
    for (const { key } of saves) {
      this.drafts.set(key, refused(/** @type {Draft} */ (this.drafts.get(key))));
      this.#error(key, known.message);
    }
    if (known.status === 409) this.hooks.onState("reading");
  }

  /** @param {string} key @param {string} text */
  #error(key, text) {
    if (!text) this.fault = "";
    const place = /** @type {HTMLElement | null} */ (this.root.querySelector(`[data-error-for="${key}"]`));
    if (!place) return;
    place.hidden = !text;
    const words = place.querySelector("span");
    if (words) words.textContent = text;
  }

  #tell() {
    const waiting = [...this.drafts.values()].filter(unsaved).length;
    let text = this.savedAt ? t("Đã lưu lúc %(time)s", { time: clock(this.savedAt) }) : "";
    if (this.fault) text = t("Chưa lưu được: %(reason)s", { reason: this.fault });
    else if (this.failures && waiting) text = t("Mất kết nối: %(count)s mục được giữ trên máy này và sẽ gửi lại.", { count: waiting });
    else if (waiting) text = t("Đang lưu…");
    this.status.dataset.tone = this.fault || (this.failures && waiting) ? "warn" : "good";
    if (this.status.textContent !== text) this.status.textContent = text;
  }

  /** @returns {Record<string, unknown>} */
  #kept() {
    try {
      return JSON.parse(localStorage.getItem(this.memory) ?? "{}");
    } catch {
      return {};
    }
  }

  /** Only what the hub does not have: on a shared computer nothing else stays behind. */
  #keep() {
    try {
      const open = [...this.drafts.values()].filter(unsaved);
      if (open.length) localStorage.setItem(this.memory, JSON.stringify(Object.fromEntries(open.map((draft) => [draft.key, draft]))));
      else localStorage.removeItem(this.memory);
    } catch {
      // Without storage a closed page loses the last seconds; nothing else changes.
    }
  }
}

function newId() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
