/**
 * How loud a microphone is, for the moving bar.
 * @module
 */

/** @type {AudioContext | null} */
let shared = null;

/** One context for the page: browsers allow only a few. Call it first from a click, or it stays silent. */
export function audioContext() {
  shared ??= new AudioContext();
  if (shared.state === "suspended") void shared.resume();
  return shared;
}

/**
 * @param {MediaStreamTrack} track
 * @param {(level: number) => void} onLevel   0 to 1, on a scale that speech fills, about 15 times a second
 * @returns {() => void} stop
 */
export function watchLevel(track, onLevel) {
  const context = audioContext();
  const source = context.createMediaStreamSource(new MediaStream([track]));
  const analyser = context.createAnalyser();
  analyser.fftSize = 1024;
  source.connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    onLevel(levelOf(samples));
  }, 66);
  return () => {
    clearInterval(timer);
    source.disconnect();
  };
}

/**
 * Root mean square on a decibel scale: −60 dB is 0, −10 dB is 1.
 * @param {Float32Array} samples
 */
export function levelOf(samples) {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  const decibel = 10 * Math.log10(sum / Math.max(1, samples.length) + 1e-12);
  return Math.min(1, Math.max(0, (decibel + 60) / 50));
}

/**
 * The test tone: three rising notes, so that a person knows what to listen for.
 * @param {string} [sinkId]   the loudspeaker
 * @returns {Promise<void>} when it has been played
 */
export async function playTestTone(sinkId) {
  const context = audioContext();
  if (sinkId !== undefined && "setSinkId" in context) {
    await /** @type {any} */ (context).setSinkId(sinkId).catch(() => undefined);
  }
  const gain = context.createGain();
  gain.connect(context.destination);
  gain.gain.value = 0.2;
  const notes = [523.25, 659.25, 783.99];
  notes.forEach((frequency, index) => {
    const oscillator = context.createOscillator();
    oscillator.frequency.value = frequency;
    oscillator.connect(gain);
    oscillator.start(context.currentTime + index * 0.35);
    oscillator.stop(context.currentTime + index * 0.35 + 0.3);
  });
  await new Promise((resolve) => setTimeout(resolve, notes.length * 350));
  gain.disconnect();
}
