/**
 * One line's figures as a table: what the seat sends and receives, and what its browser says of itself.
 * @module
 */

import { language, t } from "../../text.js";
import { h, keyed, setText } from "./dom.js";

/** @import { Figures, Way } from "../core/protocol.js" */

/** @typedef {{ key: string, name: string, up: string, down: string }} Row */
/** @typedef {{ key: string, name: string, value: string }} Fact */

const percent = new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 1 });
const whole = new Intl.NumberFormat(language, { maximumFractionDigits: 0 });

/** @param {number | null | undefined} bps */
export function rateWords(bps) {
  if (bps === null || bps === undefined) return "–";
  return bps >= 1e6
    ? `${new Intl.NumberFormat(language, { maximumFractionDigits: 1 }).format(bps / 1e6)} Mbit/s`
    : `${whole.format(bps / 1000)} kbit/s`;
}

/** @param {number | null | undefined} share 0–1 */
export function shareWords(share) {
  return share === null || share === undefined ? "–" : percent.format(share);
}

/** @param {number | null | undefined} ms */
export function msWords(ms) {
  return ms === null || ms === undefined ? "–" : `${whole.format(ms)} ms`;
}

/** An empty table for `updateFigures`. */
export function makeFigures() {
  const head = ["", t("Gửi đi"), t("Nhận về")];
  return h("div", { class: "figures" },
    h("table", { class: "figures-ways" },
      h("thead", {}, h("tr", {}, ...head.map((word) => h("th", { scope: "col" }, word)))), h("tbody")),
    h("dl", { class: "figures-facts" }));
}

/** @param {Element} root @param {Figures} figures */
export function updateFigures(root, figures) {
  const [table, facts] = [...root.children];
  keyed(table.children[1], rows(figures), (row) => row.key,
    () => h("tr", {}, h("th", { scope: "row" }), h("td"), h("td")), (element, row) => {
      [row.name, row.up, row.down].forEach((text, index) => setText(element.children[index], text));
    });
  keyed(facts, factsOf(figures), (fact) => fact.key, () => h("div", {}, h("dt"), h("dd")), (element, fact) => {
    setText(element.children[0], fact.name);
    setText(element.children[1], fact.value);
  });
}

/** @param {Figures} figures @returns {Row[]} */
function rows({ up, down }) {
  /** @param {string} key @param {string} name @param {(way: Way) => string} words @returns {Row} */
  const row = (key, name, words) => ({ key, name, up: up ? words(up) : "–", down: down ? words(down) : "–" });
  return [
    row("bps", t("Tốc độ"), (way) => rateWords(way.bps)),
    row("loss", t("Mất gói"), (way) => shareWords(way.loss)),
    row("trip", t("Trễ khứ hồi"), (way) => msWords(way.round_trip_ms)),
    row("jitter", t("Lệch nhịp"), (way) => msWords(way.jitter_ms)),
    row("height", t("Hình cao nhất"), (way) => (way.height ? t("%(lines)s dòng", { lines: way.height }) : "–")),
    row("nacks", t("Lần xin gửi lại gói"), (way) => String(way.nacks)),
    row("keyframes", t("Lần xin hình mới"), (way) => String(way.keyframe_requests)),
  ];
}

/** @param {Figures} figures @returns {Fact[]} */
function factsOf({ seen, sources, estimate_bps: estimate }) {
  /** @type {(Fact | false)[]} */
  const facts = sources.map((one) => ({
    key: `source-${one.source}`, name: sourceWord(one.source),
    value: one.stalled ? t("không có hình tới")
      : [rateWords(one.bps), one.height ? t("%(lines)s dòng", { lines: one.height }) : "", shareLost(one.loss)].filter(Boolean).join(" · "),
  }));
  if (estimate !== null) facts.push({ key: "estimate", name: t("Mạng còn nhận được"), value: rateWords(estimate) });
  if (seen) {
    facts.push(
      seen.via !== "" && { key: "via", name: t("Đường đi"), value: { udp: "UDP", tcp: "TCP", relay: t("qua máy chuyển tiếp") }[seen.via] },
      seen.available_bps !== null && { key: "available", name: t("Mạng còn gửi được"), value: rateWords(seen.available_bps) },
      seen.limited !== "none" && { key: "limited", name: t("Hình gửi đi bị hạn chế vì"), value: { cpu: t("máy tính quá tải"), bandwidth: t("mạng yếu"), other: t("lý do khác") }[seen.limited] },
      { key: "frozen", name: t("Hình nhận về bị đứng"), value: seen.freezes ? t("%(count)s lần, %(share)s thời gian", { count: seen.freezes, share: shareWords(seen.frozen) }) : t("không") },
      { key: "concealed", name: t("Tiếng nhận về bị thiếu"), value: shareWords(seen.concealed) },
      seen.jitter_buffer_ms !== null && { key: "buffer", name: t("Bộ đệm tiếng"), value: msWords(seen.jitter_buffer_ms) },
      seen.fps !== null && { key: "fps", name: t("Nhịp hình nhận về"), value: t("%(count)s hình/giây", { count: Math.round(seen.fps) }) },
    );
  }
  return facts.filter((fact) => fact !== false);
}

/** @param {number} loss */
function shareLost(loss) {
  return loss > 0.001 ? t("mất gói %(share)s", { share: shareWords(loss) }) : "";
}

/** @param {string} source */
export function sourceWord(source) {
  return { microphone: t("Micro"), camera: t("Camera"), screen: t("Màn hình chia sẻ"), screen_audio: t("Tiếng của màn hình") }[source] ?? source;
}
