/** The waiting room's board: asks for the numbers every three seconds, and calls them by a chime and a voice. */

import { language, t } from "./text.js";

/** @typedef {{point: string, called: number[], waiting: number[], calls: number}} Board */

const EVERY_MS = 3000;
const FRESH_MS = 8000;
const board = document.querySelector("[data-board]");
let calls = Number(board instanceof HTMLElement ? board.dataset.calls : 0);
/** @type {AudioContext | null} */
let audio = null;

/**
 * @param {string} selector
 * @param {string} text
 */
function write(selector, text) {
  const place = board?.querySelector(selector);
  if (place && place.textContent !== text) place.textContent = text;
}

/** @param {Board} now */
function show(now) {
  write("[data-called]", now.called.join(" · ") || "–");
  write("[data-waiting]", now.waiting.join("  ") || "–");
  if (now.calls > calls && now.called[0] !== undefined) announce(now.called[0]);
  calls = now.calls;
}

/** @param {number} number */
function announce(number) {
  const place = board?.querySelector(".board-called");
  place?.classList.add("fresh");
  window.setTimeout(() => place?.classList.remove("fresh"), FRESH_MS);
  if (!audio) return;
  for (const [index, pitch] of [880, 660].entries()) {
    const tone = audio.createOscillator();
    const loudness = audio.createGain();
    const start = audio.currentTime + index * 0.35;
    loudness.gain.setValueAtTime(0.3, start);
    loudness.gain.exponentialRampToValueAtTime(0.001, start + 0.6);
    tone.frequency.value = pitch;
    tone.connect(loudness).connect(audio.destination);
    tone.start(start);
    tone.stop(start + 0.6);
  }
  if ("speechSynthesis" in window) {
    const said = new SpeechSynthesisUtterance(t("Mời số %(number)s", { number }));
    said.lang = language === "en" ? "en-GB" : "vi-VN";
    window.speechSynthesis.speak(said);
  }
}

async function ask() {
  const lost = board?.querySelector("[data-lost]");
  try {
    const answer = await fetch(board instanceof HTMLElement ? (board.dataset.board ?? "") : "", { cache: "no-store" });
    if (!answer.ok) throw new Error(String(answer.status));
    show(await answer.json());
    if (lost instanceof HTMLElement) lost.hidden = true;
  } catch {
    if (lost instanceof HTMLElement) lost.hidden = false;
  }
  window.setTimeout(ask, EVERY_MS);
}

function tick() {
  const now = new Intl.DateTimeFormat("vi-VN", { hour: "2-digit", minute: "2-digit", timeZone: "Asia/Ho_Chi_Minh" });
  write("[data-clock-now]", now.format(new Date()));
  window.setTimeout(tick, 1000);
}

if (board) {
  const sound = board.querySelector("[data-sound]");
  if (sound instanceof HTMLElement) {
    // Browsers let a page sound only after somebody has touched it.
    sound.hidden = false;
    sound.addEventListener("click", () => {
      audio = new AudioContext();
      sound.hidden = true;
    });
  }
  tick();
  void ask();
}
