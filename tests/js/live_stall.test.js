// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";

import { StallDetector, STALL_MS } from "../../web/static/js/live/core/stall.js";

/**
 * Looks every 400 ms; each step says how many bytes were sent and received since the last.
 * @param {[number, number][]} steps
 */
function looks(steps) {
  const detector = new StallDetector();
  const flow = { sent: 0, received: 0 };
  return steps.map(([sent, received], index) => {
    flow.sent += sent;
    flow.received += received;
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

test("who sends nothing but checks waits for nobody", () => {
  assert.ok(looks([...Array(3).fill([2000, 300]), ...Array(10).fill([100, 0])]).every((found) => !found));
});

test("after it has come back the next stall is told again", () => {
  const bad = Array(6).fill([20_000, 0]);
  const good = Array(3).fill([20_000, 300]);
  const found = looks([...good, ...bad, ...good, ...bad]);
  assert.equal(found.filter(Boolean).length, 2);
});
