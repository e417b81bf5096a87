"""Papers as administrative documents are laid out, and the two ways they are drawn: PDF and Word."""

from __future__ import annotations

import asyncio
import io
import re
from datetime import date

import numpy as np
import pypdfium2
import pytest
import zxingcpp
from docx import Document
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub import papers, pdf, word
from hub.errors import NotReady, TooLarge
from hub.papers import Fields, Heading, Items, Lines, PageBreak, Paper, Para, Signatures, Signer, Table

LETTERS = "ạảãàáâậầấẩẫăắằặẳẵóòọõỏôộổỗồốơờớợởỡéèẻẹẽêếềệểễúùụủũưựữửừứíìịỉĩýỳỷỵỹđ"
HOSTILE = '#panic("x") $x^2$ `raw` {{ 7*7 }} {% for %} @ref <label> \\u{41} // chú thích */ #import "/etc/passwd"'
URL = "https://tiepdan.example.vn/verify/nQ1uYw7sXb2dTz5vKq8pLg"
BLOCKS = (
    Heading("I. Nội dung"),
    Para("Đoạn văn", lead="Điều 1."),
    Fields((("Họ và tên", "Đỗ Thị Én"), ("Địa chỉ", ""))),
    Items(("một", "hai"), marks="1"),
    Table(("STT", "Tài liệu", "Số tờ"), (("1", "Đơn", "2"),), widths=(1, 6, 2), right=(2,), numbered=True),
    Table(("A", "B", "C"), (("1", "2", "3"),), groups=(("", 1), ("Nhóm", 2))),
    Lines(2),
    PageBreak(),
    Signatures((Signer("Người nộp"), Signer("Người nhận", "Đỗ Mạnh Cường"))),
)


def paper(**changes: object) -> Paper:
    given_: dict[str, object] = {
        "title": "Giấy biên nhận",
        "agency": "UBND xã Tân Tiến",
        "place": "Tân Tiến",
        "day": date(2026, 2, 5),
        "number": "12/GBN-UBND",
        "blocks": BLOCKS,
        "signer": Signer("Chủ tịch", "Nông Văn Thắng", "TM. Ủy ban nhân dân", ""),
        "recipients": ("Như trên", "Lưu: VT"),
    }
    return Paper(**(given_ | changes))  # type: ignore[arg-type]


def texts(data: bytes) -> str:
    with pypdfium2.PdfDocument(data) as document:
        return "\n".join(page.get_textpage().get_text_bounded() for page in document)


def pixels(data: bytes, page: int = 0, scale: float = 2) -> np.ndarray:
    """One page as a person sees it."""
    with pypdfium2.PdfDocument(data) as document:
        return document[range(len(document))[page]].render(scale=scale).to_numpy()


def words_of(data: bytes) -> str:
    document = Document(io.BytesIO(data))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([paragraph.text for paragraph in document.paragraphs] + cells)


@pytest.mark.parametrize(
    ("agency", "lines", "short", "place"),
    [
        ("UBND xã Tân Tiến", ("ỦY BAN NHÂN DÂN", "XÃ TÂN TIẾN"), "UBND", "Tân Tiến"),
        ("Ủy ban nhân dân tỉnh An Bình", ("ỦY BAN NHÂN DÂN", "TỈNH AN BÌNH"), "UBND", "An Bình"),
        ("Ban Tiếp công dân Trung ương", ("BAN TIẾP CÔNG DÂN TRUNG ƯƠNG",), "BTCDTƯ", ""),
        ("HĐND phường Hòa Bình", ("HỘI ĐỒNG NHÂN DÂN", "PHƯỜNG HÒA BÌNH"), "HĐND", "Hòa Bình"),
    ],
)
def test_an_agencys_name_is_written_out_and_shortened_as_its_papers_do(
    agency: str, lines: tuple[str, ...], short: str, place: str
) -> None:
    assert papers.agency_lines(agency) == lines
    assert papers.abbreviation(agency) == short
    assert papers.place_of(agency) == place


def test_small_days_and_the_first_two_months_are_written_with_two_digits() -> None:
    """Decree 30/2020, Appendix I, part II.4."""
    assert papers.place_and_day("Tân Tiến", date(2026, 2, 5)) == "Tân Tiến, ngày 05 tháng 02 năm 2026"
    assert papers.place_and_day("Tân Tiến", date(2026, 11, 22)) == "Tân Tiến, ngày 22 tháng 11 năm 2026"


def test_a_paper_comes_back_from_its_data_as_it_was() -> None:
    made = paper(to=("Bà Én",), verify_url=URL, landscape=True)
    assert papers.from_data(papers.as_data(made)) == made


def test_a_pdf_says_everything_that_the_paper_says() -> None:
    said = " ".join(texts(asyncio.run(pdf.render(paper(subject="V/v nhận đơn", to=("Bà Én",))))).split())
    for words in ("ỦY BAN NHÂN DÂN", "XÃ TÂN TIẾN", "Số: 12/GBN-UBND", "Độc lập - Tự do - Hạnh phúc", "GIẤY BIÊN NHẬN"):
        assert words in said
    for words in ("ngày 05 tháng 02 năm 2026", "Kính gửi: Bà Én", "Điều 1. Đoạn văn", "Họ và tên: Đỗ Thị Én", "2. hai"):
        assert words in said
    for words in ("CHỦ TỊCH", "Nông Văn Thắng", "- Như trên;", "- Lưu: VT.", "NGƯỜI NỘP", "Đỗ Mạnh Cường", "Nhóm"):
        assert words in said


def test_every_vietnamese_letter_is_drawn_and_none_is_an_empty_box() -> None:
    """PDF/A may hold no letter without a glyph: one that has none would have cost the mark below."""
    line = LETTERS + LETTERS.upper()
    made = asyncio.run(pdf.render(paper(blocks=(Para(line, align="left"),))))
    assert line in re.sub(r"[\r\n\u200b\ufffe]", "", texts(made))
    assert b"pdfaid:part>2<" in made


def test_a_long_table_repeats_its_head_and_pages_are_numbered_from_the_second() -> None:
    rows = tuple((str(number), f"dòng {number}", "x") for number in range(120))
    made = asyncio.run(pdf.render(paper(blocks=(Table(("STT", "Đầu đề cột", "Ghi chú"), rows),), landscape=True)))
    with pypdfium2.PdfDocument(made) as document:
        pages = [page.get_textpage().get_text_bounded() for page in document]
        width, height = document[0].get_size()
    assert len(pages) > 2
    assert width > height
    assert all("Đầu đề cột" in page for page in pages[:-1])
    assert pages[1].split()[0] == "2"
    assert not pages[0].split()[0].isdigit()


def test_the_qr_code_leads_to_the_address_where_the_paper_is_checked() -> None:
    made = asyncio.run(pdf.render(paper(verify_url=URL)))
    found = zxingcpp.read_barcodes(pixels(made, page=-1))
    assert [one.text for one in found] == [URL]


def test_what_a_person_types_stays_text_in_both() -> None:
    made = paper(
        title=HOSTILE,
        subject=HOSTILE,
        agency=HOSTILE,
        place=HOSTILE,
        to=(HOSTILE, HOSTILE),
        recipients=(HOSTILE,),
        blocks=(
            Para(HOSTILE, lead=HOSTILE),
            Fields(((HOSTILE, HOSTILE),)),
            Items((HOSTILE,)),
            Table((HOSTILE,), ((HOSTILE,),)),
        ),
        signer=Signer(HOSTILE, HOSTILE, HOSTILE, HOSTILE),
        watermark=HOSTILE[:20],
        form_note=HOSTILE,
    )
    said = "".join(texts(asyncio.run(pdf.render(made))).split())
    assert said.count('#panic("x")$x^2$`raw`{{7*7}}') >= 8
    assert "root:" not in said
    assert words_of(word.build(made)).count(HOSTILE) >= 8


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(max_size=200))
def test_any_text_at_all_can_be_set(text: str) -> None:
    storable = text.encode("utf-8", "ignore").decode()
    made = paper(blocks=(Para(storable), Fields(((storable, storable),)), Table((storable,), ((storable,),))))
    assert asyncio.run(pdf.render(made)).startswith(b"%PDF")
    Document(io.BytesIO(word.build(made)))


def test_a_paper_that_takes_too_long_is_given_up_and_its_process_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "TIMEOUT_S", 0.001)
    with pytest.raises(NotReady):
        asyncio.run(pdf.render(paper()))


def test_a_paper_beyond_measure_is_refused_before_anything_is_started() -> None:
    with pytest.raises(TooLarge):
        asyncio.run(pdf.render(paper(blocks=(Para("dài " * 3_000_000),))))


def test_pictures_to_look_at_first_are_pngs_one_a_page() -> None:
    found = asyncio.run(pdf.pictures(paper(watermark="XEM TRƯỚC")))
    assert len(found) == 2
    assert all(one.startswith(b"\x89PNG") for one in found)


def test_the_word_file_keeps_the_motto_on_one_line_and_the_tables_columns() -> None:
    """In the grid as in the cells: LibreOffice goes by the one, Word by the other."""
    opened = Document(io.BytesIO(word.build(paper(motto=True))))
    head, *rest = opened.tables
    assert [round(one.width.cm, 2) for one in (head.columns[1], head.cell(0, 1))] == [10, 10]
    listed = next(table for table in rest if table.cell(0, 1).text == "Tài liệu")
    assert [round(column.width / listed.columns[0].width) for column in listed.columns] == [1, 6, 2]


def test_the_word_file_says_the_same_and_can_be_edited() -> None:
    said = words_of(word.build(paper(subject="V/v nhận đơn", to=("Bà Én",), form_note="Mẫu số 02")))
    for words in ("XÃ TÂN TIẾN", "Số: 12/GBN-UBND", "GIẤY BIÊN NHẬN", "Kính gửi: Bà Én", "Điều 1. Đoạn văn"):
        assert words in said
    for words in ("Họ và tên: Đỗ Thị Én", "2. hai", "- Lưu: VT.", "Nông Văn Thắng", "NGƯỜI NỘP", "Nhóm", "Mẫu số 02"):
        assert words in said
