/** Dragging a hearing to another day or hour by pointer events: a mouse or pen at once, a finger after a moment's hold,
 * since a finger that moves at once scrolls. Escape lets go; the page scrolls at its upper and lower edge. Where not all
 * days are drawn (a list, a telephone) a held finger asks for the day instead. */

import { t } from "./text.js";

/** `below`: how many rows under the one in which the chip begins it was taken hold of.
 * @typedef {{chip: HTMLElement, pointer: number, fromX: number, fromY: number, x: number, y: number, below: number}} Held */
/** @typedef {(chip: HTMLElement, cell: HTMLElement | null) => void} Dropped */

const STARTS_AFTER_PX = 6;
const FINGER_HOLDS_MS = 400;
const EDGE_PX = 56;
const SCROLL_PX = 10;
const TELEPHONE = "(max-width: 40rem)";

export class Dragging {
  /**
   * @param {HTMLElement} area with a grid whose cells carry `data-day`, and `data-past` where nothing may be put
   * @param {Dropped} dropped with no cell where there is none to drop into
   */
  constructor(area, dropped) {
    this.area = area;
    this.dropped = dropped;
    /** @type {Held | null} */
    this.held = null;
    /** @type {HTMLElement | null} */
    this.ghost = null;
    /** @type {HTMLElement | null} */
    this.cell = null;
    this.holding = 0;
    this.pressed = false; // for long enough that the finger's menu must not come as well
    area.addEventListener("pointerdown", (event) => this.down(event));
    document.addEventListener("pointermove", (event) => this.move(event));
    document.addEventListener("pointerup", (event) => this.up(event));
    document.addEventListener("pointercancel", () => this.letGo());
    document.addEventListener("keydown", (event) => this.key(event), true);
    area.addEventListener("touchmove", (event) => this.ghost && event.preventDefault(), { passive: false });
    area.addEventListener("contextmenu", (event) => this.pressed && event.preventDefault());
  }

  /** @param {PointerEvent} event */
  down(event) {
    const chip = event.target instanceof Element ? event.target.closest("[data-movable]") : null;
    const plain = !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
    if (!(chip instanceof HTMLElement) || !event.isPrimary || event.button !== 0 || !plain) return;
    const { clientX: x, clientY: y } = event;
    const row = chip.closest("tr")?.getBoundingClientRect();
    const below = row ? Math.floor((y - row.top) / row.height) : 0;
    this.held = { chip, pointer: event.pointerId, fromX: x, fromY: y, x, y, below };
    this.pressed = false;
    if (event.pointerType === "touch") this.holding = window.setTimeout(() => this.hold(), FINGER_HOLDS_MS);
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
    else if (this.drawn(held.chip)) this.begin();
  }

  /** Whether all days around the chip are there to be dropped into. @param {HTMLElement} chip */
  drawn(chip) {
    return chip.closest("[role=gridcell]") !== null && !window.matchMedia(TELEPHONE).matches;
  }

  hold() {
    if (!this.held) return;
    const { chip } = this.held;
    this.pressed = true;
    if (this.drawn(chip)) return this.begin();
    this.letGo();
    this.keepFromOpening();
    this.dropped(chip, null);
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
    const cell = this.aimedAt(held);
    this.cell?.classList.toggle("over", this.cell === cell);
    this.cell = cell && cell.dataset.past === undefined ? cell : null;
    this.cell?.classList.add("over");
    const said = ghost.querySelector("strong");
    if (!said) return;
    if (cell && !this.cell) said.textContent = t("Ngày đã qua");
    else said.textContent = cell ? `${cell.dataset.shown ?? cell.dataset.day} ${cell.dataset.hour ?? ""}` : "";
  }

  /**
   * The day or hour at a place of the window.
   * @param {number} x
   * @param {number} y
   */
  under(x, y) {
    const found = document.elementFromPoint(x, y)?.closest("[role=gridcell][data-day]");
    return found instanceof HTMLTableCellElement && this.area.contains(found) ? found : null;
  }

  /** Where the chip would begin: one that lasts several hours may be held in its middle. @param {Held} held */
  aimedAt(held) {
    const cell = this.under(held.x, held.y);
    /** @type {Element | null | undefined} */
    let row = cell?.parentElement;
    for (let up = held.below; up > 0 && row?.previousElementSibling; up -= 1) row = row.previousElementSibling;
    const aimed = cell && row instanceof HTMLTableRowElement ? row.cells[cell.cellIndex] : null;
    return aimed ?? cell;
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
