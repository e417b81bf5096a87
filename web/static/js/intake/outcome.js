/** What the server said of an entry, put where it belongs: beside each field, and summed up on top with the focus. */

import { t } from "../text.js";

const place = () => /** @type {HTMLElement} */ (document.querySelector("[data-outcome]"));

/** @param {string} kind */
function made(kind) {
  const template = document.querySelector(`template[data-${kind}]`);
  if (!(template instanceof HTMLTemplateElement)) throw new Error(`the page has no template for ${kind}`);
  return /** @type {HTMLElement} */ (template.content.firstElementChild?.cloneNode(true));
}

/** @param {HTMLElement} message */
function show(message) {
  place().replaceChildren(message);
  message.scrollIntoView({ block: "center" });
  message.focus({ preventScroll: true });
}

/**
 * @param {string} name
 * @param {string} text
 */
function fieldLink(name, text) {
  const item = document.createElement("li");
  const field = document.getElementById(`f-${name}`);
  if (!field) {
    item.textContent = text;
    return item;
  }
  const link = document.createElement("a");
  link.href = `#f-${name}`;
  link.textContent = text;
  link.addEventListener("click", (event) => {
    event.preventDefault();
    const control = field.matches("fieldset") ? field.querySelector("input") : field;
    field.scrollIntoView({ block: "center" });
    if (control instanceof HTMLElement) control.focus({ preventScroll: true });
  });
  item.append(link);
  return item;
}

/** @param {HTMLFormElement} form */
export function clear(form) {
  place().replaceChildren();
  for (const error of form.querySelectorAll("[data-error-for]")) {
    if (error instanceof HTMLElement) mark(error.dataset.errorFor ?? "", "");
  }
}

/**
 * @param {string} name
 * @param {string} text empty: nothing wrong with it
 */
function mark(name, text) {
  const field = document.getElementById(`f-${name}`);
  const error = document.getElementById(`e-${name}`);
  if (!field || !error) return;
  error.hidden = !text;
  const said = error.querySelector("span");
  if (said) said.textContent = text;
  const hint = document.getElementById(`h-${name}`) ? `h-${name}` : "";
  const described = [hint, text ? `e-${name}` : ""].filter(Boolean).join(" ");
  if (text) field.setAttribute("aria-invalid", "true");
  else field.removeAttribute("aria-invalid");
  if (described) field.setAttribute("aria-describedby", described);
  else field.removeAttribute("aria-describedby");
}

/**
 * @param {string} message
 * @param {Record<string, string>} [fields]
 */
export function refused(message, fields = {}) {
  const box = made("fault");
  const [title, list] = [box.querySelector("strong"), box.querySelector("ul")];
  if (title) title.textContent = message;
  for (const [name, text] of Object.entries(fields)) {
    mark(name, text);
    if (text !== message) list?.append(fieldLink(name, text));
  }
  if (!list?.childElementCount) list?.remove();
  show(box);
}

/**
 * The sign-in has ended: everything stays; the officer signs in beside this page and sends again.
 * @param {string} message
 */
export function signInAgain(message) {
  const box = made("fault");
  const title = box.querySelector("strong");
  if (title) title.textContent = message;
  const item = document.createElement("li");
  const link = document.createElement("a");
  link.href = "/sign-in?next=/account";
  link.target = "_blank";
  link.textContent = t("Đăng nhập ở thẻ khác");
  item.append(link, ` – ${t("rồi quay lại đây bấm Đăng ký; mọi điều đã ghi còn nguyên.")}`);
  box.querySelector("ul")?.append(item);
  show(box);
}

/** @typedef {{path: string, number: string, summary: string, why: string[]}} Alike */

/**
 * @param {Record<string, string>} odd
 * @param {Alike[]} alike
 */
export function askedBack(odd, alike) {
  const box = made("asking");
  const list = box.querySelector("ul");
  for (const [name, text] of Object.entries(odd)) list?.append(fieldLink(name, text));
  for (const one of alike) {
    const item = document.createElement("li");
    const link = document.createElement("a");
    link.href = one.path;
    link.target = "_blank";
    link.textContent = one.number;
    item.append(`${t("Có thể đã đăng ký:")} `, link, ` – ${one.summary} (${one.why.join(", ")})`);
    list?.append(item);
  }
  show(box);
}

/**
 * A draft was found.
 * @param {string} text
 * @param {() => void} drop
 */
export function draftFound(text, drop) {
  const box = made("draft");
  const title = box.querySelector("strong");
  if (title) title.textContent = text;
  box.querySelector("button")?.addEventListener("click", () => {
    box.remove();
    drop();
  });
  place().replaceChildren(box);
}
