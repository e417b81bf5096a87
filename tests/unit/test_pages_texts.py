"""Every text that people read has an English translation that fits it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from hub.i18n import Text
from hub.ids import utc_now
from web.translate import catalogue, extract, script_texts

ROOT = Path(__file__).parents[2]
CATALOGUES = sorted((ROOT / "web" / "locale" / "en").glob("*.po"))


def test_every_text_has_its_english() -> None:
    book = catalogue("en").texts
    missing = sorted({f"{path.relative_to(ROOT)}: {text}" for path, text in extract(ROOT) if text not in book})
    assert missing == []


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
def test_translations_keep_their_parameters(path: Path) -> None:
    with path.open("rb") as file:
        messages = [m for m in read_po(file, locale="en") if m.id]
    for message in messages:
        assert message.string, f"{message.id!r} is not translated"
        assert not message.fuzzy, f"{message.id!r} is marked fuzzy"
        assert parameters(str(message.id)) == parameters(str(message.string)), message.id


def parameters(text: str) -> set[str]:
    return set(re.findall(r"%\((\w+)\)[sd]", text))


def test_no_two_catalogues_disagree_about_a_text() -> None:
    found: dict[str, str] = {}
    for path in CATALOGUES:
        with path.open("rb") as file:
            for message in read_po(file, locale="en"):
                if message.id:
                    assert found.setdefault(str(message.id), str(message.string)) == str(message.string), path.name


def test_the_source_language_needs_no_catalogue() -> None:
    assert catalogue("vi").text("Đăng nhập") == "Đăng nhập"
    assert script_texts("vi") == {}


def test_an_unknown_language_reads_vietnamese() -> None:
    assert catalogue("fr").language == "vi"


def test_scripts_get_only_the_texts_that_scripts_say() -> None:
    texts = script_texts("en")
    assert texts["Đóng"] == "Close"
    assert "Đã đổi mật khẩu." not in texts


def test_parameters_are_put_in_the_same_language() -> None:
    inner = Text("Đóng")
    outer = Text("%(what)s", {"what": inner})
    assert catalogue("en").text(outer) == "Close"
    assert "," in catalogue("vi").text(Text("%(when)s", {"when": utc_now()}))


def test_one_thing_is_told_of_as_one() -> None:
    """In Vietnamese both forms read alike; English needs both of them all the same."""
    alike, book = "%(num)s tài liệu chuyển kèm", catalogue("en")
    assert book.ngettext(alike, alike, 1) == "%(num)s document went along"
    assert book.ngettext(alike, alike, 2) == "%(num)s documents went along"
