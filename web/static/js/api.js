/** Calls to our own API: JSON both ways, the CSRF token on everything that changes something. */

import { t } from "./text.js";

/** The server refused, or could not be reached; `message` is for people. */
export class ApiError extends Error {
  /**
   * @param {string} message
   * @param {number} status HTTP status; 0 when the server could not be reached
   * @param {string} code
   * @param {Record<string, string>} fields
   */
  constructor(message, status = 0, code = "unreachable", fields = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.fields = fields;
  }
}

/** @returns {string} */
export function csrfToken() {
  return document.querySelector('meta[name="csrf-token"]')?.getAttribute("content") ?? "";
}

/**
 * @param {"GET" | "POST"} method
 * @param {string} path
 * @param {unknown} [body]
 * @param {AbortSignal} [signal]
 * @returns {Promise<any>}
 */
async function call(method, path, body, signal) {
  /** @type {Record<string, string>} */
  const headers = { Accept: "application/json" };
  if (method !== "GET") {
    headers["X-CSRF-Token"] = csrfToken();
    headers["Content-Type"] = "application/json";
  }
  let response;
  try {
    response = await fetch(path, {
      method,
      headers,
      signal,
      credentials: "same-origin",
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(t("Không kết nối được với máy chủ. Kiểm tra mạng rồi thử lại."));
  }
  if (response.status === 204) return null;
  const type = response.headers.get("Content-Type") ?? "";
  const answer = type.startsWith("application/json") ? await response.json() : null;
  if (!response.ok) {
    const fault = answer?.error;
    throw new ApiError(
      fault?.text ?? t("Máy chủ không trả lời được. Hãy thử lại."),
      response.status,
      fault?.code,
      fault?.fields,
    );
  }
  return answer;
}

/**
 * @param {string} path
 * @param {AbortSignal} [signal]
 */
export const get = (path, signal) => call("GET", path, undefined, signal);

/**
 * @param {string} path
 * @param {unknown} [body]
 */
export const post = (path, body = {}) => call("POST", path, body);
