/** The recording's page while it is being verified: the bar moves, and the outcome appears by itself. */

import { get } from "./api.js";

const PAUSE_MS = 1000;

/**
 * @param {HTMLElement} box
 * @param {HTMLProgressElement} bar
 */
async function follow(box, bar) {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    try {
      const state = await get(box.dataset.verifying ?? "");
      if (!state.running) break;
      bar.max = state.bytes_total || 1;
      bar.value = state.bytes_read;
    } catch {
      // The server restarts or the line is down; the next try tells.
    }
  }
  location.reload();
}

const box = document.querySelector("[data-verifying]");
const bar = box?.querySelector("progress");
if (box instanceof HTMLElement && bar) follow(box, bar);
