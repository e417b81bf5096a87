/**
 * The few lines of SDP that the browser's interfaces give no other hold on. Pure.
 * @module
 */

/**
 * What we ask our own Opus encoder for: in-band error correction against loss, and no discontinuous transmission,
 * because a silence that is not sent is a hole in the record. The encoder obeys the *remote* description (RFC 7587
 * section 6.1), so this is applied to the hub's answer to a publishing offer.
 * @param {string} sdp
 */
export function withSteadyOpus(sdp) {
  const opus = [...sdp.matchAll(/^a=rtpmap:(\d+) opus\/48000/gim)].map((found) => found[1]);
  return opus.reduce((text, payload) => setFormat(text, payload, { useinbandfec: "1", usedtx: "0" }), sdp);
}

/**
 * A publishing offer that says what browsers do and do not tell: asked for a lost packet of Opus they send it again
 * (tried with Chromium and Firefox). They obey the answer, and an answer may only take up what was offered (RFC 4585
 * section 4.2), so the hub's copy of the offer names it.
 * @param {string} sdp
 */
export function offeringRepeatedSound(sdp) {
  const opus = [...sdp.matchAll(/^a=rtpmap:(\d+) opus\/48000/gim)].map((found) => found[1]);
  return opus.reduce((text, payload) => {
    if (new RegExp(`^a=rtcp-fb:${payload} nack\\r?$`, "m").test(text)) return text;
    return text.replace(new RegExp(`^(a=rtpmap:${payload} .*?)(\\r?)$`, "m"), `$1$2\na=rtcp-fb:${payload} nack$2`);
  }, sdp);
}

/**
 * A browser's own answer to what the hub sends, with the wish to measure the round trip (RFC 3611 section 4.4, where the
 * hub offers it): who only receives knows none, and asks again for a lost packet of a picture after a tenth of a second
 * at the earliest, however near the hub is.
 * @param {string} sdp
 * @param {string} offer
 */
export function measuringRoundTrips(sdp, offer) {
  return sdp.replace(/^(a=rtcp-fb:(\d+)) nack(\r?)$/gm, (line, head, payload, end) => {
    const offered = new RegExp(`^a=rtcp-fb:${payload} rrtr\\r?$`, "m").test(offer);
    const known = sdp.includes(`${head} rrtr`);
    return offered && !known ? `${line}\n${head} rrtr${end}` : line;
  });
}

/**
 * @param {string} sdp
 * @param {string} payload
 * @param {Record<string, string>} wanted
 */
function setFormat(sdp, payload, wanted) {
  const line = new RegExp(`^a=fmtp:${payload} (.*?)(\\r?)$`, "m");
  const found = line.exec(sdp);
  if (!found) {
    const map = new RegExp(`^(a=rtpmap:${payload} .*?)(\\r?)$`, "m");
    return sdp.replace(map, `$1$2\na=fmtp:${payload} ${serialise(new Map(Object.entries(wanted)))}$2`);
  }
  const fields = new Map(found[1].split(";").map((field) => /** @type {[string, string]} */ (pair(field.trim()))));
  for (const [name, value] of Object.entries(wanted)) fields.set(name, value);
  return sdp.replace(line, `a=fmtp:${payload} ${serialise(fields)}${found[2]}`);
}

/** @param {string} field */
function pair(field) {
  const [name, ...rest] = field.split("=");
  return [name, rest.join("=")];
}

/** @param {Map<string, string>} fields */
function serialise(fields) {
  return [...fields].map(([name, value]) => (value === "" ? name : `${name}=${value}`)).join(";");
}

/**
 * VP8 first with its retransmission: what every browser sends and receives, so that nothing is ever transcoded.
 * @template {{ mimeType: string }} C
 * @param {readonly C[]} codecs
 * @returns {C[]}
 */
export function preferVp8(codecs) {
  /** @param {C} codec */
  const rank = (codec) => ["video/vp8", "video/rtx"].indexOf(codec.mimeType.toLowerCase());
  const wanted = codecs.filter((codec) => rank(codec) >= 0).sort((a, b) => rank(a) - rank(b));
  return wanted.some((codec) => rank(codec) === 0) ? wanted : [...codecs];
}
