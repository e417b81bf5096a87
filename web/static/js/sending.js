/**
 * Before a form with words in it leaves the page: is the hub there, and is it still the same person's session?
 * Otherwise the form stays as it is, and the person signs in again on top of it: nothing typed is lost.
 */

import { t } from "./text.js";

/** @typedef {{ account: string, csrf_token: string }} Session */
/** @typedef {"same" | "ended" | "away"} Standing */

const KEEPS = t("Những gì bạn đã ghi vẫn còn nguyên trên trang này.");
const TYPED = 'textarea, input:not([type="hidden"], [type="password"], [type="submit"], [type="button"])';

/**
 * Whether something was typed, chosen or attached that a person would have to do again.
 * @param {HTMLFormElement} form
 */
export function holdsWork(form) {
  if (form.getAttribute("action") === "/sign-in" || !account()) return false;
  return [...form.querySelectorAll(TYPED)].some((field) => {
    if (field instanceof HTMLTextAreaElement) return field.value !== "";
    if (!(field instanceof HTMLInputElement)) return false;
    return ["checkbox", "radio"].includes(field.type) ? field.checked !== field.defaultChecked : field.value !== "";
  });
}

/**
 * True when the form may go. False when the person kept it: they closed the dialog, or there is no line.
 * @param {HTMLFormElement} form
 */
export async function ready(form) {
  form.querySelector(".message[data-away]")?.remove();
  const standing = await ask();
  if (standing === "same") return true;
  return standing === "away" ? told(form) : signInAgain();
}

function account() {
  return document.querySelector('meta[name="account"]')?.getAttribute("content") ?? "";
}

/** @returns {Promise<Standing>} */
async function ask() {
  let response;
  try {
    response = await fetch("/api/session", { credentials: "same-origin", headers: { Accept: "application/json" } });
  } catch {
    return "away";
  }
  if (response.status === 401) return "ended";
  if (!response.ok) return "same"; // whatever it is, the answer to the form itself says it best
  return renewed(await response.json()) ? "same" : "ended";
}

/**
 * The tokens of a session of the same person replace those of this page; another person's are not taken.
 * @param {Session} session
 */
function renewed(session) {
  if (session.account !== account()) return false;
  document.querySelector('meta[name="csrf-token"]')?.setAttribute("content", session.csrf_token);
  for (const field of document.querySelectorAll('input[name="csrf_token"]')) {
    if (field instanceof HTMLInputElement) field.value = session.csrf_token;
  }
  return true;
}

/** @param {HTMLFormElement} form */
function told(form) {
  const message = document.createElement("div");
  message.className = "message danger";
  message.dataset.away = "";
  message.setAttribute("role", "alert");
  const words = document.createElement("div");
  const first = document.createElement("strong");
  first.textContent = t("Chưa gửi được: không kết nối được với máy chủ");
  words.append(first, `${KEEPS} ${t("Hãy kiểm tra mạng rồi bấm lại.")}`);
  message.append(words);
  const actions = form.querySelector(".form-actions:last-of-type") ?? form.lastElementChild;
  actions?.before(message);
  message.scrollIntoView({ block: "nearest" });
  return false;
}

/**
 * A dialog over the page. Resolves to true when the same person is signed in again.
 * @returns {Promise<boolean>}
 */
function signInAgain() {
  const dialog = drawn();
  const form = /** @type {HTMLFormElement} */ (dialog.querySelector("form"));
  const fault = /** @type {HTMLElement} */ (dialog.querySelector(".error"));
  document.body.append(dialog);
  return new Promise((resolve) => {
    let again = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      fault.hidden = true;
      const said = await signIn(new FormData(form));
      if (said === "") {
        again = true;
        dialog.close();
        return;
      }
      fault.textContent = said;
      fault.hidden = false;
      /** @type {HTMLInputElement} */ (form.elements.namedItem("password")).select();
    });
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(again);
    });
    dialog.showModal();
    form.querySelector("input")?.focus();
  });
}

function drawn() {
  const dialog = document.createElement("dialog");
  dialog.dataset.stays = "";
  dialog.setAttribute("aria-labelledby", "again-title");
  dialog.innerHTML =
    '<form class="again"><h2 id="again-title"></h2><p></p>' +
    '<div class="field"><label for="again-username"></label><input id="again-username" name="username" autocomplete="username" maxlength="64" required></div>' +
    '<div class="field"><label for="again-password"></label><input id="again-password" name="password" type="password" autocomplete="current-password" maxlength="200" required aria-describedby="again-fault"></div>' +
    '<p class="error" id="again-fault" role="alert" hidden></p>' +
    '<div class="actions form-actions"><button class="button primary"></button><button class="button" type="button" data-closes></button></div></form>';
  const words = {
    h2: t("Phiên đăng nhập đã hết"), p: `${KEEPS} ${t("Hãy đăng nhập lại để gửi.")}`,
    "label[for=again-username]": t("Tên đăng nhập"), "label[for=again-password]": t("Mật khẩu"),
    "button.primary": t("Đăng nhập và gửi"), "[data-closes]": t("Để sau"),
  };
  for (const [where, text] of Object.entries(words)) {
    const element = dialog.querySelector(where);
    if (element) element.textContent = text;
  }
  return dialog;
}

/**
 * What is wrong, as a sentence; empty when the same person is in again.
 * @param {FormData} typed
 */
async function signIn(typed) {
  try {
    const fields = new URLSearchParams({
      username: String(typed.get("username")), password: String(typed.get("password")),
      csrf_token: tokenOf(await (await fetch("/sign-in?next=/api/session", { credentials: "same-origin" })).text()),
      next: "/api/session",
    });
    const headers = { Accept: "text/html" };
    const answer = await fetch("/sign-in", { method: "POST", body: fields, headers, credentials: "same-origin" });
    if (answer.redirected && answer.ok && (answer.headers.get("Content-Type") ?? "").startsWith("application/json")) {
      return renewed(await answer.json()) ? "" : t("Trang này do một tài khoản khác mở. Hãy đăng nhập bằng tài khoản đó.");
    }
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    return page.querySelector("main .message strong")?.textContent ?? t("Máy chủ không trả lời được. Hãy thử lại.");
  } catch {
    return t("Không kết nối được với máy chủ. Kiểm tra mạng rồi thử lại.");
  }
}

/**
 * The sign-in page's token; where somebody is signed in already (in another tab), that session's.
 * @param {string} text
 */
function tokenOf(text) {
  if (text.startsWith("{")) return JSON.parse(text).csrf_token;
  const page = new DOMParser().parseFromString(text, "text/html");
  return page.querySelector('meta[name="csrf-token"]')?.getAttribute("content") ?? "";
}
