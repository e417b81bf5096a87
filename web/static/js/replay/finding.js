/**
 * Finding words in notes, messages and chapters as people type them, with or without marks. Pure.
 * @module
 */

import { fold } from "../text.js";

/** The words of a query. @param {string} query */
export function sought(query) {
  return fold(query).split(/\s+/).filter(Boolean);
}

/**
 * A text cut where one of the words begins and ends.
 * @param {string} text
 * @param {readonly string[]} words   folded
 * @returns {{ text: string, marked: boolean }[]}
 */
export function parts(text, words) {
  // Letter by letter, because folding may change a letter's length.
  const letters = Array.from(text.normalize("NFC"));
  const folded = letters.map(fold);
  const starts = folded.map((_, at) => folded.slice(0, at).reduce((sum, one) => sum + one.length, 0));
  const whole = folded.join("");
  const marked = letters.map(() => false);
  for (const word of words) {
    for (let at = whole.indexOf(word); at >= 0; at = whole.indexOf(word, at + word.length)) {
      starts.forEach((start, letter) => {
        if (start >= at && start < at + word.length) marked[letter] = true;
      });
    }
  }
  /** @type {{ text: string, marked: boolean }[]} */
  const found = [];
  letters.forEach((letter, at) => {
    const last = found.at(-1);
    if (last && last.marked === marked[at]) last.text += letter;
    else found.push({ text: letter, marked: marked[at] });
  });
  return found;
}

/**
 * Who came to the waiting room before the opening is no chapter of the recording.
 * @template {{ kind: string }} T
 * @param {readonly T[]} chapters
 * @returns {readonly T[]}
 */
export function sinceOpening(chapters) {
  return chapters.slice(Math.max(0, chapters.findIndex((one) => one.kind === "opened")));
}

/**
 * The last of these (ordered by position) that has begun.
 * @template {{ at_ms: number }} T
 * @param {readonly T[]} items
 * @param {number} positionMs
 * @returns {T | null}
 */
export function current(items, positionMs) {
  let found = null;
  for (const item of items) {
    if (item.at_ms > positionMs) break;
    found = item;
  }
  return found;
}
