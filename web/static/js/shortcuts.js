/** Keyboard shortcuts: registered by pages, never while typing, listed under `?`. */

import { t } from "./text.js";

/** @typedef {{key: string, shown: string, what: string, run: () => void}} Shortcut */

/** @type {Shortcut[]} */
const shortcuts = [];
/** Where this browser remembers that its people want none: who speaks to the computer types letters by saying words. */
const OFF = "hub.shortcuts.off";

/**
 * What a page says of a key counts more than what every page has: the later takes the earlier's place.
 * @param {string} key as in KeyboardEvent.key, for example "m" or "/"
 * @param {string} what what it does, for the list
 * @param {() => void} run
 * @param {string} [shown] what the list shows, when not the key itself
 */
export function shortcut(key, what, run, shown) {
  const made = { key: key.toLowerCase(), shown: shown ?? key.toUpperCase(), what, run };
  const before = shortcuts.findIndex((one) => one.key === made.key);
  if (before < 0) shortcuts.push(made);
  else shortcuts[before] = made;
}

export function wireShortcuts() {
  shortcut("?", t("Xem danh sách phím tắt"), showList, "?");
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target)) return;
    if (document.querySelector("dialog[open]")) return;
    // The space bar presses the button that has the focus; a letter is only a letter to who has switched them off.
    if (event.key === " " ? pressable(event.target) : event.key.length === 1 && switchedOff()) return;
    const found = shortcuts.find((one) => one.key === event.key.toLowerCase());
    if (found) {
      event.preventDefault();
      found.run();
    }
  });
  for (const opener of document.querySelectorAll("[data-shortcuts]")) opener.addEventListener("click", showList);
}

/** @param {EventTarget | null} target */
function typing(target) {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return !["checkbox", "radio", "button", "submit"].includes(target.type);
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || target.isContentEditable;
}

/** @param {EventTarget | null} target */
function pressable(target) {
  return target instanceof Element && target.closest("button, summary, [role=button], input[type=checkbox], input[type=radio]") !== null;
}

function switchedOff() {
  try {
    return localStorage.getItem(OFF) !== null;
  } catch {
    return false;
  }
}

/** Whether letters act at all (WCAG 2.1.4): a switch below the list. */
function letterSwitch() {
  const box = document.createElement("input");
  box.type = "checkbox";
  box.checked = !switchedOff();
  box.addEventListener("change", () => {
    try {
      if (box.checked) localStorage.removeItem(OFF);
      else localStorage.setItem(OFF, "1");
    } catch {
      box.checked = true; // a browser that remembers nothing keeps the keys
    }
  });
  const words = document.createElement("span");
  words.textContent = t("Dùng phím tắt một phím (chữ, số, dấu) trên trình duyệt này");
  const label = document.createElement("label");
  label.className = "choice";
  label.append(box, words);
  return label;
}

/** Show what is registered now. */
export function showList() {
  const dialog = document.createElement("dialog");
  const heading = document.createElement("h2");
  heading.id = "shortcuts-title";
  heading.textContent = t("Phím tắt");
  dialog.setAttribute("aria-labelledby", heading.id);
  const list = document.createElement("dl");
  list.className = "shortcuts";
  for (const one of shortcuts) {
    const name = document.createElement("dt");
    const key = document.createElement("kbd");
    key.textContent = one.shown;
    name.append(key);
    const what = document.createElement("dd");
    what.textContent = one.what;
    list.append(name, what);
  }
  const row = document.createElement("div");
  row.className = "actions form-actions";
  const close = document.createElement("button");
  close.type = "button";
  close.className = "button";
  close.textContent = t("Đóng");
  close.addEventListener("click", () => dialog.close());
  row.append(close);
  dialog.append(heading, list, letterSwitch(), row);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
