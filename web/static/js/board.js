/** The reception room's board: asks for the numbers every three seconds, calls them by a chime and a voice, and goes on
 * by itself after the network was away. Its clock is the hub's: a screen's own may be wrong. */

import { Caller } from "./board-calls.js";

/** Texts come in each of the screen's languages, the large one first.
 * @typedef {{time: string, what: string[], who: string, state: string, said: string[]}} Session */
/** @typedef {{point: string, unit: string, now: number, day: string[], called: number[], calling: string[],
 *   waiting: number[], more: string[], calls: number, sessions: Session[], coming: string[], script: string}} Board */

const EVERY_MS = 3000;
const ANSWERS_WITHIN_MS = 8000;
const OLD_AFTER_MS = 30_000;

class Screen {
  /** @param {HTMLElement} board */
  constructor(board) {
    this.board = board;
    this.spoken = (board.dataset.spoken ?? "vi").split(" ");
    this.calls = Number(board.dataset.calls);
    this.ahead = Number(board.dataset.now) - Date.now();
    this.heard = Date.now();
    this.caller = new Caller(board, this.spoken);
    this.timer = 0;
    this.asked = 0;
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
    this.write("[data-before]", before.join(" · "));
    this.showWaiting(now);
    this.part("[data-sessions]").replaceChildren(...now.sessions.map((one) => this.row(one)));
    this.part("[data-none]").hidden = now.sessions.length > 0;
    this.part("[data-coming]").replaceChildren(...this.both(now.coming));
    this.part("[data-day-now]").replaceChildren(...this.both(now.day));
    this.ahead = now.now - Date.now();
    if (now.calls > this.calls && called !== undefined) this.caller.call(now.calling);
    this.calls = now.calls;
  }

  /** @param {Board} now */
  showWaiting({ waiting, more }) {
    const shown = waiting.map((number) => piece("span", String(number)));
    if (more.length) shown.push(piece("small", ...this.both(more)));
    this.part("[data-waiting]").replaceChildren(...shown);
  }

  /**
   * As the page's template writes a text: in the second language smaller, below.
   * @param {string[]} texts
   */
  both(texts) {
    return texts.map((text, index) => {
      const said = piece("span", text);
      if (index > 0) {
        said.className = "second";
        said.lang = this.spoken[index] ?? "";
      }
      return said;
    });
  }

  /** @param {Session} one */
  row(one) {
    const item = document.createElement("li");
    item.dataset.state = one.state;
    const time = piece("span", one.time);
    time.className = "figures";
    const what = piece("span", ...this.both(one.what));
    if (one.who) what.append(piece("small", one.who));
    item.append(time, what, piece("strong", ...this.both(one.said)));
    return item;
  }

  /** Asked anew while an answer is still out, only the answer to the last question counts: it is the newest. */
  async ask() {
    window.clearTimeout(this.timer);
    const question = ++this.asked;
    const { why, board } = await this.answer();
    if (question !== this.asked) return;
    if (board) {
      this.show(board);
      this.heard = Date.now();
    }
    this.tell(why);
    this.timer = window.setTimeout(() => this.ask(), EVERY_MS);
  }

  /** @returns {Promise<{why: "" | "lost" | "gone", board?: Board}>} */
  async answer() {
    try {
      const signal = AbortSignal.timeout(ANSWERS_WITHIN_MS);
      const answer = await fetch(this.board.dataset.board ?? "", { cache: "no-store", signal });
      if (answer.ok) return { why: "", board: await answer.json() };
      return { why: answer.status === 404 ? "gone" : "lost" };
    } catch {
      return { why: "lost" };
    }
  }

  /** @param {"" | "lost" | "gone"} why empty when all is well */
  tell(why) {
    const old = why !== "" && Date.now() - this.heard > OLD_AFTER_MS;
    this.board.classList.toggle("old", old);
    for (const one of this.board.querySelectorAll("[data-when]")) {
      if (!(one instanceof HTMLElement)) continue;
      one.hidden = one.dataset.when === "old" ? !old : one.dataset.when !== why;
    }
  }

  tick() {
    const now = new Intl.DateTimeFormat("vi-VN", { hour: "2-digit", minute: "2-digit", timeZone: "Asia/Ho_Chi_Minh" });
    this.write("[data-clock-now]", now.format(new Date(Date.now() + this.ahead)));
    window.setTimeout(() => this.tick(), 1000);
  }
}

/**
 * @param {string} tag
 * @param {(string | Node)[]} content
 */
function piece(tag, ...content) {
  const element = document.createElement(tag);
  element.append(...content);
  return element;
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
