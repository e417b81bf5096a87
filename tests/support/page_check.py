"""What every page must be, whatever it says: one title, one h1, named controls, unique ids, nothing inline."""

from __future__ import annotations

from html.parser import HTMLParser

VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})
SHAPES = frozenset({"path", "circle", "rect"})
NAMELESS = frozenset({"hidden", "submit", "button", "reset"})


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.faults: list[str] = []
        self.stack: list[str] = []
        self.hidden: list[bool] = []
        self.count: dict[str, int] = {}
        self.ids: set[str] = set()
        self.labelled: set[str] = set()
        self.controls: list[tuple[str, dict[str, str]]] = []
        self.references: list[tuple[str, str]] = []
        self.language = ""
        self.text_of: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        # A page with several steps has a heading for each and shows one step at a time.
        if tag != "h1" or not any(self.hidden) or not self.count.get("h1"):
            self.count[tag] = self.count.get(tag, 0) + 1
        if len(given) != len(attrs):
            self.faults.append(f"<{tag}> repeats an attribute: {attrs}")
        self._check_inline(tag, given)
        if tag == "html":
            self.language = given.get("lang", "")
        if "id" in given:
            if given["id"] in self.ids:
                self.faults.append(f"id {given['id']!r} occurs twice")
            self.ids.add(given["id"])
        for name in ("aria-describedby", "aria-labelledby", "aria-controls"):
            self.references += [(name, one) for one in given.get(name, "").split()]
        if tag == "label" and "for" in given:
            self.labelled.add(given["for"])
        named = "label" in self.stack or not {"aria-label", "aria-labelledby", "aria-hidden"}.isdisjoint(given)
        if tag in ("input", "select", "textarea") and given.get("type") not in NAMELESS and not named:
            self.controls.append((tag, given))
        if tag not in VOID | SHAPES:
            self.stack.append(tag)
            self.hidden.append("hidden" in given)

    def _check_inline(self, tag: str, given: dict[str, str]) -> None:
        if any(name.startswith("on") for name in given) or "style" in given or tag == "style":
            self.faults.append(f"inline script or style in <{tag}>: {given}")
        if tag == "script" and "src" not in given and given.get("type") != "application/json":
            self.faults.append("an inline script")
        for name in ("src", "href"):
            if given.get(name, "").startswith(("http:", "https:", "//")):
                self.faults.append(f"something from elsewhere: {given[name]}")

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID | SHAPES:
            return
        if not self.stack or self.stack[-1] != tag:
            self.faults.append(f"</{tag}> closes {self.stack[-3:]}")
            if tag in self.stack:
                while self.stack.pop() != tag:
                    self.hidden.pop()
                self.hidden.pop()
            return
        self.stack.pop()
        self.hidden.pop()

    def handle_data(self, data: str) -> None:
        for tag in ("title", "h1"):
            if tag in self.stack:
                self.text_of[tag] = self.text_of.get(tag, "") + data


def page_faults(text: str, language: str) -> list[str]:
    """What is wrong with a page, as sentences; empty when it is right."""
    page = _Page()
    page.feed(text)
    page.close()
    faults = page.faults
    if not text.lstrip().lower().startswith("<!doctype html>"):
        faults.append("no doctype")
    if page.stack:
        faults.append(f"left open: {page.stack}")
    if page.language != language:
        faults.append(f"lang is {page.language!r}, not {language!r}")
    for tag in ("title", "h1", "main"):
        if page.count.get(tag) != 1:
            faults.append(f"{page.count.get(tag, 0)} of <{tag}>")
    for tag in ("title", "h1"):
        if not page.text_of.get(tag, "").strip(" –\n"):
            faults.append(f"<{tag}> is empty")
    for tag, given in page.controls:
        if given.get("id") not in page.labelled:
            faults.append(f"<{tag} name={given.get('name')!r}> has no label")
    faults += [f"{name} names {one!r}, which is not there" for name, one in page.references if one not in page.ids]
    return faults
