/**
 * The player's page.
 * @module
 */

import { get } from "../api.js";
import { shortcut } from "../shortcuts.js";
import { t } from "../text.js";
import { elapsed, formatPosition, parsePosition, timeOfDay } from "../live/core/time.js";
import { find, h, setAttribute, setIcon, setText } from "../live/view/dom.js";
import { JumpList } from "./jumps.js";
import { readTimeline, withheldAt } from "./plan.js";
import { Player } from "./player.js";
import { setWaiting, TilesView } from "./tiles.js";
import { TrackView } from "./track_view.js";

/** @import { Timeline } from "./plan.js" */

const STEP_MS = 10_000;
const SMALL_STEP_MS = 1_000;

class ReplayPage {
  /** @param {Timeline} timeline @param {{ replayId: string, viewer: string }} boot */
  constructor(timeline, boot) {
    this.player = new Player(timeline, boot.replayId, () => this.render());
    this.viewer = boot.viewer;
    this.tiles = new TilesView(this.player);
    this.track = new TrackView(this.player);
    this.jumps = new JumpList(this.player, () => this.track.showFound(this.jumps.searching ? this.jumps.found : []));
    this.startedAtMs = Date.parse(timeline.started_at);
    this.#controls();
    this.#keys();
    const at = parsePosition(new URLSearchParams(location.search).get("t"));
    this.player.seek(at ?? 0);
    setInterval(() => this.render(), 200);
    this.#watermark();
    setInterval(() => this.#watermark(), 10_000);
    // For tests and for the curious: how far each element is from the clock.
    Object.assign(window, { replayPlayer: this.player });
  }

  render() {
    const { player } = this;
    const play = find("[data-action=play]");
    setAttribute(play, "aria-pressed", String(player.playing));
    setIcon(find("svg", play), player.playing ? "pause" : "play");
    setText(find(".word", play), player.playing ? t("Dừng") : t("Phát"));
    const shownMs = this.track.positionMs;
    setText(find("[data-position]"), elapsed(shownMs));
    setText(find(".wall-clock"), t("lúc %(time)s", { time: timeOfDay(this.startedAtMs + shownMs) }));
    const broken = player.lanes.reduce((sum, lane) => sum + lane.broken, 0);
    setWaiting(find(".replay-wait"), player.waiting ? t("Đang tải…")
      : broken ? t("%(count)s đoạn không tải được; phần đó để trống.", { count: broken }) : "");
    document.body.dataset.playing = String(player.playing && !player.waiting);
    const withheld = withheldAt(player.timeline.withheld, player.positionMs);
    setWaiting(find(".withheld-note"), !withheld ? "" : withheld.shown
      ? t("Đoạn giữ kín, chỉ bạn được xem: %(ground)s", { ground: withheld.ground }) : t("Đoạn này được giữ kín: %(ground)s", { ground: withheld.ground }));
    const mark = document.querySelector("[data-action=withhold]");
    if (mark) setAttribute(mark, "href", `/recordings/${player.timeline.recording_id}?from=${elapsed(player.positionMs)}#withheld`);
    this.tiles.render();
    this.track.render();
    this.jumps.render();
  }

  #controls() {
    const { player } = this;
    find("[data-action=play]").addEventListener("click", () => this.#toggle());
    find("[data-action=back]").addEventListener("click", () => player.seek(player.positionMs - STEP_MS));
    find("[data-action=forward]").addEventListener("click", () => player.seek(player.positionMs + STEP_MS));
    const rate = /** @type {HTMLSelectElement} */ (find("[data-action=rate]"));
    rate.addEventListener("change", () => player.setRate(Number(rate.value)));
    const volume = /** @type {HTMLInputElement} */ (find("[data-action=volume]"));
    volume.addEventListener("input", () => player.setVolume(Number(volume.value)));
    find("[data-action=copy-link]").addEventListener("click", () => void this.#copyLink());
    find("[data-action=fullscreen]").addEventListener("click", () => void this.#fullscreen());
    find("[data-action=found-next]").addEventListener("click", () => this.jumps.step(1));
    find("[data-action=found-before]").addEventListener("click", () => this.jumps.step(-1));
    find(".scrub").addEventListener("keydown", (event) => {
      if (event.key === "PageUp") player.seek(player.positionMs + 60_000);
      else if (event.key === "PageDown") player.seek(player.positionMs - 60_000);
      else return;
      event.preventDefault();
    });
  }

  #keys() {
    const { player } = this;
    shortcut(" ", t("Phát hoặc dừng"), () => this.#toggle(), t("Dấu cách"));
    shortcut("ArrowLeft", t("Lùi 10 giây"), () => player.seek(player.positionMs - STEP_MS), "←");
    shortcut("ArrowRight", t("Tiến 10 giây"), () => player.seek(player.positionMs + STEP_MS), "→");
    shortcut(",", t("Lùi 1 giây"), () => player.seek(player.positionMs - SMALL_STEP_MS), ",");
    shortcut(".", t("Tiến 1 giây"), () => player.seek(player.positionMs + SMALL_STEP_MS), ".");
    shortcut("Home", t("Về đầu"), () => player.seek(0), "Home");
    shortcut("End", t("Đến cuối"), () => player.seek(player.timeline.duration_ms), "End");
    shortcut("+", t("Nhanh hơn"), () => this.#rate(1), "+");
    shortcut("-", t("Chậm hơn"), () => this.#rate(-1), "−");
    shortcut("n", t("Đến mục sau trong danh sách"), () => this.jumps.step(1));
    shortcut("p", t("Về mục trước trong danh sách"), () => this.jumps.step(-1));
    shortcut("/", t("Tìm trong ghi chép và tin nhắn"), () => this.jumps.query.focus(), "/");
    shortcut("z", t("Phóng to dòng thời gian"), () => this.track.zoomBy(1));
    shortcut("x", t("Thu nhỏ dòng thời gian"), () => this.track.zoomBy(-1));
    shortcut("f", t("Toàn màn hình"), () => void this.#fullscreen());
    shortcut("0", t("Các hình bằng nhau"), () => this.tiles.enlargeAt(-1), "0");
    for (let number = 1; number <= Math.min(9, this.tiles.tiles.length); number += 1) {
      shortcut(String(number), t("Phóng to hình thứ %(number)s", { number }), () => this.tiles.enlargeAt(number - 1));
    }
  }

  #toggle() {
    if (this.player.playing) this.player.pause();
    else this.player.play();
  }

  /** @param {number} by */
  #rate(by) {
    const rate = /** @type {HTMLSelectElement} */ (find("[data-action=rate]"));
    rate.selectedIndex = Math.max(0, Math.min(rate.options.length - 1, rate.selectedIndex + by));
    this.player.setRate(Number(rate.value));
  }

  async #fullscreen() {
    if (document.fullscreenElement) await document.exitFullscreen();
    else await find(".player-main").requestFullscreen?.();
  }

  async #copyLink() {
    const { recording_id: id } = this.player.timeline;
    // The permission is one person's: the link leads to the recording, where the next one states his own reason.
    const link = `${location.origin}/recordings/${id}?t=${formatPosition(this.player.positionMs)}`;
    const word = find("[data-action=copy-link] .word");
    try {
      await navigator.clipboard.writeText(link);
      setText(word, t("Đã chép"));
      word.classList.remove("unseen");
    } catch {
      window.prompt(t("Chép liên kết này:"), link);
    }
    setTimeout(() => {
      setText(word, t("Chép liên kết"));
      word.classList.add("unseen");
    }, 2500);
  }

  /** Who watches, and when, over the whole picture: a photograph of the screen names its maker. */
  #watermark() {
    const root = find(".watermark");
    const now = new Date();
    const day = now.toLocaleDateString("vi-VN", { timeZone: "Asia/Ho_Chi_Minh" });
    const text = `${this.viewer} · ${day} ${timeOfDay(now)}`;
    if (root.childElementCount === 0) root.append(...Array.from({ length: 40 }, () => h("span")));
    for (const span of root.children) setText(span, text);
  }
}

async function begin() {
  const boot = JSON.parse(find("#replay").textContent ?? "{}");
  try {
    new ReplayPage(readTimeline(await get(`/api/replays/${boot.replayId}/timeline`)), boot);
  } catch (error) {
    setWaiting(find(".replay-wait"), error instanceof Error ? error.message : String(error));
  }
}

void begin();
