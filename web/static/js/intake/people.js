/** Who was here before: by the whole ID number at once, by the full name from a list. Never while a denunciation is entered. */

import { post } from "../api.js";
import { t } from "../text.js";
import { say } from "./number.js";

/** @typedef {{path: string, number: string, type: string, state: string, summary: string, day: string}} Earlier */
/** @typedef {{id: string, kind: string, name: string, birth: string, address: string, phone: string, number: string, cases: Earlier[]}} Person */

const ASK_AFTER_MS = 250;
const FILLED = /** @type {const} */ (["name", "birth", "address", "phone"]);

export class People {
  /** @param {HTMLFormElement} form */
  constructor(form) {
    this.form = form;
    this.timer = 0;
    this.asked = "";
    this.current = -1;
    /** @type {Person[]} */
    this.found = [];
    this.number = this.input("id_number");
    this.name = this.input("name");
    this.list = /** @type {HTMLElement} */ (document.getElementById("people-results"));
    this.panel = /** @type {HTMLElement} */ (form.querySelector("[data-known]"));
    this.name.setAttribute("role", "combobox");
    this.name.setAttribute("aria-expanded", "false");
    this.name.setAttribute("aria-autocomplete", "list");
    this.name.setAttribute("aria-controls", this.list.id);
    this.number.addEventListener("input", () => this.numberTyped());
    this.input("birth").addEventListener("change", () => void this.ask("number"));
    this.name.addEventListener("input", () => this.later("name"));
    this.name.addEventListener("keydown", (event) => this.key(event));
    this.name.addEventListener("blur", () => window.setTimeout(() => this.close(), 150));
    form.querySelector("[data-known-drop]")?.addEventListener("click", () => this.forget());
    form.addEventListener("change", (event) => {
      if (event.target instanceof HTMLInputElement && event.target.name === "type" && this.secret()) this.forget();
    });
  }

  /** @param {string} name */
  input(name) {
    return /** @type {HTMLInputElement} */ (this.form.elements.namedItem(name));
  }

  secret() {
    return new FormData(this.form).get("type") === "denunciation";
  }

  numberTyped() {
    if (this.number.value.trim()) this.input("known_party").value = "";
    this.later("number");
  }

  /** @param {"number" | "name"} by */
  later(by) {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.ask(by), ASK_AFTER_MS);
  }

  /** @param {"number" | "name"} by */
  async ask(by) {
    const typed = { id_number: this.number.value.trim(), name: this.name.value.trim() };
    const byName = by === "name" && !typed.id_number && !this.input("known_party").value;
    if (by === "name" && (!byName || typed.name.split(/\s+/).length < 2)) return this.close();
    const body = {
      type: String(new FormData(this.form).get("type") ?? ""),
      id_number: typed.id_number,
      name: byName ? typed.name : "",
      birth: this.input("birth").value.trim(),
    };
    const key = JSON.stringify(body);
    if (key === this.asked) return;
    this.asked = key;
    let answer;
    try {
      answer = await post("/api/intake/person", body);
    } catch {
      this.asked = ""; // a line that is away stops nobody from typing; the server checks again
      return;
    }
    if (key !== this.asked) return;
    say(this.form, answer.says, answer.warning);
    if (byName) this.show(answer.people);
    else if (answer.people.length) this.take(answer.people[0], false);
    else if (typed.id_number) this.panel.hidden = true;
  }

  /** @param {Person[]} people */
  show(people) {
    this.found = people;
    this.list.replaceChildren(
      ...people.map((one, index) => {
        const item = document.createElement("li");
        item.id = `person-${index}`;
        item.setAttribute("role", "option");
        const about = document.createElement("span");
        about.className = "soft small figures";
        const said = [one.birth, one.number, one.address].filter(Boolean).join(" · ");
        about.textContent = said;
        item.append(one.name, document.createElement("br"), about);
        item.addEventListener("mousedown", (event) => {
          event.preventDefault();
          this.take(one, true);
        });
        return item;
      }),
    );
    this.list.hidden = people.length === 0;
    this.name.setAttribute("aria-expanded", String(people.length > 0));
    this.mark(-1);
  }

  close() {
    this.list.hidden = true;
    this.name.setAttribute("aria-expanded", "false");
    this.name.removeAttribute("aria-activedescendant");
  }

  /** @param {number} index */
  mark(index) {
    this.current = index;
    [...this.list.children].forEach((item, at) => item.setAttribute("aria-selected", String(at === index)));
    if (index < 0) return this.name.removeAttribute("aria-activedescendant");
    this.name.setAttribute("aria-activedescendant", `person-${index}`);
    this.list.children[index]?.scrollIntoView({ block: "nearest" });
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (this.list.hidden) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      this.mark((this.current + step + this.found.length) % this.found.length);
    } else if (event.key === "Enter" && !event.ctrlKey) {
      event.preventDefault();
      const one = this.found[this.current];
      if (one) this.take(one, true);
    } else if (event.key === "Escape") {
      event.stopPropagation();
      this.close();
    }
  }

  /**
   * Fill in what is empty; what was typed is the officer's.
   * @param {Person} one
   * @param {boolean} chosen by the officer, so that the name is replaced too
   */
  take(one, chosen) {
    if (this.secret()) return;
    for (const name of FILLED) {
      const field = this.input(name);
      if (!field.value.trim() || (chosen && name === "name")) field.value = one[name];
    }
    if (chosen) this.input("known_party").value = one.id;
    const title = this.panel.querySelector("[data-known-title]");
    const count = one.cases.length;
    const known = { name: one.name, number: one.number || "–" };
    if (title) {
      title.textContent = count
        ? t("Đã đến trước: %(name)s, số giấy tờ %(number)s. Các vụ việc:", known)
        : t("Đã đến trước: %(name)s, số giấy tờ %(number)s.", known);
    }
    this.panel.querySelector("[data-known-cases]")?.replaceChildren(...one.cases.map(earlier));
    this.panel.hidden = false;
    this.close();
    this.form.dispatchEvent(new Event("change", { bubbles: true }));
  }

  /** What was filled in goes; what was typed since stays only where it differs, so everything of the person is emptied. */
  forget() {
    if (this.panel.hidden && !this.input("known_party").value) return;
    for (const name of FILLED) this.input(name).value = "";
    this.input("known_party").value = "";
    this.panel.hidden = true;
    this.name.focus();
  }
}

/** @param {Earlier} one */
function earlier(one) {
  const item = document.createElement("li");
  const link = document.createElement("a");
  link.href = one.path;
  link.target = "_blank";
  link.textContent = one.number;
  item.append(link, ` ${one.day} – ${one.summary} (${one.type}, ${one.state})`);
  return item;
}
