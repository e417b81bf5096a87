/**
 * The fixed bottom bar. Every button has its place and its words; only pressed and disabled change.
 * @module
 */

import { t } from "../../text.js";
import { shortcut } from "../../shortcuts.js";
import { maySend, me, silencedBy } from "../core/state.js";
import { ask } from "./dialog.js";
import { find, setAttribute, setIcon, setText, show } from "./dom.js";

/** @import { Room } from "../room.js" */
/** @import { Panels } from "./panels.js" */
/** @import { Notices } from "./notices.js" */

export class BarView {
  /**
   * @param {Room} room
   * @param {Panels} panels
   * @param {Notices} notices
   */
  constructor(room, panels, notices) {
    this.room = room;
    this.panels = panels;
    this.notices = notices;
    this.root = find(".bar");
    this.#wire("microphone", "m", t("Bật hoặc tắt micro"), () => this.#microphone());
    this.#wire("camera", "v", t("Bật hoặc tắt camera"), () => room.toggleCamera());
    this.#wire("hand", "h", t("Giơ hoặc hạ tay"), () => room.toggleHand());
    this.#wire("share", "s", t("Chia sẻ màn hình hoặc dừng chia sẻ"), () => void this.#share());
    this.#wire("messages", "t", t("Mở hoặc đóng tin nhắn"), () => panels.toggle("messages"));
    this.#wire("note", "n", t("Mở hoặc đóng ghi chép"), () => panels.toggle("notes"));
    this.#wire("minutes", "b", t("Mở hoặc đóng biên bản"), () => panels.toggle("minutes"));
    this.#wire("chair", "c", t("Mở hoặc đóng bảng điều hành"), () => panels.toggle("chair"));
    this.#wire("devices", "d", t("Chọn camera, micro và loa"), () => panels.toggle("devices"));
    this.#wire("leave", "", "", () => void this.#leave());
  }

  render() {
    const { state, memory, devices } = this.room;
    const seat = me(state);
    const silenced = silencedBy(state);
    const listens = seat !== null && !maySend(state, seat);
    const speaking = memory.microphone && !listens && !seat?.muted && Boolean(devices.track("microphone"));
    this.#button("microphone", speaking, "microphone", speaking ? t("Micro bật") : t("Micro tắt"));
    const filming = memory.camera && Boolean(devices.track("camera"));
    this.#button("camera", filming, "camera", filming ? t("Camera bật") : t("Camera tắt"));
    const raised = Boolean(seat?.hand_raised_at);
    this.#button("hand", raised, "", raised ? t("Hạ tay") : t("Giơ tay"));
    setAttribute(this.#find("hand"), "disabled", !this.room.may("raise_hand"));
    const sharing = Boolean(this.room.screen);
    this.#button("share", sharing, "", sharing ? t("Dừng chia sẻ") : t("Chia sẻ"));
    const canShare = Boolean(navigator.mediaDevices?.getDisplayMedia) && this.room.sending;
    setAttribute(this.#find("share"), "disabled", !canShare);
    show(this.#find("note"), this.panels.has("notes"));
    show(this.#find("chair"), this.panels.has("chair"));
    for (const [action, name] of /** @type {const} */ ([["messages", "messages"], ["note", "notes"], ["minutes", "minutes"], ["chair", "chair"], ["devices", "devices"]])) {
      setAttribute(this.#find(action), "aria-expanded", String(this.panels.open === name));
    }
    const unread = this.#find("messages").querySelector(".unread");
    if (unread) {
      show(unread, this.panels.unread > 0);
      setText(unread, String(this.panels.unread));
    }
    this.#reason(silenced);
  }

  /** Why one is not heard, in a line above the bar; its room is kept so that nothing jumps. @param {string} silenced */
  #reason(silenced) {
    const text = {
      "": "",
      muted: t("Chủ trì đã tắt micro của bạn. Bấm micro để bật lại."),
      locked: t("Chủ trì đã tắt micro của bạn. Giơ tay để xin phát biểu."),
      listening: t("Điểm của bạn đang nghe và xem; hình và tiếng của bạn không truyền đi. Giơ tay để xin phát biểu."),
      recess: t("Đang tạm nghỉ: hình và tiếng không truyền đi và không được ghi."),
      interrupted: t("Đang gián đoạn: hình và tiếng không truyền đi và không được ghi."),
    }[silenced] ?? "";
    setText(find(".bar-reason", this.root), this.room.mediaOn ? text : "");
  }

  /** @param {string} action */
  #find(action) {
    return find(`[data-action=${action}]`, this.root);
  }

  /** @param {string} action @param {boolean} pressed @param {string} drawing @param {string} words */
  #button(action, pressed, drawing, words) {
    const button = this.#find(action);
    setAttribute(button, "aria-pressed", String(pressed));
    if (drawing) setIcon(find("svg", button), pressed ? drawing : `${drawing}-off`);
    setText(find(".word", button), words);
  }

  /** @param {string} action @param {string} key @param {string} what @param {() => void} act */
  #wire(action, key, what, act) {
    const button = /** @type {HTMLButtonElement} */ (this.#find(action));
    button.addEventListener("click", act);
    if (key) shortcut(key, what, () => { if (!button.hidden && !button.disabled && button.offsetParent) act(); });
  }

  #microphone() {
    if (!this.room.toggleMicrophone()) {
      this.notices.toast(t("Chủ trì đã tắt micro của bạn. Giơ tay để xin phát biểu."));
    }
  }

  async #share() {
    if (this.room.screen) this.room.stopSharing();
    else if (!(await this.room.share())) this.notices.toast(t("Chưa chia sẻ màn hình: trình duyệt không cho phép hoặc bạn đã hủy."));
  }

  async #leave() {
    const answer = await ask({
      title: t("Rời buổi tiếp?"), confirm: t("Rời đi"), cancel: t("Ở lại"), action: "leave-confirm",
      text: [t("Điểm này sẽ không còn hình và tiếng trong buổi tiếp. Bạn có thể vào lại và chờ chủ trì mời.")],
    });
    if (answer !== null) this.room.leave();
  }
}
