/**
 * The minutes on a page of their own.
 * @module
 */

import { MinutesEditor } from "./editor.js";

const boot = JSON.parse(document.getElementById("minutes")?.textContent ?? "{}");
const root = /** @type {HTMLElement} */ (document.querySelector("[data-minutes-editor]"));

/** @type {MinutesEditor} */
const editor = new MinutesEditor(root, boot.hearingId, boot.revision, {
  elapsedMs: () => (editor.clock ? editor.clock.elapsedMs + performance.now() - editor.clock.atMs : null),
  // Frozen from another place: the page shows the document. What has not been sent stays in this browser.
  onState: () => { if (!editor.fault) location.reload(); },
  onCase: (caseId) => editor.follow(caseId),
});
editor.follow(boot.caseId);

for (const form of document.querySelectorAll("form[data-after-save]")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (await editor.flush()) {
      editor.stop();
      /** @type {HTMLFormElement} */ (form).submit();
    } else form.closest("dialog")?.close();
  });
}
