/** The verify page: the checksum of a file on this machine, computed here; nothing is sent anywhere. */

import { sha256 } from "./sha256.js";
import { t } from "./text.js";

const MOST_BYTES = 100_000_000;

/**
 * @param {File} file
 * @param {string} expected lower-case hex
 * @returns {Promise<[string, string]>} the tone and the words
 */
async function outcome(file, expected) {
  if (file.size > MOST_BYTES) return ["warn", t("Tệp quá lớn để là văn bản này.")];
  const found = await sha256(await file.arrayBuffer());
  return found === expected
    ? ["good", t("Đúng là tệp gốc: mã băm trùng khớp.")]
    : ["danger", t("Không phải tệp gốc: tệp khác hoặc đã bị sửa. Bản quét của tờ giấy đã ký cũng cho mã băm khác.")];
}

const box = document.querySelector("[data-checking]");
const input = box?.querySelector("input");
const status = box?.querySelector("[data-outcome]");
if (box instanceof HTMLElement && input && status) {
  input.addEventListener("change", async () => {
    const file = input.files?.[0];
    if (!file) return;
    status.textContent = "…";
    const [tone, words] = await outcome(file, box.dataset.checking ?? "");
    const said = document.createElement("p");
    said.className = `message ${tone}`;
    said.textContent = words;
    status.replaceChildren(said);
  });
}
