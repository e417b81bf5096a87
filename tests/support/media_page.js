// @ts-check
// A page that speaks to a media worker through the test: the test carries offers and answers between the two.
/** What the product's page makes of descriptions. @type {Promise<typeof import("../../web/static/js/live/core/sdp.js")>} */
const product = import(/** @type {any} */ ("/sdp.js"));
/** @type {Map<string, RTCPeerConnection>} */
const connections = new Map();
/** @type {Set<RTCRtpTransceiver>} */
const shared = new Set();

/** The layers that the product's page sends of a camera of so many lines. @param {number} height */
function layers(height) {
  const count = height >= 540 ? 3 : 2;
  return ["q", "h", "f"].map((rid, at) => {
    const scale = 2 ** Math.max(0, count - 1 - at);
    const maxBitrate = { 135: 130_000, 180: 220_000, 270: 350_000, 360: 700_000, 540: 1_000_000 }[height / scale];
    return { rid, active: at < count, scaleResolutionDownBy: scale, maxBitrate };
  });
}

/** A picture that costs something to send: coloured noise over a moving ball. @param {number} width @param {number} height */
function lively(width, height) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  let step = 0;
  setInterval(() => {
    step += 1;
    pen.fillStyle = "#456";
    pen.fillRect(0, 0, width, height);
    for (let n = 0; n < 60; n += 1) {
      pen.fillStyle = `hsl(${(n * 47 + step * 3) % 360} 60% 50%)`;
      const at = (n * 97 + step * (1 + (n % 5))) % (width + 40);
      pen.fillRect(at - 40, (n * 53) % height, 40, 18);
    }
  }, 42);
  return canvas.captureStream(24).getVideoTracks()[0];
}

/** Publish microphone and camera, the camera in three layers. @param {string} name @param {number} width @param {number} height */
async function publishLayers(name, width, height) {
  const pc = new RTCPeerConnection();
  connections.set(name, pc);
  const sound = await navigator.mediaDevices.getUserMedia({ audio: true });
  pc.addTransceiver(sound.getAudioTracks()[0], { direction: "sendonly", streams: [sound] });
  pc.addTransceiver(lively(width, height), { direction: "sendonly", streams: [sound], sendEncodings: layers(height) });
  return offer(name, false);
}

/** Publish microphone and a lively camera in one quality. @param {string} name @param {number} width @param {number} height @param {number} bps */
async function publishLively(name, width, height, bps) {
  const pc = new RTCPeerConnection();
  connections.set(name, pc);
  const sound = await navigator.mediaDevices.getUserMedia({ audio: true });
  pc.addTransceiver(sound.getAudioTracks()[0], { direction: "sendonly", streams: [sound] });
  const camera = pc.addTransceiver(lively(width, height), {
    direction: "sendonly", streams: [sound], sendEncodings: [{ maxBitrate: bps }],
  });
  const codecs = RTCRtpSender.getCapabilities("video")?.codecs ?? [];
  camera.setCodecPreferences(codecs.filter(({ mimeType }) => /vp8|rtx/i.test(mimeType)));
  return offer(name, false);
}

/** Send only these layers from now on. @param {string} name @param {string[]} rids */
async function sendLayers(name, rids) {
  const sender = connection(name).getSenders().find((s) => s.track?.kind === "video");
  if (!sender) throw new Error("no camera");
  const parameters = sender.getParameters();
  for (const encoding of parameters.encodings) encoding.active = rids.includes(encoding.rid ?? "");
  await sender.setParameters(parameters);
}

/** @param {string} name @param {number} width @param {number} height */
async function publish(name, width, height) {
  const pc = new RTCPeerConnection();
  connections.set(name, pc);
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: { width, height, frameRate: 30 } });
  for (const track of stream.getAudioTracks()) pc.addTransceiver(track, { direction: "sendonly", streams: [stream] });
  for (const track of stream.getVideoTracks()) pc.addTransceiver(track, { direction: "sendonly", streams: [stream] });
  return offer(name, false);
}

/** @param {string} name @param {boolean} iceRestart */
async function offer(name, iceRestart) {
  const pc = connection(name);
  await pc.setLocalDescription(await pc.createOffer({ iceRestart }));
  await gathered(pc);
  const sources = Object.fromEntries(
    pc.getTransceivers().map((t) => [
      t.mid,
      shared.has(t) ? "screen" : t.sender.track?.kind === "audio" ? "microphone" : "camera",
    ]),
  );
  const { offeringRepeatedSound } = await product;
  return { sdp: offeringRepeatedSound(pc.localDescription?.sdp ?? ""), sources };
}

/** @param {string} name @param {string} sdp */
async function accept(name, sdp) {
  await connection(name).setRemoteDescription({ type: "answer", sdp });
}

/** Answer an offer to receive; elements appear for each track. @param {string} name @param {string} sdp */
async function answer(name, sdp) {
  let pc = connections.get(name);
  if (!pc) {
    pc = new RTCPeerConnection();
    connections.set(name, pc);
    pc.ontrack = ({ track }) => {
      const element = document.createElement(track.kind === "audio" ? "audio" : "video");
      element.autoplay = true;
      element.srcObject = new MediaStream([track]);
      document.body.append(element);
    };
  }
  await pc.setRemoteDescription({ type: "offer", sdp });
  const made = await pc.createAnswer();
  const { measuringRoundTrips } = await product;
  await pc.setLocalDescription({ type: "answer", sdp: measuringRoundTrips(made.sdp ?? "", sdp) });
  await gathered(pc);
  return pc.localDescription?.sdp;
}

/** A device check: a data channel proves that media can arrive. @param {string} name */
async function probe(name) {
  const pc = new RTCPeerConnection();
  connections.set(name, pc);
  pc.createDataChannel("check");
  return offer(name, false);
}

/** @param {string} name */
async function stats(name) {
  const reports = [...(await connection(name).getStats()).values()];
  return reports.filter((r) =>
    ["inbound-rtp", "outbound-rtp", "candidate-pair", "remote-inbound-rtp", "remote-outbound-rtp"].includes(r.type),
  );
}

/** @param {string} name */
function state(name) {
  return connection(name).connectionState;
}

/** Once media can flow. @param {string} name */
async function connected(name) {
  while (state(name) !== "connected") await new Promise((done) => setTimeout(done, 50));
}

/** @param {string} name */
function connection(name) {
  const pc = connections.get(name);
  if (!pc) throw new Error(`no connection ${name}`);
  return pc;
}

/** @param {RTCPeerConnection} pc */
async function gathered(pc) {
  while (pc.iceGatheringState !== "complete") await new Promise((done) => setTimeout(done, 20));
}

/** Speak without a pause: send a steady tone instead of the microphone. @param {string} name */
async function tone(name) {
  const context = new AudioContext();
  const oscillator = context.createOscillator();
  const out = context.createMediaStreamDestination();
  oscillator.connect(out);
  oscillator.start();
  const sender = connection(name).getSenders().find((s) => s.track?.kind === "audio");
  await sender?.replaceTrack(out.stream.getAudioTracks()[0]);
}

/** Publish a moving canvas as the screen, on the connection that is there. @param {string} name */
async function share(name) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [320, 180];
  const pen = canvas.getContext("2d");
  setInterval(() => {
    if (pen) pen.fillStyle = `hsl(${Date.now() / 10} 50% 50%)`;
    pen?.fillRect(0, 0, 320, 180);
  }, 50);
  shared.add(connection(name).addTransceiver(canvas.captureStream(20).getVideoTracks()[0], { direction: "sendonly" }));
  return offer(name, false);
}

/** @param {string} name */
async function unshare(name) {
  for (const transceiver of shared) transceiver.direction = "inactive";
  return offer(name, false);
}
