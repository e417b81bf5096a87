/**
 * The page of a seat: check → notice → waiting room ⇄ stage → over, without a reload.
 * @module
 */

import { post } from "../api.js";
import { t } from "../text.js";
import { announcement, CROWD } from "./core/announce.js";
import { help } from "./core/faults.js";
import { elapsedMs, isLive, onStage } from "./core/state.js";
import { elapsed, timeOfDay } from "./core/time.js";
import { Room } from "./room.js";
import { loadMemory, saveMemory, tabName } from "./memory.js";
import { AgendaView } from "./view/agenda.js";
import { BarView } from "./view/bar.js";
import { ChairPanel } from "./view/chair.js";
import { CheckView } from "./view/check.js";
import { DevicePanel } from "./view/device_panel.js";
import { find, setAttribute, setText, show } from "./view/dom.js";
import { holdFocus } from "./view/keyboard.js";
import { LinesView } from "./view/lines.js";
import { advice } from "./view/line_words.js";
import { TextList } from "./view/lists.js";
import { MinutesPanel } from "./view/minutes.js";
import { Notices } from "./view/notices.js";
import { OverView } from "./view/over.js";
import { Panels } from "./view/panels.js";
import { brokenDevice, StageView } from "./view/stage.js";
import { Voices } from "./view/voices.js";
import { WaitingView } from "./view/waiting.js";
import { stateWord } from "./view/words.js";

/** @import { HearingEvent } from "./core/protocol.js" */
/** @import { ListedCase } from "./core/agenda.js" */
/** @import { LiveState } from "./core/state.js" */
/** @import { Banner } from "./view/notices.js" */

/**
 * @typedef {object} Boot   what the server tells the page
 * @property {string} hearingId
 * @property {string} seatId
 * @property {"chair" | "deputy" | "secretary" | "point"} seatKind
 * @property {string} state
 * @property {boolean} noticeConfirmed
 * @property {ListedCase[]} cases   those that this seat may know
 * @property {string} minutesState
 * @property {boolean} writesMinutes
 */

/** @typedef {"check" | "notice" | "waiting" | "stage" | "over"} Phase */

/** Media that is not there for so long deserves a word. */
const MEDIA_PATIENCE_MS = 4000;
/** Of these only the last still holds: "a recess begins" must not stand there when it is over. */
const COURSE = new Set(["opened", "recess_called", "resumed", "interrupted", "ended"]);
/** With more seats than a screen shows the page is drawn at most so often. */
const CROWD_DRAW_MS = 100;

class Page {
  /** @param {Boot} boot */
  constructor(boot) {
    this.boot = boot;
    this.memory = loadMemory(boot.hearingId, boot.seatId);
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    this.room = new Room({
      socket: `${scheme}//${location.host}/ws/hearings/${boot.hearingId}`, seatId: boot.seatId, client: tabName(),
    }, this.memory, {
      onChange: () => this.#changed(),
      onEvent: (event, state) => this.#happened(event, state),
      onError: (error) => this.notices.toast(error.text, true),
      onFailed: (failures) => void this.#failed(failures),
    });
    /** @type {Phase} */
    this.phase = "check";
    this.notices = new Notices();
    this.panels = new Panels(() => this.#changed());
    this.bar = new BarView(this.room, this.panels, this.notices);
    this.stage = new StageView(this.room);
    this.waiting = new WaitingView(this.room);
    this.chair = new ChairPanel(this.room);
    if (boot.seatKind !== "point") this.chair.wireKeys(this.panels);
    this.lines = new LinesView(this.room);
    this.messages = new TextList(this.room, "messages", "say");
    this.notes = new TextList(this.room, "notes", "note");
    this.agenda = new AgendaView(this.room, boot.cases);
    this.minutes = new MinutesPanel(this.room, boot, this.notices);
    this.blocked = false;
    this.voices = new Voices(find(".voices"), (blocked) => { this.blocked = blocked; this.#changed(); });
    this.devicePanel = new DevicePanel(this.room, this.voices);
    this.check = new CheckView(this.room.devices, (result) => void this.#checked(result));
    this.over = new OverView(this.room, () => this.#enter({ takeOver: true }));
    this.mediaMissingSince = 0;
    this.entered = false;
    this.scheduled = false;
    this.drawnAt = Number.NEGATIVE_INFINITY;
    find("[data-action=confirm-notice]").addEventListener("click", () => void this.#noticed());
  }

  begin() {
    if (this.memory.checked) {
      void this.room.openDevices();
      this.#afterCheck();
    } else {
      this.#show("check");
      this.room.prepare();
    }
    setInterval(() => this.#tick(), 500);
    this.#tick();
  }

  /** @param {Record<string, string>} result */
  async #checked(result) {
    this.memory.checked = true;
    // Who takes part without a camera or a microphone has said so; at a point both are needed, and missed aloud.
    for (const kind of /** @type {const} */ (["camera", "microphone"])) {
      if (!["point", "chair"].includes(this.boot.seatKind) && result[kind] !== "ok") this.memory[kind] = false;
    }
    saveMemory(this.boot.hearingId, this.boot.seatId, this.memory);
    // The result is a service to the centre; a hub that cannot take it now must not keep anyone out.
    post(`/api/hearings/${this.boot.hearingId}/device-check`, { seat_id: this.boot.seatId, ...result }).catch(() => {
      this.notices.toast(t("Chưa gửi được kết quả kiểm tra cho bàn hỗ trợ."));
    });
    this.#afterCheck();
  }

  #afterCheck() {
    if (this.boot.seatKind === "point" && !this.boot.noticeConfirmed) this.#show("notice");
    else this.#enter({});
  }

  async #noticed() {
    const button = find("[data-action=confirm-notice]");
    const fault = find("#notice-fault");
    setAttribute(button, "disabled", true);
    try {
      await post(`/api/hearings/${this.boot.hearingId}/notice`, { seat_id: this.boot.seatId });
      this.boot.noticeConfirmed = true;
      this.#enter({});
    } catch (error) {
      setText(fault, error instanceof Error ? error.message : String(error));
      show(fault, true);
    } finally {
      setAttribute(button, "disabled", false);
    }
  }

  /** @param {{ takeOver?: boolean }} options */
  #enter(options) {
    void this.room.openDevices();
    this.room.enter(options);
    this.entered = true;
    this.#changed();
  }

  /** Many changes in one turn are drawn once. */
  #changed() {
    if (this.scheduled) return;
    this.scheduled = true;
    const draw = () => { this.scheduled = false; this.drawnAt = performance.now(); holdFocus(() => this.#render()); };
    // Two hundred seats that come at once are news two hundred times over: an old computer draws them ten times a second.
    const rest = this.room.state.seats.length > CROWD ? this.drawnAt + CROWD_DRAW_MS - performance.now() : 0;
    if (rest > 0) setTimeout(draw, rest);
    else queueMicrotask(draw);
  }

  #render() {
    const { state } = this.room;
    saveMemory(this.boot.hearingId, this.boot.seatId, this.memory);
    document.body.dataset.hearingState = state.welcomed ? state.state : this.boot.state;
    document.body.dataset.link = state.link;
    if (!this.entered) {
      this.check.render();
      return;
    }
    if (state.link === "taken" || state.link === "over") this.#show("over");
    else this.#show(onStage(state) ? "stage" : "waiting");
    this.#head(state);
    this.#offer(state);
    if (this.phase === "waiting") this.waiting.render();
    this.stage.render();
    this.chair.render();
    this.lines.render(this.panels.open === "chair");
    this.agenda.render();
    this.minutes.render(this.panels.open === "minutes");
    if (this.panels.open === "messages") this.messages.render();
    if (this.panels.open === "notes") this.notes.render();
    void this.devicePanel.render();
    this.bar.render();
    this.over.render();
    this.voices.update(this.room.received);
    this.notices.show(this.#banners(state));
  }

  /** Which panels this seat has now. @param {LiveState} state */
  #offer(state) {
    const chairs = state.welcomed && state.chair === state.you;
    const hadChair = this.panels.has("chair");
    this.panels.offer("chair", chairs);
    this.panels.offer("minutes", true);
    this.panels.offer("notes", chairs || this.boot.seatKind === "secretary");
    // Before the opening the chair's next step is in this panel, so it stands open on a telephone too.
    const wanted = window.innerWidth >= 1000 || state.state === "scheduled";
    if (chairs && !hadChair && wanted) this.panels.toggle("chair");
  }

  /** @param {LiveState} state */
  #head(state) {
    setText(find(".hall-state"), stateWord(state.state));
    setAttribute(find(".hall-state"), "data-state", state.state);
    show(find(".rec"), state.recording && isLive(state.state));
    setAttribute(find(".rec"), "data-paused", state.state !== "open");
    setAttribute(find(".rec"), "data-lost", state.recorderLost);
    setText(find(".rec time"), elapsed(elapsedMs(state, performance.now()) ?? 0));
    setText(find(".rec b"), state.recorderLost ? t("MẤT GHI") : state.state === "open" ? "REC" : t("TẠM DỪNG GHI"));
  }

  /** @param {LiveState} state @returns {Banner[]} */
  #banners(state) {
    /** @type {(Banner | false)[]} */
    const banners = [
      state.link === "lost" && { key: "link", tone: "danger", text: t("Mất kết nối với máy chủ. Đang tự nối lại, xin giữ nguyên trang này.") },
      state.link === "online" && this.#mediaMissing() && { key: "media", tone: "warn", text: t("Đang nối lại hình và tiếng…") },
      state.recorderLost && { key: "recorder", tone: "danger", text: t("Máy ghi đang mất liên lạc. Phần này có thể không được ghi.") },
      state.workerLost && { key: "worker", tone: "warn", text: t("Máy chủ hình và tiếng gặp sự cố, đang nối lại.") },
      state.state === "recess" && { key: "recess", tone: "info", text: t("Đang tạm nghỉ. Hình và tiếng đã dừng và không được ghi.") },
      state.state === "interrupted" && { key: "interrupted", tone: "warn", text: t("Buổi tiếp bị gián đoạn vì mất liên lạc với chủ trì.") },
      this.room.may("take_chair") && this.#takeChair(),
      this.blocked && { key: "sound", tone: "warn", text: t("Trình duyệt đang chặn tiếng."),
        button: { label: t("Bấm để nghe"), action: "unblock-sound", act: () => this.voices.unblock() } },
      this.#deviceBanner(),
      this.#lineBanner(state),
    ];
    return banners.filter((banner) => banner !== false);
  }

  /** @returns {Banner} */
  #takeChair() {
    return { key: "take-chair", tone: "warn", text: t("Chủ trì vắng mặt. Bạn có thể chủ trì thay để buổi tiếp tiếp tục."),
      button: { label: t("Chủ trì thay"), action: "take-chair", act: () => void this.room.command("take_chair") } };
  }

  /** @returns {Banner | false} */
  #deviceBanner() {
    const broken = brokenDevice(this.room);
    if (!broken) return false;
    const { title, steps } = help(broken.fault, broken.kind);
    return { key: `device-${broken.kind}-${broken.fault}`, tone: "warn", text: `${title}. ${steps[0] ?? ""}`,
      button: { label: t("Mở lại"), action: `repair-${broken.kind}`, act: () => void this.room.devices.open(broken.kind) } };
  }

  /** What is wrong with our own line, and what to do about it. @param {LiveState} state @returns {Banner | false} */
  #lineBanner(state) {
    const worst = state.troubles[state.you]?.[0];
    const text = worst ? advice(worst) : "";
    if (!text || state.link !== "online" || state.state !== "open" || !this.room.mediaOn) return false;
    const choose = worst.cause === "microphone_silent" && this.panels.open !== "devices";
    return { key: `line-${worst.cause}`, tone: "warn", text, button: choose
      ? { label: t("Chọn micro khác"), action: "choose-microphone", act: () => this.panels.toggle("devices") } : undefined };
  }

  /** Whether our own connections have been away for long enough to speak of it. */
  #mediaMissing() {
    const others = this.room.received.length > 0;
    const sent = !this.room.sending || this.room.connected.publish;
    const fine = !this.room.mediaOn || (sent && (!others || this.room.connected.subscribe));
    if (fine) this.mediaMissingSince = 0;
    else this.mediaMissingSince ||= performance.now();
    return !fine && performance.now() - this.mediaMissingSince > MEDIA_PATIENCE_MS;
  }

  /** @param {HearingEvent} event @param {LiveState} state */
  #happened(event, state) {
    const said = announcement(event, state);
    if (!said) return;
    if (event.kind === "said" && event.seat_id !== state.you && this.panels.open !== "messages") {
      this.panels.unread += 1;
      this.notices.toast(said.text);
    } else if (event.kind === "said") {
      this.notices.announce(said.text);
    } else if (said.gather) {
      this.notices.gather(said.gather.kind, said.text, said.gather.many);
    } else {
      this.notices.toast(said.text, said.urgent, COURSE.has(event.kind) ? "course" : "");
    }
  }

  /** The line does not come back: perhaps nobody is signed in any more. @param {number} failures */
  async #failed(failures) {
    if (failures % 4 !== 3) return;
    try {
      const answer = await fetch(location.pathname, { method: "HEAD", redirect: "manual", cache: "no-store" });
      if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) this.room.signedOut();
    } catch {
      // The network is away: the link goes on trying.
    }
  }

  #tick() {
    const { state } = this.room;
    const now = performance.now();
    setText(find(".rec time"), elapsed(elapsedMs(state, now) ?? 0));
    setText(find(".hall-clock"), timeOfDay(Date.now()));
    this.waiting.tick();
    if (this.entered) this.chair.tick();
    if (this.room.mediaOn) holdFocus(() => this.notices.show(this.#banners(state)));
  }

  /** @param {Phase} phase */
  #show(phase) {
    if (this.phase === phase && document.body.dataset.phase === phase) return;
    this.phase = phase;
    document.body.dataset.phase = phase;
    const hall = phase === "waiting" || phase === "stage";
    show(find("#phase-check"), phase === "check");
    show(find("#phase-notice"), phase === "notice");
    show(find("#phase-hall"), hall);
    show(find("#phase-over"), phase === "over");
    show(find(".waiting"), phase === "waiting");
    show(find(".stage"), phase === "stage");
    const heading = document.querySelector(hall ? "#phase-hall h1" : `#phase-${phase} h1`);
    if (heading instanceof HTMLElement) heading.focus();
  }
}

new Page(JSON.parse(find("#live").textContent ?? "{}")).begin();
