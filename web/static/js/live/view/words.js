/**
 * The words for states, wherever they are shown.
 * @module
 */

import { t } from "../../text.js";

/** @import { HearingState, Presence } from "../core/protocol.js" */

/** @param {HearingState} state */
export function stateWord(state) {
  return {
    scheduled: t("Chưa bắt đầu"),
    open: t("Đang diễn ra"),
    recess: t("Đang tạm nghỉ"),
    interrupted: t("Đang gián đoạn"),
    closed: t("Đã kết thúc"),
    postponed: t("Đã hoãn"),
    cancelled: t("Đã hủy"),
  }[state];
}

/** @param {Presence} presence */
export function presenceWord(presence) {
  return {
    absent: t("Chưa kết nối"),
    waiting: t("Đang chờ"),
    admitted: t("Trong buổi tiếp"),
    lost: t("Mất kết nối"),
  }[presence];
}

/** @param {number | null} quality 0–4 */
export function qualityWord(quality) {
  if (quality === null) return t("Chưa rõ chất lượng đường truyền");
  return [
    t("Đường truyền mất"), t("Đường truyền rất yếu"), t("Đường truyền yếu"), t("Đường truyền khá"),
    t("Đường truyền tốt"),
  ][Math.min(4, Math.max(0, quality))];
}

/** @param {"chair" | "deputy" | "secretary" | "point"} kind */
export function seatWord(kind) {
  return { chair: t("Chủ trì"), deputy: t("Phó chủ trì"), secretary: t("Thư ký"), point: t("Điểm cầu") }[kind];
}
