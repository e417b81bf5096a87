/**
 * How long to wait before the next attempt to reconnect. Pure.
 * @module
 */

export const FIRST_DELAY_MS = 250;
export const LONGEST_DELAY_MS = 3000;

/**
 * Doubling from 0.25 s to 3 s; up to half of it is taken away at random, so that a hundred points that lost the same
 * line do not come back in the same instant.
 * @param {number} attempt 0 for the first one after a loss
 * @param {number} chance from 0 up to 1
 */
export function delayMs(attempt, chance) {
  const whole = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(attempt, 10));
  return whole * (1 - chance / 2);
}
