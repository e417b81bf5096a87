/**
 * The publishing peer connection: the browser offers, the hub answers, one offer at a time.
 * @module
 */

import { cameraHeight, cameraLayers, mostLayers } from "../core/layers.js";
import { offeringRepeatedSound, preferVp8, withSteadyOpus } from "../core/sdp.js";
import { makeConnection, nextGeneration, Watch } from "./connection.js";

/** @import { Published, Source } from "../core/protocol.js" */

/** @type {Record<Source, { kind: "audio" | "video", bps: number }>} */
const SOURCES = {
  microphone: { kind: "audio", bps: 32_000 },
  camera: { kind: "video", bps: 0 },
  screen: { kind: "video", bps: 1_500_000 },
  screen_audio: { kind: "audio", bps: 64_000 },
};

const CORES = navigator.hardwareConcurrency ?? 0;
/** How often the encoder is asked whether it keeps up, and how often in a row it must say no. */
const LOAD_MS = 5000;
const OVERLOADED = 3;

/** @type {Source[]} */
const ALWAYS = ["microphone", "camera"];

export class Publisher {
  /**
   * @param {(message: { type: string, [field: string]: unknown }) => boolean} send
   * @param {(connected: boolean) => void} onState
   */
  constructor(send, onState) {
    this.send = send;
    this.onState = onState;
    /** @type {RTCPeerConnection | null} */
    this.connection = null;
    /** @type {Watch | null} */
    this.watch = null;
    this.generation = 0;
    /** @type {Map<Source, MediaStreamTrack | null>} */
    this.tracks = new Map();
    /** @type {Map<Source, RTCRtpTransceiver>} */
    this.transceivers = new Map();
    this.offering = false;
    this.again = false;
    this.restart = false;
    /** @type {ReadonlySet<string> | null} rids of the camera that somebody needs; null: all */
    this.wanted = null;
    this.overloads = 0;
    this.short = 0;
    /** @type {ReturnType<typeof setInterval> | undefined} */
    this.load = undefined;
  }

  /** Begin, or begin anew, with whatever tracks there are. */
  start() {
    const attempt = this.watch ? this.watch.attempt + 1 : 0;
    this.close();
    this.generation = nextGeneration();
    const connection = makeConnection();
    this.connection = connection;
    this.watch = new Watch(connection, {
      onState: this.onState,
      onWeak: () => { this.restart = true; void this.#negotiate(); },
      onDead: () => this.start(),
      sends: true,
    }, attempt);
    this.load = setInterval(() => void this.#watchLoad(), LOAD_MS);
    for (const source of ALWAYS) this.#addTransceiver(source);
    for (const [source, track] of this.tracks) if (track && !ALWAYS.includes(source)) this.#addTransceiver(source);
    void this.#negotiate();
  }

  close() {
    clearInterval(this.load);
    this.wanted = null;
    this.watch?.stop();
    this.watch = null;
    this.connection?.close();
    this.connection = null;
    this.transceivers.clear();
    this.offering = this.again = this.restart = false;
  }

  /**
   * After a lost line: go on with the connection the worker still has, else begin anew.
   * @param {number | null} generation   the one that the hub says still lives
   */
  resume(generation) {
    const lives = this.connection !== null && this.generation === generation && !this.offering;
    if (!lives) this.start();
    else if (this.connection?.connectionState !== "connected") this.watch?.weak();
  }

  /**
   * Send this track as this source from now on; null stops it. The same again changes nothing.
   * @param {Source} source
   * @param {MediaStreamTrack | null} track
   */
  setTrack(source, track) {
    if ((this.tracks.get(source) ?? null) === track) return;
    this.tracks.set(source, track);
    if (!this.connection) return;
    const transceiver = this.transceivers.get(source);
    if (transceiver) void transceiver.sender.replaceTrack(track).then(() => this.#tune()).catch(() => this.start());
    if (ALWAYS.includes(source)) return;
    // A screen comes and goes: its place in the description follows, so that the hub knows when it ended.
    if (track && !transceiver) this.#addTransceiver(source);
    else if (transceiver) transceiver.direction = track ? "sendonly" : "inactive";
    void this.#negotiate();
  }

  /** @param {Published} message */
  async published(message) {
    const connection = this.connection;
    if (!connection || message.generation !== this.generation || !this.offering) return;
    try {
      await connection.setRemoteDescription({ type: "answer", sdp: withSteadyOpus(message.sdp) });
    } catch {
      this.start();
      return;
    }
    if (connection !== this.connection) return;
    this.offering = false;
    this.#tune();
    if (this.again) void this.#negotiate();
  }

  /**
   * Nobody needs the camera's other layers now: sending them is work and bandwidth for nothing.
   * @param {{ generation: number, source: Source, rids: string[] }} message
   */
  layers(message) {
    if (message.generation !== this.generation || message.source !== "camera") return;
    this.wanted = new Set(message.rids);
    this.#tune();
  }

  /** The hub refused the last offer. */
  refused() {
    if (this.offering && this.watch) this.watch.weak();
    this.offering = false;
  }

  /** @returns {Promise<Record<string, any>[]>} */
  async stats() {
    const report = await this.connection?.getStats().catch(() => null);
    return report ? [...report.values()] : [];
  }

  /** @param {Source} source */
  #addTransceiver(source) {
    if (!this.connection) return;
    const { kind, bps } = SOURCES[source];
    const track = this.tracks.get(source) ?? null;
    const sendEncodings = source === "camera" ? this.#cameraLayers() : [{ maxBitrate: bps }];
    const transceiver = this.connection.addTransceiver(track ?? kind, { direction: "sendonly", sendEncodings });
    if (kind === "video") {
      const codecs = RTCRtpSender.getCapabilities("video")?.codecs ?? [];
      transceiver.setCodecPreferences?.(preferVp8(codecs));
    }
    this.transceivers.set(source, transceiver);
  }

  /** One offer at a time: what changes meanwhile goes into the next. */
  async #negotiate() {
    const connection = this.connection;
    if (!connection) return;
    if (this.offering) {
      this.again = true;
      return;
    }
    this.offering = true;
    this.again = false;
    try {
      const offer = await connection.createOffer({ iceRestart: this.restart });
      this.restart = false;
      if (connection !== this.connection) return;
      await connection.setLocalDescription(offer);
      const sdp = offeringRepeatedSound(connection.localDescription?.sdp ?? "");
      // Without a line nothing is lost: the next welcome finds "offering" and begins anew.
      this.send({ type: "publish", generation: this.generation, sdp, sources: this.#sources() });
    } catch {
      if (connection === this.connection) this.watch?.weak();
      this.offering = false;
    }
  }

  /** @returns {Record<string, Source>} */
  #sources() {
    const sources = /** @type {Record<string, Source>} */ ({});
    for (const [source, transceiver] of this.transceivers) {
      if (transceiver.mid !== null && transceiver.direction !== "inactive") sources[transceiver.mid] = source;
    }
    return sources;
  }

  /** The camera's encodings as they should be now. */
  #cameraLayers() {
    const height = this.tracks.get("camera")?.getSettings().height || cameraHeight(CORES);
    return cameraLayers(height, mostLayers(CORES, this.overloads), this.wanted);
  }

  /** A change of resolution cuts the record into another segment: rather fewer pictures than smaller ones. */
  #tune() {
    for (const source of /** @type {Source[]} */ (["camera", "screen"])) {
      const sender = this.transceivers.get(source)?.sender;
      const parameters = sender?.getParameters();
      if (!sender || !parameters?.encodings?.length) continue;
      Object.assign(parameters, { degradationPreference: "maintain-resolution" });
      if (source === "screen") parameters.encodings[0].maxBitrate = SOURCES.screen.bps;
      else this.#tuneCamera(parameters.encodings);
      void sender.setParameters(parameters).catch(() => undefined);
    }
  }

  /** @param {RTCRtpEncodingParameters[]} encodings   one without a rid where the hub took no layers */
  #tuneCamera(encodings) {
    const layers = this.#cameraLayers();
    const best = layers.filter((layer) => layer.active).at(-1);
    for (const encoding of encodings) {
      const layer = layers.find(({ rid }) => rid === encoding.rid);
      const { active, scaleResolutionDownBy, maxBitrate } = layer ?? { ...best, active: true };
      Object.assign(encoding, { active, scaleResolutionDownBy, maxBitrate });
    }
  }

  /** A machine that is short of time sends fewer layers from now on, the best of them still. */
  async #watchLoad() {
    const reports = await this.stats();
    const overloaded = reports.some((one) => one.type === "outbound-rtp" && one.qualityLimitationReason === "cpu");
    this.short = overloaded ? this.short + 1 : 0;
    if (this.short < OVERLOADED || mostLayers(CORES, this.overloads) === 1) return;
    this.short = 0;
    this.overloads += 1;
    this.#tune();
  }
}
