/**
 * The technician's board: every point of today's hearings, the worst line first, refreshed in place so that focus stays.
 * @module
 */

import { get } from "../api.js";
import { seatNamed, t } from "../text.js";
import { elapsed, timeOfDay } from "./core/time.js";
import { makeRow, order, updateRow } from "./help_desk_rows.js";
import { find, h, keyed, setAttribute, setOptions, setText, show } from "./view/dom.js";
import { makeFigures, shareWords, updateFigures } from "./view/line_figures.js";
import { stateWord } from "./view/words.js";

/** @import { HearingState } from "./core/protocol.js" */
/** @import { DeskSeat, Place } from "./help_desk_rows.js" */

/**
 * @typedef {{ id: string, number: string, title: string, state: HearingState, starts_at: string, ends_at: string,
 *   elapsed_ms: number | null, recorder_lost: boolean, worker: number | null, gaps: { count: number, total_ms: number },
 *   seats: DeskSeat[] }} DeskHearing
 * @typedef {{ connected: boolean, ready: boolean, reason: string, spool_free_bytes: number | null, warns: boolean,
 *   store_reachable: boolean | null, segments_waiting: number | null, oldest_waiting_s: number | null }} DeskRecorder
 * @typedef {{ index: number, connected: boolean, udp_port: number | null, hearings: number, load: number | null,
 *   dropped: number | null, picture_level: number, draining: boolean }} DeskWorker
 * @typedef {{ now: string, recorder: DeskRecorder | null, workers: DeskWorker[], hearings: DeskHearing[] }} Desk
 * @typedef {"" | "warn" | "bad"} Tone
 * @typedef {{ key: string, name: string, word: string, more: string, tone: Tone }} Figure
 */

const EVERY_MS = 5000;
/** Share of a core from which a worker may soon be late. */
const BUSY = 0.75;
const FULL = 0.9;

const chosen = { hearing: "", trouble: false, seat: "" };
/** @type {Desk | null} */
let last = null;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

const filter = /** @type {HTMLSelectElement} */ (find("#desk-hearing"));
const onlyTrouble = /** @type {HTMLInputElement} */ (find("#desk-trouble"));
const dialog = /** @type {HTMLDialogElement} */ (find("#desk-line"));
const figures = makeFigures();
find(".desk-figures", dialog).append(figures);

async function refresh() {
  clearTimeout(timer);
  const fault = find("#desk-fault");
  try {
    last = await get(`/api/help-desk${chosen.seat ? `?seat=${encodeURIComponent(chosen.seat)}` : ""}`);
    render();
    show(fault, false);
  } catch (error) {
    setText(find("p", fault), error instanceof Error ? error.message : String(error));
    show(fault, true);
  }
  timer = setTimeout(() => void refresh(), EVERY_MS);
}

function render() {
  if (!last) return;
  const desk = last;
  setText(find(".desk-updated"), t("Cập nhật lúc %(time)s", { time: timeOfDay(new Date(desk.now)) }));
  keyed(find("#desk-health"), health(desk), (one) => one.key,
    () => h("div", { class: "figure" }, h("span", { class: "soft small" }), h("b", { class: "desk-word" }), h("span", { class: "small" })),
    (element, one) => {
      setAttribute(element, "class", `figure ${one.tone}`.trim());
      [one.name, one.word, one.more].forEach((text, index) => setText(element.children[index], text));
    });
  keyed(find("#desk-hearings"), desk.hearings, (one) => one.id, makeHearing, updateHearing);
  const { hearings } = desk;
  setOptions(filter, [{ value: "", label: t("Mọi buổi tiếp") },
    ...hearings.map((one) => ({ value: one.id, label: `${one.number} · ${one.title}` }))], chosen.hearing);
  const all = hearings.flatMap((hearing) => hearing.seats.map((seat) => ({ seat: seatNamed(seat), hearing })));
  const places = order(all.filter(wanted));
  keyed(find("#desk-places"), places, ({ seat }) => seat.id, (place) => makeRow(place, watch), updateRow);
  setText(find("#desk-count"), t("%(shown)s trên %(all)s nơi", { shown: places.length, all: all.length }));
  show(find("#desk-lines"), hearings.length > 0);
  show(find("#desk-none"), hearings.length > 0 && places.length === 0);
  show(find("#desk-empty"), hearings.length === 0);
  renderLine(all);
}

/** @param {Place} place */
function wanted({ seat, hearing }) {
  const troubled = (seat.troubles ?? []).length > 0 || seat.presence === "lost";
  return (!chosen.hearing || hearing.id === chosen.hearing) && (!chosen.trouble || troubled);
}

/** The figures of the one line that is looked at. @param {Place[]} places */
function renderLine(places) {
  const place = places.find(({ seat }) => seat.id === chosen.seat);
  setText(find("h2", dialog), place?.seat.label ?? "");
  const told = place?.seat.figures ?? null;
  show(figures, told !== null);
  setText(find(".desk-waits", dialog), told ? "" : t("Chưa có số đo: nơi này chưa gửi hay nhận hình và tiếng."));
  if (told) updateFigures(figures, told);
}

/** @param {string} seatId */
function watch(seatId) {
  chosen.seat = seatId;
  render();
  dialog.showModal();
  void refresh();
}

/** @param {Desk} desk @returns {Figure[]} */
function health({ recorder, workers }) {
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
  return [...shown, ...workers.map(workerFigure)];
}

/** @param {DeskWorker} worker @returns {Figure} */
function workerFigure(worker) {
  const load = worker.load ?? 0;
  const more = [worker.load === null ? "" : t("tải %(share)s một lõi", { share: shareWords(load) }),
    worker.udp_port === null ? "" : t("Cổng UDP %(port)s", { port: worker.udp_port }),
    worker.picture_level ? t("đang tạm giảm số hình và cỡ hình, mức %(level)s", { level: worker.picture_level }) : "",
    worker.dropped ? t("%(count)s gói hệ điều hành không nhận", { count: worker.dropped }) : ""];
  return {
    key: `worker-${worker.index}`, name: t("Máy chủ hình và tiếng %(number)s", { number: worker.index + 1 }),
    word: !worker.connected ? t("Mất liên lạc") : worker.draining ? t("Đang nhường để bảo trì") : load >= FULL ? t("Quá tải") : t("Hoạt động"),
    more: more.filter(Boolean).join(" · "),
    tone: !worker.connected || load >= FULL ? "bad" : load >= BUSY ? "warn" : "",
  };
}

function makeHearing() {
  return h("li", { class: "desk-hearing" },
    h("div", {}, h("p", {}, h("span", { class: "badge" }), " ", h("a", { class: "desk-title" })), h("p", { class: "soft small" })),
    h("p", { class: "desk-sum small" }), h("a", { class: "button compact desk-report" }, t("Đường truyền cả buổi")));
}

/** @param {HTMLElement} card @param {DeskHearing} hearing */
function updateHearing(card, hearing) {
  const link = find(".desk-title", card);
  setAttribute(link, "href", `/hearings/${hearing.id}`);
  setText(link, hearing.title);
  setAttribute(find(".desk-report", card), "href", `/hearings/${hearing.id}/lines`);
  const time = `${timeOfDay(new Date(hearing.starts_at)).slice(0, 5)}–${timeOfDay(new Date(hearing.ends_at)).slice(0, 5)}`;
  const running = hearing.elapsed_ms === null ? "" : ` · ${t("đã ghi %(time)s", { time: elapsed(hearing.elapsed_ms) })}`;
  const where = hearing.worker === null ? "" : ` · ${t("máy chủ %(number)s", { number: hearing.worker + 1 })}`;
  setText(find(".soft", card), `${hearing.number} · ${time}${running}${where}`);
  const badge = find(".badge", card);
  setText(badge, hearing.recorder_lost ? t("Máy ghi mất liên lạc") : stateWord(hearing.state));
  const tone = hearing.recorder_lost ? "danger" : { open: "live", recess: "warn", interrupted: "danger" }[String(hearing.state)] ?? "";
  setAttribute(badge, "class", `badge ${tone}`.trim());
  setText(find(".desk-sum", card), sum(hearing));
}

/** @param {DeskHearing} hearing */
function sum({ seats, gaps }) {
  const there = seats.filter((seat) => seat.presence === "admitted" || seat.presence === "waiting").length;
  const lost = seats.filter((seat) => seat.presence === "lost").length;
  const bad = seats.filter((seat) => (seat.troubles ?? []).length > 0).length;
  return [
    t("%(there)s/%(all)s nơi có mặt", { there, all: seats.length }),
    lost ? t("%(count)s mất kết nối", { count: lost }) : "", bad ? t("%(count)s đường truyền xấu", { count: bad }) : "",
    gaps.count ? t("bản ghi thiếu %(count)s chỗ, tất cả %(seconds)s giây", { count: gaps.count, seconds: Math.max(1, Math.round(gaps.total_ms / 1000)) }) : "",
  ].filter(Boolean).join(" · ");
}

filter.addEventListener("change", () => { chosen.hearing = filter.value; render(); });
onlyTrouble.addEventListener("change", () => { chosen.trouble = onlyTrouble.checked; render(); });
dialog.addEventListener("close", () => { chosen.seat = ""; });
find("[data-action=close-line]", dialog).addEventListener("click", () => dialog.close());
void refresh();
