/**
 * What is wrong with a line, in words that somebody can act upon: about others, and to oneself.
 * @module
 */

import { t } from "../../text.js";

/** @import { Trouble } from "../core/protocol.js" */

/** The gravest first, as the hub orders them. */
const CAUSES = [
  "gone", "microphone_silent", "loss_up", "loss_down", "delay", "stalled", "sound_gaps", "narrow_up", "narrow_down", "freezes",
  "jitter", "computer",
];

/** Smaller is graver. @param {Trouble} trouble */
export function gravity(trouble) {
  const place = CAUSES.indexOf(trouble.cause);
  return place < 0 ? CAUSES.length : place;
}

/** About a point, beside its name. @param {Trouble} trouble */
export function troubleWords({ cause, amount }) {
  const params = { amount };
  switch (cause) {
    case "gone":
      return t("Mất liên lạc: không có hình và tiếng nào tới máy chủ");
    case "microphone_silent":
      return t("Micro bật nhưng không có tiếng");
    case "loss_up":
      return t("Mạng mất gói %(amount)s%% chiều gửi: các nơi nghe và thấy điểm này đứt quãng", params);
    case "loss_down":
      return t("Mạng mất gói %(amount)s%% chiều nhận: điểm này nghe và thấy các nơi đứt quãng", params);
    case "delay":
      return t("Mạng chậm: hỏi đáp trễ %(amount)s ms", params);
    case "stalled":
      return t("Camera bật nhưng không có hình tới");
    case "sound_gaps":
      return t("Tiếng nghe được bị thiếu %(amount)s%%", params);
    case "narrow_up":
      return t("Mạng chỉ còn gửi được %(amount)s kbit/s: hình của điểm này xấu đi", params);
    case "narrow_down":
      return t("Mạng chỉ còn nhận được %(amount)s kbit/s: hình các nơi ở điểm này xấu đi hoặc dừng để giữ tiếng", params);
    case "freezes":
      return t("Hình nhận về bị đứng %(amount)s%% thời gian", params);
    case "jitter":
      return t("Mạng chập chờn, gói tới lệch nhịp %(amount)s ms", params);
    case "computer":
      return t("Máy tính của điểm này quá tải, hình gửi đi xấu");
    default:
      return t("Đường truyền có vấn đề");
  }
}

/**
 * To the person whose line it is: what is wrong and what to do. "" where nothing can be done.
 * @param {Trouble} trouble
 */
export function advice({ cause, amount }) {
  const params = { amount };
  switch (cause) {
    case "microphone_silent":
      return t("Micro của bạn đang bật nhưng không có tiếng. Hãy xem dây cắm và nút tắt tiếng trên micro, hoặc chọn micro khác.");
    case "loss_up":
      return t("Mạng của bạn mất gói %(amount)s%% nên mọi người nghe bạn đứt quãng. Hãy dùng dây mạng thay cho Wi-Fi, hoặc lại gần bộ phát, và tắt các chương trình đang tải dữ liệu.", params);
    case "loss_down":
      return t("Mạng của bạn mất gói %(amount)s%% nên bạn nghe các nơi đứt quãng. Hãy dùng dây mạng thay cho Wi-Fi, hoặc lại gần bộ phát, và tắt các chương trình đang tải dữ liệu.", params);
    case "delay":
      return t("Mạng của bạn đang chậm (trễ %(amount)s ms). Hãy nói từng câu rồi chờ trả lời, và tắt các chương trình đang tải dữ liệu.", params);
    case "stalled":
      return t("Camera của bạn đang bật nhưng không gửi được hình. Hãy tắt rồi bật lại camera.");
    case "sound_gaps":
    case "freezes":
    case "jitter":
      return t("Mạng của bạn chập chờn nên hình và tiếng không đều. Hãy dùng dây mạng thay cho Wi-Fi, hoặc lại gần bộ phát.");
    case "narrow_up":
      return t("Mạng của bạn chỉ còn gửi được %(amount)s kbit/s. Hãy tắt các chương trình đang tải dữ liệu; nếu tiếng vẫn đứt, hãy tắt camera để giữ tiếng.", params);
    case "narrow_down":
      return t("Mạng của bạn chỉ còn nhận được %(amount)s kbit/s nên hình các nơi xấu đi hoặc dừng để giữ tiếng. Hãy dùng dây mạng thay cho Wi-Fi, và tắt các chương trình đang tải dữ liệu.", params);
    case "computer":
      return t("Máy tính của bạn đang quá tải nên hình gửi đi xấu. Hãy đóng các chương trình và trang khác.");
    default:
      return "";
  }
}
