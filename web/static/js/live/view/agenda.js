/**
 * The cases of the hearing: which is heard, which come next, and the button that moves on.
 * @module
 */

import { t } from "../../text.js";
import { nextCase } from "../core/agenda.js";
import { find, h, keyed, setAttribute, setText, show } from "./dom.js";

/** @import { ListedCase } from "../core/agenda.js" */
/** @import { Room } from "../room.js" */

export class AgendaView {
  /** @param {Room} room @param {readonly ListedCase[]} cases   those that this seat may know */
  constructor(room, cases) {
    this.room = room;
    this.cases = cases;
    for (const button of document.querySelectorAll("[data-action=next-case]")) {
      button.addEventListener("click", () => this.#next());
    }
    for (const button of document.querySelectorAll("[data-action=end-case]")) {
      button.addEventListener("click", () => room.command("call_case", { case_id: null }));
    }
  }

  render() {
    const { state } = this.room;
    const heard = this.cases.find((one) => one.id === state.caseId);
    const words = heard ? t("Đang nghe vụ việc %(place)s: %(type)s %(number)s", { place: `${this.cases.indexOf(heard) + 1}/${this.cases.length}`, type: heard.type, number: heard.number })
      : state.caseId === "" ? t("Đang nghe vụ việc của điểm khác") : "";
    setText(find(".hall-case"), words);
    show(find(".hall-case"), words !== "");
    const next = nextCase(this.cases, state.heard, state.caseId);
    const may = this.room.may("call_case");
    for (const box of document.querySelectorAll(".agenda-now")) {
      show(box, this.cases.length > 0);
      setText(find("p", box), words || t("Chưa gọi vụ việc nào."));
      const button = find("[data-action=next-case]", box);
      setAttribute(button, "disabled", !may || !next);
      setText(button, next && state.caseId === null && state.heard.size === 0 ? t("Gọi vụ việc đầu tiên") : t("Vụ việc tiếp theo"));
      show(find("[data-action=end-case]", box), Boolean(state.caseId) && !next);
      setAttribute(find("[data-action=end-case]", box), "disabled", !may);
    }
    const list = document.querySelector(".panel-cases");
    if (list) keyed(list, this.cases, (one) => one.id, (one) => this.#item(one), (element, one) => this.#update(element, one, may));
  }

  /** @param {ListedCase} one */
  #item(one) {
    const call = h("button", { type: "button", class: "button compact", "data-action": "call-case" }, t("Gọi"));
    call.addEventListener("click", () => this.room.command("call_case", { case_id: one.id }));
    return h("li", {}, h("a", { href: `/cases/${one.id}`, target: "_blank", rel: "noopener" }, one.number), ` · ${one.type} `,
      h("span", { class: "case-turn" }), " ", call, h("br"), h("span", { class: "soft-dark" }, one.summary ?? ""));
  }

  /** @param {HTMLElement} element @param {ListedCase} one @param {boolean} may */
  #update(element, one, may) {
    const { state } = this.room;
    const now = state.caseId === one.id;
    setAttribute(element, "data-heard", now ? "now" : state.heard.has(one.id) ? "done" : "");
    setText(find(".case-turn", element), now ? t("– đang nghe") : state.heard.has(one.id) ? t("– đã nghe") : "");
    show(find("[data-action=call-case]", element), !now && may);
  }

  #next() {
    const { state } = this.room;
    const next = nextCase(this.cases, state.heard, state.caseId);
    if (next) this.room.command("call_case", { case_id: next.id });
  }
}
