"""The same papers as editable Word files: built part by part from a ``Paper``, without any template to inject into.

Their QR code leads to the paper that was made: its number, day and whether it still counts. What is edited here has no
proof of its own, and the words beside the code promise none.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, datetime, time
from typing import Any

import segno
from docx import Document
from docx.enum.section import WD_ORIENT
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_BREAK
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Mm, Pt
from docx.text.paragraph import Paragraph

from hub import papers
from hub.papers import Block, Fields, Heading, Items, Lines, PageBreak, Paper, Para, Signatures, Signer, Table

FACE = "Times New Roman"
CENTER, LEFT, BOTH, RIGHT = (
    WD_ALIGN_PARAGRAPH.CENTER,
    WD_ALIGN_PARAGRAPH.LEFT,
    WD_ALIGN_PARAGRAPH.JUSTIFY,
    WD_ALIGN_PARAGRAPH.RIGHT,
)
DOTS = "." * 60
ROW_LETTERS = 400
"""A table's row with fewer in each cell stays on one page."""
RULE = "─" * 8
_ALIGN = {"both": BOTH, "left": LEFT, "center": CENTER}


def build(paper: Paper) -> bytes:
    """A .docx. Control characters that XML cannot hold are left out."""
    document = Document()
    _set_up(document, paper)
    if paper.form_note:
        _say(document.add_paragraph(), paper.form_note, 11, italic=True).alignment = RIGHT
    _heading(document, paper)
    _title(document, paper)
    for number, block in enumerate(paper.blocks):
        _block(document, block)
        following = paper.blocks[number + 1] if number + 1 < len(paper.blocks) else None
        if isinstance(block, Para | Items | Fields) and isinstance(following, Signatures | None):
            document.paragraphs[-1].paragraph_format.keep_with_next = True
    _end(document, paper)
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def _set_up(document: Any, paper: Paper) -> None:
    section = document.sections[0]
    wide, high = (Mm(297), Mm(210)) if paper.landscape else (Mm(210), Mm(297))
    section.orientation = WD_ORIENT.LANDSCAPE if paper.landscape else WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = wide, high
    section.top_margin, section.bottom_margin = Mm(20), Mm(20)
    section.left_margin, section.right_margin = (Mm(15), Mm(15)) if paper.landscape else (Mm(30), Mm(18))
    section.different_first_page_header_footer = True
    number = section.header.paragraphs[0]
    number.alignment = CENTER
    _page_number(number)
    style = document.styles["Normal"]
    style.font.name, style.font.size = FACE, Pt(14)
    style.element.rPr.rFonts.set(qn("w:eastAsia"), FACE)
    style.paragraph_format.space_after, style.paragraph_format.line_spacing = Pt(4), 1.0
    _properties(document, paper)


def _properties(document: Any, paper: Paper) -> None:
    """What the file says of itself: what the paper's head says, and nobody's name."""
    known = document.core_properties
    known.comments, known.keywords = "", papers.printable(", ".join(paper.keywords))
    known.created = known.modified = datetime.combine(paper.day, time(), UTC)
    document.core_properties.title = papers.printable(" ".join(part for part in (paper.title, paper.subject) if part))
    document.core_properties.author = papers.printable(papers.written_out(paper.agency))
    document.core_properties.language = "vi-VN"


def _page_number(paragraph: Paragraph) -> None:
    run = paragraph.add_run()
    for kind, text in (("begin", ""), ("", " PAGE "), ("end", "")):
        if kind:
            mark = OxmlElement("w:fldChar")
            mark.set(qn("w:fldCharType"), kind)
        else:
            mark = OxmlElement("w:instrText")
            mark.text = text
        run._r.append(mark)  # noqa: SLF001 - python-docx has no fields of its own


def _heading(document: Any, paper: Paper) -> None:
    table = document.add_table(rows=1, cols=2)
    # The motto's first line must not wrap: 13 pt bold needs 9.4 cm of a page 16.2 cm wide.
    _without_margins(table)
    _set_widths(table, (Cm(6.4), Cm(18 if paper.landscape else 9.8)))
    left, right = table.rows[0].cells
    lines = ([(paper.authority.upper(), 13, False)] if paper.authority else []) + [
        (line, 13, True) for line in papers.agency_lines(paper.agency)
    ]
    _column(left, [*lines, (RULE, 8, False)])
    if paper.number:
        _say(left.add_paragraph(), f"Số: {paper.number}", 13).alignment = CENTER
    if paper.motto:
        _column(right, [(papers.MOTTO[0], 13, True), (papers.MOTTO[1], 14, True), (RULE * 3, 8, False)])
    day = right.add_paragraph() if paper.motto else right.paragraphs[0]
    _say(day, papers.place_and_day(paper.place, paper.day), 14, italic=True).alignment = CENTER


def _column(cell: Any, lines: list[tuple[str, int, bool]]) -> None:
    for number, (text, size, bold) in enumerate(lines):
        paragraph = cell.paragraphs[0] if number == 0 else cell.add_paragraph()
        _say(paragraph, text, size, bold=bold).alignment = CENTER
        paragraph.paragraph_format.space_after = Pt(0)


def _title(document: Any, paper: Paper) -> None:
    head = _say(document.add_paragraph(), paper.title.upper(), 14, bold=True)
    head.alignment, head.paragraph_format.space_before = CENTER, Pt(12)
    if paper.subject:
        subject = _say(document.add_paragraph(), paper.subject, 14, bold=True)
        subject.alignment, subject.paragraph_format.space_after = CENTER, Pt(0)
        _say(document.add_paragraph(), RULE, 8).alignment = CENTER
    if len(paper.to) == 1:
        _say(document.add_paragraph(), f"Kính gửi: {paper.to[0]}").alignment = CENTER
    elif paper.to:
        _say(document.add_paragraph(), "Kính gửi:").paragraph_format.left_indent = Cm(2)
        for one in paper.to:
            _say(document.add_paragraph(), f"- {one}").paragraph_format.left_indent = Cm(4)


def _block(document: Any, block: Block) -> None:
    match block:
        case Heading(text):
            _say(document.add_paragraph(), text, bold=True).paragraph_format.keep_with_next = True
        case Para():
            _para(document, block)
        case Fields() | Items() | Lines():
            for text in _lines(block):
                _indented(document, text)
        case Table():
            _table(document, block)
        case Signatures(signers):
            _signatures(document, signers)
        case PageBreak():
            document.add_paragraph().add_run().add_break(WD_BREAK.PAGE)


def _lines(block: Fields | Items | Lines) -> list[str]:
    match block:
        case Fields(rows):
            return [f"{label}: {value or DOTS}" for label, value in rows]
        case Items(items, marks):
            return [f"{f'{number}.' if marks == '1' else '-'} {item}" for number, item in enumerate(items, 1)]
        case Lines(count):
            return [DOTS * 2] * count


def _signatures(document: Any, signers: tuple[Signer, ...]) -> None:
    for start in range(0, len(signers), 3):
        few = signers[start : start + 3]
        table = document.add_table(rows=1, cols=len(few))
        for cell, signer in zip(table.rows[0].cells, few, strict=True):
            _signature(cell, signer)
        _whole(table)
        _small(document)


def _para(document: Any, block: Para) -> None:
    for number, part in enumerate(block.text.split("\n")):
        paragraph = document.add_paragraph()
        if number == 0 and block.lead:
            _say(paragraph, block.lead + " ", bold=True)
        _say(paragraph, part, bold=block.bold, italic=block.italic).alignment = _ALIGN[block.align]
        if block.indent and block.align == "both":
            paragraph.paragraph_format.first_line_indent = Cm(1)


def _indented(document: Any, text: str) -> None:
    _say(document.add_paragraph(), text).paragraph_format.first_line_indent = Cm(1)


def _table(document: Any, block: Table) -> None:
    head = [block.head, tuple(str(n) for n in range(1, len(block.head) + 1))] if block.numbered else [block.head]
    if block.groups:
        head.insert(0, tuple(text if nth == 0 else "" for text, span in block.groups for nth in range(span)))
    table = document.add_table(rows=len(head), cols=len(block.head))
    table.style, table.alignment = "Table Grid", WD_TABLE_ALIGNMENT.CENTER
    for row, texts in zip(table.rows, head, strict=True):
        _repeat(row)
        for cell, text in zip(row.cells, texts, strict=True):
            _say(cell.paragraphs[0], text, block.size_pt, bold=True).alignment = CENTER
    for texts in block.rows:
        row = table.add_row()
        if max(len(text) for text in texts) < ROW_LETTERS:
            _mark(row, "w:cantSplit")
        for column, (cell, text) in enumerate(zip(row.cells, texts, strict=True)):
            _say(cell.paragraphs[0], text, block.size_pt).alignment = RIGHT if column in block.right else LEFT
            cell.paragraphs[0].paragraph_format.space_after = Pt(2)
    if block.widths:
        section, whole = document.sections[0], sum(block.widths)
        room = section.page_width - section.left_margin - section.right_margin
        _set_widths(table, [int(room * share / whole) for share in block.widths])
    _merge(table, block)
    _small(document)


def _set_widths(table: Any, widths_emu: Sequence[int]) -> None:
    """In the grid as well as in the cells: some programs go by the one, some by the other."""
    table.autofit = False
    for column, width in zip(table.columns, widths_emu, strict=True):
        column.width = width
    for row in table.rows:
        for cell, width in zip(row.cells, widths_emu, strict=True):
            cell.width = width


def _merge(table: Any, block: Table) -> None:
    """The line of groups: one cell over its columns, or a column's head that reaches up."""
    column = 0
    for text, span in block.groups:
        if text:
            table.cell(0, column).merge(table.cell(0, column + span - 1))
        else:
            for each in range(column, column + span):
                table.cell(0, each).merge(table.cell(1, each))
        column += span


def _repeat(row: Any) -> None:
    _mark(row, "w:tblHeader")


def _mark(row: Any, name: str) -> None:
    """``w:tblHeader``: the head repeats on every page; ``w:cantSplit``: the row stays on one."""
    mark = OxmlElement(name)
    mark.set(qn("w:val"), "true")
    row._tr.get_or_add_trPr().append(mark)  # noqa: SLF001 - python-docx has no name for either


def _whole(table: Any) -> None:
    """On one page, title and name of a signature together."""
    for row in table.rows:
        _mark(row, "w:cantSplit")
        for cell in row.cells:
            for paragraph in cell.paragraphs[:-1]:
                paragraph.paragraph_format.keep_with_next = True


def _without_margins(table: Any) -> None:
    margins = OxmlElement("w:tblCellMar")
    for side in ("w:left", "w:right"):
        mark = OxmlElement(side)
        mark.set(qn("w:w"), "0")
        mark.set(qn("w:type"), "dxa")
        margins.append(mark)
    table._tbl.tblPr.append(margins)  # noqa: SLF001 - python-docx has no name for them


def _small(document: Any) -> None:
    """The paragraph that Word wants after a table, as low as a gap: a whole line may begin an empty page."""
    paragraph = _say(document.add_paragraph(), "", 4)
    paragraph.paragraph_format.space_after = Pt(0)


def _signature(cell: Any, one: Signer) -> None:
    lines = [(part.upper(), 14, True) for part in one.on_behalf.splitlines()]
    _column(cell, [*lines, (one.title.upper(), 14, True)])
    if one.note:
        note = _say(cell.add_paragraph(), one.note, 12, italic=True)
        note.alignment, note.paragraph_format.space_after = CENTER, Pt(0)
    for _ in range(3):
        cell.add_paragraph().paragraph_format.space_after = Pt(0)
    _say(cell.add_paragraph(), one.name, 14, bold=True).alignment = CENTER


def _end(document: Any, paper: Paper) -> None:
    if not paper.recipients and paper.signer is None:
        # In the first page's foot: below the signatures it would push them onto another page, or stand there alone.
        _proof(document.sections[0].first_page_footer, paper, Mm(15))
        return
    table = document.add_table(rows=1, cols=2)
    left, right = table.rows[0].cells
    if paper.recipients:
        paragraph = _say(left.paragraphs[0], "Nơi nhận:", 12, bold=True, italic=True)
        paragraph.paragraph_format.space_after = Pt(0)
        for number, one in enumerate(paper.recipients, 1):
            stop = "." if number == len(paper.recipients) else ";"
            _say(left.add_paragraph(), f"- {one}{stop}", 11).paragraph_format.space_after = Pt(0)
    _proof(left, paper, Mm(22))
    if paper.signer is not None:
        _signature(right, paper.signer)
    _whole(table)
    _small(document)


def _proof(place: Any, paper: Paper, width: int) -> None:
    """The QR code with its words, and the hash of the text that the paper sets out."""
    words = papers.qr_words(paper) if paper.verify_url else ""
    if paper.verify_url:
        picture = io.BytesIO()
        segno.make(paper.verify_url, error="m").save(picture, kind="png", scale=8, border=0)
        paragraph = place.add_paragraph()
        paragraph.paragraph_format.space_before, paragraph.paragraph_format.space_after = Pt(6), Pt(2)
        paragraph.add_run().add_picture(picture, width=width)
        _described(paragraph, paper.verify_url)
    if paper.text_sha256:
        words = f"{words} SHA-256 của nội dung: {paper.text_sha256}".strip()
    if words:
        _say(place.add_paragraph(), words, 9).paragraph_format.space_after = Pt(0)


def _described(paragraph: Paragraph, text: str) -> None:
    """For who hears the paper read out; flush with the text."""
    for properties in paragraph._p.iter(qn("wp:docPr")):  # noqa: SLF001 - python-docx has no name for it
        properties.set("descr", text)
        properties.set("name", "QR")
    for inline in paragraph._p.iter(qn("wp:inline")):  # noqa: SLF001 - nor for the gap around a picture
        for side in ("distT", "distB", "distL", "distR"):
            inline.set(side, "0")


def _say(
    paragraph: Paragraph, text: str, size_pt: float = 14, *, bold: bool = False, italic: bool = False
) -> Paragraph:
    run = paragraph.add_run(papers.printable(text))
    run.font.size, run.font.name = Pt(size_pt), FACE
    run.bold, run.italic = bold, italic
    return paragraph
