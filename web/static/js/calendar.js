/** The calendar by keyboard (after the ARIA grid pattern) and by mouse: arrows, n, m, and dragging to another day. */

import { Dragging } from "./calendar-drag.js";
import { shortcut } from "./shortcuts.js";
import { t } from "./text.js";

const grid = document.querySelector("[data-grid]");
const dialog = document.getElementById("move");

/** @returns {HTMLElement[][]} the cells of each row */
function rows() {
  return [...(grid?.querySelectorAll("tbody tr") ?? [])].map((row) =>
    /** @type {HTMLElement[]} */ ([...row.querySelectorAll('[role="gridcell"]')]),
  );
}

/** @param {HTMLElement} cell */
function focus(cell) {
  for (const one of grid?.querySelectorAll('[role="gridcell"][tabindex="0"]') ?? []) one.setAttribute("tabindex", "-1");
  cell.tabIndex = 0;
  cell.focus();
}

/** @type {Record<string, [number, number]>} */
const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

/** @param {KeyboardEvent} event */
function move(event) {
  const cell = event.target;
  if (!(cell instanceof HTMLElement) || cell.getAttribute("role") !== "gridcell") return;
  const all = rows();
  const row = all.findIndex((cells) => cells.includes(cell));
  const column = all[row]?.indexOf(cell) ?? 0;
  const step = STEPS[event.key];
  if (step) {
    event.preventDefault();
    const next = beside(all, row + step[0], column + step[1]);
    if (next) focus(next);
    else leaf(event.key === "ArrowLeft" || event.key === "ArrowUp" ? "prev" : "next");
  } else if (event.key === "Home" || event.key === "End") {
    event.preventDefault();
    const next = all[row]?.at(event.key === "Home" ? 0 : -1);
    if (next) focus(next);
  } else if (event.key === "PageUp" || event.key === "PageDown") {
    event.preventDefault();
    leaf(event.key === "PageUp" ? "prev" : "next");
  } else if (event.key === "Enter" && cell.dataset.open) location.href = cell.dataset.open;
}

/**
 * A cell, past the end of a row in the next one.
 * @param {HTMLElement[][]} all
 * @param {number} row
 * @param {number} column
 */
function beside(all, row, column) {
  const width = all[0]?.length ?? 0;
  if (column < 0) return all[row - 1]?.[width - 1];
  if (column >= width) return all[row + 1]?.[0];
  return all[row]?.[column];
}

/** @param {"prev" | "next"} way */
function leaf(way) {
  const link = document.querySelector(`a[rel="${way}"]`);
  if (link instanceof HTMLAnchorElement) link.click();
}

/** A new hearing on the chosen day, and at its hour. */
function book() {
  const button = document.querySelector("a[data-new]");
  if (!(button instanceof HTMLAnchorElement)) return;
  const cell = grid?.querySelector('[role="gridcell"][tabindex="0"]');
  const query = new URLSearchParams();
  if (cell instanceof HTMLElement && cell.dataset.day && grid?.contains(document.activeElement)) {
    query.set("day", cell.dataset.day);
    if (cell.dataset.hour) query.set("starts", cell.dataset.hour);
    location.href = `/hearings/new?${query}`;
  } else location.href = button.href;
}

/**
 * Ask for the reason before a hearing moves; the same for the mouse and the keyboard.
 * @param {HTMLElement} chip
 * @param {HTMLElement | null} to
 */
function ask(chip, to) {
  const form = dialog?.querySelector("form");
  if (!(dialog instanceof HTMLDialogElement) || !form) return;
  form.action = `/hearings/${chip.dataset.movable}/postpone`;
  form.dataset.moves = chip.dataset.movable;
  form.querySelector("[data-free-list]")?.replaceChildren();
  const hour = to?.dataset.hour;
  set(form, "version", chip.dataset.version ?? "");
  set(form, "day", to?.dataset.day ?? chip.dataset.day ?? "");
  set(form, "starts", hour ?? chip.dataset.starts ?? "");
  set(form, "ends", hour ? later(hour, chip) : (chip.dataset.ends ?? ""));
  write(form, "[data-move-name]", chip.dataset.name ?? "");
  write(form, "[data-move-now]", `${chip.dataset.day} ${chip.dataset.starts}–${chip.dataset.ends}`);
  dialog.showModal();
  const first = to ? form.querySelector("textarea") : form.querySelector('[name="day"]');
  if (first instanceof HTMLElement) first.focus();
}

/**
 * @param {HTMLFormElement} form
 * @param {string} selector
 * @param {string} text
 */
function write(form, selector, text) {
  const place = form.querySelector(selector);
  if (place) place.textContent = text;
}

/**
 * As long after the hour as the hearing lasts.
 * @param {string} hour
 * @param {HTMLElement} chip
 */
function later(hour, chip) {
  const minutes = (/** @type {string | undefined} */ text) => {
    const [h, m] = (text ?? "0:0").split(":").map(Number);
    return (h ?? 0) * 60 + (m ?? 0);
  };
  const end = Math.min(minutes(hour) + minutes(chip.dataset.ends) - minutes(chip.dataset.starts), 23 * 60 + 59);
  return `${String(Math.floor(end / 60)).padStart(2, "0")}:${String(end % 60).padStart(2, "0")}`;
}

/**
 * @param {HTMLFormElement} form
 * @param {string} name
 * @param {string} value
 */
function set(form, name, value) {
  const field = form.elements.namedItem(name);
  if (field instanceof HTMLInputElement) field.value = value;
}

/** The hearing that has the focus, or the only one of the chosen day. */
function chosenChip() {
  const active = document.activeElement;
  if (!(active instanceof HTMLElement)) return null;
  if (active.dataset.movable) return active;
  const within = active.querySelectorAll("[data-movable]");
  return within.length === 1 && within[0] instanceof HTMLElement ? within[0] : null;
}

/** On a telephone the filters stand folded above the days, unless they hold something. */
function fold() {
  const filters = document.querySelector("[data-fold]");
  const narrow = window.matchMedia("(max-width: 40rem)").matches;
  if (filters instanceof HTMLDetailsElement && narrow) filters.open = filters.querySelector("a") !== null;
}

fold();
if (grid instanceof HTMLElement) grid.addEventListener("keydown", move);
if (document.querySelector("a[data-new]")) shortcut("n", t("Đặt lịch buổi tiếp"), book);
if (dialog) {
  const area = document.querySelector("[data-chips]");
  if (area instanceof HTMLElement) new Dragging(area, ask);
  shortcut("m", t("Chuyển buổi tiếp đang chọn"), () => {
    const chip = chosenChip();
    if (chip) ask(chip, null);
  });
}
