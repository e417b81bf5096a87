"""The register on paper (A4 across, its head on every page) and as a workbook; a workbook is written row by row."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Border, Font, Side
from openpyxl.utils import get_column_letter

from hub import papers
from hub.forms.signing import Style
from hub.papers import Paper, Para, Table
from hub.register import HANDLING, HEADS, REQUESTED, Line

WIDTHS = (1.1, 2.1, 4, 2.4, 5.2, 2.6, 2.4, 2.4, 2.4, 2.4, 3.2, 3)
GROUPS = (("", 7), (HANDLING, 3), ("", 2))
PAPER_MOST = 3000
"""Lines on one PDF; a longer period is printed in parts."""
CELL_MAX = 32_000
"""A workbook's cell holds 32,767 characters."""
_FONT, _BOLD = (Font(name="Times New Roman", size=11, bold=bold) for bold in (False, True))
_EDGE = Border(*(Side(style="thin"),) * 4)


def title_of(year: int, first_day: date | None, last_day: date | None) -> str:
    if first_day and last_day:
        return f"Từ ngày {first_day:%d/%m/%Y} đến ngày {last_day:%d/%m/%Y}"
    if first_day or last_day:
        return f"Từ ngày {first_day:%d/%m/%Y}" if first_day else f"Đến ngày {last_day:%d/%m/%Y}"
    return f"Năm {year}"


def paper(unit: str, style: Style, subject: str, lines: list[Line], today: date) -> Paper:
    """Form 03: twelve columns with their numbers under the head."""
    table = Table(
        head=HEADS,
        rows=tuple(line.cells() for line in lines),
        widths=WIDTHS,
        right=(0,),
        size_pt=9,
        groups=GROUPS,
        numbered=True,
    )
    empty = Para("Không có lượt tiếp nào trong kỳ.", italic=True, align="center")
    return Paper(
        title="Sổ tiếp công dân",
        subject=subject,
        agency=unit,
        authority=style.authority,
        place=style.place,
        day=today,
        blocks=(table if lines else empty,),
        landscape=True,
    )


async def workbook(path: Path, unit: str, subject: str, pages: AsyncIterator[list[Line]]) -> int:
    """Write the workbook to ``path``; how many lines. Never holds more than one page of lines."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Sổ tiếp công dân")
    heads = (*HEADS[:5], REQUESTED, *HEADS[5:])
    for column, width in enumerate((*WIDTHS[:5], 4, *WIDTHS[5:]), 1):
        sheet.column_dimensions[get_column_letter(column)].width = width * 6
    sheet.freeze_panes = "A3"
    sheet.print_title_rows = "1:2"
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", 9  # A4 (ECMA-376 §18.3.1.63)
    sheet.append([_text(sheet, f"{unit} – SỔ TIẾP CÔNG DÂN – {subject}", bold=True)])
    handled = len(heads) - GROUPS[2][1] - GROUPS[1][1]
    groups = range(handled, handled + GROUPS[1][1])
    titles = [f"{HANDLING}: {head}" if nth in groups else head for nth, head in enumerate(heads)]
    sheet.append([_framed(_text(sheet, head, bold=True)) for head in titles])
    count = 0
    async for lines in pages:
        for line in lines:
            sheet.append(_row(sheet, line))
            count += 1
    book.save(path)
    return count


def _row(sheet: object, line: Line) -> list[WriteOnlyCell]:
    """Typed: the number a number, the day a day, everything else text, whatever it begins with."""
    number, day = WriteOnlyCell(sheet, value=line.number), WriteOnlyCell(sheet, value=line.day)
    number.font = day.font = _FONT
    day.number_format = "dd/mm/yyyy"
    who = "\n".join(part for part in (line.who, line.address) if part)
    cells = line.cells()
    texts = [who, line.id_number, line.content, line.requested, *cells[5:]]
    row = [number, day, *(_text(sheet, text) for text in texts)]
    return [_framed(cell) for cell in row]


def _framed(cell: WriteOnlyCell) -> WriteOnlyCell:
    cell.border = _EDGE
    cell.alignment = Alignment(wrap_text=True, vertical="top")
    return cell


def _text(sheet: object, value: str, *, bold: bool = False) -> WriteOnlyCell:
    """A cell of text: with the type said, ``=1+1`` is shown and never computed."""
    cell = WriteOnlyCell(sheet, value=papers.printable(value)[:CELL_MAX])
    cell.data_type = "s"
    cell.font = _BOLD if bold else _FONT
    return cell
