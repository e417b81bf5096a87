/** The verify page: the checksum of a file on this machine, computed here; nothing is sent anywhere. */

import { sha256 } from "./sha256.js";
import { t } from "./text.js";

const MOST_BYTES = 100_000_000;

/**
 * @param {File} file
 * @param {DOMStringMap} known checksums in lower-case hex: of the paper, of its signed scans, of those added by mistake
 * @returns {Promise<[string, string]>} the tone and the words
 */
async function outcome(file, known) {
  if (file.size > MOST_BYTES) return ["warn", t("Tệp quá lớn để là văn bản này.")];
  const found = await sha256(await file.arrayBuffer());
  if (found === known.checking) return ["good", t("Đúng là tệp gốc: mã băm trùng khớp.")];
  if (known.mistaken?.split(" ").includes(found)) {
    return ["danger", t("Tệp này đã được thêm nhầm: không phải bản ký của văn bản này.")];
  }
  if (known.signed?.split(" ").includes(found)) {
    return ["good", t("Đúng là bản quét của tờ giấy đã ký mà cơ quan lưu.")];
  }
  return ["danger", t("Không phải tệp gốc hay bản ký mà cơ quan lưu: tệp khác hoặc đã bị sửa.")];
}

const box = document.querySelector("[data-checking]");
const input = box?.querySelector("input");
const status = box?.querySelector("[data-outcome]");
if (box instanceof HTMLElement && input && status) {
  input.addEventListener("change", async () => {
    const file = input.files?.[0];
    if (!file) return;
    status.textContent = "…";
    const [tone, words] = await outcome(file, box.dataset);
    const said = document.createElement("p");
    said.className = `message ${tone}`;
    said.textContent = words;
    status.replaceChildren(said);
  });
}
