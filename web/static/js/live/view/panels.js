/**
 * The side panels: one is open at a time, beside the stage where there is room, over it where there is not.
 * @module
 */

import { find, show } from "./dom.js";

/** @typedef {"" | "messages" | "notes" | "minutes" | "chair" | "devices"} PanelName */

export class Panels {
  /** @param {() => void} onChange */
  constructor(onChange) {
    this.onChange = onChange;
    this.root = find(".panels");
    /** @type {PanelName} */
    this.open = "";
    /** @type {Set<PanelName>} */
    this.available = new Set(/** @type {PanelName[]} */ (["messages", "devices"]));
    this.unread = 0;
    for (const button of this.root.querySelectorAll("[data-action=close-panel]")) {
      button.addEventListener("click", () => this.toggle(this.open));
    }
    this.root.addEventListener("keydown", (event) => {
      // In a long list these keys turn its own pages, not the stage's.
      if (event.key === "PageUp" || event.key === "PageDown") event.stopPropagation();
      if (event.key === "Escape" && this.open) {
        event.stopPropagation();
        this.toggle(this.open);
      }
    });
  }

  /** @param {PanelName} name */
  has(name) {
    return this.available.has(name);
  }

  /** @param {PanelName} name @param {boolean} there */
  offer(name, there) {
    if (there) this.available.add(name);
    else this.available.delete(name);
    if (!there && this.open === name) this.#set("");
  }

  /** @param {PanelName} name */
  toggle(name) {
    const closing = this.open === name;
    this.#set(closing ? "" : name);
    // Focus goes into what was opened, and back to its button when it closes.
    const bar = { messages: "messages", notes: "note", minutes: "minutes", chair: "chair", devices: "devices", "": "" }[name];
    const target = closing ? document.querySelector(`.bar [data-action=${bar}]`)
      : (this.root.querySelector(`[data-panel=${name}] [data-first]`) ?? this.root.querySelector(`[data-panel=${name}] h2`));
    if (target instanceof HTMLElement) target.focus();
  }

  /** @param {PanelName} name */
  #set(name) {
    this.open = name;
    if (name === "messages") this.unread = 0;
    show(this.root, name !== "");
    for (const panel of this.root.querySelectorAll("[data-panel]")) {
      show(panel, panel.getAttribute("data-panel") === name);
    }
    this.onChange();
  }
}
