import assert from "node:assert/strict";
import { test } from "node:test";
import { elapsedMs, hands, initial, maySend, me, onStage, reduce, seatOf, silencedBy } from "../../web/static/js/live/core/state.js";

const seat = (id, kind, extra = {}) => ({
  seat_id: id, seat_kind: kind, label: `Điểm ${id}`, name: null, presence: "absent", admitted: false, microphone: true,
  camera: true, screen: false, muted: false, locked: false, hand_raised_at: null, quality: null, ...extra,
});

const welcome = (extra = {}) => ({
  type: "welcome", hearing_id: "h", number: "BT-1", title: "Buổi tiếp", state: "open", you: "a", chair: "c", floor: null,
  seats: [seat("c", "chair", { presence: "admitted", admitted: true }), seat("a", "point", { presence: "waiting" }), seat("b", "point")],
  recording: true, elapsed_ms: 5000, recorder_ready: true, recorder_reason: "", may: ["leave", "ping"],
  media: { publish_generation: null, subscribe_generation: null }, messages: [], chair_lost_after_s: 60, ice_servers: [], ...extra,
});

let seq = 0;
/** @returns {any} */
const happened = (event, elapsed = 6000) => ({ type: "happened", seq: (seq += 1), at: "2026-11-23T01:30:00Z", elapsed_ms: elapsed, event });
const play = (...messages) => messages.reduce((state, message) => reduce(state, message, 1000), initial("a"));

test("a seat is on the stage only when it was admitted and the hearing runs", () => {
  assert.equal(onStage(play(welcome())), false);
  assert.equal(onStage(play(welcome(), happened({ kind: "admitted", seat_id: "a" }))), true);
  assert.equal(onStage(play(welcome({ state: "scheduled" }), happened({ kind: "admitted", seat_id: "a" }))), false);
  assert.equal(onStage(play(welcome(), happened({ kind: "admitted", seat_id: "a" }), happened({ kind: "ended" }))), false);
});

test("a removed seat waits again, loses the floor and is told why", () => {
  const state = play(welcome(), happened({ kind: "admitted", seat_id: "a" }), happened({ kind: "floor_given", seat_id: "a" }),
    happened({ kind: "removed", seat_id: "a", reason: "mất trật tự" }));
  assert.equal(me(state).presence, "waiting");
  assert.equal(state.floor, null);
  assert.equal(state.removedReason, "mất trật tự");
});

test("a seat whose line was lost keeps its place and comes back to it", () => {
  const lost = play(welcome(), happened({ kind: "joined", seat_id: "b", name: "B" }), happened({ kind: "admitted", seat_id: "b" }), happened({ kind: "lost", seat_id: "b" }));
  assert.deepEqual([seatOf(lost, "b").presence, seatOf(lost, "b").admitted], ["lost", true]);
  const back = reduce(lost, happened({ kind: "joined", seat_id: "b", name: "B" }), 1000);
  assert.equal(seatOf(back, "b").presence, "admitted");
});

test("a seat that was never admitted comes back to the waiting room", () => {
  const state = play(welcome(), happened({ kind: "joined", seat_id: "b", name: "B" }), happened({ kind: "lost", seat_id: "b" }), happened({ kind: "joined", seat_id: "b", name: "B" }));
  assert.equal(seatOf(state, "b").presence, "waiting");
});

test("a mute outlives leaving, as it does at the hub", () => {
  const state = play(welcome(), happened({ kind: "muted", seat_id: "b", locked: true }), happened({ kind: "left", seat_id: "b" }));
  assert.equal(seatOf(state, "b").muted, true);
});

test("an event that the welcome already held is not applied twice", () => {
  const note = { type: "happened", seq: 900, at: "2026-11-23T01:30:00Z", elapsed_ms: 1, event: { kind: "said", seat_id: "c", text: "xin chào" } };
  const state = play(welcome({ messages: [note] }), note);
  assert.equal(state.texts.length, 1);
});

test("messages and notes are kept apart", () => {
  seq = 1000;
  const state = play(welcome(), happened({ kind: "said", seat_id: "c", text: "1" }), happened({ kind: "noted", seat_id: "c", text: "2" }));
  assert.deepEqual([state.texts.length, state.notes.length], [1, 1]);
});

test("hands queue in the order in which they went up, and the floor takes one down", () => {
  seq = 2000;
  const up = (id, at) => ({ ...happened({ kind: "hand_raised", seat_id: id }), at });
  const state = play(welcome(), up("b", "2026-11-23T01:30:01Z"), up("a", "2026-11-23T01:30:00Z"));
  assert.deepEqual(hands(state).map((one) => one.seat_id), ["a", "b"]);
  assert.deepEqual(hands(reduce(state, happened({ kind: "floor_given", seat_id: "a" }), 1)).map((one) => one.seat_id), ["b"]);
});

test("the recording's clock runs on between two messages and stands still once the hearing is over", () => {
  seq = 3000;
  const state = play(welcome());
  assert.equal(elapsedMs(state, 3500), 7500);
  const over = reduce(state, happened({ kind: "ended" }, 8000), 3000);
  assert.equal(elapsedMs(over, 99_000), 8000);
});

test("interrupted stays interrupted until it is resumed, whoever took the chair", () => {
  seq = 4000;
  const state = play(welcome(), happened({ kind: "interrupted" }), happened({ kind: "chair_taken", seat_id: "a" }));
  assert.deepEqual([state.state, state.chair], ["interrupted", "a"]);
  assert.equal(reduce(state, happened({ kind: "resumed" }), 1).state, "open");
});

test("the reason for silence names a lock, a mute or the recess", () => {
  seq = 5000;
  const muted = play(welcome(), happened({ kind: "muted", seat_id: "a", locked: false }));
  assert.equal(silencedBy(muted), "muted");
  assert.equal(silencedBy(reduce(muted, happened({ kind: "muted", seat_id: "a", locked: true }), 1)), "locked");
  assert.equal(silencedBy(reduce(muted, happened({ kind: "recess_called" }), 1)), "recess");
});

test("a taken seat, a goodbye and a lost line are three different things", () => {
  assert.equal(play(welcome(), { type: "seat_taken", name: "B" }).link, "taken");
  assert.equal(play(welcome(), { type: "goodbye", reason: "displaced" }).goodbye, "displaced");
  assert.equal(play(welcome(), { type: "link", link: "lost" }).link, "lost");
});

test("a message of a type that is not known changes nothing", () => {
  const state = play(welcome());
  assert.equal(reduce(state, { type: "published", generation: 1, sdp: "" }, 1), state);
});

test("while only the invited send, a point sends with the floor or when it is allowed, and is told that it listens", () => {
  const inside = [welcome({ seats: [seat("c", "chair", { presence: "admitted" }), seat("a", "point", { presence: "admitted", admitted: true })] })];
  assert.equal(silencedBy(play(...inside)), "");
  inside.push(happened({ kind: "publishing_set", policy: "invited" }));
  assert.equal(silencedBy(play(...inside)), "listening");
  assert.equal(maySend(play(...inside), seatOf(play(...inside), "c")), true);
  const floor = play(...inside, happened({ kind: "floor_given", seat_id: "a" }));
  assert.equal(maySend(floor, me(floor)), true);
  assert.equal(silencedBy(floor), "");
  const allowed = play(...inside, happened({ kind: "publishing_allowed", seat_id: "a" }));
  assert.equal(maySend(allowed, me(allowed)), true);
  const withdrawn = reduce(allowed, happened({ kind: "publishing_withdrawn", seat_id: "a" }), 1000);
  assert.equal(silencedBy(withdrawn), "listening");
  assert.equal(play(...inside, happened({ kind: "pictures_limited", level: 2 })).pictureLevel, 2);
});

test("what a message has not changed stays the same object, so that two hundred rows are not drawn again", () => {
  const before = play(welcome());
  const told = { type: "state", recorder_ready: true, recorder_reason: "", quality: { b: 3 }, may: ["ping", "leave"] };
  const after = reduce(before, /** @type {any} */ (told), 1000);
  assert.equal(after.may, before.may);
  assert.equal(seatOf(after, "c"), seatOf(before, "c"));
  assert.equal(seatOf(after, "b").quality, 3);
  assert.deepEqual([...reduce(after, /** @type {any} */ ({ ...told, may: ["ping"] }), 1000).may], ["ping"]);
});
