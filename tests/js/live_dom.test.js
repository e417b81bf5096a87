import "./support/document.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { keyed } from "../../web/static/js/live/view/dom.js";

/** As much of an element as a keyed list touches; it counts how often each child is put in its place. */
class Element {
  constructor(key = "") {
    this.children = [];
    this.moves = 0;
    this.dataset = { key };
    this.parent = null;
  }

  get firstElementChild() { return this.children[0] ?? null; }

  get nextElementSibling() { return this.parent.children[this.parent.children.indexOf(this) + 1] ?? null; }

  getAttribute() { return this.dataset.key; }

  setAttribute(_, value) { this.dataset.key = value; }

  remove() { this.parent.children.splice(this.parent.children.indexOf(this), 1); }

  append(child) { this.insertBefore(child, null); }

  insertBefore(child, before) {
    if (child.parent) child.remove();
    child.parent = this;
    child.moves += 1;
    this.children.splice(before ? this.children.indexOf(before) : this.children.length, 0, child);
  }
}

const list = /** @type {any} */ (new Element());
/** @param {string} keys one letter each @returns {string[]} those that were moved */
function draw(keys) {
  for (const child of list.children) child.moves = 0;
  keyed(list, [...keys], (key) => key, () => /** @type {any} */ (new Element()));
  assert.equal(list.children.map((child) => child.dataset.key).join(""), keys);
  return list.children.filter((child) => child.moves > 0).map((child) => child.dataset.key);
}

test("only who comes or changes his place is put there: what is moved would lose the focus", () => {
  draw("abcdef");
  assert.deepEqual(draw("bcdef"), []);
  assert.deepEqual(draw("bdf"), []);
  assert.deepEqual(draw("xbdfy"), ["x", "y"]);
  assert.deepEqual(draw("bdfxy"), ["x", "y"]);
  assert.deepEqual(draw("ybdfx"), ["y"]);
  assert.deepEqual(draw(""), []);
  assert.deepEqual(draw("ab"), ["a", "b"]);
});
