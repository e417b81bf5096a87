/**
 * The technician's board: every point of today's hearings, refreshed in place so that focus and place stay.
 * @module
 */

import { get } from "../api.js";
import { t } from "../text.js";
import { elapsed, timeOfDay } from "./core/time.js";
import { find, h, keyed, setAttribute, setText, show } from "./view/dom.js";
import { presenceWord, qualityWord, stateWord } from "./view/words.js";

/** @import { HearingState, Presence } from "./core/protocol.js" */

/**
 * @typedef {{ at: string, camera: string, microphone: string, loudspeaker: string, connection: string, detail: string }} Check
 * @typedef {{ id: string, kind: string, label: string, phone: string, name: string | null, presence: Presence,
 *   quality?: number | null, publish_loss?: number | null, round_trip_ms?: number | null, check: Check | null,
 *   notice_at: string | null }} DeskSeat
 * @typedef {{ id: string, number: string, title: string, state: HearingState, starts_at: string, ends_at: string,
 *   elapsed_ms: number | null, recorder_lost: boolean, worker: number | null, seats: DeskSeat[] }} DeskHearing
 * @typedef {{ connected: boolean, ready: boolean, reason: string, spool_free_bytes: number | null, warns: boolean,
 *   store_reachable: boolean | null, segments_waiting: number | null, oldest_waiting_s: number | null }} DeskRecorder
 * @typedef {{ index: number, connected: boolean, udp_port: number | null, hearings: number }} DeskWorker
 * @typedef {{ now: string, recorder: DeskRecorder | null, workers: DeskWorker[], hearings: DeskHearing[] }} Desk
 * @typedef {{ key: string, name: string, word: string, more: string, tone: "" | "warn" | "bad" }} Figure
 */

const EVERY_MS = 5000;
const CHECKS = /** @type {const} */ (["camera", "microphone", "loudspeaker", "connection"]);

async function refresh() {
  const fault = find("#desk-fault");
  try {
    render(await get("/api/help-desk"));
    show(fault, false);
  } catch (error) {
    setText(find("p", fault), error instanceof Error ? error.message : String(error));
    show(fault, true);
  }
  setTimeout(() => void refresh(), EVERY_MS);
}

/** @param {Desk} desk */
function render(desk) {
  setText(find(".desk-updated"), t("Cập nhật lúc %(time)s", { time: timeOfDay(new Date(desk.now)) }));
  keyed(find("#desk-health"), figures(desk), (one) => one.key, () => h("div", { class: "figure" }, h("span", { class: "soft small" }), h("b", { class: "desk-word" }), h("span", { class: "small" })),
    (element, one) => {
      setAttribute(element, "class", `figure ${one.tone}`.trim());
      const [name, word, more] = [...element.children];
      setText(name, one.name);
      setText(word, one.word);
      setText(more, one.more);
    });
  keyed(find("#desk-hearings"), desk.hearings, (one) => one.id, makeHearing, updateHearing);
  show(find("#desk-empty"), desk.hearings.length === 0);
}

/** @param {Desk} desk @returns {Figure[]} */
function figures({ recorder, workers }) {
  const free = recorder?.spool_free_bytes;
  const waiting = recorder?.segments_waiting;
  /** @type {Figure[]} */
  const shown = [{
    key: "recorder", name: t("Máy ghi"),
    word: !recorder?.connected ? t("Mất liên lạc") : recorder.ready ? t("Sẵn sàng") : t("Không ghi được"),
    more: recorder?.reason ?? "", tone: !recorder?.ready ? "bad" : recorder.warns ? "warn" : "",
  }, {
    key: "disk", name: t("Đĩa ghi còn trống"), word: typeof free === "number" ? `${Math.round(free / 1e9)} GB` : "–",
    more: "", tone: recorder?.warns ? "warn" : "",
  }, {
    key: "store", name: t("Kho lưu trữ"),
    word: recorder?.store_reachable === false ? t("Mất liên lạc") : recorder?.store_reachable ? t("Hoạt động") : "–",
    more: waiting ? t("%(count)s đoạn chờ chuyển, lâu nhất %(seconds)s giây", { count: waiting, seconds: Math.round(recorder?.oldest_waiting_s ?? 0) }) : "",
    tone: recorder?.store_reachable === false ? "warn" : "",
  }];
  return [...shown, ...workers.map((worker) => ({
    key: `worker-${worker.index}`, name: t("Máy chủ hình và tiếng %(number)s", { number: worker.index + 1 }),
    word: worker.connected ? t("Hoạt động") : t("Mất liên lạc"),
    more: worker.udp_port === null ? "" : t("Cổng UDP %(port)s", { port: worker.udp_port }),
    tone: /** @type {"" | "bad"} */ (worker.connected ? "" : "bad"),
  }))];
}

function makeHearing() {
  const head = [t("Điểm"), t("Kết nối"), t("Đường truyền"), t("Kiểm tra thiết bị"), t("Thông báo ghi"), t("Điện thoại")];
  return h("section", { class: "card flush" },
    h("div", { class: "card-head" }, h("div", {}, h("h2", {}, h("a", {})), h("p", { class: "soft small" })), h("span", { class: "badge" })),
    h("div", { class: "table-wrap" }, h("table", { class: "folds" },
      h("thead", {}, h("tr", {}, ...head.map((word) => h("th", { scope: "col" }, word)))), h("tbody"))));
}

/** @param {HTMLElement} card @param {DeskHearing} hearing */
function updateHearing(card, hearing) {
  const link = find("h2 a", card);
  setAttribute(link, "href", `/hearings/${hearing.id}`);
  setText(link, hearing.title);
  const time = `${timeOfDay(new Date(hearing.starts_at)).slice(0, 5)}–${timeOfDay(new Date(hearing.ends_at)).slice(0, 5)}`;
  const running = hearing.elapsed_ms === null ? "" : ` · ${t("đã ghi %(time)s", { time: elapsed(hearing.elapsed_ms) })}`;
  setText(find(".card-head p", card), `${hearing.number} · ${time}${running}`);
  const badge = find(".badge", card);
  setText(badge, hearing.recorder_lost ? t("Máy ghi mất liên lạc") : stateWord(hearing.state));
  const tone = hearing.recorder_lost ? "danger" : { open: "live", recess: "warn", interrupted: "danger" }[String(hearing.state)] ?? "";
  setAttribute(badge, "class", `badge ${tone}`.trim());
  keyed(find("tbody", card), hearing.seats, (seat) => seat.id, makeSeat, updateSeat);
}

/** @param {DeskSeat} seat */
function makeSeat(seat) {
  return h("tr", { "data-seat-id": seat.id }, h("th", { scope: "row" }, h("span"), h("br"), h("span", { class: "soft small" })),
    h("td", { "data-label": t("Kết nối") }, h("span", { class: "badge" })), h("td", { "data-label": t("Đường truyền") }),
    h("td", { "data-label": t("Kiểm tra thiết bị") }, h("ul", { class: "desk-checks" }), h("span", { class: "soft small" })),
    h("td", { "data-label": t("Thông báo ghi") }), h("td", { "data-label": t("Điện thoại") }));
}

/** @param {HTMLElement} row @param {DeskSeat} seat */
function updateSeat(row, seat) {
  const [name, presence, line, check, notice, phone] = [...row.children];
  setText(name.children[0], seat.label);
  setText(name.children[2], seat.name ?? "");
  setText(presence.children[0], presenceWord(seat.presence));
  const tone = { admitted: "good", waiting: "info", lost: "danger", absent: "" }[seat.presence];
  setAttribute(presence.children[0], "class", `badge ${tone}`.trim());
  setText(line, lineWords(seat));
  keyed(check.children[0], seat.check ? CHECKS : [], (one) => one, () => h("li", {}, h("span", { class: "badge" })), (item, one) => {
    const outcome = seat.check?.[one] ?? "skipped";
    const badge = find(".badge", item);
    setText(badge, `${deviceWord(one)}: ${{ ok: t("tốt"), failed: t("lỗi"), skipped: t("bỏ qua") }[outcome] ?? outcome}`);
    setAttribute(badge, "class", `badge ${{ ok: "good", failed: "danger", skipped: "warn" }[outcome] ?? ""}`);
  });
  setText(check.children[1], seat.check ? `${timeOfDay(new Date(seat.check.at)).slice(0, 5)} ${seat.check.detail}` : t("chưa kiểm tra"));
  setText(notice, seat.kind !== "point" ? "–" : seat.notice_at ? timeOfDay(new Date(seat.notice_at)).slice(0, 5) : t("chưa xác nhận"));
  setText(phone, seat.phone || "–");
}

/** @param {DeskSeat} seat */
function lineWords(seat) {
  if (seat.presence === "absent" || seat.quality === undefined || seat.quality === null) return "–";
  const loss = typeof seat.publish_loss === "number" ? ` · ${t("mất gói %(percent)s%%", { percent: (seat.publish_loss * 100).toFixed(1) })}` : "";
  const trip = typeof seat.round_trip_ms === "number" ? ` · ${Math.round(seat.round_trip_ms)} ms` : "";
  return `${qualityWord(seat.quality)}${loss}${trip}`;
}

/** @param {"camera" | "microphone" | "loudspeaker" | "connection"} device */
function deviceWord(device) {
  return { camera: t("Camera"), microphone: t("Micro"), loudspeaker: t("Loa"), connection: t("Đường truyền") }[device];
}

void refresh();
