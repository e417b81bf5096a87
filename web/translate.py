"""From the Vietnamese source to the reader's language: catalogues are merged from ``locale/en/*.po`` at start.

There are no compiled files to keep in step: Babel reads the catalogues into memory (about 20 ms), so a text edited in
a ``.po`` file is on screen after the next start. ``extract`` finds every text in Python, templates and JavaScript; a
test compares it with the catalogues.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from babel.messages.extract import extract_javascript, extract_python
from babel.messages.pofile import read_po
from jinja2.ext import babel_extract

from hub.i18n import DEFAULT_LANGUAGE, LANGUAGES, Named, Text
from web import format as formats

WEB_DIR = Path(__file__).parent
CODE_DIRS = ("hub", "signaling", "recorder", "web")

PYTHON_KEYWORDS = {"N_": None}
TEMPLATE_KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2)}
SCRIPT_KEYWORDS = {"t": None}


@dataclass(frozen=True)
class Catalogue:
    """One language's texts. The source language has an empty table: every text stands for itself."""

    language: str
    texts: Mapping[str, str] = field(default_factory=dict)
    ones: Mapping[str, str] = field(default_factory=dict)
    """What is said of one only: in the source both forms may read alike, so that ``texts`` has room for one of them."""

    def gettext(self, message: str) -> str:
        return self.texts.get(message, message)

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        """English knows two forms; Vietnamese nouns have one, so both sources read alike there."""
        return self.ones.get(singular) or self.gettext(singular) if n == 1 else self.gettext(plural)

    def text(self, text: Text | str) -> str:
        """The finished sentence. Parameters may be texts or instants themselves; both are put in the same language."""
        if isinstance(text, str):
            return self.gettext(text)
        message = self.gettext(text.message)
        if not text.params:
            return message
        return message % {name: self._param(value) for name, value in text.params.items()}

    def named(self, name: Named) -> str:
        """A name that is data, in English where it has one."""
        return name.en if self.language == "en" and name.en else name.vi

    def _param(self, value: object) -> object:
        if isinstance(value, Text):
            return self.text(value)
        if isinstance(value, datetime):
            return formats.date_time(value, self.language)
        if isinstance(value, date):
            return formats.short_date(value)
        if isinstance(value, Named):
            return self.named(value)
        return value


@cache
def catalogue(language: str) -> Catalogue:
    """The catalogue of a known language; the source language for an unknown one."""
    if language == DEFAULT_LANGUAGE or language not in LANGUAGES:
        return Catalogue(DEFAULT_LANGUAGE)
    texts: dict[str, str] = {}
    ones: dict[str, str] = {}
    for path in sorted((WEB_DIR / "locale" / language).glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale=language):
                _add(texts, ones, message.id, message.string)
    return Catalogue(language, texts, ones)


def _add(texts: dict[str, str], ones: dict[str, str], source: object, translation: object) -> None:
    sources = source if isinstance(source, tuple) else (source,)
    translations = translation if isinstance(translation, tuple) else (translation,)
    for one, other in zip(sources, translations, strict=False):
        if one and other:
            texts[str(one)] = str(other)
    if len(sources) > 1 and translations[0]:
        ones[str(sources[0])] = str(translations[0])


@cache
def script_texts(language: str) -> dict[str, str]:
    """What the page scripts may say, for ``<script id="texts">`` in the page; empty in the source language."""
    book = catalogue(language)
    found = (message for _path, message in extract_scripts())
    return {message: book.texts[message] for message in found if message in book.texts}


def extract(root: Path) -> Iterator[tuple[Path, str]]:
    """Every text for people in the source tree at ``root``: where it stands, and the Vietnamese original."""
    for folder in CODE_DIRS:
        for path in sorted((root / folder).rglob("*.py")):
            yield from _texts(path, extract_python, PYTHON_KEYWORDS, {})
    for path in sorted((root / "web" / "templates").rglob("*.html")):
        options = {"newstyle_gettext": "true", "silent": "false", "extensions": "jinja2.ext.do"}
        yield from _texts(path, babel_extract, TEMPLATE_KEYWORDS, options)
    yield from extract_scripts(root / "web")


def extract_scripts(root: Path = WEB_DIR) -> Iterator[tuple[Path, str]]:
    """The texts of the page scripts: ``t("…")``."""
    for path in sorted((root / "static" / "js").rglob("*.js")):
        yield from _texts(path, extract_javascript, SCRIPT_KEYWORDS, {"parse_template_string": "true"})


def _texts(path: Path, extractor: Any, keywords: Any, options: dict[str, str]) -> Iterator[tuple[Path, str]]:
    """Babel's three extractors share a shape: tuples of line, function, message(s), comments."""
    with path.open("rb") as file:
        for _line, _function, message, _comments in extractor(file, keywords, (), options):
            yield from ((path, one) for one in _messages(message))


def _messages(found: object) -> Iterator[str]:
    """A call's first argument is the text (both forms for ``ngettext``); later ones are its parameters."""
    if isinstance(found, str):
        yield found
    elif isinstance(found, (tuple, list)) and found and isinstance(found[0], str):
        yield found[0]
