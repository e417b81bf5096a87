import "./support/document.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { delayMs, FIRST_DELAY_MS, LONGEST_DELAY_MS } from "../../web/static/js/live/core/backoff.js";
import { faultOf, help } from "../../web/static/js/live/core/faults.js";
import { arrange, grid } from "../../web/static/js/live/core/layout.js";
import { Shown, toldHeight } from "../../web/static/js/live/core/shown.js";
import { hasBegun } from "../../web/static/js/live/core/frames.js";
import { parse } from "../../web/static/js/live/core/protocol.js";
import { noCounters, quality, readCounters } from "../../web/static/js/live/core/quality.js";
import { measuringRoundTrips, offeringRepeatedSound, preferVp8, withSteadyOpus } from "../../web/static/js/live/core/sdp.js";
import { elapsed, formatPosition, parsePosition, stretch, timeOfDay } from "../../web/static/js/live/core/time.js";

test("a position is read and written as it stands in an address", () => {
  assert.equal(parsePosition("1h10m5s"), 4_205_000);
  assert.equal(parsePosition("95s"), 95_000);
  assert.equal(parsePosition("95"), 95_000);
  for (const wrong of ["", null, undefined, "h", "1x", "-5", "5s1m", "1.5s"]) assert.equal(parsePosition(wrong), null, String(wrong));
  for (const ms of [0, 1000, 61_000, 3_600_000, 4_205_000]) assert.equal(parsePosition(formatPosition(ms)), ms);
});

test("times are written with all their places", () => {
  assert.equal(elapsed(3_723_900), "1:02:03");
  assert.equal(elapsed(-5), "0:00:00");
  assert.equal(stretch(125_000), "2:05");
  assert.equal(timeOfDay(Date.UTC(2026, 10, 23, 1, 30, 15)), "08:30:15");
});

test("attempts to come back begin at a quarter of a second and never wait longer than three", () => {
  assert.equal(delayMs(0, 0), FIRST_DELAY_MS);
  for (let attempt = 0; attempt < 50; attempt += 1) {
    for (const chance of [0, 0.5, 0.999]) {
      const wait = delayMs(attempt, chance);
      assert.ok(wait >= FIRST_DELAY_MS / 2 && wait <= LONGEST_DELAY_MS);
    }
  }
});

test("our Opus is steady: error correction on, discontinuous transmission off, other parameters kept", () => {
  const sdp = "m=audio 9 X 111\r\na=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10;usedtx=1\r\na=mid:0\r\n";
  const line = withSteadyOpus(sdp).split("\r\n").find((one) => one.startsWith("a=fmtp"));
  assert.equal(line, "a=fmtp:111 minptime=10;usedtx=0;useinbandfec=1");
  const bare = withSteadyOpus("a=rtpmap:96 opus/48000/2\r\na=mid:0\r\n");
  assert.equal(bare, "a=rtpmap:96 opus/48000/2\r\na=fmtp:96 useinbandfec=1;usedtx=0\r\na=mid:0\r\n");
  assert.equal(withSteadyOpus("a=rtpmap:0 PCMU/8000\r\n"), "a=rtpmap:0 PCMU/8000\r\n");
});

test("an offer says once of each Opus that lost packets of it are sent again", () => {
  const sdp = "m=audio 9 X 111 63\r\na=rtpmap:111 opus/48000/2\r\na=rtcp-fb:111 transport-cc\r\na=rtpmap:63 red/48000/2\r\n";
  const told = offeringRepeatedSound(sdp);
  assert.deepEqual(told.split("\r\n").filter((line) => line.endsWith(" nack")), ["a=rtcp-fb:111 nack"]);
  assert.ok(told.indexOf("a=rtpmap:111") < told.indexOf("a=rtcp-fb:111 nack"));
  assert.equal(offeringRepeatedSound(told), told);
  const video = "m=video 9 X 96\r\na=rtpmap:96 VP8/90000\r\n";
  assert.equal(offeringRepeatedSound(video), video);
});

test("an answer measures the round trip where the hub offers it, and is the browser's own otherwise", () => {
  const own = "a=rtcp-fb:96 nack\r\na=rtcp-fb:96 nack pli\r\na=rtcp-fb:111 nack\r\n";
  const offer = "a=rtcp-fb:96 nack\r\na=rtcp-fb:96 rrtr\r\na=rtcp-fb:111 nack\r\n";
  const told = measuringRoundTrips(own, offer);
  assert.equal(told, "a=rtcp-fb:96 nack\r\na=rtcp-fb:96 rrtr\r\na=rtcp-fb:96 nack pli\r\na=rtcp-fb:111 nack\r\n");
  assert.equal(measuringRoundTrips(told, offer), told);
  assert.equal(measuringRoundTrips(own, own), own);
});

test("VP8 comes first with its retransmission, and nothing is lost where there is none", () => {
  const codecs = ["video/VP9", "video/rtx", "video/H264", "video/VP8"].map((mimeType) => ({ mimeType }));
  assert.deepEqual(preferVp8(codecs).map((one) => one.mimeType), ["video/VP8", "video/rtx"]);
  assert.equal(preferVp8([{ mimeType: "video/H264" }]).length, 1);
});

test("a line's mark falls with loss and delay and is zero without a connection", () => {
  const before = { ...noCounters(), connected: true };
  const mark = (extra) => quality(before, { ...before, received: 1000, ...extra });
  assert.equal(mark({}), 4);
  assert.equal(mark({ lost: 20 }), 3);
  assert.equal(mark({ sendLoss: 0.05 }), 2);
  assert.equal(mark({ roundTrip: 0.5 }), 2);
  assert.equal(mark({ lost: 200 }), 1);
  assert.equal(mark({ lost: 1000 }), 0);
  assert.equal(mark({ connected: false }), 0);
});

test("counters that begin anew are no loss", () => {
  assert.equal(quality({ ...noCounters(), connected: true, received: 5000, lost: 3 }, { ...noCounters(), connected: true, received: 10, lost: 0 }), 4);
});

test("getStats reports become counters", () => {
  const counters = readCounters(
    [{ type: "remote-inbound-rtp", fractionLost: 0.02, roundTripTime: 0.03 }, { type: "outbound-rtp" }],
    [{ type: "inbound-rtp", packetsReceived: 5, packetsLost: -1 }, { type: "inbound-rtp", packetsReceived: 7, packetsLost: 2 }], true);
  assert.deepEqual(counters, { connected: true, received: 12, lost: 2, sendLoss: 0.02, roundTrip: 0.03 });
});

const seats = (count) => Array.from({ length: count }, (_, index) => ({ seat_id: `s${index}`, screen: false }));
const scene = (extra) => arrange({ seats: seats(12), you: "s5", chair: "s3", floor: null, spokenAt: {}, order: [], page: 0, pageSize: 4, ...extra });

test("without a floor all tiles are alike, the chair first", () => {
  const { large, tiles, pages } = scene({});
  assert.equal(large, null);
  assert.equal(tiles[0].seatId, "s3");
  assert.equal(pages, 4);
});

test("the holder of the floor is large, but nobody sees himself large", () => {
  assert.equal(scene({ floor: "s1" }).large.seatId, "s1");
  assert.equal(scene({ floor: "s5" }).large.seatId, "s3");
  assert.equal(scene({ floor: "s3", you: "s3" }).large, null);
  assert.equal(scene({ floor: "away" }).large, null);
});

test("a shared screen takes the large place and the floor stays among the tiles", () => {
  const shared = seats(4).map((seat) => ({ ...seat, screen: seat.seat_id === "s2" }));
  const { large, tiles } = scene({ seats: shared, floor: "s1", you: "s0", chair: "s3" });
  assert.equal(large.key, "s2/screen");
  assert.ok(tiles.some((place) => place.key === "s1"));
});

test("the chair stands on every page", () => {
  for (const page of [0, 1, 2]) assert.ok(scene({ page }).tiles.some((place) => place.seatId === "s3"));
});

test("who speaks comes onto the first page; everyone else keeps his place", () => {
  const first = scene({});
  const next = scene({ order: first.order, spokenAt: { s9: 100 } });
  const seen = (one) => one.tiles.map((place) => place.seatId);
  assert.ok(seen(next).includes("s9"));
  assert.equal(seen(next).filter((id, index) => id !== seen(first)[index]).length, 1);
  const again = scene({ order: next.order, spokenAt: { s9: 200 } });
  assert.deepEqual(seen(again), seen(next));
});

test("a seat that leaves takes only its own tile away", () => {
  const first = scene({});
  const left = scene({ order: first.order, seats: seats(12).filter((seat) => seat.seat_id !== "s1") });
  assert.deepEqual(left.order, first.order.filter((id) => id !== "s1"));
});

test("tiles fill the stage as well as they can", () => {
  assert.deepEqual(grid(4, 1600, 900), { columns: 2, rows: 2, tileWidth: 800 });
  assert.equal(grid(3, 390, 600).columns, 1);
  assert.equal(grid(0, 100, 100).rows, 1);
});

test("every refusal of a device has a name and steps to take", () => {
  const here = { secure: true, supported: true };
  const named = (name) => Object.assign(new Error(name), { name });
  assert.equal(faultOf(named("NotAllowedError"), here), "refused");
  assert.equal(faultOf(named("NotFoundError"), here), "missing");
  assert.equal(faultOf(named("NotReadableError"), here), "busy");
  assert.equal(faultOf(named("x"), { secure: false, supported: false }), "insecure");
  assert.equal(faultOf(named("x"), { secure: true, supported: false }), "unsupported");
  assert.equal(faultOf("?", here), "unknown");
  for (const fault of /** @type {const} */ (["insecure", "unsupported", "refused", "missing", "busy", "unplugged", "silent", "blocked_path", "hub_away", "unknown"])) {
    for (const device of /** @type {const} */ (["camera", "microphone", "connection"])) {
      const { title, steps } = help(fault, device);
      assert.ok(title && steps.length > 0, `${fault} ${device}`);
    }
  }
});

test("what is not a message of the hub is dropped", () => {
  for (const text of ["", "{", "null", "[]", '{"type":"unheard_of"}']) assert.equal(parse(text), null, text);
  assert.equal(parse('{"type":"pong","at":1}').type, "pong");
});

test("whom somebody has pinned stands after the chair on every page, and no speaker pushes him off", () => {
  const seats = Array.from({ length: 30 }, (_, number) => ({ seat_id: `s${number}`, screen: false }));
  const situation = { seats, you: "s29", chair: "s5", floor: null, spokenAt: { s28: 9 }, order: [], pageSize: 9, pinned: ["s20"] };
  const first = arrange({ ...situation, page: 0 });
  assert.deepEqual(first.tiles.slice(0, 2).map((one) => one.seatId), ["s5", "s20"]);
  assert.ok(first.tiles.some((one) => one.seatId === "s28"));
  const second = arrange({ ...situation, page: 1, order: first.order });
  assert.deepEqual(second.tiles.slice(0, 2).map((one) => one.seatId), ["s5", "s20"]);
  assert.equal(second.tiles.length, 9);
  assert.equal(second.pages, 4);
});

test("a frame is the new picture's from its RTP time on, also where the time wraps", () => {
  assert.equal(hasBegun(1000, 999), false);
  assert.equal(hasBegun(1000, 1000), true);
  assert.equal(hasBegun(4_294_967_000, 500), true);
  assert.equal(hasBegun(500, 4_294_967_000), false);
  assert.equal(hasBegun(null, 5), false);
  assert.equal(hasBegun(undefined, 5), true);
  assert.equal(hasBegun(5, undefined), true);
});

test("what is shown is told once, again only when it changes, and at most twice a second", async () => {
  const told = [];
  let now = 0;
  const shown = new Shown((view) => told.push(view) > 0, () => now);
  const view = (height) => ({ tiles: [{ seat_id: "a", source: "camera", height }], pinned: [] });
  const wait = () => new Promise((done) => { setTimeout(done, 5); });
  shown.show(view(90));
  await wait();
  shown.show(view(90));
  await wait();
  assert.equal(told.length, 1);
  shown.show(view(180));
  await wait();
  assert.equal(told.length, 1);
  now = 600;
  shown.show(view(225));
  await wait();
  assert.deepEqual(told.map((one) => one.tiles[0].height), [90, 225]);
  now = 1200;
  shown.again();
  await wait();
  assert.equal(told.length, 3);
  assert.equal(toldHeight(100, 1), 135);
  assert.equal(toldHeight(1, 1), 45);
});

test("no page has more tiles than the first, and every seat stands on one", () => {
  const pages = (extra) => {
    const first = scene(extra);
    return Array.from({ length: first.pages }, (_, page) => scene({ ...extra, page, order: first.order }).tiles.map((place) => place.key));
  };
  for (const extra of [{}, { floor: "s1" }, { seats: seats(197), pageSize: 9, pinned: ["s150", "s20"] }, { pageSize: 2, pinned: ["s1", "s2", "s6"] }]) {
    const all = pages(extra);
    const most = Math.max(extra.pageSize ?? 4, 1 + (extra.pinned?.length ?? 0) + 1);
    for (const tiles of all) assert.ok(tiles.length <= most && new Set(tiles).size === tiles.length);
    const large = extra.floor ? 1 : 0;
    assert.equal(new Set(all.flat()).size, (extra.seats ?? seats(12)).length - large);
  }
});
