/**
 * A draft in this tab, for when it is closed or reloaded by mistake. Only what may lie on the PC: never who the citizen
 * is, and nothing at all of a denunciation. It goes with the registration, the sign-out, the tab, or after some hours.
 */

const KEPT = ["type", "party_kind", "people_count", "summary", "content", "requested", "settled_by", "unit_id"];
const LASTS_MS = 8 * 3600 * 1000;
const PREFIX = "hub-entry:";
const SAVE_AFTER_MS = 400;

export class Draft {
  /** @param {HTMLFormElement} form */
  constructor(form) {
    this.form = form;
    this.key = PREFIX + (form.dataset.account ?? "");
    this.timer = 0;
    form.addEventListener("input", () => this.later());
    form.addEventListener("change", () => this.later());
    for (const leave of document.querySelectorAll('form[action="/sign-out"]')) {
      leave.addEventListener("submit", () => this.drop());
    }
  }

  later() {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.save(), SAVE_AFTER_MS);
  }

  save() {
    const data = new FormData(this.form);
    const type = data.get("type");
    // Before the type is known it may become a denunciation.
    if (!type || type === "denunciation") return this.drop();
    const kept = Object.fromEntries(KEPT.map((name) => [name, String(data.get(name) ?? "")]));
    if (!kept.summary && !kept.content && !kept.requested) return this.drop();
    sessionStorage.setItem(this.key, JSON.stringify({ at: Date.now(), kept }));
  }

  drop() {
    clearTimeout(this.timer);
    sessionStorage.removeItem(this.key);
  }

  /** Put the draft back into an empty form; whether there was one. */
  restore() {
    const text = sessionStorage.getItem(this.key);
    if (!text) return false;
    const draft = JSON.parse(text);
    if (Date.now() - draft.at > LASTS_MS) {
      this.drop();
      return false;
    }
    for (const [name, value] of Object.entries(draft.kept)) this.put(name, String(value));
    this.form.dispatchEvent(new Event("change", { bubbles: true }));
    return true;
  }

  /**
   * @param {string} name
   * @param {string} value
   */
  put(name, value) {
    const field = this.form.elements.namedItem(name);
    if (field instanceof RadioNodeList) field.value = value;
    else if (
      field instanceof HTMLInputElement ||
      field instanceof HTMLTextAreaElement ||
      field instanceof HTMLSelectElement
    ) {
      field.value = value;
    }
  }
}
