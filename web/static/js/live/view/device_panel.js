/**
 * Another camera, microphone or loudspeaker in mid-hearing.
 * @module
 */

import { remember } from "../media/devices.js";
import { find, setOptions } from "./dom.js";

/** @import { Room } from "../room.js" */
/** @import { Voices } from "./voices.js" */

export class DevicePanel {
  /** @param {Room} room @param {Voices} voices */
  constructor(room, voices) {
    this.room = room;
    this.voices = voices;
    this.root = find("[data-panel=devices]");
    for (const select of this.root.querySelectorAll("select")) {
      select.addEventListener("change", () => this.#choose(select));
    }
  }

  /** When it opens, and when devices come or go. */
  async render() {
    if (this.root.hidden) return;
    for (const select of this.root.querySelectorAll("select")) {
      const kind = /** @type {"camera" | "microphone" | "loudspeaker"} */ (select.dataset.kind);
      const found = await this.room.devices.list(kind);
      const track = kind === "loudspeaker" ? null : this.room.devices.track(kind);
      const chosen = kind === "loudspeaker" ? this.voices.sinkId : track?.getSettings().deviceId ?? "";
      setOptions(select, found.map((device, index) => ({ value: device.deviceId, label: device.label || `${index + 1}` })), chosen);
    }
  }

  /** @param {HTMLSelectElement} select */
  #choose(select) {
    const { kind } = select.dataset;
    if (kind === "loudspeaker") {
      remember("hub.loudspeaker", select.value);
      this.voices.setLoudspeaker(select.value);
    } else if (kind === "camera" || kind === "microphone") {
      this.room.memory[kind] = true;
      void this.room.devices.open(kind, select.value);
    }
  }
}
