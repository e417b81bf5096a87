/**
 * A tile per seat (and per screen that was shared): its picture, or why there is none at this moment.
 * @module
 */

import { t } from "../text.js";
import { grid } from "../live/core/layout.js";
import { find, h, icon, setAttribute, setIcon, setText, show } from "../live/view/dom.js";
import { segmentAt, withheldAt } from "./plan.js";

/** @import { LanePlayer } from "./lane_player.js" */
/** @import { Seat } from "./plan.js" */
/** @import { Player } from "./player.js" */

/**
 * @typedef {object} Tile
 * @property {HTMLElement} element
 * @property {HTMLElement} empty
 * @property {LanePlayer | undefined} video
 * @property {LanePlayer | undefined} audio
 * @property {boolean} isScreen
 */

export class TilesView {
  /** @param {Player} player */
  constructor(player) {
    this.player = player;
    this.stage = find(".replay-stage");
    this.root = find(".replay-tiles");
    /** @type {HTMLElement | null} the tile that is shown large */
    this.spotlight = null;
    /** @type {string} which tiles were there at the last look */
    this.shown = "";
    const seats = [...player.timeline.seats].sort((a, b) => a.position - b.position);
    this.tiles = seats.flatMap((seat) => this.#tilesOf(seat));
    this.root.append(...this.tiles.map((tile) => tile.element));
    new ResizeObserver(() => this.#arrange()).observe(this.stage);
  }

  render() {
    const position = this.player.positionMs;
    let shown = "";
    for (const tile of this.tiles) {
      const picture = tile.video?.present(position) ?? false;
      if (tile.isScreen) show(tile.element, tile.video !== undefined && segmentAt(tile.video.lane, position) !== null);
      show(tile.empty, !picture);
      if (!picture) this.#explain(tile, position);
      if (tile.video) show(tile.video.element, picture);
      setAttribute(tile.element, "data-sound", String(tile.audio?.present(position) ?? false));
      setAttribute(tile.element, "data-speaking", !tile.isScreen && this.player.speaks(tile.element.dataset.seatId ?? ""));
      if (!tile.element.hidden) shown += `${tile.element.dataset.key} `;
    }
    if (shown !== this.shown) this.#arrange();
    this.shown = shown;
  }

  /** @param {Seat} seat @returns {Tile[]} */
  #tilesOf(seat) {
    const lane = (/** @type {string} */ source) => this.player.lanes.find((one) => one.lane.key === `${seat.seat_id}/${source}`);
    const [camera, microphone, screen, screenAudio] = ["camera", "microphone", "screen", "screen_audio"].map(lane);
    const tiles = [];
    // A seat that nobody took left nothing to see.
    if (camera || microphone) tiles.push(this.#tile(seat, camera, microphone, false));
    if (screen) tiles.push(this.#tile(seat, screen, screenAudio, true));
    return tiles;
  }

  /**
   * @param {Seat} seat
   * @param {LanePlayer | undefined} video
   * @param {LanePlayer | undefined} audio
   * @param {boolean} isScreen
   * @returns {Tile}
   */
  #tile(seat, video, audio, isScreen) {
    const label = isScreen ? t("Màn hình của %(seat)s", { seat: seat.label }) : seat.label;
    const empty = h("p", { class: "replay-empty" }, icon("camera-off"), h("span", {}, t("Không có hình ở thời điểm này")));
    const heard = h("button", { type: "button", class: "tile-heard", "aria-pressed": "true", "aria-label": t("Nghe %(seat)s", { seat: label }) }, icon("speaker"));
    const enlarge = h("button", { type: "button", class: "tile-enlarge", "aria-pressed": "false" }, label);
    setAttribute(enlarge, "aria-label", t("Phóng to %(seat)s", { seat: label }));
    const plate = h("footer", { class: "replay-plate" }, enlarge, heard);
    const element = h("article", { class: "replay-tile", "data-seat-id": seat.seat_id, "data-key": `${seat.seat_id}${isScreen ? "/screen" : ""}`, "aria-label": label });
    if (video) element.append(video.element);
    if (audio) element.append(audio.element);
    element.append(empty, plate);
    heard.addEventListener("click", () => this.#hear(seat.seat_id, heard));
    show(heard, audio !== undefined);
    enlarge.addEventListener("click", () => this.#enlarge(element));
    return { element, empty, video, audio, isScreen };
  }

  /** @param {string} seatId @param {HTMLElement} button */
  #hear(seatId, button) {
    const heard = this.player.silent.has(seatId);
    this.player.setHeard(seatId, heard);
    setAttribute(button, "aria-pressed", String(heard));
    setIcon(find("svg", button), heard ? "speaker" : "microphone-off");
  }

  /** Why there is no picture. @param {Tile} tile @param {number} position */
  #explain(tile, position) {
    const withheld = withheldAt(this.player.timeline.withheld, position, tile.element.dataset.seatId);
    setAttribute(tile.empty, "data-withheld", withheld !== null);
    setIcon(find("svg", tile.empty), withheld ? "lock" : "camera-off");
    setText(find("span", tile.empty), withheld ? t("Giữ kín") : t("Không có hình ở thời điểm này"));
  }

  /** The tile that stands there alone, or all alike again. @param {number} index from 0, among those shown */
  enlargeAt(index) {
    const tile = this.tiles.filter((one) => !one.element.hidden)[index];
    if (tile) this.#enlarge(tile.element);
    else if (this.spotlight) this.#enlarge(this.spotlight);
  }

  /** @param {HTMLElement} element */
  #enlarge(element) {
    this.spotlight = this.spotlight === element ? null : element;
    this.player.foremost = this.spotlight?.dataset.seatId ?? null;
    for (const tile of this.tiles) {
      setAttribute(tile.element, "data-large", tile.element === this.spotlight);
      setAttribute(find(".tile-enlarge", tile.element), "aria-pressed", String(tile.element === this.spotlight));
    }
    this.#arrange();
  }

  #arrange() {
    const { width, height } = this.stage.getBoundingClientRect();
    const count = this.tiles.filter((tile) => !tile.element.hidden).length;
    setAttribute(this.root, "data-spotlight", this.spotlight !== null && !this.spotlight.hidden);
    const { tileWidth } = grid(count, width, height);
    this.root.style.setProperty("--tile-width", `${tileWidth - 6}px`);
  }
}

/** @param {HTMLElement} root @param {string} text */
export function setWaiting(root, text) {
  setText(root, text);
  show(root, text !== "");
}
