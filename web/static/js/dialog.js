/**
 * Dialogs: the browser's own `<dialog>`, opened by `data-opens="id"`, closed by `data-closes`, Escape or the outside;
 * one marked `data-stays` only by its button, because what it shows is never shown again. */

import { t } from "./text.js";

/** Wire up the dialogs of the page; one marked `data-open` (a form that came back with errors) opens at once. */
export function wireDialogs() {
  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    const opener = target?.closest("[data-opens]");
    if (opener instanceof HTMLElement) {
      event.preventDefault();
      open(opener.dataset.opens ?? "");
    }
    const closer = target?.closest("[data-closes]");
    if (closer) closer.closest("dialog")?.close();
    if (target instanceof HTMLDialogElement && !("stays" in target.dataset) && outside(target, event)) target.close();
  });
  const waiting = document.querySelector("dialog[data-open]");
  if (!(waiting instanceof HTMLDialogElement)) return;
  waiting.showModal();
  waiting.addEventListener("cancel", (event) => { if ("stays" in waiting.dataset) event.preventDefault(); });
}

/** @param {string} id */
function open(id) {
  const dialog = document.getElementById(id);
  if (dialog instanceof HTMLDialogElement && !dialog.open) dialog.showModal();
}

/**
 * @param {HTMLDialogElement} dialog
 * @param {MouseEvent} event
 */
function outside(dialog, event) {
  const box = dialog.getBoundingClientRect();
  const inside =
    event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
  // A click made with the keyboard has no place; it is never outside.
  return !inside && event.detail > 0;
}

/**
 * Ask before something that has consequences. Resolves to true when the person agrees.
 * @param {{title: string, text: string, agree: string, danger?: boolean}} question
 * @returns {Promise<boolean>}
 */
export function ask({ title, text, agree, danger = false }) {
  const dialog = document.createElement("dialog");
  const heading = document.createElement("h2");
  heading.id = "ask-title";
  heading.textContent = title;
  dialog.setAttribute("aria-labelledby", heading.id);
  const paragraph = document.createElement("p");
  paragraph.textContent = text;
  const row = document.createElement("div");
  row.className = "actions form-actions";
  const yes = button(agree, danger ? "button primary danger" : "button primary");
  const no = button(t("Không, quay lại"), "button");
  row.append(yes, no);
  dialog.append(heading, paragraph, row);
  document.body.append(dialog);
  return new Promise((resolve) => {
    yes.addEventListener("click", () => dialog.close("yes"));
    no.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    dialog.showModal();
    (danger ? no : yes).focus();
  });
}

/**
 * @param {string} text
 * @param {string} className
 */
function button(text, className) {
  const element = document.createElement("button");
  element.type = "button";
  element.className = className;
  element.textContent = text;
  return element;
}
