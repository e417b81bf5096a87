"""Papers as administrative documents are laid out, and the two ways they are drawn: PDF and Word."""

from __future__ import annotations

import asyncio
import contextlib
import io
import re
import struct
import zipfile
import zlib
from datetime import date
from itertools import pairwise
from pathlib import Path

import numpy as np
import pypdfium2
import pytest
import zxingcpp
from docx import Document
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub import font_faces, papers, pdf, word
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
        ("Ban Tiếp công dân tỉnh Lạng Sơn", ("BAN TIẾP CÔNG DÂN", "TỈNH LẠNG SƠN"), "BTCDTLS", "Lạng Sơn"),
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
    assert [round(one.width.cm, 2) for one in (head.columns[1], head.cell(0, 1))] == [9.8, 9.8]
    listed = next(table for table in rest if table.cell(0, 1).text == "Tài liệu")
    assert [round(column.width / listed.columns[0].width) for column in listed.columns] == [1, 6, 2]


def test_the_word_file_says_the_same_and_can_be_edited() -> None:
    said = words_of(word.build(paper(subject="V/v nhận đơn", to=("Bà Én",), form_note="Mẫu số 02")))
    for words in ("XÃ TÂN TIẾN", "Số: 12/GBN-UBND", "GIẤY BIÊN NHẬN", "Kính gửi: Bà Én", "Điều 1. Đoạn văn"):
        assert words in said
    for words in ("Họ và tên: Đỗ Thị Én", "2. hai", "- Lưu: VT.", "Nông Văn Thắng", "NGƯỜI NỘP", "Nhóm", "Mẫu số 02"):
        assert words in said


def test_a_signature_never_stands_alone_and_the_qr_code_drives_none_away() -> None:
    """Whatever the text's length: title, name and the last words before them are on one page."""
    signed = Signatures((Signer("Người được tiếp", "Lò Văn Tám"), Signer("Người tiếp công dân", "Hoàng Văn Đức")))
    for lines in range(22, 33, 2):
        blocks = (*(Para(f"Dòng {number}") for number in range(lines)), Para("Đã đọc lại và công nhận đúng."))
        own = paper(blocks=(*blocks, signed), signer=None, recipients=(), verify_url=URL)
        pages = page_texts(asyncio.run(pdf.render(own)))
        [page] = [number for number, text in enumerate(pages) if "NGƯỜI ĐƯỢC TIẾP" in text]
        assert "Đã đọc lại" in pages[page], lines
        assert "Lò Văn Tám" in pages[page], lines
        assert page == len(pages) - 1, lines
        last = page_texts(asyncio.run(pdf.render(paper(blocks=blocks, verify_url=URL))))[-1]
        assert "Đã đọc lại" in last, lines
        assert "Nông Văn Thắng" in last, lines


def page_texts(data: bytes) -> list[str]:
    with pypdfium2.PdfDocument(data) as document:
        return [page.get_textpage().get_text_bounded() for page in document]


def test_all_letters_of_a_pdf_come_from_one_face() -> None:
    """Half of Vietnamese from another face is what a clerk sees first."""
    data = asyncio.run(pdf.render(paper(blocks=(Para(LETTERS), Para(LETTERS.upper(), bold=True)))))
    families = {name.split(b"-")[0] for name in re.findall(rb"/BaseFont */[A-Z]{6}\+(\w+(?:-\w+)?)", unpacked(data))}
    assert len(families) == 1, families


def unpacked(data: bytes) -> bytes:
    """With the contents of its compressed streams, where PDF 1.5 keeps its objects."""
    found = [data]
    for stream in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", data, re.DOTALL):
        with contextlib.suppress(zlib.error):
            found.append(zlib.decompress(stream))
    return b"\n".join(found)


def test_a_face_without_vietnamese_is_not_taken(tmp_path: Path) -> None:
    for broken in (b"", b"no font", b"\0\1\0\0\0\1" + bytes(6) + b"cmap" + bytes(12)):
        (tmp_path / "broken.ttf").write_bytes(broken)
        assert not font_faces.sets_vietnamese(tmp_path / "broken.ttf")
    assert not font_faces.sets_vietnamese(tmp_path / "missing.ttf")
    assert font_faces.sets_vietnamese(Path("/usr/share/fonts/truetype/liberation2/LiberationSerif-Regular.ttf"))


def test_the_word_file_has_the_qr_code_too_and_keeps_its_signature_whole() -> None:
    changed: tuple[dict[str, object], ...] = ({}, {"signer": None, "recipients": ()})
    for changes in changed:
        with zipfile.ZipFile(io.BytesIO(word.build(paper(verify_url=URL, **changes)))) as file:
            [picture] = [name for name in file.namelist() if name.endswith(".png")]
            seen = zxingcpp.read_barcodes(pixels_of_png(file.read(picture)))
            assert [one.text for one in seen] == [URL]
            assert b"cantSplit" in file.read("word/document.xml")


def pixels_of_png(data: bytes) -> np.ndarray:
    """A PNG with one bit a pixel, as the QR code is, with the quiet zone that the paper around it is."""
    width, height = struct.unpack(">LL", data[16:24])
    chunks, at = b"", 8
    while at < len(data):
        size, kind = struct.unpack(">L4s", data[at : at + 8])
        chunks += data[at + 8 : at + 8 + size] if kind == b"IDAT" else b""
        at += 12 + size
    rows = np.frombuffer(zlib.decompress(chunks), np.uint8).reshape(height, -1).copy()
    for above, row in pairwise(rows):
        assert row[0] in (0, 2)
        row[1:] += above[1:] if row[0] == 2 else 0  # "Up": the difference to the row above
    rows = rows[:, 1:]
    bits = np.unpackbits(rows, axis=1)[:, :width]
    return np.pad(bits * np.uint8(255), 40, constant_values=255)
