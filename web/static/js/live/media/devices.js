/**
 * This browser's camera and microphone: opened, exchanged, lost and repaired. Never throws; a fault is a state.
 * @module
 */

import { faultOf } from "../core/faults.js";
import { cameraHeight } from "../core/layers.js";

/** @import { Fault } from "../core/faults.js" */

/** @typedef {"camera" | "microphone"} DeviceKind */

/**
 * @typedef {object} Device
 * @property {MediaStreamTrack | null} track
 * @property {Fault | ""} fault
 * @property {boolean} wanted    the person wants it on; only then is it reopened by itself
 */

const PREFERENCE = { camera: "hub.camera", microphone: "hub.microphone", noise: "hub.noise-suppression" };

/** What a point sends at best: enough for a face and a paper held up. Weak lines get a smaller layer of it. */
const LINES = cameraHeight(navigator.hardwareConcurrency ?? 0);
const PICTURE = {
  width: { ideal: LINES * 16 / 9 }, height: { ideal: LINES }, frameRate: { ideal: 24, max: 24 },
};

export class Devices {
  /** @param {(kind: DeviceKind) => void} onChange   a track came, went, or a fault appeared */
  constructor(onChange) {
    this.onChange = onChange;
    /** @type {Record<DeviceKind, Device>} */
    this.state = {
      camera: { track: null, fault: "", wanted: false },
      microphone: { track: null, fault: "", wanted: false },
    };
    navigator.mediaDevices?.addEventListener("devicechange", () => void this.#devicesChanged());
  }

  /** @param {DeviceKind} kind */
  track(kind) {
    return this.state[kind].track;
  }

  /** @param {DeviceKind} kind */
  fault(kind) {
    return this.state[kind].fault;
  }

  /**
   * Open a device, or exchange it for another.
   * @param {DeviceKind} kind
   * @param {string} [deviceId]   empty: the one chosen last, else the system's default
   * @returns {Promise<Fault | "">}
   */
  async open(kind, deviceId) {
    const device = this.state[kind];
    device.wanted = true;
    if (deviceId) remember(PREFERENCE[kind], deviceId);
    const context = { secure: window.isSecureContext, supported: Boolean(navigator.mediaDevices?.getUserMedia) };
    const old = device.track;
    // Many cameras cannot be opened twice: let go of the old one first.
    release(old);
    device.track = null;
    try {
      if (!context.secure || !context.supported) throw new Error("no media devices");
      const stream = await navigator.mediaDevices.getUserMedia(constraints(kind));
      this.#take(kind, stream.getTracks()[0]);
    } catch (error) {
      device.fault = faultOf(error, context);
      if (device.fault === "missing" && recall(PREFERENCE[kind])) {
        forget(PREFERENCE[kind]);
        return this.open(kind);
      }
    }
    this.onChange(kind);
    return device.fault;
  }

  /** Let go of a device, so that its light goes out. @param {DeviceKind} kind */
  close(kind) {
    const device = this.state[kind];
    device.wanted = false;
    release(device.track);
    device.track = null;
    device.fault = "";
    this.onChange(kind);
  }

  /**
   * The devices to choose from; labels are empty until one has been opened.
   * @param {"camera" | "microphone" | "loudspeaker"} kind
   */
  async list(kind) {
    const wanted = { camera: "videoinput", microphone: "audioinput", loudspeaker: "audiooutput" }[kind];
    const all = await navigator.mediaDevices?.enumerateDevices().catch(() => []) ?? [];
    return all.filter((device) => device.kind === wanted && device.deviceId !== "");
  }

  /** @param {DeviceKind} kind @param {MediaStreamTrack} track */
  #take(kind, track) {
    const device = this.state[kind];
    if (!device.wanted) {
      release(track);
      return;
    }
    release(device.track);
    device.track = track;
    device.fault = "";
    if (kind === "camera") track.contentHint = "motion";
    track.addEventListener("ended", () => {
      if (device.track !== track) return;
      device.track = null;
      device.fault = "unplugged";
      this.onChange(kind);
    });
  }

  /** Something was plugged in or out: what is wanted and broken is tried again. */
  async #devicesChanged() {
    for (const kind of /** @type {DeviceKind[]} */ (["camera", "microphone"])) {
      const device = this.state[kind];
      const broken = device.fault === "unplugged" || device.fault === "missing";
      if (device.wanted && broken && (await this.list(kind)).length > 0) await this.open(kind);
      else this.onChange(kind);
    }
  }
}

/** @param {DeviceKind} kind @returns {MediaStreamConstraints} */
function constraints(kind) {
  const id = recall(PREFERENCE[kind]);
  const chosen = id ? { deviceId: { exact: id } } : {};
  if (kind === "camera") return { video: { ...PICTURE, ...chosen }, audio: false };
  const noiseSuppression = recall(PREFERENCE.noise) !== "off";
  return { audio: { echoCancellation: true, noiseSuppression, autoGainControl: true, ...chosen }, video: false };
}

/** @param {MediaStreamTrack | null} track */
function release(track) {
  track?.stop();
}

/** @param {string} key */
function recall(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/** @param {string} key @param {string} value */
export function remember(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Storage may be switched off; then the choice lasts as long as the page.
  }
}

/** @param {string} key */
function forget(key) {
  try {
    localStorage.removeItem(key);
  } catch {
    // As above.
  }
}
