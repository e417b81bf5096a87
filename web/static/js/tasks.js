/** How much there is to do, by due day and by unit: asked for when the list is on the screen. */

/** @param {string} query */
async function asked(query) {
  const answer = await fetch(`/tasks/counts?${query}`, { credentials: "same-origin" }).catch(() => null);
  return answer?.ok ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
}

/** Without an answer the tabs stay as they are, without figures: they lead to the same lists. */
async function count() {
  const tabs = document.querySelector("[data-counts]");
  const place = document.querySelector("[data-by-unit]");
  if (!(tabs instanceof HTMLElement) || !place) return;
  const counted = await asked(tabs.dataset.counts ?? "");
  const links = [...tabs.querySelectorAll("a")];
  // The links stay, with the focus that one of them may have; only what they say changes.
  [...(counted?.querySelectorAll("nav a") ?? [])].forEach((one, n) => links[n]?.replaceChildren(...one.childNodes));
  const byUnit = counted?.querySelector("section");
  if (byUnit) place.replaceWith(byUnit);
}

/** On the first page: what is pressing, of cases. */
async function press() {
  const marks = document.querySelector("[data-pressing]");
  if (!(marks instanceof HTMLElement)) return;
  const counted = await asked("kind=case");
  for (const mark of marks.querySelectorAll("a")) {
    const figure = counted?.querySelector(`nav [data-bucket="${mark.dataset.bucket}"] .figures`);
    if (!figure || figure.textContent === "0") continue;
    mark.append(figure);
    mark.hidden = marks.hidden = false;
  }
}

void count();
void press();
