/**
 * The last question before entering: do packets reach the media port from this network?
 * @module
 */

import { get, post } from "../../api.js";
import { makeConnection, useRelays } from "./connection.js";

/** @import { Fault } from "../core/faults.js" */

const LIMIT_MS = 8000;

/**
 * @typedef {object} ProbeResult
 * @property {Fault | ""} fault
 * @property {number | null} roundTripMs
 * @property {string} protocol   udp, tcp, or relay: by a TURN server
 */

/** @returns {Promise<ProbeResult>} */
export async function probe() {
  try {
    useRelays((await get("/api/probe")).ice_servers);
  } catch {
    return { fault: "hub_away", roundTripMs: null, protocol: "" };
  }
  const connection = makeConnection();
  try {
    connection.addTransceiver("audio", { direction: "sendonly" });
    await connection.setLocalDescription(await connection.createOffer());
    let answer;
    try {
      answer = await post("/api/probe", { sdp: connection.localDescription?.sdp ?? "" });
    } catch {
      return { fault: "hub_away", roundTripMs: null, protocol: "" };
    }
    await connection.setRemoteDescription({ type: "answer", sdp: String(answer.sdp) });
    if (!(await connected(connection))) return { fault: "blocked_path", roundTripMs: null, protocol: "" };
    return { fault: "", ...(await measure(connection)) };
  } catch {
    return { fault: "unknown", roundTripMs: null, protocol: "" };
  } finally {
    connection.close();
  }
}

/** @param {RTCPeerConnection} connection @returns {Promise<boolean>} */
function connected(connection) {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), LIMIT_MS);
    const look = () => {
      if (connection.connectionState !== "connected" && connection.connectionState !== "failed") return;
      clearTimeout(timer);
      resolve(connection.connectionState === "connected");
    };
    connection.addEventListener("connectionstatechange", look);
    look();
  });
}

/** @param {RTCPeerConnection} connection */
async function measure(connection) {
  // The first round trips are counted a moment after the connection is there.
  for (let look = 0; ; look += 1) {
    const reports = new Map(await connection.getStats().then((all) => [...all.entries()]));
    const transport = [...reports.values()].find((report) => report.type === "transport");
    const pair = reports.get(transport?.selectedCandidatePairId);
    const seconds = pair?.currentRoundTripTime;
    if (typeof seconds === "number" || look === 6) {
      const local = reports.get(pair?.localCandidateId);
      const protocol = local?.candidateType === "relay" ? "relay" : String(local?.protocol ?? "");
      return { roundTripMs: typeof seconds === "number" ? Math.round(seconds * 1000) : null, protocol };
    }
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}
