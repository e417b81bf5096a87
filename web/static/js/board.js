/** The reception room's board: asks for the numbers every three seconds, calls them by a chime and a voice, and goes on
 * by itself after the network was away. Its clock is the hub's: a screen's own may be wrong. */

import { Caller } from "./board-calls.js";
import { t } from "./text.js";

/** @typedef {{time: string, what: string, who: string, state: string, said: string}} Session */
/** @typedef {{point: string, unit: string, now: number, day: string, called: number[], waiting: number[], calls: number,
 *   sessions: Session[], coming: string, script: string}} Board */

const EVERY_MS = 3000;
const ANSWERS_WITHIN_MS = 8000;
const OLD_AFTER_MS = 30_000;
const WAITING_SHOWN = 14;

class Screen {
  /** @param {HTMLElement} board */
  constructor(board) {
    this.board = board;
    this.calls = Number(board.dataset.calls);
    this.ahead = Number(board.dataset.now) - Date.now();
    this.heard = Date.now();
    this.caller = new Caller(board);
    this.timer = 0;
  }

  /** @param {string} selector */
  part(selector) {
    return /** @type {HTMLElement} */ (this.board.querySelector(selector));
  }

  /**
   * @param {string} selector
   * @param {string} text
   */
  write(selector, text) {
    const place = this.part(selector);
    if (place.textContent !== text) place.textContent = text;
  }

  /** @param {Board} now */
  show(now) {
    if (now.script !== this.board.dataset.script) return location.reload(); // another release: with its own script
    const [called, ...before] = now.called;
    this.board.dataset.shows = called !== undefined ? "calling" : now.waiting.length ? "waiting" : "idle";
    this.write("[data-called]", String(called ?? ""));
    this.part("[data-also]").hidden = before.length === 0;
    this.write("[data-also] span", before.join(" · "));
    this.showWaiting(now.waiting);
    this.part("[data-sessions]").replaceChildren(...now.sessions.map(row));
    this.part("[data-none]").hidden = now.sessions.length > 0;
    this.write("[data-coming]", now.coming);
    this.write("[data-day-now]", now.day);
    this.ahead = now.now - Date.now();
    if (now.calls > this.calls && called !== undefined) this.caller.call(called);
    this.calls = now.calls;
  }

  /** @param {number[]} waiting */
  showWaiting(waiting) {
    const shown = waiting.slice(0, WAITING_SHOWN).map((number) => piece("span", String(number)));
    const more = waiting.length - shown.length;
    if (more > 0) shown.push(piece("small", t("và %(count)s số nữa", { count: more })));
    this.part("[data-waiting]").replaceChildren(...shown);
  }

  async ask() {
    window.clearTimeout(this.timer);
    try {
      const signal = AbortSignal.timeout(ANSWERS_WITHIN_MS);
      const answer = await fetch(this.board.dataset.board ?? "", { cache: "no-store", signal });
      if (answer.status === 404) this.lose(t("Địa chỉ màn hình này đã được đổi. Cán bộ mở địa chỉ mới giúp."));
      else if (!answer.ok) this.lose(t("Mất kết nối, đang thử lại…"));
      else {
        this.show(await answer.json());
        this.heard = Date.now();
        this.lose("");
      }
    } catch {
      this.lose(t("Mất kết nối, đang thử lại…"));
    }
    this.timer = window.setTimeout(() => this.ask(), EVERY_MS);
  }

  /** @param {string} why empty when all is well */
  lose(why) {
    const old = Date.now() - this.heard > OLD_AFTER_MS;
    this.board.classList.toggle("old", why !== "" && old);
    this.part("[data-lost]").hidden = why === "";
    this.write("[data-lost]", why && old ? `${why} ${t("Số trên màn hình có thể đã cũ.")}` : why);
  }

  tick() {
    const now = new Intl.DateTimeFormat("vi-VN", { hour: "2-digit", minute: "2-digit", timeZone: "Asia/Ho_Chi_Minh" });
    this.write("[data-clock-now]", now.format(new Date(Date.now() + this.ahead)));
    window.setTimeout(() => this.tick(), 1000);
  }
}

/**
 * @param {string} tag
 * @param {string} text
 */
function piece(tag, text) {
  const element = document.createElement(tag);
  element.textContent = text;
  return element;
}

/** @param {Session} one */
function row(one) {
  const item = document.createElement("li");
  item.dataset.state = one.state;
  const time = piece("span", one.time);
  time.className = "figures";
  const what = piece("span", one.what);
  if (one.who) what.append(piece("small", one.who));
  item.append(time, what, piece("strong", one.said));
  return item;
}

/** A screen that nobody touches would go dark. */
async function stayAwake() {
  try {
    await navigator.wakeLock?.request("screen");
  } catch {
    // not allowed here: the screen's own settings decide
  }
}

const board = document.querySelector("[data-board]");
if (board instanceof HTMLElement) {
  const screen = new Screen(board);
  screen.tick();
  void screen.ask();
  void stayAwake();
  window.addEventListener("online", () => screen.ask());
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") void stayAwake();
  });
}
