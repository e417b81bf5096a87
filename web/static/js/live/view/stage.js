/**
 * The stage: one large picture or none, the others beside it, page by page.
 * @module
 */

import { t } from "../../text.js";
import { arrange, grid } from "../core/layout.js";
import { help } from "../core/faults.js";
import { me, seatOf } from "../core/state.js";
import { find, keyed, setAttribute, setText, show } from "./dom.js";
import { Tile } from "./tile.js";

/** @import { Place } from "../core/layout.js" */
/** @import { SeatView } from "../core/protocol.js" */
/** @import { Room } from "../room.js" */

const NARROW_PX = 700;

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
    find("[data-action=page-back]", this.pager).addEventListener("click", () => this.#turn(-1));
    find("[data-action=page-on]", this.pager).addEventListener("click", () => this.#turn(1));
    new ResizeObserver(() => this.render()).observe(this.root);
  }

  render() {
    const seats = this.#present();
    const { width, height } = this.root.getBoundingClientRect();
    if (width === 0) return;
    const { state } = this.room;
    const scene = arrange({
      seats, you: state.you, chair: state.chair, floor: state.floor, spokenAt: state.spokenAt, order: this.order,
      page: this.page, pageSize: pageSize(width, height, state.floor !== null || seats.some((seat) => seat.screen)),
    });
    this.order = scene.order;
    this.page = scene.page;
    setAttribute(this.root, "data-layout", scene.large ? "large" : "grid");
    this.#fill(this.large, scene.large ? [scene.large] : []);
    this.#fill(this.strip, scene.tiles);
    this.#forget([...(scene.large ? [scene.large] : []), ...scene.tiles]);
    this.#size(scene.large !== null, scene.tiles.length, width, height);
    show(this.pager, scene.pages > 1);
    setText(find(".stage-page", this.pager), t("Trang %(page)s/%(pages)s", { page: scene.page + 1, pages: scene.pages }));
    setAttribute(find("[data-action=page-back]", this.pager), "disabled", scene.page === 0);
    setAttribute(find("[data-action=page-on]", this.pager), "disabled", scene.page >= scene.pages - 1);
  }

  /** Whose tiles there are: those let in, also while their line is lost. */
  #present() {
    return this.room.state.seats.filter((seat) => seat.presence === "admitted" || (seat.presence === "lost" && seat.admitted));
  }

  /** @param {number} by */
  #turn(by) {
    this.page += by;
    this.render();
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
    const tile = new Tile(place);
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
    const theirs = received.find((one) => one.seatId === seat.seat_id && one.source === place.source)?.track ?? null;
    const mine = place.source === "screen" ? screen : devices.track("camera");
    const fault = you && place.source === "camera" ? devices.fault("camera") : "";
    return {
      seat, you, chairs: seat.seat_id === state.chair, floor: seat.seat_id === state.floor,
      speaking: state.speaking.includes(seat.seat_id),
      paused: !you && (state.state === "recess" || state.state === "interrupted"),
      frozen: !you && this.room.isFrozen(seat.seat_id, place.source),
      track: you ? mine : theirs, fault: fault ? help(fault, "camera").title : "",
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

/** @param {number} width @param {number} height @param {boolean} large */
function pageSize(width, height, large) {
  const narrow = width < NARROW_PX;
  if (large) return narrow ? 2 : Math.max(2, Math.floor(height / 150));
  return narrow ? 4 : 9;
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
