/**
 * The end of this browser's part, and what can be done from there.
 * @module
 */

import { t } from "../../text.js";
import { find, setAttribute, setText, show } from "./dom.js";

/** @import { Room } from "../room.js" */

export class OverView {
  /** @param {Room} room @param {() => void} takeOver */
  constructor(room, takeOver) {
    this.room = room;
    this.root = find("#phase-over");
    find("[data-action=take-over]", this.root).addEventListener("click", takeOver);
    find("[data-action=rejoin]", this.root).addEventListener("click", () => location.reload());
  }

  render() {
    const { link, goodbye, takenBy } = this.room.state;
    if (link !== "taken" && link !== "over") return;
    const reason = link === "taken" ? "taken" : goodbye;
    const [title, text] = words(reason, takenBy);
    setText(find("h1", this.root), title);
    setText(find(".over-text", this.root), text);
    setAttribute(this.root, "data-reason", reason);
    show(find("[data-action=take-over]", this.root), reason === "taken" || reason === "displaced");
    show(find("[data-action=rejoin]", this.root), reason === "left");
    show(find("[data-action=sign-in]", this.root), reason === "signed_out");
    const further = this.root.querySelector(".actions [data-action]:not([hidden])") !== null;
    setAttribute(find(".actions a[href^='/hearings/']", this.root), "class", further ? "button" : "button primary");
  }
}

/** @param {string} reason @param {string} name @returns {[string, string]} */
function words(reason, name) {
  switch (reason) {
    case "taken":
      return [t("Chỗ này đang có người"), t("%(name)s đang ở chỗ này trên một trình duyệt khác. Nếu bạn chuyển sang đây, trình duyệt kia sẽ rời ra.", { name })];
    case "displaced":
      return [t("Chỗ này đã chuyển sang trình duyệt khác"), t("Bạn đã rời khỏi buổi tiếp ở máy này. Nếu muốn tiếp tục ở đây, hãy chuyển lại.")];
    case "ended":
      return [t("Buổi tiếp đã kết thúc"), t("Bản ghi đang được đưa vào kho lưu trữ. Bạn có thể đóng trang này.")];
    case "signed_out":
      return [t("Phiên đăng nhập đã hết"), t("Hãy đăng nhập lại; chỗ của bạn trong buổi tiếp vẫn được giữ.")];
    case "cancelled":
      return [t("Buổi tiếp đã được hoãn hoặc hủy"), t("Lý do có ở trang của buổi tiếp.")];
    case "left":
      return [t("Bạn đã rời buổi tiếp"), t("Bạn có thể vào lại khi buổi tiếp còn diễn ra.")];
    default:
      return [t("Đã ngắt khỏi buổi tiếp"), t("Hãy tải lại trang để vào lại.")];
  }
}
