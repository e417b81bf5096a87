/** The booking form: a summary that builds up beside it, clashes shown where they arise, cases found as one types. */

import { get } from "./api.js";
import { staffSelects, wireStaff } from "./booking-staff.js";
import { parseClock, parseDay } from "./dates.js";
import { fold, language, t } from "./text.js";

/** @typedef {{id: string, number: string, title: string, starts: string, ends: string}} Occupied */
/** @typedef {{id: string, number: string, type: string, summary: string}} FoundCase */

const ASK_AFTER_MS = 250;

/** @param {string} selector */
const all = (selector) => /** @type {HTMLElement[]} */ ([...form.querySelectorAll(selector)]);

/** @param {string} name */
function value(name) {
  const field = form.elements.namedItem(name);
  if (field instanceof RadioNodeList) return field.value;
  return field instanceof HTMLInputElement || field instanceof HTMLSelectElement ? field.value : "";
}

/** @param {string} name */
function chosenText(name) {
  const field = form.elements.namedItem(name);
  return field instanceof HTMLSelectElement && field.value ? (field.selectedOptions[0]?.dataset.name ?? "") : "";
}

/**
 * @param {string} key
 * @param {string} text
 * @param {string} empty
 */
function summarise(key, text, empty) {
  const place = form.querySelector(`[data-sum="${key}"]`);
  if (!(place instanceof HTMLElement)) return;
  place.textContent = text || empty;
  place.classList.toggle("soft", !text);
}

/** `thứ Hai, 23/11/2026 08:00–11:00`, from the fields themselves. */
function timeText() {
  const [day, starts, ends] = [parseDay(value("day")), parseClock(value("starts")), parseClock(value("ends"))];
  if (!day || !starts || !ends) return "";
  const date = new Date(`${day}T00:00:00`);
  const weekday = new Intl.DateTimeFormat(language === "en" ? "en-GB" : "vi-VN", { weekday: "long" }).format(date);
  const [year, month, number] = day.split("-");
  // As the pages write it: thứ Hai, Chủ nhật.
  const shown = weekday.replace("Thứ", "thứ").replace("Chủ Nhật", "Chủ nhật");
  return `${shown}, ${number}/${month}/${year} ${starts}–${ends}`;
}

function chosenPoints() {
  return all('input[name="point_ids"]:checked').map((box) => box.closest("label")?.dataset.name ?? "");
}

function update() {
  const kind = value("kind");
  for (const part of all("[data-when-kind]")) part.hidden = part.dataset.whenKind !== kind;
  summarise("time", timeText(), t("Chưa chọn"));
  const kinds = { regular: t("Định kỳ"), ad_hoc: t("Đột xuất") };
  summarise("kind", kinds[/** @type {keyof typeof kinds} */ (kind)] ?? "", t("Chưa chọn"));
  const chair = chosenText("chair_id");
  const bridge = chosenText("bridge_point_id");
  summarise("chair", chair && bridge ? t("%(chair)s, tại %(place)s", { chair, place: bridge }) : chair, t("Chưa chọn"));
  summarise("points", chosenPoints().join(", "), t("Chưa chọn"));
  const cases = all("[data-chosen-cases] > li").length;
  summarise("cases", cases ? t("%(count)s vụ việc", { count: cases }) : "", t("Không gắn vụ việc"));
  // Where the chair sits is a point already; it cannot be a second one.
  for (const box of all('input[name="point_ids"]')) {
    if (!(box instanceof HTMLInputElement)) continue;
    box.disabled = box.value !== "" && box.value === value("bridge_point_id");
    if (box.disabled) box.checked = false;
  }
}

// Clashes ------------------------------------------------------------------------------------------------------------

/** @type {Map<string, Occupied>} */
let taken = new Map();
let asked = "";
let timer = 0;
/** @type {AbortController | null} */
let asking = null;

function askTaken() {
  const [day, starts, ends] = [parseDay(value("day")), parseClock(value("starts")), parseClock(value("ends"))];
  if (!day || !starts || !ends) return;
  const query = new URLSearchParams({ day, starts, ends, but: form.dataset.but ?? "" }).toString();
  if (query === asked) return;
  clearTimeout(timer);
  timer = window.setTimeout(async () => {
    asked = query;
    asking?.abort();
    asking = new AbortController();
    try {
      const answer = await get(`/api/hearings/occupied?${query}`, asking.signal);
      taken = new Map(answer.occupied.map((/** @type {Occupied} */ one) => [one.id, one]));
    } catch {
      taken = new Map(); // the booking itself is still refused by the server, with the same words
    }
    showTaken();
  }, ASK_AFTER_MS);
}

/** @param {Occupied} one */
function busyText(one) {
  return t("Bận %(starts)s–%(ends)s: %(number)s, %(title)s", {
    starts: one.starts,
    ends: one.ends,
    number: one.number,
    title: one.title,
  });
}

function showTaken() {
  /** @type {string[]} */
  const clashes = [];
  const named = ["chair_id", "deputy_id", "secretary_id", "bridge_point_id"].map((name) => form.elements.namedItem(name));
  for (const select of [...named, ...staffSelects(form)]) {
    if (!(select instanceof HTMLSelectElement)) continue;
    for (const option of select.options) {
      option.dataset.name ??= option.textContent?.trim() ?? "";
      const busy = taken.get(option.value);
      option.textContent = busy ? `${option.dataset.name} (${t("bận")})` : option.dataset.name;
    }
    const busy = taken.get(select.value);
    fieldError(select.name, busy ? busyText(busy) : "");
    if (busy) clashes.push(`${chosenText(select.name)}: ${busyText(busy)}`);
  }
  for (const box of all('input[name="point_ids"]')) {
    if (!(box instanceof HTMLInputElement)) continue;
    const busy = taken.get(box.value);
    const label = box.closest("label");
    let note = label?.querySelector(".busy");
    if (busy && label) {
      if (!note) {
        note = document.createElement("small");
        note.className = "busy";
        label.querySelector("span")?.append(note);
      }
      // In full only where it matters: a hundred points may be taken by one hearing.
      note.textContent = box.checked ? busyText(busy) : t("Bận %(starts)s–%(ends)s", { starts: busy.starts, ends: busy.ends });
      if (box.checked) clashes.push(`${label.dataset.name}: ${busyText(busy)}`);
    } else note?.remove();
  }
  showClashes(clashes);
}

/** @param {string[]} clashes */
function showClashes(clashes) {
  const place = form.querySelector("[data-sum-clash]");
  if (!(place instanceof HTMLElement)) return;
  place.hidden = clashes.length === 0;
  const text = clashes.length === 1 ? clashes[0] : t("%(count)s chỗ bị trùng lịch; xem từng mục.", { count: clashes.length });
  const span = place.querySelector("span");
  if (span && clashes.length) span.textContent = text;
}

/**
 * @param {string} name
 * @param {string} text
 */
function fieldError(name, text) {
  const place = document.getElementById(`e-${name}`);
  const field = document.getElementById(`f-${name}`);
  if (!place || !(field instanceof HTMLSelectElement)) return;
  // What the server said of this choice stays until another is made.
  place.dataset.said ??= place.hidden ? "" : field.value || "none";
  if (!text && place.dataset.said === (field.value || "none")) return;
  place.dataset.said = "";
  place.hidden = !text;
  const span = place.querySelector("span");
  if (span) span.textContent = text;
  if (text) {
    field.setAttribute("aria-invalid", "true");
    field.setAttribute("aria-describedby", `${document.getElementById(`h-${name}`) ? `h-${name} ` : ""}e-${name}`);
  } else field.removeAttribute("aria-invalid");
}

// Points -------------------------------------------------------------------------------------------------------------

function wirePoints() {
  for (const label of all("#f-point_ids .choice")) {
    label.dataset.name = label.querySelector("span")?.firstChild?.textContent?.trim() ?? "";
  }
  const filter = form.querySelector("[data-filter-points]");
  if (!(filter instanceof HTMLInputElement)) return;
  filter.addEventListener("input", () => {
    const sought = fold(filter.value.trim());
    for (const label of all("#f-point_ids .choice")) {
      const box = label.querySelector("input");
      label.hidden = !fold(label.textContent ?? "").includes(sought) && !box?.checked;
    }
  });
  filter.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault();
  });
}

// Cases --------------------------------------------------------------------------------------------------------------

/** A combobox after the ARIA pattern: type, arrows, Enter; Escape closes. */
class CaseSearch {
  /**
   * @param {HTMLInputElement} input
   * @param {HTMLElement} list
   * @param {HTMLElement} status
   */
  constructor(input, list, status) {
    this.input = input;
    this.list = list;
    this.status = status;
    this.timer = 0;
    this.current = -1;
    /** @type {FoundCase[]} */
    this.found = [];
    input.addEventListener("input", () => this.later());
    input.addEventListener("keydown", (event) => this.key(event));
    input.addEventListener("blur", () => window.setTimeout(() => this.close(), 150));
  }

  later() {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.ask(), ASK_AFTER_MS);
  }

  async ask() {
    const text = this.input.value.trim();
    if (text.length < 2) return this.close();
    try {
      const answer = await get(`/api/cases?${new URLSearchParams({ q: text })}`);
      this.found = answer.cases;
    } catch (error) {
      this.status.textContent = error instanceof Error ? error.message : "";
      return this.close();
    }
    this.show();
  }

  show() {
    this.list.replaceChildren(
      ...this.found.map((one, index) => {
        const item = document.createElement("li");
        item.id = `case-result-${index}`;
        item.setAttribute("role", "option");
        item.setAttribute("aria-selected", "false");
        item.append(one.summary, document.createElement("br"), small(`${one.number} · ${one.type}`));
        item.addEventListener("mousedown", (event) => {
          event.preventDefault();
          this.choose(index);
        });
        return item;
      }),
    );
    this.list.hidden = this.found.length === 0;
    this.input.setAttribute("aria-expanded", String(this.found.length > 0));
    this.status.textContent = this.found.length
      ? t("%(count)s vụ việc tìm thấy", { count: this.found.length })
      : t("Không tìm thấy vụ việc nào");
    this.status.classList.toggle("unseen", this.found.length > 0);
    this.mark(this.found.length ? 0 : -1);
  }

  close() {
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.key === "Enter") {
      event.preventDefault();
      if (!this.list.hidden && this.current >= 0) this.choose(this.current);
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      if (!this.list.hidden) this.mark((this.current + step + this.found.length) % this.found.length);
    } else if (event.key === "Escape" && !this.list.hidden) {
      event.stopPropagation();
      this.close();
    }
  }

  /** @param {number} index */
  mark(index) {
    this.current = index;
    [...this.list.children].forEach((item, at) => item.setAttribute("aria-selected", String(at === index)));
    if (index < 0) return this.input.removeAttribute("aria-activedescendant");
    this.input.setAttribute("aria-activedescendant", `case-result-${index}`);
    this.list.children[index]?.scrollIntoView({ block: "nearest" });
  }

  /** @param {number} index */
  choose(index) {
    const one = this.found[index];
    if (one) addCase(one);
    this.input.value = "";
    this.status.textContent = one ? t("Đã thêm %(number)s", { number: one.number }) : "";
    this.status.classList.add("unseen");
    this.close();
  }
}

/** @param {string} text */
function small(text) {
  const element = document.createElement("span");
  element.className = "soft small figures";
  element.textContent = text;
  return element;
}

/** @param {FoundCase} one */
function addCase(one) {
  const list = form.querySelector("[data-chosen-cases]");
  if (!list || list.querySelector(`[data-case="${CSS.escape(one.id)}"]`)) return;
  const item = document.createElement("li");
  item.dataset.case = one.id;
  const text = document.createElement("span");
  text.append(one.summary, document.createElement("br"), small(`${one.number} · ${one.type}`));
  const remove = document.createElement("button");
  remove.type = "button";
  remove.className = "button compact";
  remove.dataset.removeCase = "";
  const which = document.createElement("span");
  which.className = "unseen";
  which.textContent = ` ${one.number}`;
  remove.append(t("Bỏ"), which);
  const hidden = document.createElement("input");
  hidden.type = "hidden";
  hidden.name = "case_ids";
  hidden.value = one.id;
  item.append(text, remove, hidden);
  list.append(item);
  update();
}

function wireCases() {
  const input = form.querySelector("[data-case-search]");
  const list = document.getElementById("case-results");
  const status = form.querySelector("[data-case-status]");
  if (input instanceof HTMLInputElement && list && status instanceof HTMLElement) new CaseSearch(input, list, status);
  form.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest("[data-remove-case]") : null;
    if (!button) return;
    button.closest("li")?.remove();
    if (input instanceof HTMLInputElement) input.focus();
    update();
  });
}

// Another unit has other people and points: the page is asked for again with what is not theirs left out. ---------------

function wireUnit() {
  const select = form.elements.namedItem("unit_id");
  if (!(select instanceof HTMLSelectElement)) return;
  select.addEventListener("change", () => {
    const query = new URLSearchParams({ unit: select.value });
    for (const hidden of all('input[name="case_ids"]')) {
      if (hidden instanceof HTMLInputElement) query.append("case", hidden.value);
    }
    for (const name of ["title", "day", "starts", "ends", "kind", "ad_hoc_ground"]) query.set(name, value(name));
    location.href = `/hearings/new?${query}`;
  });
}

const form = /** @type {HTMLFormElement} */ (document.querySelector("form[data-booking]"));
if (form) {
  wirePoints();
  wireCases();
  wireUnit();
  wireStaff(form);
  showTaken();
  form.addEventListener("change", () => {
    update();
    askTaken();
    showTaken();
  });
  update();
  askTaken();
}
