/** Puts the hearings of a week or a day where their minutes are, beside whom they overlap. Without it they stand in the
 * row of their hour, one below the other: addresses and times are the same. */

for (const table of document.querySelectorAll("table[data-placed]")) {
  for (const chip of table.querySelectorAll("[data-minutes]")) {
    if (!(table instanceof HTMLElement && chip instanceof HTMLElement)) continue;
    const { minute, minutes, lane, lanes } = chip.dataset;
    chip.style.setProperty("--from", String(Number(minute) / 60));
    chip.style.setProperty("--lasts", String(Number(minutes) / 60));
    chip.style.setProperty("--lane", String(lane));
    chip.style.setProperty("--lanes", String(lanes));
    table.dataset.placed = "done";
  }
}
