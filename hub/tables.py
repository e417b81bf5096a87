"""Tables that people send, from Excel (.xlsx) or CSV, as rows of text. PURE: bytes in, rows out; blocks while it reads.

What is sent may be hostile: everything is bounded before it is understood. Formulas and error cells are faults of
their cell, because what they show depends on the program that shows it.
"""

from __future__ import annotations

import csv
import io
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from hub.errors import BadInput, TooLarge
from hub.i18n import N_, Text
from hub.text import clean

MOST_BYTES = 5_000_000
MOST_UNPACKED_BYTES = 60_000_000
"""Of all parts of a workbook together."""
MOST_PARTS = 500
MOST_ROWS = 10_000
MOST_COLUMNS = 40
MOST_CELL_CHARS = 2_000

_DELIMITERS = (";", ",", "\t")
_SAID = frozenset(f"sep={one}".strip() for one in _DELIMITERS)
_OTHER_MARKS = "–—‘’“”…•°§€₫×·«»©®"
_VIETNAMESE = frozenset(
    unicodedata.normalize("NFC", base + mark + tone)
    for bases, marks in (("aeiouyAEIOUY", ("",)), ("aeoAEO", ("\u0302",)), ("aA", ("\u0306",)), ("ouOU", ("\u031b",)))
    for base in bases
    for mark in marks
    for tone in ("", "\u0300", "\u0301", "\u0303", "\u0309", "\u0323")
) | frozenset("đĐ")


@dataclass(frozen=True, slots=True)
class Row:
    """``number`` as a spreadsheet shows it, from 1; ``faults`` by the cell's place, from 0."""

    number: int
    cells: tuple[str, ...]
    faults: dict[int, Text] = field(default_factory=dict)

    @property
    def empty(self) -> bool:
        return not self.faults and not any(self.cells)


@dataclass(frozen=True, slots=True)
class Table:
    """``notes`` say what was understood that could have been meant otherwise."""

    heading: Row
    rows: tuple[Row, ...]
    notes: tuple[Text, ...] = ()


def read(data: bytes) -> Table:
    """The first sheet. Raises ``TooLarge``, or ``BadInput`` when the file as a whole cannot be used."""
    if len(data) > MOST_BYTES:
        raise TooLarge(N_("Tệp lớn quá %(most)d MB. Hãy chia thành nhiều tệp."), most=MOST_BYTES // 1_000_000)
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise _unusable(N_("Đây là tệp Excel kiểu cũ (.xls) hoặc có mật khẩu. Hãy lưu lại thành .xlsx không mật khẩu."))
    notes: list[Text] = []
    rows = _workbook(data) if data.startswith(b"PK") else _csv(data, notes)
    kept = []
    for row in rows:
        if row.empty:
            continue
        if row.number > MOST_ROWS + 1:
            raise TooLarge(N_("Bảng dài quá %(most)d dòng. Hãy chia thành nhiều tệp."), most=MOST_ROWS)
        kept.append(row)
    if len(kept) < 2:
        raise _unusable(N_("Bảng không có dòng dữ liệu nào dưới dòng tiêu đề."))
    return Table(kept[0], tuple(kept[1:]), tuple(notes))


def letter(place: int) -> str:
    """A column as a spreadsheet names it: 0 is A, 26 is AA."""
    name = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        name = chr(65 + rest) + name
    return name


def _unusable(message: str, **params: object) -> BadInput:
    text = Text(message, params)
    return BadInput(message, fields={"file": text}, **params)


def _workbook(data: bytes) -> Iterator[Row]:
    _check_parts(data)
    from openpyxl import load_workbook

    try:
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
        sheet = book.worksheets[0]
        lines: Iterable[tuple[Any, ...]] = sheet.iter_rows(max_row=MOST_ROWS + 2, max_col=MOST_COLUMNS)
        for number, cells in enumerate(lines, start=1):
            yield _row(number, [_cell(cell) for cell in cells])
    except BadInput:
        raise
    except Exception as error:
        raise _unusable(N_("Không đọc được tệp Excel này: tệp hỏng hoặc không phải .xlsx.")) from error


def _check_parts(data: bytes) -> None:
    """Unpack everything once, within bounds: sizes in a ZIP's directory are only claims."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            if len(parts) > MOST_PARTS:
                raise _bomb()
            left = MOST_UNPACKED_BYTES
            for part in parts:
                with archive.open(part) as file:
                    body = file.read(left + 1)
                left -= len(body)
                if left < 0:
                    raise _bomb()
                if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
                    raise _unusable(N_("Tệp Excel này chứa khai báo không được nhận."))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        raise _unusable(N_("Không đọc được tệp Excel này: tệp hỏng hoặc không phải .xlsx.")) from error


def _bomb() -> TooLarge:
    return TooLarge(N_("Tệp nén này bung ra quá lớn nên không được nhận."))


def _cell(cell: Any) -> str | Text:
    """Its text, or what is wrong with it."""
    value, kind = cell.value, getattr(cell, "data_type", "n")
    if kind == "f":
        return Text(N_("Ô này là công thức. Hãy dán giá trị thay cho công thức."))
    if kind == "e":
        return Text(N_("Ô này báo lỗi của Excel: %(value)s."), {"value": str(value)[:20]})
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, datetime | date):
        value = f"{value:%d/%m/%Y}"
    return "" if value is None else str(value)


def _csv(data: bytes, notes: list[Text]) -> Iterator[Row]:
    text = _decoded(data, notes)
    if "\0" in text:
        raise _unusable(N_("Tệp này không phải bảng Excel hay CSV."))
    first, _, rest = text.partition("\n")
    if first.strip().lower() in _SAID:  # which Excel writes for itself and does not show
        text, first = rest, rest.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    try:
        for number, cells in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), start=1):
            yield _row(number, list(cells[:MOST_COLUMNS]))
    except csv.Error as error:
        raise _unusable(N_("Không đọc được tệp CSV này: %(fault)s."), fault=str(error)) from error


def _decoded(data: bytes, notes: list[Text]) -> str:
    """UTF-8 with or without a mark, UTF-16 with one (Excel's "Unicode text"), or Windows-1258 when it is Vietnamese."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return data.decode("utf-16")
        except UnicodeDecodeError as error:
            raise _unknown_letters() from error
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        text = unicodedata.normalize("NFC", data.decode("cp1258"))
    except UnicodeDecodeError as error:
        raise _unknown_letters() from error
    if any(ord(c) > 126 and c not in _VIETNAMESE and c not in _OTHER_MARKS and c != "\xa0" for c in text):
        raise _unknown_letters()
    notes.append(Text(N_("Tệp được đọc theo bảng mã Windows-1258. Hãy xem kỹ dấu tiếng Việt trong phần thay đổi.")))
    return text


def _unknown_letters() -> BadInput:
    return _unusable(
        N_("Không nhận ra bảng mã của tệp (có thể là TCVN3 hoặc VNI). Hãy lưu lại thành CSV UTF-8 hoặc .xlsx.")
    )


def _row(number: int, cells: list[str | Text]) -> Row:
    texts, faults = [], {}
    for place, cell in enumerate(cells):
        if isinstance(cell, Text):
            faults[place] = cell
        elif len(cell) > MOST_CELL_CHARS:
            faults[place] = Text(N_("Dài quá %(longest)d ký tự."), {"longest": MOST_CELL_CHARS})
        texts.append("" if place in faults else clean(str(cell).replace("\n", ";")))
    return Row(number, tuple(texts), faults)
