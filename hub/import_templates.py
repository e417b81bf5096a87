"""Empty tables to fill in, in the reader's language: a sheet with the headings, another that explains them. PURE."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping

from hub.i18n import DEFAULT_LANGUAGE, N_, Text
from hub.import_columns import COLUMNS, Column, Fault
from hub.import_kinds import ImportKind

Say = Callable[[Text], str]
_WIDTH = 24


def headings(kind: ImportKind, language: str) -> list[str]:
    return [_heading(column, language) + ("*" if column.required else "") for column in COLUMNS[kind]]


def workbook(kind: ImportKind, language: str, say: Say) -> bytes:
    from openpyxl import Workbook
    from openpyxl.styles import Font

    book = Workbook()
    sheet, guide = book.active, book.create_sheet(say(Text(N_("Hướng dẫn"))))
    sheet.title = say(Text(N_("Dữ liệu")))
    sheet.append(headings(kind, language))
    guide.append([say(Text(text)) for text in (N_("Cột"), N_("Bắt buộc"), N_("Cách ghi"))])
    for column in COLUMNS[kind]:
        required = say(Text(N_("Có"))) if column.required else ""
        guide.append([_heading(column, language), required, say(Text(column.about)) if column.about else ""])
    for each in (sheet, guide):
        each.freeze_panes = "A2"
        for cell in each[1]:
            cell.font = Font(bold=True)
            each.column_dimensions[cell.column_letter].width = _WIDTH
    for place in range(1, len(COLUMNS[kind]) + 1):
        for row in range(1, 1001):  # codes and telephone numbers keep their zeros
            sheet.cell(row=row, column=place).number_format = "@"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def comma_separated(kind: ImportKind, language: str) -> bytes:
    """With the mark that lets Excel read UTF-8, and semicolons, which Excel expects in Viet Nam."""
    return _csv([headings(kind, language)])


def passwords(given: Mapping[str, str], say: Say) -> bytes:
    head = [say(Text(N_("Tên đăng nhập"))), say(Text(N_("Mật khẩu dùng một lần")))]
    return _csv([head, *([username, password] for username, password in given.items())])


def faults(found: Iterable[Fault], headings: Mapping[str, str], say: Say) -> bytes:
    """All of them, to be worked off beside the table."""
    head = [say(Text(N_("Dòng"))), say(Text(N_("Cột"))), say(Text(N_("Mục"))), say(Text(N_("Lỗi")))]
    return _csv([head, *([str(one.row), one.column, _said(one, headings, say), say(one.text)] for one in found)])


def _said(fault: Fault, headings: Mapping[str, str], say: Say) -> str:
    return say(Text(headings[fault.heading])) if fault.heading in headings else ""


def _csv(rows: list[list[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out, delimiter=";").writerows(rows)
    return out.getvalue().encode("utf-8-sig")


def _heading(column: Column, language: str) -> str:
    """English tables are headed by the columns' keys, which every hub reads."""
    return column.heading if language == DEFAULT_LANGUAGE else column.key.replace("_", " ").capitalize()
