/**
 * What is said of an event to people: in the live region for screen readers, and as a short line on the stage. Pure.
 * @module
 */

import { t } from "../../text.js";
import { seatOf } from "./state.js";

/** @import { HearingEvent } from "./protocol.js" */
/** @import { LiveState } from "./state.js" */

/**
 * @typedef {object} Announcement
 * @property {string} text
 * @property {boolean} urgent   read at once and shown until it is closed, else shown for a few seconds
 * @property {{ kind: string, many: (count: number) => string }} [gather]   the words for several of a kind that come
 *   one soon after the other
 */

/** With more seats than this a point is not told of each other point that comes or goes. */
export const CROWD = 30;

/**
 * @param {HearingEvent} event
 * @param {LiveState} state   after the event
 * @returns {Announcement | null}
 */
export function announcement(event, state) {
  const mine = event.seat_id === state.you;
  const kind = isReturn(event, state) ? "returned" : event.kind;
  const many = mine ? undefined : MANY[kind];
  if (many && isLostInCrowd(event, state)) return null;
  const text = ofHearing(event) || (mine ? ofMe(event) : ofOther(event, state));
  return text ? { text, urgent: URGENT.has(event.kind), ...(many && { gather: { kind, many } }) } : null;
}

/** Who was let in before comes back to the hearing itself. @param {HearingEvent} event @param {LiveState} state */
function isReturn(event, state) {
  return event.kind === "joined" && seatOf(state, event.seat_id)?.presence === "admitted";
}

/** What two hundred may do at once. @type {Record<string, (count: number) => string>} */
const MANY = {
  joined: (count) => t("%(count)s nơi đã vào phòng chờ.", { count }),
  returned: (count) => t("%(count)s nơi đã trở lại buổi tiếp.", { count }),
  left: (count) => t("%(count)s nơi đã rời đi.", { count }),
  lost: (count) => t("%(count)s nơi mất kết nối.", { count }),
  admitted: (count) => t("%(count)s nơi đã vào buổi tiếp.", { count }),
  removed: (count) => t("%(count)s nơi đã được đưa về phòng chờ.", { count }),
  hand_raised: (count) => t("%(count)s nơi giơ tay xin phát biểu.", { count }),
};

/**
 * Officials run the hearing and follow who comes; a point among many wants to hear of officials only.
 * @param {HearingEvent} event
 * @param {LiveState} state
 */
function isLostInCrowd(event, state) {
  const isPoint = (/** @type {string | undefined} */ id) => seatOf(state, id)?.seat_kind === "point";
  return state.seats.length > CROWD && isPoint(state.you) && isPoint(event.seat_id);
}

const URGENT = new Set(["recorder_lost", "interrupted", "ended", "recess_called", "worker_lost"]);

/** @param {HearingEvent} event */
function ofHearing(event) {
  switch (event.kind) {
    case "opened":
      return t("Buổi tiếp bắt đầu và đang được ghi hình, ghi âm.");
    case "recess_called":
      return t("Chủ trì cho tạm nghỉ. Hình và tiếng đã tạm dừng, không ghi.");
    case "resumed":
      return t("Buổi tiếp tiếp tục.");
    case "interrupted":
      return t("Buổi tiếp bị gián đoạn vì mất liên lạc với chủ trì.");
    case "ended":
      return t("Buổi tiếp đã kết thúc.");
    case "case_called":
      return event.number ? t("Bắt đầu nghe vụ việc %(number)s.", { number: event.number }) : event.case_id === "" ? t("Bắt đầu nghe vụ việc khác.") : t("Đã nghe xong vụ việc.");
    case "publishing_set":
      return event.policy === "invited"
        ? t("Từ bây giờ chỉ chủ trì, thư ký, người đang phát biểu và điểm được cho phép gửi hình và tiếng; các điểm khác nghe và xem.")
        : t("Từ bây giờ mọi điểm đã vào đều gửi hình và tiếng.");
    case "recorder_lost":
      return t("Máy ghi đang mất liên lạc. Phần này có thể không được ghi; chỗ thiếu sẽ nêu trong biên bản ghi.");
    case "recorder_back":
      return t("Máy ghi đã hoạt động lại.");
    case "worker_lost":
      return t("Máy chủ hình và tiếng gặp sự cố, đang nối lại.");
    case "worker_back":
      return t("Hình và tiếng đã có lại.");
    default:
      return "";
  }
}

/** @param {HearingEvent} event */
function ofMe(event) {
  switch (event.kind) {
    case "admitted":
      return t("Chủ trì đã mời bạn vào buổi tiếp.");
    case "removed":
      return t("Chủ trì đã đưa bạn về phòng chờ.");
    case "muted":
      return t("Chủ trì đã tắt micro của bạn. Giơ tay để xin phát biểu.");
    case "unmuted":
      return t("Chủ trì đã cho phép bạn bật micro.");
    case "publishing_allowed":
      return t("Chủ trì đã cho phép điểm của bạn gửi hình và tiếng.");
    case "publishing_withdrawn":
      return t("Điểm của bạn thôi gửi hình và tiếng; bạn vẫn nghe và xem.");
    case "floor_given":
      return t("Bạn được mời phát biểu.");
    case "floor_taken":
      return t("Chủ trì đã kết thúc lượt phát biểu của bạn.");
    case "chair_taken":
      return t("Từ bây giờ bạn chủ trì buổi tiếp.");
    case "device_joined":
      return t("Thiết bị phòng họp đang gửi hình và tiếng của điểm này thay cho trình duyệt.");
    case "device_left":
      return t("Thiết bị phòng họp đã ngắt; điểm này dùng lại camera và micro của trình duyệt.");
    case "device_lost":
      return t("Thiết bị phòng họp mất kết nối; điểm này dùng lại camera và micro của trình duyệt.");
    default:
      return "";
  }
}

/**
 * @param {HearingEvent} event
 * @param {LiveState} state
 */
function ofOther(event, state) {
  const who = { seat: seatOf(state, event.seat_id)?.label ?? "" };
  switch (event.kind) {
    case "joined":
      return isReturn(event, state) ? t("%(seat)s đã trở lại buổi tiếp.", who) : t("%(seat)s đã vào phòng chờ.", who);
    case "left":
      return t("%(seat)s đã rời đi.", who);
    case "lost":
      return t("%(seat)s mất kết nối.", who);
    case "admitted":
      return t("%(seat)s đã vào buổi tiếp.", who);
    case "removed":
      return t("%(seat)s đã được đưa về phòng chờ.", who);
    case "hand_raised":
      return t("%(seat)s giơ tay xin phát biểu.", who);
    case "floor_given":
      return t("%(seat)s được mời phát biểu.", who);
    case "device_joined":
      return t("Thiết bị phòng họp của %(seat)s đã kết nối.", who);
    case "device_lost":
      return t("Thiết bị phòng họp của %(seat)s mất kết nối.", who);
    case "chair_taken":
      return t("%(seat)s chủ trì buổi tiếp từ bây giờ.", who);
    case "said":
      return t("Tin nhắn của %(seat)s: %(text)s", { ...who, text: event.text ?? "" });
    default:
      return "";
  }
}

/**
 * The one sentence that tells where things stand, for the waiting room.
 * @param {LiveState} state
 */
export function statusSentence(state) {
  const chair = seatOf(state, state.chair);
  const chairing = state.you === state.chair;
  if (state.link === "lost") return t("Mất liên lạc với máy chủ, đang nối lại…");
  if (!state.welcomed || state.link === "connecting") return t("Đang vào phòng chờ…");
  if (state.removedReason) return t("Chủ trì đã đưa bạn về phòng chờ: %(reason)s", { reason: state.removedReason });
  switch (state.state) {
    case "scheduled":
      if (chairing) {
        return state.recorderReady ? t("Máy ghi đã sẵn sàng. Bạn có thể mở buổi tiếp.")
          : t("Chưa mở được: %(reason)s", { reason: state.recorderReason });
      }
      return chair?.presence === "absent" || chair?.presence === "lost"
        ? t("Chủ trì chưa vào. Xin vui lòng chờ.") : t("Chủ trì đã có mặt. Buổi tiếp sắp bắt đầu.");
    case "open":
      return t("Buổi tiếp đang diễn ra. Xin chờ chủ trì mời vào.");
    case "recess":
      return t("Buổi tiếp đang tạm nghỉ. Xin chờ chủ trì mời vào.");
    case "interrupted":
      return t("Buổi tiếp tạm gián đoạn vì mất liên lạc với chủ trì. Xin vui lòng chờ.");
    case "postponed":
      return t("Buổi tiếp đã được hoãn.");
    case "cancelled":
      return t("Buổi tiếp đã bị hủy.");
    default:
      return t("Buổi tiếp đã kết thúc.");
  }
}
