/**
 * In how many qualities a camera is sent, and how large each is. Pure.
 *
 * Every subscriber gets the one that its tile shows and its line carries; the record gets the best. Browsers send at
 * most two layers of a picture of 360 lines and three from 540 on, and drop the largest of those that are too many:
 * so no more are ever asked for than will be sent.
 * @module
 */

/** From the poorest to the best. */
export const RIDS = ["q", "h", "f"];

/** Lines of a camera on a machine that can encode three layers, and on one that cannot. */
export const TALL = 540;
export const PLAIN = 360;

/** Up to so many lines, so many bits per second. */
const RATES = [[100, 90_000], [150, 130_000], [200, 220_000], [300, 350_000], [400, 700_000], [600, 1_000_000]];
const MOST_BPS = 1_500_000;

/** @param {number} height */
function bitrate(height) {
  return (RATES.find(([most]) => height <= most) ?? [0, MOST_BPS])[1];
}

/**
 * How many layers a machine may send. Old machines share two cores between encoding, decoding and all else.
 * @param {number} cores      `navigator.hardwareConcurrency`, 0 where it is not told
 * @param {number} overloads  how often the encoder was found short of time
 */
export function mostLayers(cores, overloads) {
  return Math.max(1, (cores === 0 || cores > 2 ? 3 : 2) - overloads);
}

/** @param {number} cores */
export function cameraHeight(cores) {
  return mostLayers(cores, 0) === 3 ? TALL : PLAIN;
}

/**
 * @typedef {object} Encoding
 * @property {string} rid
 * @property {boolean} active
 * @property {number} scaleResolutionDownBy
 * @property {number} maxBitrate
 */

/**
 * One encoding for each rid, the poorest first; those that there is no use for are not active.
 * @param {number} height            lines of the camera's picture
 * @param {number} most              as `mostLayers` says
 * @param {ReadonlySet<string> | null} wanted   rids that somebody needs, null for all
 * @returns {Encoding[]}
 */
export function cameraLayers(height, most, wanted = null) {
  const count = Math.min(most, height >= TALL ? 3 : height >= 270 ? 2 : 1);
  return RIDS.map((rid, at) => {
    const scale = 2 ** Math.max(0, count - 1 - at);
    const useful = at < count && (wanted === null || wanted.has(rid) || at === count - 1);
    return { rid, active: useful, scaleResolutionDownBy: scale, maxBitrate: bitrate(height / scale) };
  });
}
