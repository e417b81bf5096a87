"""Tables that people send: what is understood, and what is refused with a reason."""

from __future__ import annotations

import contextlib
import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from hub import import_templates, tables
from hub.errors import BadInput, TooLarge
from hub.import_columns import COLUMNS, bind, level_of, roles_of, zero_notes
from hub.import_kinds import ImportKind
from hub.models import Role, UnitLevel
from web.labels import LABELS
from web.translate import catalogue

NAME = "UBND xã Đồng Sơn – Ấp Hữu Nghị"


def workbook(*rows: list[object]) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def cells(data: bytes) -> list[tuple[str, ...]]:
    return [row.cells for row in tables.read(data).rows]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_csv_of_every_usual_kind_is_read(encoding: str, delimiter: str) -> None:
    text = delimiter.join(["Mã", "Tên"]) + "\r\n" + delimiter.join(["XA1", NAME]) + "\r\n"
    assert cells(text.encode(encoding)) == [("XA1", NAME)]


def test_windows_1258_is_recognised_and_told() -> None:
    import unicodedata

    marks = {"\u0300", "\u0301", "\u0303", "\u0309", "\u0323"}

    def split(letter: str) -> str:
        whole = unicodedata.normalize("NFD", letter)
        tone = "".join(c for c in whole if c in marks)
        return unicodedata.normalize("NFC", "".join(c for c in whole if c not in marks)) + tone

    text = "Mã;Tên\nXA1;" + NAME.replace("–", "-")
    table = tables.read("".join(split(c) for c in text).encode("cp1258"))
    assert table.rows[0].cells == ("XA1", NAME.replace("–", "-"))
    assert "Windows-1258" in str(table.notes[0])


@pytest.mark.parametrize(
    "garbled", [b"M\xb7;T\xaan\nXA1;\xa7\xe5ng S\xacn", b"\x80\x81\xfe\nx", "Nguyễn".encode("utf-16-be")]
)
def test_other_encodings_are_refused_with_what_to_do(garbled: bytes) -> None:
    with pytest.raises(BadInput, match=r"UTF-8|CSV|dòng"):
        tables.read(garbled)


def test_a_workbook_keeps_text_and_whole_numbers_as_they_are_typed() -> None:
    data = workbook(
        ["Mã", "Điện thoại", "Đang dùng"], ["XA1", 912345678.0, True], [None, None, None], ["XA2", "0912", False]
    )
    table = tables.read(data)
    assert [row.cells[:3] for row in table.rows] == [("XA1", "912345678", "yes"), ("XA2", "0912", "no")]
    assert [row.number for row in table.rows] == [2, 4]


def test_formulas_and_error_cells_are_faults_of_their_cell() -> None:
    table = tables.read(workbook(["Mã", "Tên"], ["XA1", "=A2&B1"], ["XA2", "#N/A"]))
    assert "công thức" in str(table.rows[0].faults[1])
    assert "#N/A" in str(table.rows[1].faults[1])


def test_what_unpacks_to_too_much_is_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/sharedStrings.xml", b"\0" * (tables.MOST_UNPACKED_BYTES + 1))
    assert len(out.getvalue()) < tables.MOST_BYTES
    with pytest.raises(TooLarge):
        tables.read(out.getvalue())


def test_a_workbook_with_a_document_type_is_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("xl/workbook.xml", b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>')
    with pytest.raises(BadInput, match="khai báo"):
        tables.read(out.getvalue())


def test_files_too_long_too_large_empty_or_of_another_kind_are_refused() -> None:
    with pytest.raises(TooLarge):
        tables.read(b"x" * (tables.MOST_BYTES + 1))
    with pytest.raises(TooLarge, match="dòng"):
        tables.read(b"a;b\n" + b"1;2\n" * (tables.MOST_ROWS + 1))
    for data in (b"", b"a;b\n", b"\xd0\xcf\x11\xe0rest", b"PK\x03\x04broken", workbook(["Mã"])):
        with pytest.raises(BadInput):
            tables.read(data)


@given(st.binary(max_size=400))
def test_whatever_comes_is_a_table_or_a_told_refusal(data: bytes) -> None:
    for start in (b"", b"PK\x03\x04", b"\xff\xfe"):
        with contextlib.suppress(BadInput):
            tables.read(start + data)


@pytest.mark.parametrize("kind", ImportKind)
@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_filled_in_template_is_understood(kind: ImportKind, language: str) -> None:
    from openpyxl import load_workbook

    book = load_workbook(io.BytesIO(import_templates.workbook(kind, language, catalogue(language).text)))
    book.active.append(["1"] * len(COLUMNS[kind]))
    out = io.BytesIO()
    book.save(out)
    filled_csv = import_templates.comma_separated(kind, language) + b";".join([b"1"] * len(COLUMNS[kind]))
    for data in (out.getvalue(), filled_csv):
        entries, faults = bind(kind, tables.read(data))
        assert not faults
        assert set(entries[0].values) == {column.key for column in COLUMNS[kind]}


@pytest.mark.parametrize("language", ["vi", "en"])
def test_roles_and_levels_are_understood_as_the_pages_call_them(language: str) -> None:
    book = catalogue(language)
    for role in Role:
        assert next(roles_of(f"{book.text(LABELS['role'][role])} @ xa1", "TINH"))[:2] == (role, "XA1")
    for level in UnitLevel:
        assert level_of(book.text(LABELS["unit_level"][level])) is level


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (912345678, "0912345678"),
        (2838221234, "02838221234"),
        ("912 345 678", "0912 345 678"),
        ("0912345678", "0912345678"),
        ("+84912345678", "+84912345678"),
        (19001234, "19001234"),
        (123456789, "123456789"),
    ],
)
def test_a_phone_number_gets_back_the_zero_that_excel_took_and_the_trial_says_so(typed: object, kept: str) -> None:
    table = tables.read(workbook(["Tên đăng nhập", "Họ tên", "Mã cơ quan", "Điện thoại"], ["a.b", "A", "XA1", typed]))
    [entry], faults = bind(ImportKind.ACCOUNTS, table)
    assert not faults
    assert not entry.faults
    assert entry["phone"] == kept
    notes = zero_notes([entry])
    assert bool(notes) is (kept != str(typed))
    assert not notes or "2" in str(notes[0])


def test_a_phone_number_whose_digits_excel_lost_is_a_fault_of_its_cell() -> None:
    table = tables.read("Mã điểm cầu;Tên điểm cầu;Mã cơ quan;Điện thoại\r\nDC1;A;XA1;9,12E+08\r\n".encode("utf-8-sig"))
    [entry], _ = bind(ImportKind.POINTS, table)
    assert [(fault.row, fault.column) for fault in entry.faults] == [(2, "D")]


def test_columns_are_named_as_a_spreadsheet_names_them() -> None:
    assert [tables.letter(place) for place in (0, 25, 26, 51, 52)] == ["A", "Z", "AA", "AZ", "BA"]


def test_a_title_above_the_heading_a_column_of_ordinals_and_what_excel_says_for_itself_are_passed_over() -> None:
    heading, row = "STT;Mã cơ quan;Tên cơ quan;Cấp", "1;XA1;UBND xã Một;xã"
    for text in (f"DANH SÁCH CƠ QUAN;;;\n;;;\n{heading}\n{row}\n", f"sep=;\n{heading}\n{row}\n"):
        entries, faults = bind(ImportKind.UNITS, tables.read(text.encode()))
        assert faults == []
        assert [(entry["code"], entry["name"]) for entry in entries] == [("XA1", "UBND xã Một")]
    _, faults = bind(ImportKind.UNITS, tables.read("DANH SÁCH\nMã lạ;Tên lạ\nXA1;UBND\n".encode()))
    assert faults[0].row == 1
