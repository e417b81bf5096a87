"""A paper as administrative documents are laid out (Decree 30/2020/NĐ-CP, Appendix I): what stands on it, not how.

PURE. One ``Paper`` is drawn by ``hub.pdf`` (PDF) and by ``hub.word`` (editable Word), so that the two never differ.
Everything in it is plain text: nothing that a person typed is ever read as a program or a template.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Any

MOTTO = ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc")
_NOT_XML = re.compile("[^\\t\\n\\u0020-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")
AGENCY_LINE = 24
"""How many letters of an agency's name stand on one line."""
_SHORT = (("UBND", "Ủy ban nhân dân"), ("HĐND", "Hội đồng nhân dân"))
_PLACES = ("xã", "phường", "đặc khu", "thị trấn", "tỉnh", "thành phố", "huyện", "quận", "thị xã")


@dataclass(frozen=True, slots=True)
class Heading:
    text: str


@dataclass(frozen=True, slots=True)
class Para:
    """A paragraph; ``lead`` stands before it in bold. ``align``: ``both``, ``left``, ``center``."""

    text: str
    lead: str = ""
    bold: bool = False
    italic: bool = False
    align: str = "both"
    indent: bool = True
    """The first line moved in by 1 cm."""


@dataclass(frozen=True, slots=True)
class Fields:
    """Label and value, one pair a line. An empty value becomes a dotted line, to be filled in by hand."""

    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Items:
    """A list: ``marks`` is ``-`` or ``1``."""

    items: tuple[str, ...]
    marks: str = "-"


@dataclass(frozen=True, slots=True)
class Table:
    """``widths`` are shares of the page's width; ``right`` the columns of figures; ``size_pt`` the letters' size.
    The head is repeated on every page."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[float, ...] = ()
    right: tuple[int, ...] = ()
    size_pt: float = 12
    groups: tuple[tuple[str, int], ...] = ()
    """A line above the head: (text, how many columns it spans); empty text merges the column with its head."""
    numbered: bool = False
    """A line of column numbers under the head, as registers have."""


@dataclass(frozen=True, slots=True)
class Lines:
    """So many dotted lines to write on."""

    count: int = 3


@dataclass(frozen=True, slots=True)
class Signer:
    """``title`` as ``CHỦ TỊCH`` or ``NGƯỜI TIẾP CÔNG DÂN``; ``on_behalf`` as ``TM. ỦY BAN NHÂN DÂN``."""

    title: str
    name: str = ""
    on_behalf: str = ""
    note: str = "(Ký, ghi rõ họ tên)"


@dataclass(frozen=True, slots=True)
class Signatures:
    """A row of signatures side by side in the text, as minutes end with; wraps after three."""

    signers: tuple[Signer, ...]


@dataclass(frozen=True, slots=True)
class PageBreak:
    pass


Block = Heading | Para | Fields | Items | Table | Lines | Signatures | PageBreak


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """What is empty is left out; nothing is invented in its place."""

    title: str
    """The kind of paper: ``GIẤY BIÊN NHẬN``."""
    agency: str
    """Who issues it, as ``UBND xã Tân Tiến``; written out and in capitals when drawn."""
    day: date
    place: str = ""
    authority: str = ""
    """The body above the agency, where there is one to name."""
    number: str = ""
    """``12/GBN-UBND``; empty on papers that carry none."""
    subject: str = ""
    to: tuple[str, ...] = ()
    """Kính gửi."""
    blocks: tuple[Block, ...] = ()
    signer: Signer | None = None
    recipients: tuple[str, ...] = ()
    """Nơi nhận, each without its dash."""
    form_note: str = ""
    """``Mẫu số 03, Thông tư 05/2021/TT-TTCP`` in the corner; only where the number is certain."""
    landscape: bool = False
    verify_url: str = ""
    """Becomes a QR code at the paper's end."""
    text_sha256: str = ""
    """Of the sealed text that this paper sets out; printed beside the QR code."""
    watermark: str = ""
    motto: bool = True
    """Quốc hiệu and tiêu ngữ; left out on annexes and lists."""
    keywords: tuple[str, ...] = ()


def written_out(agency: str) -> str:
    """``UBND xã Tân Tiến`` → ``Ủy ban nhân dân xã Tân Tiến``."""
    for short, long in _SHORT:
        if agency == short or agency.startswith(short + " "):
            return long + agency[len(short) :]
    return agency


def agency_lines(agency: str) -> tuple[str, ...]:
    """In capitals; the place of a people's committee or council, or of others with long names, on its own line."""
    full = written_out(agency)
    for _, long in _SHORT:
        if full.startswith(long + " "):
            return (long.upper(), full[len(long) + 1 :].upper())
    for kind in _PLACES:
        body, found, place = full.partition(f" {kind} ")
        if found and len(full) > AGENCY_LINE:
            return (body.upper(), f"{kind} {place}".upper())
    return (full.upper(),)


def abbreviation(agency: str) -> str:
    """For a paper's symbol: ``UBND xã Tân Tiến`` → ``UBND``, ``Ban Tiếp công dân Trung ương`` → ``BTCDTW``."""
    for short, long in _SHORT:
        if agency.startswith((short, long)):
            return short
    return "".join(word[0] for word in agency.split() if word[0].isalnum()).upper()[:12]


def place_of(agency: str) -> str:
    """``UBND phường Hòa Bình`` → ``Hòa Bình``; empty when the name says no place."""
    name = written_out(agency)
    for kind in _PLACES:
        _, found, rest = name.partition(f" {kind} ")
        if found:
            return rest.strip()
    return ""


def names_a_committee(agency: str) -> bool:
    """People's committees and councils name no body above them (Decree 30/2020, Appendix I, part II.2)."""
    return any(agency.startswith(name) for pair in _SHORT for name in pair)


def place_and_day(place: str, day: date) -> str:
    """``Tân Tiến, ngày 05 tháng 02 năm 2026``: two digits for days below 10 and for January and February."""
    where = place or "........."
    month = f"{day.month:02d}" if day.month < 3 else f"{day.month}"
    return f"{where}, ngày {day.day:02d} tháng {month} năm {day.year}"


def in_words(day: date | None) -> str:
    """``ngày 05/02/2026``, or dots where the day is not known."""
    return f"ngày {day:%d/%m/%Y}" if day else "ngày ...../...../......"


def qr_words(paper: Paper) -> str:
    """What stands beside the QR code; true of a paper that was edited in Word, too."""
    site = "/".join(paper.verify_url.split("/")[:3])
    told = "số, ngày, cơ quan và hiệu lực của văn bản đã lập; so tệp bạn có với bản gốc"
    return f"Quét mã hoặc mở {site} để kiểm tra {told}."


def printable(text: str) -> str:
    """Without what XML 1.0 cannot hold (§2.2): a Word file or workbook with it would be refused as a whole."""
    return _NOT_XML.sub("", text)


def as_data(paper: Paper) -> dict[str, Any]:
    """For JSON: what the typst template reads and what is kept sealed beside a made document."""
    data = asdict(paper)
    data["day"] = paper.day.isoformat()
    data["blocks"] = [{"kind": type(block).__name__.lower(), **asdict(block)} for block in paper.blocks]
    return data


_KINDS: dict[str, type[Any]] = {
    kind.__name__.lower(): kind for kind in (Heading, Para, Fields, Items, Table, Lines, Signatures, PageBreak)
}


def from_data(data: dict[str, Any]) -> Paper:
    """The way back; what an older release kept and a newer field did not know yet takes the field's default."""
    known = {field.name for field in fields(Paper)}
    given = {name: _tuples(value) for name, value in data.items() if name in known}
    given["day"] = date.fromisoformat(data["day"])
    given["blocks"] = tuple(_block(one) for one in data["blocks"])
    given["signer"] = Signer(**data["signer"]) if data.get("signer") else None
    return Paper(**given)


def _block(data: dict[str, Any]) -> Block:
    values = {name: _tuples(value) for name, value in data.items() if name != "kind"}
    if data["kind"] == "signatures":
        values["signers"] = tuple(Signer(**one) for one in data["signers"])
    block: Block = _KINDS[data["kind"]](**values)
    return block


def _tuples(value: Any) -> Any:
    return tuple(_tuples(one) for one in value) if isinstance(value, Sequence) and not isinstance(value, str) else value
