/** Dragging a hearing to another day or hour by pointer events: a mouse or pen at once, a finger after a moment's hold,
 * since a finger that moves at once scrolls. Escape lets go; the page scrolls at its upper and lower edge. */

import { t } from "./text.js";

/** @typedef {{chip: HTMLElement, pointer: number, fromX: number, fromY: number, x: number, y: number}} Held */
/** @typedef {(chip: HTMLElement, cell: HTMLElement) => void} Dropped */

const STARTS_AFTER_PX = 6;
const FINGER_HOLDS_MS = 400;
const EDGE_PX = 56;
const SCROLL_PX = 10;

export class Dragging {
  /**
   * @param {HTMLElement} grid whose cells carry `data-day`, and `data-past` where nothing may be put
   * @param {Dropped} dropped
   */
  constructor(grid, dropped) {
    this.grid = grid;
    this.dropped = dropped;
    /** @type {Held | null} */
    this.held = null;
    /** @type {HTMLElement | null} */
    this.ghost = null;
    /** @type {HTMLElement | null} */
    this.cell = null;
    this.holding = 0;
    grid.addEventListener("pointerdown", (event) => this.down(event));
    document.addEventListener("pointermove", (event) => this.move(event));
    document.addEventListener("pointerup", (event) => this.up(event));
    document.addEventListener("pointercancel", () => this.letGo());
    document.addEventListener("keydown", (event) => this.key(event), true);
    grid.addEventListener("touchmove", (event) => this.ghost && event.preventDefault(), { passive: false });
    grid.addEventListener("contextmenu", (event) => this.ghost && event.preventDefault());
  }

  /** @param {PointerEvent} event */
  down(event) {
    const chip = event.target instanceof Element ? event.target.closest("[data-movable]") : null;
    const plain = !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
    if (!(chip instanceof HTMLElement) || !event.isPrimary || event.button !== 0 || !plain) return;
    const { clientX: x, clientY: y } = event;
    this.held = { chip, pointer: event.pointerId, fromX: x, fromY: y, x, y };
    if (event.pointerType === "touch") this.holding = window.setTimeout(() => this.begin(), FINGER_HOLDS_MS);
  }

  /** @param {PointerEvent} event */
  move(event) {
    const held = this.held;
    if (!held || event.pointerId !== held.pointer) return;
    held.x = event.clientX;
    held.y = event.clientY;
    if (this.ghost) return this.follow();
    if (Math.hypot(held.x - held.fromX, held.y - held.fromY) < STARTS_AFTER_PX) return;
    if (event.pointerType === "touch") this.letGo();
    else this.begin();
  }

  begin() {
    if (!this.held) return;
    const { chip, pointer } = this.held;
    chip.setPointerCapture(pointer);
    chip.classList.add("moving");
    const ghost = document.createElement("div");
    ghost.className = "chip ghost";
    ghost.setAttribute("aria-hidden", "true");
    ghost.append(chip.dataset.name ?? "", document.createElement("strong"));
    document.body.append(ghost);
    document.body.classList.add("dragging");
    this.ghost = ghost;
    this.follow();
    this.scroll();
  }

  /** The name under the pointer, with the day it would go to. */
  follow() {
    const { held, ghost } = this;
    if (!held || !ghost) return;
    const room = document.documentElement.clientWidth - ghost.offsetWidth;
    ghost.style.transform = `translate(${Math.min(held.x + 12, room)}px, ${held.y + 12}px)`;
    const under = document.elementFromPoint(held.x, held.y)?.closest("[role=gridcell][data-day]");
    const cell = under instanceof HTMLElement && this.grid.contains(under) ? under : null;
    this.cell?.classList.toggle("over", this.cell === cell);
    this.cell = cell && cell.dataset.past === undefined ? cell : null;
    this.cell?.classList.add("over");
    const said = ghost.querySelector("strong");
    if (!said) return;
    if (cell && !this.cell) said.textContent = t("Ngày đã qua");
    else said.textContent = cell ? `${cell.dataset.shown ?? cell.dataset.day} ${cell.dataset.hour ?? ""}` : "";
  }

  scroll() {
    const { held, ghost } = this;
    if (!held || !ghost) return;
    const by = held.y < EDGE_PX ? -SCROLL_PX : held.y > window.innerHeight - EDGE_PX ? SCROLL_PX : 0;
    if (by) {
      window.scrollBy(0, by);
      this.follow();
    }
    requestAnimationFrame(() => this.scroll());
  }

  /** @param {PointerEvent} event */
  up(event) {
    if (!this.held || event.pointerId !== this.held.pointer) return;
    const { chip } = this.held;
    const { cell, ghost } = this;
    this.letGo();
    const there = cell?.dataset.hour ? cell.contains(chip) : cell?.dataset.day === chip.dataset.day;
    if (ghost && cell && !there) this.dropped(chip, cell);
  }

  /** The click that follows a drag would open the hearing; whatever is pressed next is meant again. */
  keepFromOpening() {
    const over = new AbortController();
    const { signal } = over;
    const stop = (/** @type {Event} */ event) => {
      event.preventDefault();
      event.stopPropagation();
      over.abort();
    };
    document.addEventListener("click", stop, { capture: true, signal });
    for (const next of ["pointerdown", "keydown"]) {
      document.addEventListener(next, () => over.abort(), { capture: true, signal });
    }
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (!this.ghost || event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    this.letGo();
  }

  letGo() {
    window.clearTimeout(this.holding);
    if (this.ghost) this.keepFromOpening();
    this.held?.chip.classList.remove("moving");
    this.cell?.classList.remove("over");
    this.ghost?.remove();
    document.body.classList.remove("dragging");
    this.held = this.ghost = this.cell = null;
  }
}
