/** What every page does: focus on errors, dialogs, pop-up menus, shortcuts, one submission per form. */

import { wireCopying } from "./copying.js";
import { wireDates } from "./dates.js";
import { wireDialogs } from "./dialog.js";
import { holdsWork, ready } from "./sending.js";
import { shortcut, wireShortcuts } from "./shortcuts.js";
import { t } from "./text.js";

/** Without scripts such a button stays hidden, and the browser's own menu does it. */
function wirePrinting() {
  for (const button of document.querySelectorAll("[data-print]")) {
    if (button instanceof HTMLElement) button.hidden = false;
    button.addEventListener("click", () => window.print());
  }
}

/** On a telephone the menu is one line that scrolls: the page one is on must be in sight. */
function showWhere() {
  const menu = document.querySelector(".menu");
  const here = menu?.querySelector("li > [aria-current]");
  if (!(menu instanceof HTMLElement) || !(here instanceof HTMLElement)) return;
  const beyond = here.getBoundingClientRect().right - menu.getBoundingClientRect().right;
  if (beyond > 0) menu.scrollLeft += beyond + menu.clientWidth / 4;
}

function focusErrors() {
  const summary = document.querySelector("[data-focus]");
  if (summary instanceof HTMLElement) summary.focus();
  for (const link of document.querySelectorAll('[data-focus] a[href^="#f-"]')) {
    link.addEventListener("click", (event) => {
      const field = document.getElementById((link.getAttribute("href") ?? "").slice(1));
      if (!field) return;
      event.preventDefault();
      const control = field.matches("fieldset") ? field.querySelector("input") : field;
      field.scrollIntoView({ block: "center" });
      if (control instanceof HTMLElement) control.focus({ preventScroll: true });
    });
  }
}

/** A pop-up menu closes on Escape (focus goes back to its button) and when the focus or a click goes elsewhere. */
function wirePops() {
  for (const pop of document.querySelectorAll("details[data-pop]")) {
    if (!(pop instanceof HTMLDetailsElement)) continue;
    pop.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && pop.open) {
        pop.open = false;
        pop.querySelector("summary")?.focus();
      }
    });
    pop.addEventListener("focusout", (event) => {
      if (event.relatedTarget instanceof Node && !pop.contains(event.relatedTarget)) pop.open = false;
    });
    document.addEventListener("click", (event) => {
      if (event.target instanceof Node && !pop.contains(event.target)) pop.open = false;
    });
  }
}

/** A second press while a form is on its way does nothing; coming back by the Back button frees it again. */
function wireForms() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || form.method !== "post" || event.defaultPrevented) return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "1";
    form.setAttribute("aria-busy", "true");
    if (!form.dataset.checked && holdsWork(form)) {
      event.preventDefault();
      void check(form, event.submitter);
      return;
    }
    delete form.dataset.checked;
    if (form.hasAttribute("data-download")) window.setTimeout(() => downloaded(form), 1500);
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) freed(form);
  });
}

/** @param {Element} form */
function freed(form) {
  form.removeAttribute("data-sent");
  form.removeAttribute("aria-busy");
}

/**
 * Send it once it is known that it will arrive; else it stays and may be sent again.
 * @param {HTMLFormElement} form
 * @param {HTMLElement | null} submitter
 */
async function check(form, submitter) {
  const goes = await ready(form);
  freed(form);
  if (!goes) return;
  form.dataset.checked = "1";
  form.requestSubmit(submitter);
}

/**
 * A form that answers with a file leaves the page where it is.
 * @param {HTMLFormElement} form
 */
function downloaded(form) {
  freed(form);
  form.closest("dialog")?.close();
}

/** A file that is too large is refused before it is sent over a slow line. */
function wireUploads() {
  for (const input of document.querySelectorAll("input[data-max-bytes]")) {
    if (!(input instanceof HTMLInputElement)) continue;
    const most = Number(input.dataset.maxBytes);
    input.addEventListener("change", () => {
      const file = input.files?.[0];
      const message = file && file.size > most ? t("Tệp lớn quá %(most)s MB.", { most: Math.floor(most / 1e6) }) : "";
      input.setCustomValidity(message);
      if (message) input.reportValidity();
    });
  }
}

/** What must not stay on an unattended screen goes away by itself. */
function wireLeaving() {
  const element = document.querySelector("[data-leaves]");
  if (element) window.setTimeout(goTo(element.getAttribute("data-leaves") ?? "/"), 120_000);
}

/** A filter form sends itself when a choice is made, so that lists answer at once; typing waits for Enter. */
function wireFilters() {
  for (const form of document.querySelectorAll("form[data-filters]")) {
    if (!(form instanceof HTMLFormElement)) continue;
    form.addEventListener("change", (event) => {
      if (event.target instanceof HTMLSelectElement || event.target instanceof HTMLInputElement) {
        if (event.target.type !== "search" && event.target.type !== "text") form.requestSubmit();
      }
    });
  }
}

/** Show what is typed into a password field, on demand. */
function wirePasswords() {
  for (const button of document.querySelectorAll("button[data-reveals]")) {
    button.addEventListener("click", () => {
      const input = document.getElementById(button.getAttribute("data-reveals") ?? "");
      if (!(input instanceof HTMLInputElement)) return;
      const shown = input.type === "password";
      input.type = shown ? "text" : "password";
      button.setAttribute("aria-pressed", String(shown));
    });
  }
}

function goTo(/** @type {string} */ path) {
  return () => {
    location.href = path;
  };
}

function wireNavigation() {
  for (const link of document.querySelectorAll("a[data-key]")) {
    const key = link.getAttribute("data-key") ?? "";
    shortcut(key, link.textContent?.trim() ?? "", goTo(link.getAttribute("href") ?? "/"));
  }
  // The box in the header, or the page's own where that is not shown.
  const boxes = [...document.querySelectorAll('input[type="search"]')];
  const search = boxes.find((box) => box.checkVisibility()) ?? boxes[0];
  if (search instanceof HTMLInputElement) {
    shortcut("/", t("Đến ô tìm kiếm"), () => {
      search.focus();
      search.select();
    });
  }
}

/** Whoever takes the machine over finds no names that were searched for. */
function wireSigningOut() {
  for (const leave of document.querySelectorAll('form[action="/sign-out"]')) {
    leave.addEventListener("submit", () => {
      for (const key of Object.keys(sessionStorage)) {
        if (key.startsWith("recent-searches:")) sessionStorage.removeItem(key);
      }
    });
  }
}

wireShortcuts();
wireNavigation();
wireCopying();
wireDialogs();
wirePops();
wireForms();
wireFilters();
wirePasswords();
wireDates();
wireUploads();
wireLeaving();
wirePrinting();
wireSigningOut();
showWhere();
focusErrors();
