/**
 * One part of the minutes as this browser has it: what is typed, what the hub has, what is on its way. Pure.
 *
 * The hub merges: a save names what its text was derived from (`base`, `baseSent`), and has a name of its own, so that
 * it can be sent again after a lost answer. What others wrote is taken over only while nothing of ours is unsaved.
 * @module
 */

/**
 * @typedef {object} Draft
 * @property {string} key
 * @property {string} text       as it is in the field
 * @property {string} known      as the hub has it from us, or gave it to us
 * @property {number} base       the edit that the field's text was derived from
 * @property {boolean} baseSent  of the text as we had sent it
 * @property {{ id: string, text: string } | null} pending   sent, and not yet answered
 */

/** @typedef {{ key: string, save_id: string, base: number, base_sent: boolean, text: string }} Save */

/** @param {string} key @param {string} text @param {number} number @returns {Draft} */
export function fresh(key, text, number) {
  return { key, text, known: text, base: number, baseSent: false, pending: null };
}

/** @param {Draft} draft */
export function unsaved(draft) {
  return draft.pending !== null || draft.text !== draft.known;
}

/**
 * What to send next; a save without an answer exactly as it was. Null: there is nothing.
 * @param {Draft} draft
 * @param {() => string} newId
 * @returns {{ draft: Draft, save: Save } | null}
 */
export function nextSave(draft, newId) {
  if (!unsaved(draft)) return null;
  const pending = draft.pending ?? { id: newId(), text: draft.text };
  const save = { key: draft.key, save_id: pending.id, base: draft.base, base_sent: draft.baseSent, text: pending.text };
  return { draft: { ...draft, pending }, save };
}

/** The hub has the save as edit `number`. @param {Draft} draft @param {string} id @param {number} number @returns {Draft} */
export function acknowledged(draft, id, number) {
  if (draft.pending?.id !== id) return draft;
  return { ...draft, known: draft.pending.text, base: number, baseSent: true, pending: null };
}

/** The hub refused it for good: what is typed next is a save of its own. @param {Draft} draft @returns {Draft} */
export function refused(draft) {
  return { ...draft, pending: null };
}

/**
 * The part as the hub has it now; it becomes the field's text unless we have typed on.
 * @param {Draft} draft @param {string} text @param {number} number
 * @returns {Draft}
 */
export function received(draft, text, number) {
  return unsaved(draft) ? draft : fresh(draft.key, text, number);
}

/**
 * What this browser still had unsaved when it was closed, over what the hub gave the page.
 * @param {Draft} draft
 * @param {unknown} kept
 * @returns {Draft}
 */
export function restored(draft, kept) {
  const old = /** @type {Partial<Draft>} */ (kept ?? {});
  if (typeof old.text !== "string" || typeof old.known !== "string" || typeof old.base !== "number") return draft;
  if (old.text === draft.text) return draft;
  const pending = old.pending && typeof old.pending.id === "string" ? old.pending : null;
  return { key: draft.key, text: old.text, known: old.known, base: old.base, baseSent: Boolean(old.baseSent), pending };
}

/**
 * Where the caret stands after the text around it changed.
 * @param {string} before @param {string} after @param {number} caret
 */
export function movedCaret(before, after, caret) {
  const most = Math.min(before.length, after.length);
  let same = 0;
  while (same < most && before[same] === after[same]) same += 1;
  if (caret <= same) return caret;
  return Math.max(same, Math.min(after.length, caret + after.length - before.length));
}

/** `[12:34]`, from an hour on `[1:02:34]`. @param {number} atMs */
export function stamp(atMs) {
  const seconds = Math.max(0, Math.floor(atMs / 1000));
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours ? `[${hours}:${two(minutes)}:${two(seconds % 60)}]` : `[${two(minutes)}:${two(seconds % 60)}]`;
}
