/**
 * Chapters and gaps in words.
 * @module
 */

import { t } from "../text.js";

/** @import { Chapter } from "./plan.js" */

/** @param {Chapter} chapter @param {string} seat   the seat's label */
export function chapterWords(chapter, seat) {
  switch (chapter.kind) {
    case "opened": return t("Mở buổi tiếp");
    case "joined": return t("%(seat)s vào phòng chờ", { seat });
    case "left": return t("%(seat)s rời đi", { seat });
    case "lost": return t("%(seat)s mất kết nối", { seat });
    case "admitted": return t("%(seat)s vào buổi tiếp", { seat });
    case "removed": return t("%(seat)s ra phòng chờ", { seat });
    case "muted": return t("Chủ trì tắt micro của %(seat)s", { seat });
    case "unmuted": return t("Chủ trì cho %(seat)s bật micro", { seat });
    case "device_joined": return t("Thiết bị phòng họp của %(seat)s kết nối", { seat });
    case "device_left": return t("Thiết bị phòng họp của %(seat)s ngắt", { seat });
    case "device_lost": return t("Thiết bị phòng họp của %(seat)s mất kết nối", { seat });
    case "floor_given": return t("%(seat)s được mời phát biểu", { seat });
    case "floor_taken": return t("Kết thúc lượt phát biểu");
    case "publishing_set": return t("Chủ trì thay đổi ai được gửi hình và tiếng");
    case "publishing_allowed": return t("%(seat)s được phép gửi hình và tiếng", { seat });
    case "publishing_withdrawn": return t("%(seat)s thôi gửi hình và tiếng", { seat });
    case "pictures_limited": return t("Số hình thay đổi vì máy chủ bận");
    case "recess_called": return t("Tạm nghỉ");
    case "resumed": return t("Tiếp tục");
    case "interrupted": return t("Gián đoạn vì mất liên lạc với chủ trì");
    case "chair_taken": return t("%(seat)s chủ trì thay", { seat });
    case "case_called": return chapter.text ? t("Nghe vụ việc %(number)s", { number: chapter.text }) : t("Nghe xong vụ việc");
    case "recorder_lost": return t("Máy ghi mất liên lạc");
    case "recorder_back": return t("Máy ghi hoạt động lại");
    case "worker_lost": return t("Máy chủ hình và tiếng gặp sự cố");
    case "worker_back": return t("Hình và tiếng có lại");
    case "ended": return t("Kết thúc buổi tiếp");
    default: return "";
  }
}

/** A chapter's drawing. @param {string} kind */
export function chapterIcon(kind) {
  if (kind.startsWith("floor")) return "floor";
  if (["joined", "admitted", "device_joined"].includes(kind)) return "person";
  if (["left", "removed", "device_left"].includes(kind)) return "leave";
  if (["lost", "device_lost", "interrupted", "recorder_lost", "worker_lost", "pictures_limited"].includes(kind)) return "warning";
  if (kind === "muted") return "microphone-off";
  if (kind === "unmuted") return "microphone";
  return "gavel";
}

/** @param {string} cause */
export function gapWords(cause) {
  switch (cause) {
    case "muted": return t("đã tắt");
    case "recess": return t("tạm nghỉ");
    case "worker_lost": return t("máy chủ hình và tiếng gặp sự cố");
    case "recorder_lost": return t("máy ghi mất liên lạc");
    case "spool_full": return t("đĩa ghi đầy");
    default: return t("mất gói tin trên đường truyền");
  }
}
