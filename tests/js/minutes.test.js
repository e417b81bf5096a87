/** The minutes' editor: what is typed is sent until the hub has it, and nobody's words are overwritten. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { nextCase } from "../../web/static/js/live/core/agenda.js";
import { acknowledged, fresh, movedCaret, nextSave, received, refused, restored, stamp, unsaved } from "../../web/static/js/minutes/draft.js";

const ids = () => { let n = 0; return () => `id${(n += 1)}`; };

test("nothing typed, nothing sent", () => {
  assert.equal(nextSave(fresh("opening", "a", 3), ids()), null);
});

test("a save without an answer is sent again exactly as it was, whatever was typed since", () => {
  const newId = ids();
  const first = nextSave({ ...fresh("opening", "", 0), text: "một" }, newId);
  const again = nextSave({ ...first.draft, text: "một hai" }, newId);
  assert.deepEqual(again.save, first.save);
  const after = acknowledged(again.draft, first.save.save_id, 1);
  assert.ok(unsaved(after));
  assert.deepEqual(nextSave(after, newId).save, { key: "opening", save_id: "id2", base: 1, base_sent: true, text: "một hai" });
});

test("what others wrote is taken over only while nothing of ours is unsaved", () => {
  const ours = { ...fresh("opening", "a", 1), text: "a b" };
  assert.equal(received(ours, "a c", 2).text, "a b");
  assert.deepEqual(received(fresh("opening", "a", 1), "a c", 2), fresh("opening", "a c", 2));
});

test("an answer to another save changes nothing, a refused save is not sent again", () => {
  const { draft } = nextSave({ ...fresh("opening", "", 0), text: "x" }, ids());
  assert.equal(acknowledged(draft, "other", 5), draft);
  assert.equal(refused(draft).pending, null);
});

test("what a closed page had not sent is sent by the next, and rubbish in the storage is no fault", () => {
  const kept = nextSave({ ...fresh("opening", "", 0), text: "mất điện" }, ids()).draft;
  assert.deepEqual(restored(fresh("opening", "", 0), JSON.parse(JSON.stringify(kept))), kept);
  for (const rubbish of [null, 7, {}, { text: 1 }, { text: "a", known: "", base: "x" }]) {
    assert.equal(restored(fresh("opening", "z", 1), rubbish).text, "z");
  }
});

test("the caret stays with its words when text is put in before them", () => {
  assert.equal(movedCaret("hai", "một hai", 3), 7);
  assert.equal(movedCaret("hai", "hai ba", 3), 3);
  assert.equal(movedCaret("abc", "", 2), 0);
});

test("a stamp reads as people write it", () => {
  assert.equal(stamp(754_900), "[12:34]");
  assert.equal(stamp(3_723_000), "[1:02:03]");
});

test("the next case is the first after this that has not been heard", () => {
  const cases = ["a", "b", "c"].map((id) => ({ id, number: id, type: "" }));
  assert.equal(nextCase(cases, new Set(), null)?.id, "a");
  assert.equal(nextCase(cases, new Set(["a", "c"]), "c")?.id, "b");
  assert.equal(nextCase(cases, new Set(["a", "b", "c"]), "c"), null);
});
