/**
 * Whose picture a frame is, on a line that is given from one to another.
 * @module
 */

/**
 * Whether a frame belongs to the picture that began at `begins` (RTP time, 32 bits that wrap).
 * @param {number | null | undefined} begins   null: nothing of it has been sent yet
 * @param {number | undefined} frame           undefined: this browser does not say
 */
export function hasBegun(begins, frame) {
  if (begins === null) return false;
  if (begins === undefined || frame === undefined) return true;
  return ((frame - begins) >>> 0) < 2 ** 31;
}
