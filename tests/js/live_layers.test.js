import assert from "node:assert/strict";
import { test } from "node:test";
import { cameraHeight, cameraLayers, mostLayers } from "../../web/static/js/live/core/layers.js";

/** @param {import("../../web/static/js/live/core/layers.js").Encoding[]} layers */
const sent = (layers) => layers.filter((one) => one.active).map((one) => [one.rid, one.scaleResolutionDownBy]);

test("a camera is sent in as many layers as its height is worth, the best always whole", () => {
  assert.deepEqual(sent(cameraLayers(720, 3)), [["q", 4], ["h", 2], ["f", 1]]);
  assert.deepEqual(sent(cameraLayers(540, 3)), [["q", 4], ["h", 2], ["f", 1]]);
  assert.deepEqual(sent(cameraLayers(360, 3)), [["q", 2], ["h", 1]]);
  assert.deepEqual(sent(cameraLayers(180, 3)), [["q", 1]]);
});

test("an old or overloaded machine sends fewer, and never less than the best", () => {
  assert.deepEqual([mostLayers(8, 0), mostLayers(0, 0), mostLayers(2, 0), mostLayers(8, 1), mostLayers(2, 9)], [3, 3, 2, 2, 1]);
  assert.deepEqual(sent(cameraLayers(540, 2)), [["q", 2], ["h", 1]]);
  assert.deepEqual(sent(cameraLayers(540, 1)), [["q", 1]]);
  assert.equal(cameraHeight(2), 360);
  assert.equal(cameraHeight(4), 540);
});

test("what nobody needs is not sent, but the best, which is recorded", () => {
  assert.deepEqual(sent(cameraLayers(540, 3, new Set(["h"]))), [["h", 2], ["f", 1]]);
  assert.deepEqual(sent(cameraLayers(540, 3, new Set())), [["f", 1]]);
  assert.deepEqual(sent(cameraLayers(360, 3, new Set(["f"]))), [["h", 1]]);
});

test("a larger picture may cost more", () => {
  const rates = [90, 135, 180, 270, 360, 540, 720].map((height) => cameraLayers(height, 1)[0].maxBitrate);
  assert.deepEqual(rates, [...rates].sort((a, b) => a - b));
  assert.equal(new Set(rates).size, rates.length);
});
