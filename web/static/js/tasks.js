/** How much there is to do, by due day and by unit: asked for when the list is on the screen. */

/** Without an answer the tabs stay as they are, without figures: they lead to the same lists. */
async function count() {
  const tabs = document.querySelector("[data-counts]");
  const place = document.querySelector("[data-by-unit]");
  if (!(tabs instanceof HTMLElement) || !place) return;
  const answer = await fetch(`/tasks/counts?${tabs.dataset.counts}`, { credentials: "same-origin" }).catch(() => null);
  if (!answer?.ok) return;
  const counted = new DOMParser().parseFromString(await answer.text(), "text/html");
  const [figures, byUnit] = [counted.querySelector("nav"), counted.querySelector("section")];
  const links = [...tabs.querySelectorAll("a")];
  // The links stay, with the focus that one of them may have; only what they say changes.
  [...(figures?.querySelectorAll("a") ?? [])].forEach((one, n) => links[n]?.replaceChildren(...one.childNodes));
  if (byUnit) place.replaceWith(byUnit);
}

void count();
