/**
 * What can be wrong with a camera, a microphone or the line, and what a person can do about it. Pure.
 * @module
 */

import { t } from "../../text.js";

/**
 * @typedef {"insecure" | "unsupported" | "refused" | "missing" | "busy" | "unplugged" | "silent" | "blocked_path" |
 *   "hub_away" | "unknown"} Fault
 */

/**
 * @param {unknown} error   what getUserMedia rejected with
 * @param {{ secure: boolean, supported: boolean }} context
 * @returns {Fault}
 */
export function faultOf(error, context) {
  if (!context.secure) return "insecure";
  if (!context.supported) return "unsupported";
  const name = error instanceof Error || (typeof error === "object" && error !== null && "name" in error)
    ? String(/** @type {{ name: unknown }} */ (error).name) : "";
  switch (name) {
    case "NotAllowedError":
    case "SecurityError":
    case "PermissionDeniedError":
      return "refused";
    case "NotFoundError":
    case "OverconstrainedError":
    case "DevicesNotFoundError":
      return "missing";
    case "NotReadableError":
    case "AbortError":
    case "TrackStartError":
      return "busy";
    default:
      return "unknown";
  }
}

/**
 * A title and the steps to try, in order.
 * @param {Fault} fault
 * @param {"camera" | "microphone" | "connection"} device
 * @returns {{ title: string, steps: string[] }}
 */
export function help(fault, device) {
  switch (fault) {
    case "insecure":
      return { title: t("Trình duyệt không cho dùng camera và micro ở địa chỉ này"), steps: [
        t("Địa chỉ đang mở bắt đầu bằng http://. Camera và micro chỉ dùng được với https:// hoặc trên chính máy chủ."),
        t("Mở lại trang bằng địa chỉ bắt đầu bằng https://, hoặc gọi kỹ thuật viên để bật kết nối bảo mật (TLS)."),
      ] };
    case "unsupported":
      return { title: t("Trình duyệt này không dùng được camera và micro"), steps: [
        t("Mở trang bằng Chrome, Edge hoặc Firefox phiên bản mới."),
      ] };
    case "refused":
      return { title: t("Trang chưa được phép dùng thiết bị"), steps: refusedSteps(device) };
    case "missing":
      return { title: device === "camera" ? t("Không tìm thấy camera") : t("Không tìm thấy micro"), steps: [
        t("Cắm chắc dây USB của thiết bị, hoặc rút ra rồi cắm lại."),
        t("Nếu thiết bị có công tắc hoặc nắp che, hãy bật công tắc và mở nắp."),
        t("Bấm “Thử lại”."),
      ] };
    case "busy":
      return { title: t("Thiết bị đang bận"), steps: [
        t("Tắt các chương trình khác đang dùng thiết bị (Zalo, Zoom, Teams, thẻ trình duyệt khác)."),
        t("Bấm “Thử lại”. Nếu vẫn không được, khởi động lại máy."),
      ] };
    case "unplugged":
      return { title: device === "camera" ? t("Camera vừa bị ngắt") : t("Micro vừa bị ngắt"), steps: [
        t("Cắm lại dây của thiết bị rồi bấm “Mở lại”, hoặc chọn thiết bị khác."),
      ] };
    case "silent":
      return { title: t("Micro không thu được tiếng"), steps: [
        t("Nói to hơn, gần micro hơn."),
        t("Kiểm tra nút tắt tiếng trên micro hoặc trên dây."),
        t("Chọn micro khác trong danh sách."),
      ] };
    default:
      return lineHelp(fault);
  }
}

/**
 * @param {Fault} fault
 * @returns {{ title: string, steps: string[] }}
 */
function lineHelp(fault) {
  if (fault === "blocked_path") {
    return { title: t("Hình và tiếng không đi qua được mạng này"), steps: [
      t("Máy chủ trả lời, nhưng cổng truyền hình và tiếng bị chặn."),
      t("Báo kỹ thuật viên: tường lửa phải cho máy này gửi UDP tới cổng media của máy chủ."),
      t("Thử dây mạng thay cho Wi-Fi, rồi bấm “Thử lại”."),
    ] };
  }
  if (fault === "hub_away") {
    return { title: t("Chưa liên lạc được với máy chủ"), steps: [
      t("Kiểm tra dây mạng hoặc Wi-Fi của máy."),
      t("Đợi vài giây rồi bấm “Thử lại”."),
    ] };
  }
  return { title: t("Có lỗi chưa rõ nguyên nhân"), steps: [
    t("Bấm “Thử lại”. Nếu vẫn lỗi, tải lại trang hoặc gọi số hỗ trợ."),
  ] };
}

/** @param {"camera" | "microphone" | "connection"} device */
function refusedSteps(device) {
  return [
    device === "camera"
      ? t("Bấm biểu tượng ổ khóa hoặc camera ở đầu thanh địa chỉ, chọn “Cho phép” camera.")
      : t("Bấm biểu tượng ổ khóa hoặc micro ở đầu thanh địa chỉ, chọn “Cho phép” micro."),
    t("Trên Windows: Cài đặt → Quyền riêng tư → Camera và Micro → cho phép trình duyệt."),
    t("Bấm “Thử lại”."),
  ];
}
