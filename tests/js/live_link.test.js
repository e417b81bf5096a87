import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { Link } from "../../web/static/js/live/link.js";

/** A socket that does what the test says. */
class FakeSocket extends EventTarget {
  readyState = 0;
  /** @type {any[]} */
  sent = [];
  send(text) { this.sent.push(JSON.parse(text)); }
  close() { this.readyState = 3; }
  opens() { this.readyState = 1; this.dispatchEvent(new Event("open")); }
  says(message) { this.dispatchEvent(new MessageEvent("message", { data: JSON.stringify(message) })); }
  breaks() { this.readyState = 3; this.dispatchEvent(new Event("close")); }
}

/** @type {FakeSocket[]} */
let sockets = [];
/** @type {string[]} */
let told = [];
let nowMs = 0;

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  sockets = [];
  told = [];
  nowMs = 0;
});

const pass = (ms) => { for (let done = 0; done < ms; done += 50) { nowMs += 50; mock.timers.tick(50); } };
const last = () => sockets[sockets.length - 1];

function idleLink() {
  const events = {
    onMessage: (message) => told.push(message.type), onLost: () => told.push("lost"),
    onFailed: (failures) => told.push(`failed ${failures}`), quality: () => 4,
  };
  /** @type {any} */
  const surroundings = { open: () => { sockets.push(new FakeSocket()); return last(); }, random: () => 0, now: () => nowMs };
  return new Link("ws://hub/ws", { seatId: "s", client: "tab" }, events, surroundings);
}

function newLink() {
  const link = idleLink();
  link.connect();
  return link;
}

const join = () => { last().opens(); last().says({ type: "welcome" }); };

test("the first message takes the seat under the tab's own name", () => {
  newLink();
  last().opens();
  assert.deepEqual(last().sent, [{ type: "join", version: 1, seat_id: "s", take_over: false, client: "tab" }]);
});

test("a socket that was opened beforehand says nothing until the seat is taken, and then takes it", () => {
  const link = idleLink();
  link.prepare();
  last().opens();
  assert.deepEqual(last().sent, []);
  link.connect();
  assert.equal(sockets.length, 1);
  assert.equal(last().sent[0].type, "join");
  last().says({ type: "welcome" });
  assert.deepEqual(told, ["welcome"]);
});

test("one that is still opening takes the seat as soon as it is open", () => {
  const link = idleLink();
  link.prepare();
  link.connect();
  last().opens();
  assert.deepEqual([sockets.length, last().sent.length], [1, 1]);
});

test("one that broke meanwhile is replaced without a word", () => {
  const link = idleLink();
  link.prepare();
  last().opens();
  last().breaks();
  link.connect();
  assert.equal(sockets.length, 2);
  join();
  assert.deepEqual(told, ["welcome"]);
});

test("nothing but the join is sent before the welcome", () => {
  const link = newLink();
  last().opens();
  assert.equal(link.send({ type: "raise_hand" }), false);
  last().says({ type: "welcome" });
  assert.equal(link.send({ type: "raise_hand" }), true);
});

test("a broken line comes back by itself within a quarter of a second", () => {
  newLink();
  join();
  last().breaks();
  assert.deepEqual(told, ["welcome", "lost"]);
  pass(250);
  assert.equal(sockets.length, 2);
  join();
  assert.deepEqual(told, ["welcome", "lost", "welcome"]);
});

test("attempts that are refused grow apart up to three seconds", () => {
  newLink();
  /** @type {number[]} */
  const waits = [];
  for (let attempt = 0; attempt < 7; attempt += 1) {
    last().breaks();
    const before = nowMs;
    const count = sockets.length;
    while (sockets.length === count) pass(50);
    waits.push(nowMs - before);
  }
  assert.deepEqual(waits, [250, 500, 1000, 2000, 3000, 3000, 3000]);
});

test("an attempt that hangs is given up and repeated at once", () => {
  newLink();
  pass(4000);
  assert.deepEqual(told, ["failed 1"]);
  pass(250);
  assert.equal(sockets.length, 2);
});

test("a hub that was reached is given longer to answer", () => {
  newLink();
  last().opens();
  pass(9000);
  assert.equal(sockets.length, 1);
  pass(1500);
  assert.equal(sockets.length, 2);
});

test("the network's return ends the wait at once", () => {
  const link = newLink();
  for (let attempt = 0; attempt < 5; attempt += 1) { last().breaks(); pass(3000); }
  last().breaks();
  const count = sockets.length;
  link.hurry();
  assert.equal(sockets.length, count + 1);
});

test("a line on which the hub has fallen silent counts as lost", () => {
  newLink();
  join();
  for (let second = 0; second < 4; second += 1) { pass(1000); last().says({ type: "pong", at: 0 }); }
  assert.equal(sockets.length, 1);
  pass(8500);
  assert.ok(told.includes("lost"));
  assert.equal(sockets.length, 2);
});

test("a ping goes out every two seconds with the quality of the line", () => {
  newLink();
  join();
  pass(4000);
  assert.deepEqual(last().sent.filter((one) => one.type === "ping").map((one) => one.quality), [4, 4]);
});

test("after a goodbye and while the seat is taken nothing is tried again", () => {
  for (const message of [{ type: "goodbye", reason: "displaced" }, { type: "seat_taken", name: "B" }]) {
    newLink();
    last().opens();
    last().says(message);
    const count = sockets.length;
    last().breaks();
    pass(20_000);
    assert.equal(sockets.length, count, message.type);
  }
});

test("taking over is asked for until it has worked, and only once", () => {
  const link = newLink();
  link.connect({ takeOver: true });
  last().breaks();
  pass(250);
  last().opens();
  assert.equal(last().sent[0].take_over, true);
  last().says({ type: "welcome" });
  last().breaks();
  pass(250);
  last().opens();
  assert.equal(last().sent[0].take_over, false);
});

test("what an old socket still says is not heard", () => {
  newLink();
  const old = last();
  join();
  old.breaks();
  pass(250);
  join();
  old.says({ type: "goodbye", reason: "displaced" });
  assert.equal(told.includes("goodbye"), false);
});
