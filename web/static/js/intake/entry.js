/** The entry of a case by keyboard: one key for the type, keys to the fields, sent without ever leaving the page. */

import { ApiError, csrfToken } from "../api.js";
import { shortcut } from "../shortcuts.js";
import { t } from "../text.js";
import { Draft } from "./draft.js";
import * as outcome from "./outcome.js";
import { People } from "./people.js";

const TYPES = ["complaint", "denunciation", "petition", "feedback"];
const form = /** @type {HTMLFormElement} */ (document.querySelector("form[data-entry]"));

/** @param {string} name */
const input = (name) => /** @type {HTMLInputElement} */ (form.elements.namedItem(name));

function wireKeys() {
  TYPES.forEach((value, index) => {
    const radio = form.querySelector(`input[name="type"][value="${value}"]`);
    if (!(radio instanceof HTMLInputElement)) return;
    shortcut(String(index + 1), radio.closest("label")?.querySelector("span")?.firstChild?.textContent?.trim() ?? "", () => {
      radio.checked = true;
      radio.dispatchEvent(new Event("change", { bubbles: true }));
      input("id_number").focus();
    });
  });
  for (const field of form.querySelectorAll("[accesskey]")) {
    const label = document.querySelector(`label[for="${field.id}"]`)?.firstChild?.textContent?.trim() ?? "";
    const key = (field.getAttribute("accesskey") ?? "").toUpperCase();
    shortcut(`alt+${key}`, label, () => {}, `Alt+${key}`); // listed only: answered below, also while typing
  }
  document.addEventListener("keydown", toField);
  shortcut("ctrl+enter", t("Đăng ký"), () => {}, "Ctrl+Enter");
  // Anywhere on the page: after a refusal the focus is on the message above the form.
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.isComposing) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
}

/**
 * Alt and a letter leads to a field in every browser alike; by themselves some want Shift or Ctrl with it.
 * @param {KeyboardEvent} event
 */
function toField(event) {
  if (!event.altKey || event.ctrlKey || event.metaKey || document.querySelector("dialog[open]")) return;
  const field = form.querySelector(`[accesskey="${CSS.escape(event.code.replace("Key", "").toLowerCase())}"]`);
  if (!(field instanceof HTMLElement)) return;
  event.preventDefault();
  field.focus();
}

/** A session that ended in between has a new token; another person's must not send this one's entry. */
let stale = false;

async function freshToken() {
  const response = await fetch("/cases/new", { credentials: "same-origin", headers: { Accept: "text/html" } });
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const again = page.querySelector("form[data-entry]");
  const token = page.querySelector('meta[name="csrf-token"]')?.getAttribute("content") ?? "";
  if (!(again instanceof HTMLFormElement)) throw new ApiError(t("Phiên đăng nhập đã hết."), 401);
  if (again.dataset.account !== form.dataset.account) {
    throw new ApiError(t("Thẻ kia đang đăng nhập bằng tài khoản khác. Hãy đăng nhập bằng tài khoản của bạn rồi gửi lại."), 409);
  }
  document.querySelector('meta[name="csrf-token"]')?.setAttribute("content", token);
  stale = false;
}

/** The entry as the server answers it; throws ``ApiError``. */
async function send() {
  if (stale) await freshToken();
  input("csrf_token").value = csrfToken();
  const fields = new URLSearchParams();
  for (const [name, value] of new FormData(form)) fields.append(name, String(value));
  let response;
  try {
    const headers = { Accept: "application/json" };
    response = await fetch(form.action, { method: "POST", headers, body: fields, credentials: "same-origin" });
  } catch {
    throw new ApiError(t("Không kết nối được với máy chủ. Mọi điều đã ghi còn nguyên; hãy gửi lại khi có mạng."));
  }
  const json = (response.headers.get("Content-Type") ?? "").startsWith("application/json");
  const answer = json ? await response.json() : null;
  if (response.ok && answer) return answer;
  const fault = answer?.error;
  const message = fault?.text ?? t("Máy chủ không trả lời được. Mọi điều đã ghi còn nguyên; hãy gửi lại sau ít phút.");
  throw new ApiError(message, response.status, fault?.code, fault?.fields);
}

/** @param {Draft} draft */
async function submit(draft) {
  if (form.dataset.sending) return;
  form.dataset.sending = "1";
  form.setAttribute("aria-busy", "true");
  outcome.clear(form);
  try {
    const answer = await send();
    if (answer.path) {
      draft.drop();
      location.href = answer.path;
      return; // the page goes; a second press finds it busy
    }
    outcome.askedBack(answer.odd, answer.alike);
    confirmNext();
  } catch (error) {
    tell(error);
  }
  delete form.dataset.sending;
  form.removeAttribute("aria-busy");
}

/** @param {unknown} error */
function tell(error) {
  if (!(error instanceof ApiError)) throw error;
  if (error.status === 401) {
    stale = true;
    outcome.signInAgain(t("Phiên đăng nhập đã hết. Chưa đăng ký được."));
    return;
  }
  if (error.status === 403) stale = true;
  outcome.refused(error.message, error.fields);
}

/** Pressed again without a change, it is meant; a change asks anew. */
function confirmNext() {
  const hidden = document.createElement("input");
  hidden.type = "hidden";
  hidden.name = "confirmed";
  hidden.value = "yes";
  form.append(hidden);
  form.addEventListener("input", () => hidden.remove(), { once: true });
}

function start() {
  form.noValidate = true; // the server tells every fault at once, in the reader's language
  wireKeys();
  new People(form);
  const draft = new Draft(form);
  const empty = !input("summary").value && !document.querySelector("[data-outcome] > *");
  if (empty && draft.restore()) {
    outcome.draftFound(t("Đã lấy lại bản nháp của bạn trong thẻ này; chỉ nội dung, không có thông tin về người đến."), () => {
      draft.drop();
      form.reset();
      form.dispatchEvent(new Event("change", { bubbles: true }));
    });
  }
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void submit(draft);
  });
  if (empty) /** @type {HTMLElement | null} */ (form.querySelector("input[name=type]"))?.focus();
}

start();
