import "./support/document.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { lineSeen, noTotals, readTotals } from "../../web/static/js/live/core/line.js";
import { parse } from "../../web/static/js/live/core/protocol.js";
import { initial, reduce } from "../../web/static/js/live/core/state.js";
import { order } from "../../web/static/js/live/help_desk_rows.js";
import { advice, gravity, troubleWords } from "../../web/static/js/live/view/line_words.js";
import { worst } from "../../web/static/js/live/view/lines.js";

const picture = (/** @type {object} */ extra) => ({
  id: "p1", type: "inbound-rtp", kind: "video", packetsReceived: 0, freezeCount: 0, totalFreezesDuration: 0,
  framesPerSecond: 24, frameHeight: 360, ...extra,
});
const sound = (/** @type {object} */ extra) => ({
  id: "s1", type: "inbound-rtp", kind: "audio", packetsReceived: 0, totalSamplesReceived: 0, concealedSamples: 0,
  silentConcealedSamples: 0, jitterBufferDelay: 0, jitterBufferEmittedCount: 0, ...extra,
});
const sent = (/** @type {object} */ extra) => ({
  id: "o1", type: "outbound-rtp", kind: "video", packetsSent: 0, framesPerSecond: 30, frameHeight: 720, qualityLimitationReason: "none", ...extra,
});

test("what a browser saw is told of the stretch between two readings", () => {
  const before = readTotals([sent({})], [picture({ packetsReceived: 100 }), sound({ packetsReceived: 50, totalSamplesReceived: 48_000 })]);
  const after = readTotals(
    [sent({ packetsSent: 10, qualityLimitationReason: "bandwidth" }),
      { id: "t", type: "transport", selectedCandidatePairId: "c" },
      { id: "c", type: "candidate-pair", localCandidateId: "l", availableOutgoingBitrate: 300_000, currentRoundTripTime: 0.05 },
      { id: "l", type: "local-candidate", candidateType: "host", protocol: "tcp" }],
    [picture({ packetsReceived: 200, freezeCount: 2, totalFreezesDuration: 1 }),
      sound({ packetsReceived: 150, totalSamplesReceived: 96_000, concealedSamples: 9_600, silentConcealedSamples: 4_800, jitterBufferDelay: 2, jitterBufferEmittedCount: 40 })],
  );
  assert.deepEqual(lineSeen(before, after, 4000), {
    freezes: 2, frozen: 0.25, fps: 24, height: 360, concealed: 0.1, jitter_buffer_ms: 50, limited: "bandwidth",
    sent_fps: 30, sent_height: 720, available_bps: 300_000, round_trip_ms: 50, via: "tcp",
  });
});

test("a picture that was paused for long and comes back is no freeze", () => {
  const before = readTotals([], [picture({ packetsReceived: 100 })]);
  const after = readTotals([], [picture({ packetsReceived: 110, freezeCount: 1, totalFreezesDuration: 60 })]);
  assert.equal(lineSeen(before, after, 4000).frozen, 0);
  assert.equal(lineSeen(before, after, 4000).freezes, 0);
});

test("streams in which nothing moves say nothing", () => {
  const still = readTotals([sent({ qualityLimitationReason: "cpu" })], [picture({ packetsReceived: 100, freezeCount: 9 }), sound({ concealedSamples: 5 })]);
  const seen = lineSeen(still, still, 4000);
  assert.deepEqual([seen.freezes, seen.concealed, seen.limited, seen.fps], [0, 0, "none", null]);
});

test("what no browser may say is cut to what the hub takes", () => {
  const before = readTotals([], [picture({}), sound({})]);
  const after = readTotals([], [picture({ packetsReceived: 1, frameHeight: 99_999, framesPerSecond: Infinity, freezeCount: 1, totalFreezesDuration: 7 }),
    sound({ packetsReceived: 1, totalSamplesReceived: 10, concealedSamples: 500 })]);
  const seen = lineSeen(before, after, 4000);
  assert.deepEqual([seen.height, seen.fps, seen.frozen, seen.concealed], [16_384, null, 1, 1]);
  assert.deepEqual(lineSeen(noTotals(), after, 4000).height, null);
});

const seat = (/** @type {string} */ id, extra = {}) => /** @type {any} */ ({ seat_id: id, label: id, presence: "admitted", ...extra });

test("the chair sees the gravest line first, and equals in the order of the table", () => {
  const troubles = {
    a: [{ cause: "jitter", amount: 90 }], b: [{ cause: "loss_up", amount: 12 }], c: [{ cause: "loss_up", amount: 40 }],
    d: [{ cause: "invented later", amount: 0 }], e: [],
  };
  assert.deepEqual(worst(["a", "b", "c", "d", "e"].map((id) => seat(id)), troubles).map((one) => one.seat.seat_id), ["b", "c", "a", "d"]);
});

test("troubles are named in words with their amount, and unknown ones too", () => {
  assert.match(troubleWords({ cause: "loss_up", amount: 12 }), /mất gói 12% chiều gửi/);
  assert.match(advice({ cause: "loss_up", amount: 12 }), /dây mạng/);
  assert.equal(troubleWords({ cause: "invented later", amount: 1 }), "Đường truyền có vấn đề");
  assert.equal(advice({ cause: "gone", amount: 0 }), "");
  assert.ok(gravity({ cause: "gone", amount: 0 }) < gravity({ cause: "loss_up", amount: 0 }));
});

test("troubles replace what was told before, and a welcome forgets them", () => {
  const told = reduce(initial("a"), { type: "troubles", seats: { a: [{ cause: "gone", amount: 0 }] } }, 0);
  assert.equal(told.troubles.a[0].cause, "gone");
  assert.deepEqual(reduce(told, { type: "troubles", seats: {} }, 0).troubles, {});
  assert.equal(parse('{"type":"troubles","seats":{}}')?.type, "troubles");
});

test("the board lists the lost first, then troubles by gravity, then by mark, and those not there last", () => {
  const place = (/** @type {string} */ id, /** @type {object} */ extra) => /** @type {any} */ ({ seat: { id, presence: "admitted", troubles: [], quality: 4, ...extra }, hearing: {} });
  const places = [
    place("absent", { presence: "absent", quality: null }), place("good", {}), place("fair", { quality: 3 }),
    place("jitter", { troubles: [{ cause: "jitter", amount: 90 }] }), place("lost", { presence: "lost" }),
    place("loss", { troubles: [{ cause: "loss_up", amount: 9 }] }), place("waits", { presence: "waiting" }),
  ];
  assert.deepEqual(order(places).map((one) => one.seat.id), ["lost", "loss", "jitter", "fair", "good", "waits", "absent"]);
});
