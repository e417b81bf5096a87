/** SHA-256 computed by ourselves gives what Node's own gives. */

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { test } from "node:test";

import { digest, sha256 } from "../../web/static/js/sha256.js";

/** @param {Uint8Array} data */
const known = (data) => createHash("sha256").update(data).digest("hex");

test("every length around a block's end, and a large file", () => {
  for (const length of [0, 1, 3, 55, 56, 57, 63, 64, 65, 119, 120, 127, 128, 1000, 300_001]) {
    const data = new Uint8Array(randomBytes(length));
    assert.equal(Buffer.from(digest(data)).toString("hex"), known(data), `${length} bytes`);
  }
});

test("the browser's own is used where there is one", async () => {
  const data = new TextEncoder().encode("văn bản");
  assert.equal(await sha256(data.buffer), known(data));
});
