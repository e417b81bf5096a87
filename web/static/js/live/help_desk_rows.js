/**
 * The rows of the technician's board: one place each, its line in words, and whom to call.
 * @module
 */

import { t } from "../text.js";
import { timeOfDay } from "./core/time.js";
import { find, h, keyed, setAttribute, setText, show } from "./view/dom.js";
import { msWords, rateWords, shareWords } from "./view/line_figures.js";
import { gravity, troubleWords } from "./view/line_words.js";
import { presenceWord, qualityWord } from "./view/words.js";

/** @import { Figures, Presence, Trouble } from "./core/protocol.js" */
/** @import { DeskHearing } from "./help_desk.js" */

/**
 * @typedef {{ at: string, camera: string, microphone: string, loudspeaker: string, connection: string, detail: string }} Check
 * @typedef {{ bps: number, loss: number }} DeskWay
 * @typedef {{ up: DeskWay | null, down: DeskWay | null, round_trip_ms: number | null, via: string }} DeskLine
 * @typedef {{ id: string, kind: string, label: string, phone: string, name: string | null, presence: Presence,
 *   quality?: number | null, troubles?: Trouble[], line?: DeskLine | null, figures?: Figures | null,
 *   check: Check | null, notice_at: string | null }} DeskSeat
 * @typedef {{ seat: DeskSeat, hearing: DeskHearing }} Place
 */

const CHECKS = /** @type {const} */ (["camera", "microphone", "loudspeaker", "connection"]);
/** @type {Presence[]} */
const BY_PRESENCE = ["lost", "admitted", "waiting", "absent"];

/**
 * The worst first: by trouble, then by the mark, then who is not there. Of equals the order stays that of the hearings.
 * @param {readonly Place[]} places
 */
export function order(places) {
  return [...places].sort((a, b) => badness(a.seat) - badness(b.seat));
}

/** @param {DeskSeat} seat */
function badness(seat) {
  const trouble = seat.troubles?.[0];
  if (seat.presence === "lost") return 0;
  if (trouble) return 1 + gravity(trouble);
  return 100 + 10 * BY_PRESENCE.indexOf(seat.presence) + (seat.quality ?? 5);
}

/** @param {Place} place @param {(seatId: string) => void} watch */
export function makeRow({ seat }, watch) {
  const cell = (/** @type {string} */ label, /** @type {Node[]} */ ...inside) => h("td", { "data-label": label }, ...inside);
  const button = h("button", { type: "button", class: "link small", "data-action": "figures" }, t("Số đo"));
  button.addEventListener("click", () => watch(seat.id));
  return h("tr", { "data-seat-id": seat.id },
    h("th", { scope: "row" }, h("span"), h("br"), h("span", { class: "soft small" })),
    cell(t("Kết nối"), h("span", { class: "badge" })),
    cell(t("Đường truyền"), h("div", { class: "desk-line" }, h("p", { class: "desk-words" }), button)),
    cell(t("Gửi"), h("span")), cell(t("Nhận"), h("span")), cell(t("Trễ"), h("span", { class: "desk-trip" })),
    cell(t("Trước khi vào"), h("ul", { class: "desk-checks" }), h("span", { class: "soft small" })),
    cell(t("Điện thoại"), h("span")));
}

/** @param {HTMLElement} row @param {Place} place */
export function updateRow(row, { seat, hearing }) {
  const [name, presence, line, up, down, trip, before, phone] = [...row.children];
  setText(name.children[0], seat.label);
  setText(name.children[2], [seat.name ?? "", hearing.number].filter(Boolean).join(" · "));
  setText(presence.children[0], presenceWord(seat.presence));
  const tone = { admitted: "good", waiting: "info", lost: "danger", absent: "" }[seat.presence];
  setAttribute(presence.children[0], "class", `badge ${tone}`.trim());
  const troubles = seat.troubles ?? [];
  setText(find(".desk-words", line), troubles.length ? `${troubles.map(troubleWords).join("; ")}.` : quality(seat));
  setAttribute(row, "data-bad", troubles.length > 0 || seat.presence === "lost");
  show(find("button", line), Boolean(seat.line));
  setText(up.children[0], wayWords(seat.line?.up));
  setText(down.children[0], wayWords(seat.line?.down));
  const via = { udp: "UDP", tcp: "TCP", relay: "TURN" }[seat.line?.via ?? ""] ?? "";
  setText(trip.children[0], [msWords(seat.line?.round_trip_ms), via].filter(Boolean).join(" · "));
  updateChecks(before, seat);
  setText(phone.children[0], seat.phone || "–");
}

/** @param {DeskSeat} seat */
function quality(seat) {
  return seat.presence === "absent" || seat.quality === undefined || seat.quality === null ? "–" : qualityWord(seat.quality);
}

/** @param {DeskWay | null | undefined} way */
function wayWords(way) {
  return way ? `${rateWords(way.bps)} · ${t("mất %(share)s", { share: shareWords(way.loss) })}` : "–";
}

/** What failed is named; what is well needs one word. @param {Element} cell @param {DeskSeat} seat */
function updateChecks(cell, seat) {
  const { check } = seat;
  const wrong = check ? CHECKS.filter((one) => check[one] !== "ok") : [];
  /** @type {{ key: string, word: string, tone: string }[]} */
  const badges = check && wrong.length === 0 ? [{ key: "ok", word: t("Thiết bị tốt"), tone: "good" }]
    : wrong.map((one) => ({ key: one, word: `${deviceWord(one)}: ${check?.[one] === "failed" ? t("lỗi") : t("bỏ qua")}`, tone: check?.[one] === "failed" ? "danger" : "warn" }));
  keyed(cell.children[0], badges, (one) => one.key, () => h("li", {}, h("span", { class: "badge" })), (item, one) => {
    setText(item.children[0], one.word);
    setAttribute(item.children[0], "class", `badge ${one.tone}`);
  });
  const notice = seat.kind !== "point" ? "" : seat.notice_at ? t("đã báo ghi lúc %(time)s", { time: timeOfDay(new Date(seat.notice_at)).slice(0, 5) }) : t("chưa báo ghi");
  const checked = check ? [timeOfDay(new Date(check.at)).slice(0, 5), check.detail].filter(Boolean).join(" ") : t("chưa kiểm tra");
  setText(cell.children[1], [checked, notice].filter(Boolean).join(" · "));
}

/** @param {"camera" | "microphone" | "loudspeaker" | "connection"} device */
function deviceWord(device) {
  return { camera: t("Camera"), microphone: t("Micro"), loudspeaker: t("Loa"), connection: t("Đường truyền") }[device];
}
