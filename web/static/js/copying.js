/** Buttons `data-copies="id"` put the text of that field on the clipboard, or select it where the browser forbids that. */

import { t } from "./text.js";

const SAID_MS = 4000;

export function wireCopying() {
  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest("[data-copies]") : null;
    const field = button instanceof HTMLElement ? document.getElementById(button.dataset.copies ?? "") : null;
    if (field instanceof HTMLInputElement) void copy(field, button?.parentElement?.querySelector("[role=status]") ?? null);
  });
}

/** @param {HTMLInputElement} field @param {Element | null} status */
async function copy(field, status) {
  let said = t("Đã chép");
  try {
    await navigator.clipboard.writeText(field.value);
  } catch {
    // Without HTTPS there is no clipboard, or the person has forbidden it.
    field.focus();
    field.select();
    said = t("Đã chọn. Bấm Ctrl+C để chép.");
  }
  if (!status) return;
  status.textContent = said;
  setTimeout(() => { status.textContent = ""; }, SAID_MS);
}
