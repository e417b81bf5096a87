// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";

import { StallDetector, STALL_MS } from "../../web/static/js/live/core/stall.js";

/**
 * Looks every 400 ms; each step says how many bytes were sent and received since the last, and how many checks were
 * asked and answered.
 * @param {[number, number, number?, number?][]} steps
 */
function looks(steps) {
  const detector = new StallDetector();
  const flow = { sent: 0, received: 0, asked: 0, answered: 0 };
  return steps.map(([sent, received, asked = 0, answered = 0], index) => {
    flow.sent += sent;
    flow.received += received;
    flow.asked += asked;
    flow.answered += answered;
    return detector.look({ ...flow }, index * 400);
  });
}

test("media that is answered is no stall", () => {
  assert.ok(looks(Array(20).fill([20_000, 300])).every((found) => !found));
});

test("media that is not answered is a stall, told once, soon after the patience is over", () => {
  /** @type {[number, number][]} */
  const steps = [...Array(5).fill([20_000, 300]), ...Array(10).fill([20_000, 0])];
  const found = looks(steps);
  assert.equal(found.filter(Boolean).length, 1);
  assert.equal(found.indexOf(true), 4 + Math.ceil(STALL_MS / 400));
});

test("who sends nothing, and is sent nothing, waits for nobody between two checks", () => {
  /** @type {[number, number, number, number][]} */
  const silence = Array(60).fill(0).map((_, index) => (index % 6 === 0 ? [0, 0, 1, 0] : index % 6 === 1 ? [0, 0, 0, 1] : [0, 0, 0, 0]));
  assert.ok(looks([...Array(3).fill([0, 20_000]), ...silence]).every((found) => !found));
});

test("who only receives notices by a check that is not answered, once, and again after it has come back", () => {
  const good = Array(10).fill([0, 20_000]);
  const gone = [...Array(4).fill([0, 0]), [0, 0, 1], ...Array(10).fill([0, 0]), [0, 0, 1], ...Array(10).fill([0, 0])];
  const found = looks([...good, [0, 20_000, 1, 1], ...gone, ...good, ...gone]);
  assert.equal(found.filter(Boolean).length, 2);
  assert.equal(found.indexOf(true), 11 + 4 + Math.ceil(STALL_MS / 400));
});

test("a check that is on its way when the rest falls quiet is waited for no longer than others", () => {
  assert.ok(looks([...Array(3).fill([0, 20_000]), [0, 300, 1, 0], [0, 0], [0, 0], [0, 0, 0, 1], ...Array(8).fill([0, 0])]).every((found) => !found));
});

test("after it has come back the next stall is told again", () => {
  const bad = Array(6).fill([20_000, 0]);
  const good = Array(3).fill([20_000, 300]);
  const found = looks([...good, ...bad, ...good, ...bad]);
  assert.equal(found.filter(Boolean).length, 2);
});
