/**
 * Searches made while signed in, kept in this browser tab alone: names are searched for on machines that others use
 * too, so the list goes with the tab and at the sign-out. Numbers of papers, and what found nothing, are not kept: a
 * name that is not to be found may be a denouncer's.
 * And how much there is of the other kinds, asked for when the page is there.
 */

const MOST = 8;
const PAPER = /\d{6}/;

/** @typedef {{text: string, query: string}} Recent */

/** @param {string} key @returns {Recent[]} */
function read(key) {
  try {
    const kept = JSON.parse(sessionStorage.getItem(key) ?? "[]");
    return Array.isArray(kept) ? kept.filter((one) => typeof one?.text === "string" && typeof one.query === "string") : [];
  } catch {
    return [];
  }
}

/** @param {string} key @param {Recent[]} all */
function write(key, all) {
  try {
    sessionStorage.setItem(key, JSON.stringify(all));
  } catch {
    // A browser that keeps nothing: the list is a convenience.
  }
}

/** What is shown now, first in the list. @param {string} key */
function remember(key) {
  const asked = new URLSearchParams(location.search);
  const text = (asked.get("q") ?? "").trim();
  asked.delete("at");
  const numbers = text.replace(/[\s.\-()]/g, "");
  if (!text || PAPER.test(numbers)) return;
  const others = read(key).filter((one) => one.text !== text);
  write(key, [{ text, query: asked.toString() }, ...others].slice(0, MOST));
}

function wire() {
  const section = document.querySelector("[data-recent]");
  const list = section?.querySelector("ul");
  if (!(section instanceof HTMLElement) || !list) return;
  const key = `recent-searches:${section.dataset.recent}`;
  localStorage.removeItem(key); // where lists were kept before
  if (section.dataset.found === "yes") remember(key);
  for (const one of read(key)) {
    const link = document.createElement("a");
    link.href = `/search?${one.query}`;
    link.textContent = one.text;
    const item = document.createElement("li");
    item.append(link);
    list.append(item);
  }
  section.hidden = list.childElementCount === 0;
  section.querySelector("[data-forget-recent]")?.addEventListener("click", () => {
    sessionStorage.removeItem(key);
    section.hidden = true;
    document.getElementById("f-q")?.focus();
  });
}

/** Without an answer the tabs stay as they are: the numbers are a convenience. */
async function count() {
  const tabs = document.querySelector("[data-counts]");
  const open = [...document.querySelectorAll("[data-count]")];
  if (!(tabs instanceof HTMLElement) || !open.length) return;
  const answer = await fetch(`/search/counts?${tabs.dataset.counts}`, { credentials: "same-origin" }).catch(() => null);
  if (!answer?.ok) return;
  /** @type {{counts: Record<string, string>}} */
  const { counts } = await answer.json();
  for (const one of open) {
    if (!(one instanceof HTMLElement)) continue;
    one.textContent = counts[one.dataset.count ?? ""] ?? "";
    one.hidden = !one.textContent;
  }
}

wire();
void count();
