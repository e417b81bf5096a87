/**
 * The stage: one large picture or none, the others beside it, page by page.
 * @module
 */

import { t } from "../../text.js";
import { arrange, grid } from "../core/layout.js";
import { help } from "../core/faults.js";
import { toldHeight } from "../core/shown.js";
import { maySend, me, seatOf } from "../core/state.js";
import { shortcut } from "../../shortcuts.js";
import { find, keyed, setAttribute, setText, show } from "./dom.js";
import { holdFocus } from "./keyboard.js";
import { Tile } from "./tile.js";

/** @import { Place } from "../core/layout.js" */
/** @import { SeatView } from "../core/protocol.js" */
/** @import { Room } from "../room.js" */

/** The row of the pager, below the tiles. */
const PAGER_PX = 48;
const NARROW_PX = 700;
const WIDE_PX = 1000;
const MOST_PINNED = 3;
const WHEEL_MS = 350;

export class StageView {
  /** @param {Room} room */
  constructor(room) {
    this.room = room;
    this.root = find(".stage");
    this.large = find(".stage-large", this.root);
    this.strip = find(".stage-tiles", this.root);
    this.pager = find(".stage-pager", this.root);
    /** @type {Map<string, Tile>} */
    this.tiles = new Map();
    /** @type {string[]} */
    this.order = [];
    this.page = 0;
    /** @type {string[]} the person's own choice: seats always shown */
    this.pinned = [];
    /** @type {Place[]} */
    this.shown = [];
    this.turnedAt = 0;
    find("[data-action=page-back]", this.pager).addEventListener("click", () => this.#turn(-1));
    find("[data-action=page-on]", this.pager).addEventListener("click", () => this.#turn(1));
    shortcut("PageDown", t("Trang hình sau"), () => this.#turn(1), "Page Down");
    shortcut("PageUp", t("Trang hình trước"), () => this.#turn(-1), "Page Up");
    this.root.addEventListener("wheel", (event) => this.#wheel(event), { passive: true });
    new ResizeObserver(() => this.render()).observe(this.root);
  }

  render() {
    const seats = this.#present();
    const { width, height } = this.root.getBoundingClientRect();
    if (width === 0) return;
    const { state } = this.room;
    const large = state.floor !== null || seats.some((seat) => seat.screen && maySend(state, seat));
    const lay = (/** @type {number} */ room) => arrange({
      seats, you: state.you, chair: state.chair, floor: state.floor, spokenAt: state.spokenAt, order: this.order,
      page: this.page, pageSize: pageSize(width, room, large, seats.length), pinned: this.pinned,
    });
    const whole = lay(height);
    const paged = whole.pages > 1;
    const scene = paged ? lay(height - PAGER_PX) : whole;
    this.order = scene.order;
    this.page = scene.page;
    setAttribute(this.root, "data-layout", scene.large ? "large" : "grid");
    setAttribute(this.root, "data-paged", paged);
    this.#fill(this.large, scene.large ? [scene.large] : []);
    this.#fill(this.strip, scene.tiles);
    this.shown = [...(scene.large ? [scene.large] : []), ...scene.tiles];
    this.#forget(this.shown);
    // The last page has as large tiles as the others.
    this.#size(scene.large !== null, paged ? pageSize(width, height, large, seats.length) : scene.tiles.length, width, paged ? height - PAGER_PX : height);
    show(this.pager, paged);
    setText(find(".stage-page", this.pager), t("Trang %(page)s/%(pages)s", { page: scene.page + 1, pages: scene.pages }));
    setAttribute(find("[data-action=page-back]", this.pager), "disabled", scene.page === 0);
    setAttribute(find("[data-action=page-on]", this.pager), "disabled", scene.page >= scene.pages - 1);
    this.#tell();
  }

  /** The hub sends what is shown, as large as it is shown. */
  #tell() {
    const others = this.shown.filter((place) => place.seatId !== this.room.state.you);
    this.room.shown.show({
      tiles: others.map((place) => ({
        seat_id: place.seatId, source: place.source,
        height: toldHeight(this.#tile(place).element.clientHeight, window.devicePixelRatio || 1),
      })),
      pinned: this.pinned,
    });
  }

  /** Whose tiles there are: those let in who may send, also while their line is lost. */
  #present() {
    const { state } = this.room;
    return state.seats.filter((seat) => maySend(state, seat)
      && (seat.presence === "admitted" || (seat.presence === "lost" && seat.admitted)));
  }

  /** @param {number} by */
  #turn(by) {
    this.page = Math.max(0, this.page + by);
    holdFocus(() => this.render());
  }

  /** One page for each push of the wheel. @param {WheelEvent} event */
  #wheel(event) {
    if (this.pager.hidden || Math.abs(event.deltaY) < 4 || event.timeStamp - this.turnedAt < WHEEL_MS) return;
    this.turnedAt = event.timeStamp;
    this.#turn(event.deltaY > 0 ? 1 : -1);
  }

  /** @param {string} seatId */
  #pin(seatId) {
    const known = this.pinned.includes(seatId);
    this.pinned = known ? this.pinned.filter((id) => id !== seatId) : [...this.pinned, seatId].slice(-MOST_PINNED);
    holdFocus(() => this.render());
  }

  /** @param {HTMLElement} container @param {Place[]} places */
  #fill(container, places) {
    keyed(container, places, (place) => place.key, (place) => this.#tile(place).element, (_, place) => {
      const seat = seatOf(this.room.state, place.seatId);
      if (seat) this.#tile(place).update(this.#facts(place, seat));
    });
  }

  /** @param {Place} place */
  #tile(place) {
    const known = this.tiles.get(place.key);
    if (known) return known;
    const tile = new Tile(place, () => this.#pin(place.seatId));
    this.tiles.set(place.key, tile);
    return tile;
  }

  /** @param {Place[]} places */
  #forget(places) {
    const kept = new Set(places.map((place) => place.key));
    for (const [key, tile] of this.tiles) {
      if (kept.has(key)) continue;
      tile.video.srcObject = null;
      this.tiles.delete(key);
    }
  }

  /** @param {Place} place @param {SeatView} seat */
  #facts(place, seat) {
    const { state, devices, screen, received } = this.room;
    const you = seat.seat_id === state.you;
    const line = received.find((one) => one.seatId === seat.seat_id && one.source === place.source);
    const theirs = line?.track ?? null;
    const unplayable = !you && line !== undefined && !line.playable;
    const mine = place.source === "screen" ? screen : devices.track("camera");
    const fault = you && place.source === "camera" ? devices.fault("camera") : "";
    return {
      seat, you, chairs: seat.seat_id === state.chair, floor: seat.seat_id === state.floor,
      speaking: state.speaking.includes(seat.seat_id),
      paused: !you && (state.state === "recess" || state.state === "interrupted"),
      frozen: !you && this.room.isFrozen(seat.seat_id, place.source),
      pinned: this.pinned.includes(seat.seat_id),
      track: you ? mine : theirs,
      line: you ? "own" : line ? `${line.mid}/${line.producer}` : "", begins: you ? undefined : (line?.timestamp ?? null),
      absent: state.pictureLevel > 0 ? t("Máy chủ đang bận: tạm giảm số hình, tiếng vẫn nghe") : "",
      fault: unplayable ? t("Trình duyệt này không xem được hình H.264 của thiết bị phòng họp. Hãy dùng Chromium.")
        : fault ? help(fault, "camera").title : "",
    };
  }

  /**
   * Tiles of one size, as large as the stage allows; beside a large picture they form a column, below it on a phone.
   * @param {boolean} large @param {number} count @param {number} width @param {number} height
   */
  #size(large, count, width, height) {
    const { style } = this.strip;
    if (large) {
      style.removeProperty("--tile-width");
      return;
    }
    const fit = grid(count, width, height);
    style.setProperty("--tile-width", `${fit.tileWidth - 8}px`);
  }
}

/** @param {number} width @param {number} height @param {boolean} large @param {number} count of those there are */
function pageSize(width, height, large, count) {
  const narrow = width < NARROW_PX;
  if (large) return narrow ? 2 : Math.max(2, Math.floor(height / 150));
  if (narrow) return 4;
  return width >= WIDE_PX && count > 9 ? 16 : 9;
}

/**
 * Whether one's own camera or microphone needs repair, for the banner.
 * @param {Room} room
 */
export function brokenDevice(room) {
  if (!me(room.state)) return null;
  for (const kind of /** @type {const} */ (["camera", "microphone"])) {
    const fault = room.devices.fault(kind);
    if (fault && room.memory[kind]) return { kind, fault };
  }
  return null;
}
