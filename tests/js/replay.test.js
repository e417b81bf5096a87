import assert from "node:assert/strict";
import { test } from "node:test";
import "./support/document.js";
import { changed, CLOSE_MS, follow, JUMP_MS, positionMs, stopped } from "../../web/static/js/replay/clock.js";
import { Dragging, REST_MS } from "../../web/static/js/replay/dragging.js";
import { current, parts, sinceOpening, sought } from "../../web/static/js/replay/finding.js";
import { Frames } from "../../web/static/js/replay/gathering.js";
import { AHEAD_MS, gapsOf, lanesOf, loudnessAt, readTimeline, segmentAt, stretches, unwanted, voiceOf, wanted, withheldAt } from "../../web/static/js/replay/plan.js";

const segment = (number, start_ms, duration_ms, extra = {}) => ({
  segment_id: `t${number}`, track_id: "track", start_ms, duration_ms, media_type: 'video/webm; codecs="vp8"',
  stored: true, voice: "", ...extra,
});
/** @returns {any} */
const lane = (segments) => ({ key: "a/camera", seatId: "a", source: "camera", kind: "video", segments });
const none = { has: () => false };
const idle = { size: 0, has: () => false };

test("the clock runs at its rate, stands while it is held and jumps nowhere when something changes", () => {
  let clock = changed(stopped(1000), 0, { playing: true });
  assert.equal(positionMs(clock, 500), 1500);
  clock = changed(clock, 500, { rate: 2 });
  assert.equal(positionMs(clock, 500), 1500);
  assert.equal(positionMs(clock, 1000), 2500);
  clock = changed(clock, 1000, { held: true });
  assert.equal(positionMs(clock, 9000), 2500);
  clock = changed(clock, 9000, { held: false });
  assert.equal(positionMs(clock, 9500), 3500);
});

test("dragging along the timeline seeks where the pointer rests and where it lets go, not at each move", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  /** @type {number[]} */
  const sought = [];
  const dragging = new Dragging((ms) => sought.push(ms));
  for (let ms = 1; ms <= 60; ms += 1) {
    dragging.hold(ms);
    context.mock.timers.tick(REST_MS - 1);
  }
  assert.deepEqual([dragging.atMs, sought], [60, []]);
  context.mock.timers.tick(1);
  assert.deepEqual(sought, [60]);
  dragging.hold(90);
  dragging.release();
  assert.deepEqual([dragging.atMs, sought], [null, [60, 90]]);
  context.mock.timers.tick(REST_MS);
  dragging.hold(90);
  dragging.release();
  assert.deepEqual(sought, [60, 90, 90], "a click goes there at once, wherever it was before");
  dragging.release();
  assert.equal(sought.length, 3);
});

test("an element that is close is left alone, one that is far jumps", () => {
  const at = (actualMs, bending = false, rate = 1) => follow({ wantedMs: 10_000, actualMs, rate, bending, kind: "audio" });
  assert.deepEqual(at(10_020), { seek: false, rate: 1, bending: false });
  assert.equal(at(10_000 + JUMP_MS + 1).seek, true);
  assert.ok(at(10_060).rate < 1);
  assert.ok(at(9_940).rate > 1);
  assert.equal(at(10_030, true).bending, true, "bent until it is really close");
  assert.equal(at(10_000 + CLOSE_MS - 1, true).bending, false);
});

test("a bent rate brings any element within 80 ms in a few seconds and never overshoots for long", () => {
  for (const [rate, kind] of /** @type {const} */ ([[0.5, "audio"], [1, "audio"], [1, "video"], [2, "audio"], [2, "video"]])) {
    for (const start of [-390, -200, -60, 60, 200, 390]) {
      let [apart, bending, worst] = [start, false, 0];
      for (let step = 0; step < 600; step += 1) {
        const next = follow({ wantedMs: 0, actualMs: apart, rate, bending, kind });
        if (next.seek) apart = 0;
        apart += (next.rate - rate) * 50;
        bending = next.bending;
        if (step > 400) worst = Math.max(worst, Math.abs(apart));
      }
      assert.ok(worst <= 80 * Math.max(1, rate), `${rate}× from ${start} ms stays ${worst} ms apart`);
    }
  }
});

test("lanes join all publications of a seat's source and leave out what is not in the store", () => {
  /** @type {any} */
  const timeline = {
    tracks: [{ track_id: "1", seat_id: "a", source: "camera", kind: "video" }, { track_id: "2", seat_id: "a", source: "camera", kind: "video" },
      { track_id: "3", seat_id: "a", source: "microphone", kind: "audio" }],
    segments: [segment(2, 20_000, 10_000, { track_id: "2" }), segment(1, 0, 10_000, { track_id: "1" }), segment(3, 0, 10_000, { track_id: "3" }),
      segment(4, 30_000, 10_000, { track_id: "2", stored: false })],
  };
  const lanes = lanesOf(timeline);
  assert.deepEqual(lanes.map((one) => [one.key, one.segments.length]).sort(), [["a/camera", 2], ["a/microphone", 1]]);
  assert.deepEqual(lanes.find((one) => one.kind === "video").segments.map((one) => one.start_ms), [0, 20_000]);
});

test("a position belongs to a segment, to the hair after it, or to a gap", () => {
  const one = lane([segment(1, 0, 9_900), segment(2, 10_000, 10_000), segment(3, 40_000, 5_000)]);
  assert.equal(segmentAt(one, 5_000).segment_id, "t1");
  assert.equal(segmentAt(one, 9_950).segment_id, "t1");
  assert.equal(segmentAt(one, 10_000).segment_id, "t2");
  assert.equal(segmentAt(one, 25_000), null);
  assert.equal(segmentAt(one, 44_999).segment_id, "t3");
  assert.equal(segmentAt(one, 45_000), null);
  assert.equal(segmentAt(lane([segment(1, 500, 10)]), 0), null);
});

test("what comes next is fetched first, two at a time, as far ahead as the speed needs", () => {
  const one = lane(Array.from({ length: 20 }, (_, index) => segment(index, index * 10_000, 10_000)));
  assert.deepEqual(wanted(one, 15_000, none, idle, 1).map((found) => found.segment_id), ["t1", "t2"]);
  assert.deepEqual(wanted(one, 15_000, { has: (id) => id === "t1" }, { size: 1, has: (id) => id === "t2" }, 1).map((found) => found.segment_id), ["t3"]);
  const all = { has: (id) => ["t1", "t2", "t3", "t4"].includes(id) };
  assert.deepEqual(wanted(one, 15_000, all, idle, 1), []);
  assert.deepEqual(wanted(one, 15_000, all, idle, 2).map((found) => found.segment_id), ["t5", "t6"]);
});

test("while some lane has nothing to play, nobody fetches ahead", () => {
  const one = lane(Array.from({ length: 20 }, (_, index) => segment(index, index * 10_000, 10_000)));
  assert.deepEqual(wanted(one, 15_000, none, idle, 1, true).map((found) => found.segment_id), ["t1"]);
  assert.deepEqual(wanted(one, 15_000, { has: (id) => id === "t1" }, idle, 1, true), []);
});

test("what is far behind or far ahead is let go", () => {
  const one = lane(Array.from({ length: 40 }, (_, index) => segment(index, index * 10_000, 10_000)));
  const gone = unwanted(one.segments, 100_000, 1).map((found) => found.segment_id);
  assert.ok(gone.includes("t0") && gone.includes("t6") && !gone.includes("t8") && !gone.includes("t10"));
  assert.ok(gone.includes("t39") && !gone.includes(`t${Math.floor((100_000 + AHEAD_MS) / 10_000)}`));
});

test("segments that follow each other make one stretch, a hole makes two", () => {
  assert.deepEqual(stretches([segment(1, 0, 9_960), segment(2, 10_000, 10_000), segment(3, 30_000, 5_000)]),
    [{ startMs: 0, endMs: 20_000 }, { startMs: 30_000, endMs: 35_000 }]);
});

test("a gap of no track concerns every seat, one of a track only its own sound or picture", () => {
  /** @type {any} */
  const timeline = {
    tracks: [{ track_id: "1", seat_id: "a", source: "camera", kind: "video" }, { track_id: "2", seat_id: "a", source: "microphone", kind: "audio" }],
    gaps: [{ track_id: null, start_ms: 0, end_ms: 5, cause: "recess" }, { track_id: "1", start_ms: 5, end_ms: 9, cause: "lost" }, { track_id: "1", start_ms: 9, end_ms: 9, cause: "lost" }],
  };
  assert.equal(gapsOf(timeline, "a", "video").length, 2);
  assert.equal(gapsOf(timeline, "a", "audio").length, 1);
  assert.equal(gapsOf(timeline, "b", "audio").length, 1);
});

test("the chapter one is in is the last that has begun", () => {
  const items = [{ at_ms: 0 }, { at_ms: 10 }, { at_ms: 20 }];
  assert.equal(current(items, 15), items[1]);
  assert.equal(current(items, -1), null);
});

test("the hub's terse segments are spelled out", () => {
  /** @type {any} */
  const answer = { duration_ms: 20_000, tracks: [{ track_id: "1", seat_id: "a", source: "microphone", kind: "audio",
    segments: [["s1", 0, 10_000, "audio/webm", true, "0190"], ["s2", 10_000, 10_000, "audio/webm", false, ""]] }] };
  const { segments } = readTimeline(answer);
  assert.deepEqual(segments[0], { segment_id: "s1", track_id: "1", start_ms: 0, duration_ms: 10_000, media_type: "audio/webm", stored: true, voice: "0190" });
  assert.equal(segments[1].stored, false);
});

test("a seat's voice is read from its microphone's segments, and silence where nothing tells", () => {
  /** @type {any} */
  const timeline = {
    duration_ms: 20_000,
    tracks: [{ track_id: "1", seat_id: "a", source: "microphone", kind: "audio" }, { track_id: "2", seat_id: "a", source: "screen_audio", kind: "audio" }],
    segments: [segment(1, 0, 2000, { track_id: "1", voice: "0193" }), segment(2, 10_000, 1000, { track_id: "1", voice: "42" }),
      segment(3, 4000, 1000, { track_id: "2", voice: "99" }), segment(4, 19_900, 1000, { track_id: "1", voice: "9999" })],
  };
  const voice = voiceOf(timeline, "a");
  assert.deepEqual([0, 600, 1100, 1600, 2100, 4200, 10_100, 10_600].map((at) => loudnessAt(voice, at)), [0, 1, 9, 3, 0, 0, 4, 2]);
  assert.equal(loudnessAt(voiceOf(timeline, "b"), 600), 0);
  assert.equal(loudnessAt(voice, 1e9), 0);
});

test("words are found with and without marks, in any case, and marked where they stand", () => {
  assert.deepEqual(sought("  Đất  THÔN "), ["dat", "thon"]);
  assert.deepEqual(parts("Đo lại đất ở thôn Đông", sought("dat dong")).filter((part) => part.marked).map((part) => part.text), ["đất", "Đông"]);
  assert.equal(parts("Đo lại đất", []).map((part) => part.text).join(""), "Đo lại đất");
  assert.deepEqual(parts("aaaa", ["aa"]), [{ text: "aaaa", marked: true }]);
});

test("who came before the opening is no chapter", () => {
  assert.deepEqual(sinceOpening([{ kind: "joined" }, { kind: "opened" }, { kind: "ended" }]).map((one) => one.kind), ["opened", "ended"]);
  assert.equal(sinceOpening([{ kind: "ended" }]).length, 1);
});

test("a passage is withheld of every seat, or of one alone, up to its end", () => {
  const passages = [{ start_ms: 10, end_ms: 20, seat_id: null, ground: "a", shown: false }, { start_ms: 30, end_ms: 40, seat_id: "s", ground: "b", shown: false }];
  assert.equal(withheldAt(passages, 10, "x")?.ground, "a");
  assert.equal(withheldAt(passages, 20, "x"), null);
  assert.equal(withheldAt(passages, 35, "x"), null);
  assert.equal(withheldAt(passages, 35, "s")?.ground, "b");
  assert.equal(withheldAt(passages, 35)?.ground, "b");
});

test("an answer of many files is cut into them, whatever pieces it comes in", () => {
  const files = /** @type {[number, number[]][]} */ ([[2, [1, 2, 3]], [0, []], [1, [4, 5, 6, 7, 8, 9]]]);
  const bytes = files.flatMap(([place, data]) => [0, 0, 0, place, 0, 0, 0, data.length, ...data]);
  for (const size of [1, 2, 7, 8, 9, 11, 100]) {
    const frames = new Frames();
    const found = [];
    for (let at = 0; at < bytes.length; at += size) found.push(...frames.add(new Uint8Array(bytes.slice(at, at + size))));
    assert.deepEqual(found.map(({ place, data }) => [place, [...new Uint8Array(data)]]), files);
  }
});
