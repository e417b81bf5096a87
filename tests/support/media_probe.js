// @ts-check
// What a person in front of the page would see and hear, measured in the page. Loaded into every page of a browser
// test before the page's own scripts; it changes nothing but to remember connections, and streams of getUserMedia.
// The picture's layout and the checksum are those of picture_code.py.
(() => {
  const WIDTH = 320, HEIGHT = 180, CELL_W = 22, CELL_H = 40, LEFT = 6, ROW_TOPS = [10, 60], FLASH_TOP = 112;
  const LEAST_CONTRAST = 60;

  /** @type {MediaStream[]} */
  const captured = [];
  if (navigator.mediaDevices) {
    const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = async (wanted) => {
      const stream = await ask(wanted);
      captured.push(stream);
      return stream;
    };
  }

  const Connection = window.RTCPeerConnection;
  /** @type {RTCPeerConnection[]} */
  const connections = [];
  window.RTCPeerConnection = class extends Connection {
    /** @param {RTCConfiguration} [configuration] */
    constructor(configuration) {
      super(configuration);
      connections.push(this);
    }
  };

  /** @param {number} value 16 bits */
  function crc8(value) {
    let crc = 0x55;
    for (const byte of [value >> 8, value & 0xff]) {
      crc ^= byte;
      for (let i = 0; i < 8; i++) crc = (crc & 0x80 ? (crc << 1) ^ 0x07 : crc << 1) & 0xff;
    }
    return crc;
  }

  const canvas = document.createElement("canvas");
  canvas.width = WIDTH;
  canvas.height = HEIGHT;
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));

  /** @param {Uint8ClampedArray} data @param {number[]} box left, top, right, bottom */
  function mean(data, [left, top, right, bottom]) {
    let sum = 0;
    for (let y = top; y < bottom; y++) {
      for (let x = left; x < right; x++) {
        const at = 4 * (y * WIDTH + x);
        sum += 0.299 * data[at] + 0.587 * data[at + 1] + 0.114 * data[at + 2];
      }
    }
    return sum / ((right - left) * (bottom - top));
  }

  /**
   * The code in the frame that the element shows now. point 0: no code with a right checksum.
   * @param {HTMLVideoElement} video
   */
  function read(video) {
    const nothing = { point: 0, counter: 0, flash: false, width: video.videoWidth, height: video.videoHeight };
    if (!video.videoWidth) return nothing;
    pen.drawImage(video, 0, 0, WIDTH, HEIGHT);
    const data = pen.getImageData(0, 0, WIDTH, HEIGHT).data;
    let word = 0, white = 0, black = 0;
    for (const top of ROW_TOPS) {
      const cells = [];
      for (let cell = 0; cell < 14; cell++) {
        const left = LEFT + CELL_W * cell;
        cells.push(mean(data, [left + 6, top + 10, left + CELL_W - 6, top + CELL_H - 10]));
      }
      [white, black] = [cells[0], cells[13]];
      if (white - black < LEAST_CONTRAST) return nothing;
      for (const value of cells.slice(1, 13)) word = (word << 1) | (value > (white + black) / 2 ? 1 : 0);
    }
    if (crc8(word >> 8) !== (word & 0xff)) return nothing;
    const lower = mean(data, [20, FLASH_TOP + 15, WIDTH - 20, HEIGHT - 10]);
    const flash = lower > black + 0.75 * (white - black);
    return { ...nothing, point: word >> 20, counter: (word >> 8) & 0xfff, flash };
  }

  /** Whether a person could see the element: laid out, not hidden, inside the window. @param {HTMLElement} element */
  function visible(element) {
    const box = element.getBoundingClientRect();
    const inside = box.right > 0 && box.bottom > 0 && box.left < innerWidth && box.top < innerHeight;
    return inside && box.width > 8 && box.height > 8 && element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  }

  /**
   * Watch several elements for a while: what each showed, sample by sample.
   * @param {HTMLVideoElement[]} videos @param {number} ms
   */
  async function watch(videos, ms) {
    /** @type {{at: number, point: number, counter: number}[][]} */
    const seen = videos.map(() => []);
    const end = performance.now() + ms;
    while (performance.now() < end) {
      videos.forEach((video, i) => {
        const { point, counter } = read(video);
        seen[i].push({ at: performance.now(), point, counter });
      });
      await new Promise((done) => setTimeout(done, 90));
    }
    return videos.map((video, i) => ({
      visible: visible(video), paused: video.paused, width: video.videoWidth, height: video.videoHeight, seen: seen[i],
    }));
  }

  /** Goertzel with a Hann window; a full-scale sine has 0.5. @param {Float32Array} sound @param {number} hz @param {number} rate */
  function power(sound, hz, rate) {
    let real = 0, imaginary = 0;
    for (let n = 0; n < sound.length; n++) {
      const value = sound[n] * (1 - Math.cos((2 * Math.PI * n) / (sound.length - 1)));
      const turn = (2 * Math.PI * hz * n) / rate;
      real += value * Math.cos(turn);
      imaginary += value * Math.sin(turn);
    }
    return (2 * (real * real + imaginary * imaginary)) / (sound.length * sound.length);
  }

  /** @type {AudioContext | undefined} */
  let context;

  /**
   * Listen to the sound that elements play: for each, the strongest power that each frequency reached.
   * @param {HTMLMediaElement[]} elements @param {number[]} frequencies @param {number} ms
   */
  async function listen(elements, frequencies, ms) {
    context ??= new AudioContext();
    await context.resume();
    const rate = context.sampleRate;
    const ears = elements.map((element) => {
      // A player without a stream has a file: its sound is taken where it comes out.
      const stream = /** @type {MediaStream} */ (element.srcObject ?? /** @type {any} */ (element).captureStream());
      const silent = element.muted || element.paused || element.volume === 0 || !stream.getAudioTracks().length;
      const analyser = new AnalyserNode(/** @type {AudioContext} */ (context), { fftSize: 8192 });
      if (!silent) new MediaStreamAudioSourceNode(/** @type {AudioContext} */ (context), { mediaStream: stream }).connect(analyser);
      return { silent, analyser, powers: frequencies.map(() => 0), wins: frequencies.map(() => 0) };
    });
    const sound = new Float32Array(8192);
    const end = performance.now() + ms;
    while (performance.now() < end) {
      await new Promise((done) => setTimeout(done, 110));
      for (const ear of ears) {
        if (ear.silent) continue;
        ear.analyser.getFloatTimeDomainData(sound);
        const powers = frequencies.map((hz) => power(sound, hz, rate));
        powers.forEach((value, i) => { ear.powers[i] = Math.max(ear.powers[i], value); });
        const best = powers.indexOf(Math.max(...powers));
        // The same rule as in tones.py: tenfold above every other, and not next to silence.
        if (powers[best] > 1e-6 && powers.every((value, i) => i === best || powers[best] > 10 * value)) ear.wins[best]++;
      }
    }
    return ears.map(({ silent, powers, wins }) => ({ silent, powers, wins }));
  }

  /** Record a stream as the browser itself would, as base64 WebM. @param {MediaStream} stream @param {number} ms */
  async function record(stream, ms) {
    const recorder = new MediaRecorder(stream, { mimeType: "video/webm;codecs=vp8,opus" });
    /** @type {Blob[]} */
    const parts = [];
    recorder.ondataavailable = (event) => parts.push(event.data);
    const stopped = new Promise((done) => { recorder.onstop = done; });
    recorder.start();
    await new Promise((done) => setTimeout(done, ms));
    recorder.stop();
    await stopped;
    const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
    let text = "";
    for (let at = 0; at < bytes.length; at += 32768) text += String.fromCharCode(...bytes.subarray(at, at + 32768));
    return btoa(text);
  }

  /** The last captured stream with live picture and sound. */
  function own() {
    const live = captured.filter((stream) => stream.getTracks().some((track) => track.readyState === "live"));
    const tracks = live.flatMap((stream) => stream.getTracks()).filter((track) => track.readyState === "live");
    const video = tracks.filter((track) => track.kind === "video").at(-1);
    const audio = tracks.filter((track) => track.kind === "audio").at(-1);
    return new MediaStream([video, audio].filter((track) => track !== undefined));
  }

  Object.assign(window, { mediaProbe: { read, visible, watch, listen, record, own, captured, connections } });
})();
