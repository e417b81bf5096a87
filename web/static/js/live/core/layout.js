/**
 * Which tiles stand where. Pure: the screen is a consequence of the seats, who has the floor and who spoke when.
 * @module
 */

/**
 * @typedef {object} Place
 * @property {string} key       `seat` or `seat/screen`
 * @property {string} seatId
 * @property {"camera" | "screen"} source
 */

/**
 * @typedef {object} Scene
 * @property {Place | null} large   null: all tiles alike
 * @property {Place[]} tiles        this page's other tiles, in order
 * @property {number} page
 * @property {number} pages
 * @property {string[]} order       the whole order, to hand in again next time: tiles keep their places
 */

/**
 * @typedef {object} Situation
 * @property {{ seat_id: string, screen: boolean }[]} seats   those whose picture may be shown, in the booking's order
 * @property {string} you
 * @property {string} chair
 * @property {string | null} floor
 * @property {Readonly<Record<string, number>>} spokenAt   when a seat was last heard
 * @property {readonly string[]} order                      from the last scene
 * @property {readonly string[]} [pinned]                   seats that stand after the chair on every page
 * @property {number} page
 * @property {number} pageSize
 */

/**
 * Lay the scene. The chair always stands first, whoever speaks comes onto the first page and pushes off the one who
 * has been silent longest; everyone else keeps the place he had, so that no tile jumps.
 * @param {Situation} now
 * @returns {Scene}
 */
export function arrange(now) {
  const large = largePlace(now);
  const order = placeSpeakers(keepOrder(now), now);
  const places = order.map((seatId) => camera(seatId)).filter((place) => place.key !== large?.key);
  const screens = now.seats.filter((seat) => seat.screen).map((seat) => screen(seat.seat_id));
  const smaller = [...screens.filter((place) => place.key !== large?.key), ...places];
  const pages = pagesOf(smaller, now);
  const page = Math.min(Math.max(0, now.page), pages.length - 1);
  return { large, tiles: pages[page], page, pages: pages.length, order };
}

/**
 * A screen that is shown by somebody else, then the holder of the floor; nobody looks at himself large.
 * @param {Situation} now
 */
function largePlace(now) {
  const sharing = now.seats.find((seat) => seat.screen && seat.seat_id !== now.you);
  if (sharing) return screen(sharing.seat_id);
  const here = (/** @type {string | null} */ id) => now.seats.some((seat) => seat.seat_id === id);
  if (!now.floor || !here(now.floor)) return null;
  if (now.floor !== now.you) return camera(now.floor);
  return now.chair !== now.you && here(now.chair) ? camera(now.chair) : null;
}

/** @param {Situation} now */
function keepOrder(now) {
  const here = new Set(now.seats.map((seat) => seat.seat_id));
  const kept = now.order.filter((id) => here.has(id));
  const added = now.seats.map((seat) => seat.seat_id).filter((id) => !kept.includes(id));
  const first = [...new Set([now.chair, ...(now.pinned ?? [])])].filter((id) => here.has(id));
  return [...first, ...[...kept, ...added].filter((id) => !first.includes(id))];
}

/**
 * @param {string[]} order
 * @param {Situation} now
 */
function placeSpeakers(order, now) {
  const result = [...order];
  const heard = (/** @type {string} */ id) => now.spokenAt[id] ?? 0;
  const hidden = result.slice(now.pageSize).filter((id) => heard(id) > 0).sort((a, b) => heard(b) - heard(a));
  for (const speaker of hidden) {
    const visible = result.slice(0, now.pageSize).filter((id) => id !== now.chair && id !== now.you && !now.pinned?.includes(id));
    const quietest = visible.sort((a, b) => heard(a) - heard(b))[0];
    if (quietest === undefined || heard(quietest) >= heard(speaker)) break;
    const [from, to] = [result.indexOf(speaker), result.indexOf(quietest)];
    [result[from], result[to]] = [result[to], result[from]];
  }
  return result;
}

/**
 * The chair, and whom this person has pinned, are repeated at the head of every page: they are always visible. No page
 * has more tiles than another, so that tiles keep their size; on the smallest stages one is left for the others.
 * @param {Place[]} places
 * @param {Situation} now
 */
function pagesOf(places, now) {
  const always = places.filter((place) => place.source === "camera"
    && (place.seatId === now.chair || now.pinned?.includes(place.seatId)));
  const pages = [places.slice(0, now.pageSize)];
  const others = places.slice(now.pageSize).filter((place) => !always.includes(place));
  const room = Math.max(1, now.pageSize - always.length);
  for (let at = 0; at < others.length; at += room) pages.push([...always, ...others.slice(at, at + room)]);
  return pages;
}

/** @param {string} seatId @returns {Place} */
function camera(seatId) {
  return { key: seatId, seatId, source: "camera" };
}

/** @param {string} seatId @returns {Place} */
function screen(seatId) {
  return { key: `${seatId}/screen`, seatId, source: "screen" };
}

/**
 * Columns and rows for `count` tiles of 16:9 that waste the least of a stage `width` × `height`.
 * @param {number} count
 * @param {number} width
 * @param {number} height
 */
export function grid(count, width, height) {
  let best = { columns: 1, rows: Math.max(1, count), area: 0 };
  for (let columns = 1; columns <= Math.max(1, count); columns += 1) {
    const rows = Math.ceil(Math.max(1, count) / columns);
    const tileWidth = Math.min(width / columns, (height / rows) * (16 / 9));
    if (tileWidth > best.area) best = { columns, rows, area: tileWidth };
  }
  return { columns: best.columns, rows: best.rows, tileWidth: Math.floor(best.area) };
}
