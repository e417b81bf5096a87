/**
 * The check before entering: one question at a time, each failure with what to do.
 * @module
 */

import { t } from "../../text.js";
import { help } from "../core/faults.js";
import { audioContext, playTestTone, watchLevel } from "../media/meter.js";
import { probe } from "../media/probe.js";
import { remember } from "../media/devices.js";
import { find, h, keyed, setAttribute, setOptions, setText, show } from "./dom.js";

/** @import { Fault } from "../core/faults.js" */
/** @import { Devices } from "../media/devices.js" */

/** @typedef {"camera" | "microphone" | "loudspeaker" | "connection"} Question */
/** @typedef {"ok" | "failed" | "skipped"} Verdict */

/** @type {Question[]} */
const QUESTIONS = ["camera", "microphone", "loudspeaker", "connection"];

export class CheckView {
  /**
   * @param {Devices} devices
   * @param {(result: Record<Question, Verdict> & { detail: string }) => void} onDone
   */
  constructor(devices, onDone) {
    this.devices = devices;
    this.onDone = onDone;
    this.root = find("#phase-check");
    /** @type {Partial<Record<Question, Verdict>>} */
    this.verdicts = {};
    this.detail = "";
    /** @type {() => void} */
    this.stopMeter = () => undefined;
    this.sinkId = "";
    this.#wire("check-start", () => { audioContext(); this.#go("camera"); });
    this.#wire("check-yes", () => this.#answer("ok"));
    this.#wire("check-no", () => this.#deny());
    this.#wire("check-retry", () => this.#try());
    this.#wire("check-skip", () => this.#answer(this.fault ? "failed" : "skipped"));
    this.#wire("check-tone", () => void this.#tone());
    this.#wire("check-done", () => this.#finish());
    this.#wire("check-again", () => { this.verdicts = {}; this.#go("camera"); });
    document.addEventListener("keydown", (event) => this.#enter(event));
    for (const select of this.root.querySelectorAll("select")) {
      select.addEventListener("change", () => this.#choose(select));
    }
    /** @type {Question | "start" | "summary"} */
    this.step = "start";
    /** @type {Fault | ""} */
    this.fault = "";
    this.tries = 0;
  }

  /** Something changed with a device. */
  render() {
    if (this.step === "camera") this.#showCamera();
  }

  /** Enter, while the question itself has the focus, is its first answer. @param {KeyboardEvent} event */
  #enter(event) {
    const asked = event.target === document.body || (event.target instanceof HTMLElement && event.target.matches("h1, h2"));
    if (event.key !== "Enter" || event.repeat || !asked || this.root.hidden) return;
    const button = this.#section().querySelector(".button.primary");
    if (!(button instanceof HTMLButtonElement) || button.disabled) return;
    event.preventDefault();
    button.click();
  }

  /** @param {Question | "start" | "summary"} step */
  #go(step) {
    this.stopMeter();
    this.step = step;
    for (const section of this.root.querySelectorAll("[data-step]")) {
      show(section, section.getAttribute("data-step") === step);
    }
    for (const mark of this.root.querySelectorAll("[data-mark]")) {
      const name = /** @type {Question} */ (mark.getAttribute("data-mark"));
      setAttribute(mark, "aria-current", step === name ? "step" : null);
      setAttribute(mark, "data-verdict", this.verdicts[name] ?? null);
    }
    const heading = this.root.querySelector(`[data-step=${step}] h2`);
    if (heading instanceof HTMLElement) heading.focus();
    if (step === "summary") this.#summary();
    else if (step !== "start") this.#try();
  }

  #section() {
    return find(`[data-step=${this.step}]`, this.root);
  }

  /** Ask the question of this step (again). */
  #try() {
    this.#fail("");
    const asked = this.step;
    if (asked === "camera") void this.devices.open("camera").then((fault) => this.#opened(asked, fault));
    if (asked === "microphone") void this.devices.open("microphone").then((fault) => this.#opened(asked, fault));
    if (asked === "loudspeaker") void this.#list("loudspeaker");
    if (asked === "connection") void this.#connect();
  }

  /** @param {"camera" | "microphone"} kind @param {Fault | ""} fault */
  #opened(kind, fault) {
    if (this.step !== kind) return;
    this.#fail(fault);
    void this.#list(kind);
    if (kind === "camera") this.#showCamera();
    else if (!fault) this.#listen();
  }

  #showCamera() {
    const video = /** @type {HTMLVideoElement} */ (find("video", this.root));
    const track = this.devices.track("camera");
    const shown = video.srcObject instanceof MediaStream ? video.srcObject.getTracks()[0] : null;
    if (shown !== track) video.srcObject = track ? new MediaStream([track]) : null;
    show(video, track !== null);
    if (!track && this.devices.fault("camera")) this.#fail(this.devices.fault("camera"));
  }

  #listen() {
    const track = this.devices.track("microphone");
    if (!track) return;
    const bar = find("[role=meter]", this.#section());
    const heardLine = find(".heard", this.#section());
    const began = performance.now();
    let loud = 0;
    this.stopMeter();
    this.stopMeter = watchLevel(track, (level) => {
      bar.style.setProperty("--level", level.toFixed(3));
      setAttribute(bar, "aria-valuenow", String(Math.round(level * 10) * 10));
      if (level > 0.45) loud += 1;
      if (loud > 4) setText(heardLine, t("Đã thu được tiếng."));
      else if (performance.now() - began > 8000) setText(heardLine, t("Chưa thu được tiếng. Hãy nói to hơn hoặc chọn micro khác."));
    });
    setText(heardLine, t("Hãy nói vài câu và nhìn thanh bên trên."));
  }

  async #tone() {
    const button = find("[data-action=check-tone]", this.root);
    if (button.hasAttribute("aria-disabled")) return;
    setAttribute(button, "aria-disabled", true); // "disabled" would take the focus away
    await playTestTone(this.sinkId || undefined);
    setAttribute(button, "aria-disabled", null);
  }

  async #connect() {
    const line = find(".probe-line", this.#section());
    setText(line, t("Đang thử đường truyền…"));
    setAttribute(find("[data-action=check-yes]", this.#section()), "disabled", true);
    const result = await probe();
    if (this.step !== "connection") return;
    this.#fail(result.fault);
    if (result.fault) {
      setText(line, "");
      return;
    }
    const way = { tcp: "TCP", relay: "TURN" }[result.protocol] ?? "UDP";
    this.detail = result.roundTripMs === null ? way : `${way}, ${result.roundTripMs} ms`;
    setText(line, t("Hình và tiếng đi qua được (%(detail)s).", { detail: this.detail }));
    setAttribute(find("[data-action=check-yes]", this.#section()), "disabled", false);
  }

  /** Show what to do about a fault, or hide it. @param {Fault | ""} fault */
  #fail(fault) {
    this.fault = fault;
    const box = this.#section().querySelector(".fault");
    if (!(box instanceof HTMLElement)) return;
    show(box, fault !== "");
    for (const button of this.#section().querySelectorAll("[data-action=check-yes], [data-action=check-no]")) {
      show(button, fault === "");
    }
    if (!fault) return;
    const device = this.step === "microphone" || this.step === "connection" ? this.step : "camera";
    const { title, steps } = help(fault, device);
    setText(find("h3", box), title);
    keyed(find("ol", box), steps, (step) => step, (step) => h("li", {}, step));
    box.focus();
  }

  /** "No": the device seems to work, and yet the person sees or hears nothing. */
  #deny() {
    if (this.step === "microphone") this.#fail("silent");
    else this.#fail("unknown");
    const box = this.#section().querySelector(".fault");
    if (this.step === "loudspeaker" && box) {
      setText(find("h3", box), t("Không nghe thấy tiếng"));
      keyed(find("ol", box), [
        t("Bật loa, vặn to âm lượng của máy và của loa."), t("Chọn loa khác trong danh sách rồi bấm “Phát tiếng thử”."),
        t("Rút và cắm lại dây loa hoặc tai nghe."),
      ], (step) => step, (step) => h("li", {}, step));
    }
    if (this.step === "camera" && box) {
      setText(find("h3", box), t("Không nhìn thấy hình"));
      keyed(find("ol", box), [
        t("Mở nắp che camera."), t("Chọn camera khác trong danh sách."), t("Rút ra, cắm lại rồi bấm “Thử lại”."),
      ], (step) => step, (step) => h("li", {}, step));
    }
  }

  /** @param {Verdict} verdict */
  #answer(verdict) {
    if (this.step === "start" || this.step === "summary") return;
    this.verdicts[this.step] = verdict;
    if (this.fault && verdict !== "ok") this.detail += `${this.detail ? "; " : ""}${this.step}: ${this.fault}`;
    const next = QUESTIONS[QUESTIONS.indexOf(this.step) + 1];
    this.#go(next ?? "summary");
  }

  #summary() {
    keyed(find(".verdicts", this.root), QUESTIONS, (name) => name, () => h("li", {}, h("span"), h("b")), (element, name) => {
      const verdict = this.verdicts[name] ?? "skipped";
      setAttribute(element, "data-verdict", verdict);
      setText(find("span", element), {
        camera: t("Camera"), microphone: t("Micro"), loudspeaker: t("Loa"), connection: t("Đường truyền"),
      }[name]);
      setText(find("b", element), { ok: t("Tốt"), failed: t("Có lỗi"), skipped: t("Bỏ qua") }[verdict]);
    });
    const perfect = QUESTIONS.every((name) => this.verdicts[name] === "ok");
    setText(find(".summary-line", this.root), perfect
      ? t("Mọi thứ đều tốt.") : t("Có phần chưa tốt. Bạn vẫn có thể vào; bàn hỗ trợ thấy kết quả này."));
  }

  #finish() {
    this.stopMeter();
    const verdicts = /** @type {Record<Question, Verdict>} */ (Object.fromEntries(
      QUESTIONS.map((name) => [name, this.verdicts[name] ?? "skipped"])));
    this.onDone({ ...verdicts, detail: this.detail.slice(0, 500) });
  }

  /** @param {"camera" | "microphone" | "loudspeaker"} kind */
  async #list(kind) {
    const select = this.root.querySelector(`select[data-kind=${kind}]`);
    if (!(select instanceof HTMLSelectElement)) return;
    const found = await this.devices.list(kind);
    const options = found.map((device, index) => ({ value: device.deviceId, label: device.label || `${index + 1}` }));
    const track = kind === "loudspeaker" ? null : this.devices.track(kind);
    setOptions(select, options, track?.getSettings().deviceId ?? this.sinkId);
    const field = select.closest(".field");
    if (field) show(field, options.length > 0);
  }

  /** @param {HTMLSelectElement} select */
  #choose(select) {
    const kind = select.dataset.kind;
    if (kind === "loudspeaker") {
      this.sinkId = select.value;
      remember("hub.loudspeaker", select.value);
      return;
    }
    if (kind !== "camera" && kind !== "microphone") return;
    this.#fail("");
    void this.devices.open(kind, select.value).then((fault) => this.#opened(kind, fault));
  }

  /** @param {string} action @param {() => void} act */
  #wire(action, act) {
    for (const button of this.root.querySelectorAll(`[data-action=${action}]`)) button.addEventListener("click", act);
  }
}
