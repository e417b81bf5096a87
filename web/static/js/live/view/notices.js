/**
 * What is said to the person beside the pictures: banners that stay while they are true, short lines that pass, and
 * the same words for screen readers.
 * @module
 */

import { t } from "../../text.js";
import { find, h, keyed, setAttribute, setText } from "./dom.js";

const TOAST_MS = 7000;

/** How long to wait for more of a kind before it is read aloud. */
const READ_MS = 1500;

/**
 * @typedef {object} Gathered
 * @property {HTMLElement} line
 * @property {number} count
 * @property {ReturnType<typeof setTimeout>} reading   when it will be read aloud
 * @property {ReturnType<typeof setTimeout>} ending    when it will go, and be forgotten
 */

/**
 * @typedef {object} Banner
 * @property {string} key
 * @property {string} text
 * @property {"danger" | "warn" | "info"} tone
 * @property {{ label: string, action: string, act: () => void }} [button]
 */

export class Notices {
  constructor() {
    this.banners = find(".banners");
    this.toasts = find(".toasts");
    this.polite = find("#announce-polite");
    this.urgent = find("#announce-urgent");
    /** The line that counts events of a kind, while it is shown. @type {Map<string, Gathered>} */
    this.gathered = new Map();
  }

  /** The banners that are true now. @param {Banner[]} banners */
  show(banners) {
    keyed(this.banners, banners, (banner) => banner.key + (banner.button ? "+" : ""), (banner) => this.#banner(banner),
      (element, banner) => setText(find("p", element), banner.text));
  }

  /** @param {Banner} banner */
  #banner(banner) {
    const element = h("div", { class: `banner ${banner.tone}`, "data-banner": banner.key }, h("p", {}, banner.text));
    if (banner.button) {
      const button = h("button", { type: "button", class: "button compact", "data-action": banner.button.action },
        banner.button.label);
      button.addEventListener("click", banner.button.act);
      element.append(button);
    }
    this.announce(banner.text, banner.tone === "danger");
    return element;
  }

  /**
   * A line for a few seconds.
   * @param {string} text
   * @param {boolean} [urgent]
   * @param {string} [about]   it takes the place of what was last said of the same
   */
  toast(text, urgent = false, about = "") {
    if (about) this.toasts.querySelector(`[data-about=${about}]`)?.remove();
    const line = this.#line(text);
    setAttribute(line, "data-about", about || null);
    setTimeout(() => passed(line), urgent ? TOAST_MS * 2 : TOAST_MS);
    setAttribute(line, "class", urgent ? "toast urgent" : "toast");
    this.announce(text, urgent);
  }

  /**
   * One line for all of a kind that come within seconds of each other: the first in its own words, then their number.
   * @param {string} kind
   * @param {string} text
   * @param {(count: number) => string} many
   */
  gather(kind, text, many) {
    const before = this.gathered.get(kind);
    clearTimeout(before?.reading);
    clearTimeout(before?.ending);
    const count = (before?.count ?? 0) + 1;
    const words = count === 1 ? text : many(count);
    // It may have been closed, or pushed away by others: what comes now is shown again, and counted on.
    const line = before?.line.isConnected ? before.line : this.#line(text);
    setText(find("p", line), words);
    const reading = setTimeout(() => this.announce(words), READ_MS);
    const ending = setTimeout(() => { passed(line); this.gathered.delete(kind); }, TOAST_MS);
    this.gathered.set(kind, { line, count, reading, ending });
  }

  /** @param {string} text */
  #line(text) {
    const close = h("button", { type: "button", class: "toast-close", "aria-label": t("Đóng") }, "×");
    const line = h("div", { class: "toast" }, h("p", {}, text), close);
    close.addEventListener("click", () => {
      line.remove();
      find("#main").focus({ preventScroll: true });
    });
    this.toasts.append(line);
    while (this.toasts.children.length > 3) this.toasts.firstElementChild?.remove();
    return line;
  }

  /** Only for screen readers. @param {string} text @param {boolean} [urgent] */
  announce(text, urgent = false) {
    const region = urgent ? this.urgent : this.polite;
    // The same words twice are two events: a region that does not change is not read again.
    region.textContent = "";
    setTimeout(() => { region.textContent = text; }, 50);
  }
}

/** Its time is over: it goes, unless somebody's keyboard is just there. @param {HTMLElement} line */
function passed(line) {
  if (line.contains(document.activeElement)) line.addEventListener("focusout", () => line.remove(), { once: true });
  else line.remove();
}
