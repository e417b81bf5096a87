import "./support/document.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { announcement, CROWD } from "../../web/static/js/live/core/announce.js";
import { initial } from "../../web/static/js/live/core/state.js";

/** @returns {any} */
const seat = (id, kind, presence = "waiting") => ({ seat_id: id, seat_kind: kind, label: id, presence });
/** @returns {any} */
const state = (you, points) => ({
  ...initial(you), welcomed: true, seats: [seat("chair", "chair"), ...Array.from({ length: points }, (_, n) => seat(`p${n}`, "point"))],
});
const said = (kind, seatId, where) => announcement(/** @type {any} */ ({ kind, seat_id: seatId }), where);

test("many who come at once are one line with their number, the first by name", () => {
  const one = said("joined", "p1", state("chair", 197));
  assert.equal(one.text, "p1 đã vào phòng chờ.");
  assert.equal(one.gather.kind, "joined");
  assert.equal(one.gather.many(150), "150 nơi đã vào phòng chờ.");
});

test("who was let in before is said to be back, not to wait", () => {
  const hall = state("chair", 3);
  hall.seats[1].presence = "admitted";
  const back = said("joined", "p0", hall);
  assert.equal(back.text, "p0 đã trở lại buổi tiếp.");
  assert.equal(back.gather.kind, "returned");
});

test("a point among many hears of officials only, a point among few of everybody", () => {
  for (const kind of ["joined", "left", "lost", "admitted", "hand_raised"]) {
    assert.equal(said(kind, "p1", state("p0", CROWD)), null, kind);
    assert.ok(said(kind, "p1", state("p0", 3)), kind);
    assert.ok(said(kind, "chair", state("p0", CROWD)), kind);
  }
});

test("what concerns oneself, and who has the floor, is always said and never gathered", () => {
  for (const kind of ["admitted", "removed", "muted", "floor_given"]) assert.equal(said(kind, "p0", state("p0", CROWD)).gather, undefined, kind);
  assert.ok(said("floor_given", "p1", state("p0", CROWD)));
});
