import assert from "node:assert/strict";
import { test } from "node:test";

const kept = /** @type {any} */ (globalThis).document;
const texts = JSON.stringify({ "Chủ trì": "Chair", "Phó chủ trì": "Deputy chair", "Thư ký": "Secretary" });
/** @type {any} */ (globalThis).document = { getElementById: () => ({ textContent: texts }), documentElement: { lang: "en" } };
const { seatNamed } = await import("../../web/static/js/text.js");
/** @type {any} */ (globalThis).document = kept;

test("a place is named in the reader's language, and what needs no translation stays the same object", () => {
  assert.equal(seatNamed({ label: "Phó chủ trì – Lê – Ánh" }).label, "Deputy chair – Lê – Ánh");
  for (const label of ["Điểm cầu xã Tân Tiến", "Điểm – Chủ trì", "Chủ trì"]) {
    const seat = { label };
    assert.equal(seatNamed(seat), seat);
  }
});
