/**
 * The little of a view library that these pages need. Everything is idempotent: it touches the document only where
 * something changed, so focus and screen readers stay where they are.
 * @module
 */

/**
 * An element that must be there, because the template has it.
 * @template {Element} [E=HTMLElement]
 * @param {string} selector
 * @param {ParentNode} [root]
 * @returns {E}
 */
export function find(selector, root = document) {
  const found = root.querySelector(selector);
  if (!found) throw new Error(`no ${selector} on this page`);
  return /** @type {E} */ (/** @type {unknown} */ (found));
}

/**
 * Make an element.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string | boolean | undefined>} [attributes]
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) setAttribute(element, name, value);
  element.append(...children);
  return element;
}

/**
 * @param {Element} element
 * @param {string} name
 * @param {string | boolean | null | undefined} value   false, null and undefined remove it
 */
export function setAttribute(element, name, value) {
  if (value === false || value === null || value === undefined) {
    if (element.hasAttribute(name)) element.removeAttribute(name);
    return;
  }
  const text = value === true ? "" : value;
  if (element.getAttribute(name) !== text) element.setAttribute(name, text);
}

/** @param {Element} element @param {string} text */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** @param {Element} element @param {boolean} shown */
export function show(element, shown) {
  setAttribute(element, "hidden", !shown);
}

/**
 * One of the page's drawn icons (see `live/icons.html`).
 * @param {string} name
 */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

/** Exchange an icon's drawing. @param {Element} svg @param {string} name */
export function setIcon(svg, name) {
  setAttribute(find("use", svg), "href", `#i-${name}`);
}

/**
 * Make a container's children match a list, keeping the elements of those that stay.
 * @template T
 * @param {Element} container
 * @param {readonly T[]} items
 * @param {(item: T) => string} key
 * @param {(item: T) => HTMLElement} make
 * @param {(element: HTMLElement, item: T) => void} [update]
 */
export function keyed(container, items, key, make, update) {
  const names = items.map(key);
  const wanted = new Set(names);
  /** @type {Map<string, HTMLElement>} */
  const old = new Map();
  for (const child of /** @type {HTMLElement[]} */ ([...container.children])) {
    // First, or all that come after one that has gone would be moved, and what is moved loses the focus.
    if (wanted.has(child.dataset.key ?? "")) old.set(child.dataset.key ?? "", child);
    else child.remove();
  }
  let place = container.firstElementChild;
  items.forEach((item, index) => {
    const element = old.get(names[index]) ?? make(item);
    setAttribute(element, "data-key", names[index]);
    update?.(element, item);
    // The one that stands here may only have come too early: then it is the one to move.
    if (place !== element && place?.nextElementSibling === element) container.append(place);
    else if (place !== element) container.insertBefore(element, place);
    place = element.nextElementSibling;
  });
}

/**
 * A `<select>` with these options; what was chosen stays chosen.
 * @param {HTMLSelectElement} select
 * @param {{ value: string, label: string }[]} options
 * @param {string} chosen
 */
export function setOptions(select, options, chosen) {
  keyed(select, options, (option) => option.value, (option) => h("option", { value: option.value }), (element, option) => {
    setText(element, option.label);
  });
  if (select.value !== chosen && options.some((option) => option.value === chosen)) select.value = chosen;
}
