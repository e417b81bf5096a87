// @ts-check
// Measures the player's page from inside: when all points show what they should, and how far they are apart.
(() => {
  const FRAMES_PER_S = 15, FRAMES = 450;

  /** @returns {any} */
  const player = () => /** @type {any} */ (window).replayPlayer;
  /** @param {string} kind @returns {any[]} */
  const lanes = (kind) => player().lanes.filter((/** @type {any} */ lane) => lane.lane.kind === kind);
  const frame = () => new Promise((done) => requestAnimationFrame(done));

  /** @param {any} lane @param {number} positionMs @param {number} withinMs */
  function there(lane, positionMs, withinMs) {
    const { element } = lane;
    return lane.present(positionMs) && !element.seeking && element.readyState >= 2 && Math.abs(lane.apartMs(positionMs)) <= withinMs;
  }

  /** Until every lane stands or runs where the clock is. @param {number} withinMs */
  async function all(withinMs) {
    for (;;) {
      const one = player();
      if (one && !one.waiting && one.lanes.length && one.lanes.every((/** @type {any} */ lane) => there(lane, one.positionMs, withinMs))) return;
      await frame();
    }
  }

  /** Milliseconds from the click that led here until the page shows every point. */
  async function shown() {
    await all(150);
    await frame();
    return performance.now();
  }

  /** How many pictures are not those of the position. */
  function wrong() {
    const probe = /** @type {any} */ (window).mediaProbe;
    return lanes("video").filter(({ element }) => {
      const { counter, point } = probe.read(element);
      const apart = Math.abs(counter - element.currentTime * FRAMES_PER_S) % FRAMES;
      return point === 0 || Math.min(apart, FRAMES - apart) > 3;
    }).length;
  }

  /** @param {number} ms */
  async function seek(ms) {
    const began = performance.now();
    player().seek(ms);
    await all(150);
    await frame();
    const took = performance.now() - began;
    return { ms: took, wrong: wrong() };
  }

  /**
   * How far each point's picture and sound are from the clock, and the two furthest from each other.
   * @param {number} ms   to look for so long
   */
  async function offsets(ms) {
    const one = player(), pictures = lanes("video"), sounds = lanes("audio");
    /** @type {Map<any, number>} */
    const latest = new Map();
    for (const lane of pictures) {
      // What is on the screen from the frame's display on, told by the frame's own time.
      const look = (/** @type {number} */ _now, /** @type {any} */ data) => {
        latest.set(lane, data.mediaTime * 1000 - one.positionMs - (data.expectedDisplayTime - performance.now()) * one.clock.rate);
        lane.element.requestVideoFrameCallback(look);
      };
      lane.element.requestVideoFrameCallback(look);
    }
    const apart_ms = /** @type {number[]} */ ([]), spread_ms = /** @type {number[]} */ ([]);
    const end = performance.now() + ms;
    while (performance.now() < end) {
      await new Promise((done) => setTimeout(done, 100));
      if (one.waiting || latest.size < pictures.length) continue;
      const now = [...latest.values(), ...sounds.map((lane) => lane.apartMs(one.positionMs))];
      apart_ms.push(...now.map(Math.abs));
      spread_ms.push(Math.max(...now) - Math.min(...now));
    }
    return { apart_ms, spread_ms };
  }

  Object.assign(window, { replayTimer: { shown, seek, offsets } });
})();
