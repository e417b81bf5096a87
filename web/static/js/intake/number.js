/** What an ID number says and what looks odd about it, beside its field: told while it is typed, never in the way. */

import { post } from "../api.js";

const ASK_AFTER_MS = 250;

/**
 * @param {HTMLFormElement} form
 * @param {string} says
 * @param {string} warning
 */
export function say(form, says, warning) {
  const said = form.querySelector("[data-said]");
  if (said) said.textContent = says;
  const doubt = form.querySelector("[data-doubt]");
  if (!(doubt instanceof HTMLElement)) return;
  doubt.hidden = !warning;
  const text = doubt.querySelector("span");
  if (text) text.textContent = warning;
  // What was shown beside the field is not asked about again.
  const seen = form.elements.namedItem("seen");
  if (seen instanceof HTMLInputElement) seen.value = warning ? "id_number" : "";
}

/** Only what the number says by itself: nobody is looked for. @param {HTMLFormElement} form */
function watch(form) {
  const number = form.elements.namedItem("id_number");
  const birth = form.elements.namedItem("birth");
  if (!(number instanceof HTMLInputElement) || !(birth instanceof HTMLInputElement)) return;
  let timer = 0;
  let asked = "";
  const ask = async () => {
    const body = { type: "", id_number: number.value.trim(), birth: birth.value.trim(), number_only: true };
    const key = JSON.stringify(body);
    if (key === asked) return;
    asked = key;
    try {
      const answer = await post("/api/intake/person", body);
      if (key === asked) say(form, answer.says, answer.warning);
    } catch {
      asked = ""; // a line that is away stops nobody from typing; the server checks again
    }
  };
  number.addEventListener("input", () => {
    clearTimeout(timer);
    timer = window.setTimeout(() => void ask(), ASK_AFTER_MS);
  });
  birth.addEventListener("change", () => void ask());
}

for (const form of document.querySelectorAll("form[data-number]")) if (form instanceof HTMLFormElement) watch(form);
