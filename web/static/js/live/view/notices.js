/**
 * What is said to the person beside the pictures: banners that stay while they are true, short lines that pass, and
 * the same words for screen readers.
 * @module
 */

import { t } from "../../text.js";
import { find, h, keyed, setText } from "./dom.js";

const TOAST_MS = 7000;

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

  /** A line for a few seconds. @param {string} text @param {boolean} [urgent] */
  toast(text, urgent = false) {
    const close = h("button", { type: "button", class: "toast-close", "aria-label": t("Đóng") }, "×");
    const line = h("div", { class: urgent ? "toast urgent" : "toast" }, h("p", {}, text), close);
    close.addEventListener("click", () => line.remove());
    this.toasts.append(line);
    while (this.toasts.children.length > 3) this.toasts.firstElementChild?.remove();
    setTimeout(() => line.remove(), urgent ? TOAST_MS * 2 : TOAST_MS);
    this.announce(text, urgent);
  }

  /** Only for screen readers. @param {string} text @param {boolean} [urgent] */
  announce(text, urgent = false) {
    const region = urgent ? this.urgent : this.polite;
    // The same words twice are two events: a region that does not change is not read again.
    region.textContent = "";
    setTimeout(() => { region.textContent = text; }, 50);
  }
}
