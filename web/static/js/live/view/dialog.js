/**
 * Questions that need an answer before anything happens: a native modal dialog, focus on the harmless button.
 * @module
 */

import { t } from "../../text.js";
import { h } from "./dom.js";

/**
 * @typedef {object} Question
 * @property {string} title
 * @property {string[]} [text]     paragraphs
 * @property {string} confirm      the label of the button that does it
 * @property {string} [cancel]
 * @property {boolean} [danger]    it cannot be undone
 * @property {string} [field]      ask for a text as well; its label
 * @property {string} [action]     data-action of the confirming button
 */

/**
 * @param {Question} question
 * @returns {Promise<string | null>} null when cancelled, else the text of the field ("" without one)
 */
export function ask(question) {
  const confirm = h("button", {
    type: "submit", class: question.danger ? "button primary danger" : "button primary",
    "data-action": question.action ?? "confirm",
  }, question.confirm);
  const cancel = h("button", { type: "button", class: "button", "data-action": "cancel" }, question.cancel ?? t("Thôi"));
  const input = h("input", { id: "ask-answer", name: "answer", autocomplete: "off", maxlength: "500" });
  const labelled = question.field !== undefined
    ? [h("div", { class: "field" }, h("label", { for: "ask-answer" }, question.field ?? ""), input)]
    : [];
  const form = h("form", { method: "dialog", class: "ask" },
    h("h2", { id: "ask-title" }, question.title), ...(question.text ?? []).map((text) => h("p", {}, text)),
    ...labelled, h("div", { class: "actions form-actions" }, cancel, confirm));
  const dialog = h("dialog", { class: "ask-dialog", "aria-labelledby": "ask-title" }, form);
  document.body.append(dialog);
  dialog.showModal();
  (labelled.length ? input : cancel).focus();
  return new Promise((resolve) => {
    /** @type {string | null} */
    let answer = null;
    form.addEventListener("submit", () => { answer = question.field === undefined ? "" : input.value.trim(); });
    cancel.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => { dialog.remove(); resolve(answer); });
  });
}

/**
 * Something to read, closed with one button.
 * @param {string} title
 * @param {Node} content
 */
export function tell(title, content) {
  const close = h("button", { class: "button primary", "data-action": "close" }, t("Đóng"));
  const form = h("form", { method: "dialog", class: "ask" }, h("h2", { id: "tell-title" }, title), content,
    h("div", { class: "actions form-actions" }, close));
  const dialog = h("dialog", { class: "ask-dialog", "aria-labelledby": "tell-title" }, form);
  document.body.append(dialog);
  dialog.addEventListener("close", () => dialog.remove());
  dialog.showModal();
}
