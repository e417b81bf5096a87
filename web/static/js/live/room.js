/**
 * One browser's part in a hearing: keeps state, line, devices and peer connections in step. It draws nothing.
 * @module
 */

import { me, initial, isLive, onStage, reduce } from "./core/state.js";
import { Shown } from "./core/shown.js";
import { Link } from "./link.js";
import { useRelays } from "./media/connection.js";
import { Devices } from "./media/devices.js";
import { Publisher } from "./media/publisher.js";
import { QualityMeter } from "./media/stats.js";
import { Subscriber } from "./media/subscriber.js";
import { seatNamed } from "../text.js";

/** @import { ErrorMessage, FromHub, Frozen, HearingEvent, Source, Welcome } from "./core/protocol.js" */
/** @import { LiveState } from "./core/state.js" */
/** @import { Received } from "./media/subscriber.js" */

/**
 * @typedef {object} RoomEvents
 * @property {() => void} onChange
 * @property {(event: HearingEvent, state: LiveState) => void} onEvent
 * @property {(error: ErrorMessage) => void} onError
 * @property {(failures: number) => void} onFailed
 */

/**
 * @typedef {object} Memory   what this tab remembers of the hearing over a reload
 * @property {boolean} checked
 * @property {boolean} microphone
 * @property {boolean} camera
 */

export class Room {
  /**
   * @param {{ socket: string, seatId: string, client: string }} place
   * @param {Memory} memory
   * @param {RoomEvents} events
   */
  constructor(place, memory, events) {
    this.events = events;
    this.memory = memory;
    /** @type {LiveState} */
    this.state = initial(place.seatId);
    /** @type {readonly Received[]} */
    this.received = [];
    /** @type {Frozen | null} */
    this.frozen = null;
    this.connected = { publish: false, subscribe: false };
    /** @type {MediaStreamTrack | null} */
    this.screen = null;
    this.mediaOn = false;
    this.sending = false;
    this.said = "";
    this.shown = new Shown((view) => this.link.send({ type: "view", ...view }));
    this.devices = new Devices(() => this.#devicesChanged());
    const send = (/** @type {{ type: string }} */ message) => this.link.send(message);
    this.publisher = new Publisher(send, (connected) => this.#connection("publish", connected));
    this.subscriber = new Subscriber(send, {
      onState: (connected) => this.#connection("subscribe", connected),
      onTracks: (received) => { this.received = received; this.events.onChange(); },
    });
    this.meter = new QualityMeter(this.publisher, this.subscriber, () => this.connected[this.sending ? "publish" : "subscribe"],
      (seen) => this.link.send({ type: "line", seen }));
    this.link = new Link(place.socket, place, {
      onMessage: (message) => this.#heard(message),
      onLost: () => this.#dispatch({ type: "link", link: "lost" }),
      onFailed: (failures) => this.events.onFailed(failures),
      quality: () => (this.mediaOn ? this.meter.quality : null),
    });
    window.addEventListener("online", () => this.link.hurry());
  }

  /** The person will enter soon: what can be done beforehand. */
  prepare() {
    this.link.prepare();
  }

  /** Take the seat. @param {{ takeOver?: boolean }} [options] */
  enter(options) {
    this.#dispatch({ type: "link", link: "connecting" });
    this.link.connect(options);
  }

  /** @param {string} type @param {Record<string, unknown>} [fields] */
  command(type, fields = {}) {
    return this.link.send({ type, ...fields });
  }

  /** @param {string} type */
  may(type) {
    return this.state.link === "online" && this.state.may.has(type);
  }

  leave() {
    this.command("leave");
    this.#over("left");
  }

  /** @returns {boolean} false when the chair has locked it */
  toggleMicrophone() {
    const seat = me(this.state);
    if (seat?.muted && seat.locked) return false;
    this.memory.microphone = Boolean(seat?.muted) || !this.memory.microphone;
    if (this.memory.microphone && !this.devices.track("microphone")) void this.devices.open("microphone");
    // Muted but not locked: nothing of ours changes, yet the hub must hear that we ask to speak.
    if (seat?.muted) this.command("set_media", this.#media());
    this.#sync();
    return true;
  }

  /** The server no longer knows who we are. */
  signedOut() {
    this.#over("signed_out");
  }

  toggleCamera() {
    this.memory.camera = !this.memory.camera;
    if (this.memory.camera) void this.devices.open("camera");
    else this.devices.close("camera");
    this.#sync();
  }

  toggleHand() {
    this.command(me(this.state)?.hand_raised_at ? "lower_hand" : "raise_hand");
  }

  /** @returns {Promise<boolean>} false when the person or the browser refused */
  async share() {
    try {
      const stream = await navigator.mediaDevices.getDisplayMedia({
        video: { width: { max: 1920 }, height: { max: 1080 }, frameRate: { max: 10 } }, audio: false,
      });
      this.screen = stream.getVideoTracks()[0];
    } catch {
      return false;
    }
    this.screen.contentHint = "detail";
    this.screen.addEventListener("ended", () => this.stopSharing());
    this.publisher.setTrack("screen", this.screen);
    this.#sync();
    return true;
  }

  stopSharing() {
    this.screen?.stop();
    this.screen = null;
    this.publisher.setTrack("screen", null);
    this.#sync();
  }

  /** Whether this picture stands still because our line carries none of it. @param {string} seatId @param {Source} source */
  isFrozen(seatId, source) {
    if (this.frozen?.generation !== this.subscriber.generation) return false;
    return this.frozen.pictures.some((one) => one.seat_id === seatId && one.source === source);
  }

  /** Open what is wanted and not open yet. */
  async openDevices() {
    for (const kind of /** @type {const} */ (["microphone", "camera"])) {
      if (this.memory[kind] && !this.devices.track(kind)) await this.devices.open(kind);
    }
  }

  /** @param {FromHub} message */
  #heard(message) {
    switch (message.type) {
      case "published":
        return void this.publisher.published(message);
      case "offer":
        return this.subscriber.offered(message);
      case "slots":
        return this.subscriber.moved(message);
      case "layers":
        return this.publisher.layers(message);
      case "frozen":
        this.frozen = message;
        return this.events.onChange();
      case "media_reset":
        return this.#restartMedia();
      case "error":
        return this.#refused(message);
      default:
        if (message.type === "welcome") return this.#welcomed(message);
        this.#dispatch(message);
    }
    if (message.type === "happened") this.events.onEvent(message.event, this.state);
    if (message.type === "goodbye") this.#over(message.reason);
  }

  /** @param {Parameters<typeof reduce>[1]} message */
  #dispatch(message) {
    const read = message.type === "welcome" ? { ...message, seats: message.seats.map(seatNamed) } : message;
    this.state = reduce(this.state, read, performance.now());
    this.#sync();
    this.events.onChange();
  }

  /** @param {Welcome} message */
  #welcomed(message) {
    // Before any connection is made because of what it says.
    useRelays(message.ice_servers);
    const wasOn = this.mediaOn;
    this.said = "";
    this.#dispatch(message);
    this.shown.again();
    // Connections that were made only now because of this state are new, and need not be taken up again.
    if (!wasOn || !this.mediaOn) return;
    if (this.sending) this.publisher.resume(this.state.media.publish_generation);
    this.subscriber.resume(this.state.media.subscribe_generation);
    this.#sync();
  }

  #restartMedia() {
    if (!this.mediaOn) return;
    if (this.sending) this.publisher.start();
    this.subscriber.start();
  }

  /** @param {ErrorMessage} error */
  #refused(error) {
    if (error.about === "publish") this.publisher.refused();
    if (error.about === "subscribe" || error.about === "answer") this.subscriber.refused();
    if (error.about === "set_media" && this.screen && !me(this.state)?.screen) this.stopSharing();
    // While media is being set up the hub may refuse what is tried again by itself: not a person's business.
    if (!["publish", "subscribe", "answer"].includes(error.about ?? "")) this.events.onError(error);
    this.events.onChange();
  }

  /** @param {string} reason */
  #over(reason) {
    this.link.finish();
    this.state = { ...this.state, link: "over", goodbye: reason };
    this.#stopMedia();
    for (const kind of /** @type {const} */ (["camera", "microphone"])) this.devices.close(kind);
    this.screen?.stop();
    this.screen = null;
    this.events.onChange();
  }

  #devicesChanged() {
    this.#sync();
    this.events.onChange();
  }

  /** @param {"publish" | "subscribe"} direction @param {boolean} connected */
  #connection(direction, connected) {
    this.connected[direction] = connected;
    this.events.onChange();
  }

  /** Bring devices, peer connections and what the hub was told in line with the state. Idempotent. */
  #sync() {
    if (onStage(this.state)) this.#startMedia();
    // A lost line alone stops nothing: often only the socket broke, and the record goes on.
    else if (this.state.link === "online") this.#stopMedia();
    if (this.mediaOn && this.state.link === "online") this.#send(this.state.may.has("publish"));
    const seat = me(this.state);
    const microphone = this.devices.track("microphone");
    if (microphone) microphone.enabled = this.memory.microphone && !seat?.muted;
    this.publisher.setTrack("microphone", microphone);
    this.publisher.setTrack("camera", this.devices.track("camera"));
    this.#tell();
  }

  #startMedia() {
    if (this.mediaOn) return;
    this.mediaOn = true;
    this.subscriber.start();
    this.meter.start();
  }

  /** Whether our picture and sound leave: the chair may let us only listen. @param {boolean} may */
  #send(may) {
    if (may === this.sending) return;
    this.sending = may;
    if (may) {
      this.publisher.start();
      return;
    }
    this.publisher.close();
    this.connected.publish = false;
    if (this.screen) this.stopSharing();
  }

  #stopMedia() {
    if (!this.mediaOn) return;
    this.mediaOn = false;
    this.sending = false;
    this.meter.stop();
    this.publisher.close();
    this.subscriber.close();
    this.connected = { publish: false, subscribe: false };
  }

  #media() {
    return {
      microphone: this.memory.microphone && Boolean(this.devices.track("microphone")),
      camera: this.memory.camera && Boolean(this.devices.track("camera")),
      screen: Boolean(this.screen) && isLive(this.state.state),
    };
  }

  /** Tell the hub what we send, when it differs from what it knows; the same wish only once. */
  #tell() {
    const seat = me(this.state);
    if (!seat || this.state.link !== "online" || !this.state.may.has("set_media")) return;
    const media = this.#media();
    const same = media.microphone === seat.microphone && media.camera === seat.camera && media.screen === seat.screen;
    const wish = JSON.stringify(media);
    if (same) this.said = "";
    else if (wish !== this.said && this.command("set_media", media)) this.said = wish;
  }
}
