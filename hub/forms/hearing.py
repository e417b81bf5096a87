"""What the papers of a hearing say: its minutes, their annexes, the notice of its chair's conclusion. PURE.

Unlike other forms nothing is typed for them: they set out what was frozen, sealed or issued, and carry its hash.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from hub import calendar, minutes, papers
from hub.forms import signing
from hub.forms.facts import NOUN, sentence
from hub.models.cases import CaseType
from hub.papers import Block, Fields, Heading, Items, Paper, Para, Signatures, Signer, Table

MINUTES, CONCLUSION = "reception_minutes", "conclusion_notice"
"""Codes of ``hub/data/forms.csv``; an annex goes by the code of the minutes that it belongs to."""

_KINDS = {"regular": "định kỳ", "ad_hoc": "đột xuất"}
_ROLES = {"chair": "Chủ trì", "deputy": "Phó chủ trì", "secretary": "Thư ký"}
_PARTS = {
    "presents": "Công dân trình bày:",
    "asks": "Yêu cầu, đề nghị của công dân:",
    "answers": "Ý kiến của người tiếp, cơ quan liên quan:",
    "chair": "Ý kiến của chủ trì:",
    "steps": "Các bước tiếp theo đã thống nhất:",
}
_POSITIONS = {"agreed": "đồng ý", "objected": "không đồng ý"}
_BY_HAND = "(Ký hoặc điểm chỉ, ghi rõ họ tên)"
_DOTS = "." * 29


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What surrounds the text. ``text_sha256`` is of the frozen or sealed text that the paper sets out."""

    agency: str
    style: signing.Style
    day: date
    number: str
    text_sha256: str
    form_note: str = ""
    verify_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a point said to the minutes that were read to it."""

    position: str
    words: str
    officer: str


def minutes_paper(body: Mapping[str, Any], answers: Mapping[str, Said], around: Around) -> Paper:
    """``body`` is a frozen version (``hub.services.minutes_document``), ``answers`` are by seat."""
    return _paper(
        "Biên bản", "Tiếp công dân trực tuyến", _minutes(body, answers), around, str(body["hearing"]["number"])
    )


def annex_paper(number: int, text: str, signers: Mapping[str, Any], minutes_number: str, around: Around) -> Paper:
    """Correction ``number`` of minutes; ``signers`` is the body that was locked. It carries no number of its own but
    names the paper that it goes with (Decree 30/2020, Appendix I, part II.8)."""
    blocks: tuple[Block, ...] = (
        Para(f"(Kèm theo Biên bản số {minutes_number})", italic=True, align="center"),
        Para(f"Đính chính, bổ sung biên bản của buổi tiếp công dân số {_whole(signers['hearing']['number'])} như sau:"),
        Para(text),
        *_signatures(signers),
    )
    subject = "Đính chính biên bản tiếp công dân"
    return _paper(f"Phụ lục {roman(number)}", subject, blocks, around, str(signers["hearing"]["number"]))


def conclusion_paper(document: Mapping[str, Any], subject: str, signer_title: str, around: Around) -> Paper:
    """``document`` is what was issued and sealed; ``subject`` the case in a few words, where there is one."""
    case, hearing = document["case"], document["hearing"]
    about = f" về vụ việc số {_whole(case['number'])}{f': {subject}' if subject else ''}" if case else ""
    chair = f"{signer_title} {document['issued_by']}".strip()
    tasks = document["tasks"]
    blocks: list[Block] = [
        Para(
            f"{_day(hearing['opened_at']).capitalize()}, tại buổi tiếp công dân trực tuyến số {_whole(hearing['number'])}, "
            f"{chair} đã chủ trì tiếp công dân{about}."
        ),
        Para("Sau khi nghe công dân trình bày và ý kiến của các cơ quan liên quan, chủ trì kết luận như sau:"),
        Para(document["text"]),
    ]
    if tasks:
        rows = tuple(
            (str(task["number"]), task["text"], _owner(task), f"{date.fromisoformat(task['due']):%d/%m/%Y}")
            for task in tasks
        )
        blocks += [
            Heading("Giao thực hiện:"),
            Table(("STT", "Nhiệm vụ", "Cơ quan, người thực hiện", "Hạn"), rows, (1.3, 7, 5, 3)),
            Para(f"Việc thực hiện được theo dõi theo mã {_whole(document['number'])}."),
        ]
    blocks.append(
        Para(f"{papers.written_out(document['unit'])} thông báo để các cơ quan, cá nhân liên quan biết, thực hiện.")
    )
    units = tuple(dict.fromkeys(task["unit"] for task in tasks))
    return _paper(
        *("Thông báo", "Kết luận buổi tiếp công dân", tuple(blocks), around, str(document["number"])),
        signer=_signed_by(signer_title, document["issued_by"], around.style),
        recipients=(*units, "Công dân có tên trong vụ việc" if case else "Công dân đã được tiếp", "Lưu: VT, hồ sơ"),
    )


def roman(number: int) -> str:
    """Annexes are numbered so. ``4`` → ``IV``."""
    made = ""
    for value, sign in (
        (100, "C"),
        (90, "XC"),
        (50, "L"),
        (40, "XL"),
        (10, "X"),
        (9, "IX"),
        (5, "V"),
        (4, "IV"),
        (1, "I"),
    ):
        count, number = divmod(number, value)
        made += sign * count
    return made


def _paper(
    title: str,
    subject: str,
    blocks: tuple[Block, ...],
    around: Around,
    keyword: str,
    signer: Signer | None = None,
    recipients: tuple[str, ...] = (),
) -> Paper:
    return Paper(
        title=title,
        subject=subject,
        agency=around.agency,
        authority=around.style.authority,
        number=around.number,
        place=around.style.place,
        day=around.day,
        blocks=blocks,
        signer=signer,
        recipients=recipients,
        form_note=around.form_note,
        verify_url=around.verify_url,
        text_sha256=around.text_sha256,
        keywords=(keyword,),
    )


def _minutes(body: Mapping[str, Any], answers: Mapping[str, Said]) -> tuple[Block, ...]:
    head = body["hearing"]
    begun = f"Hồi {_clock(head['opened_at'])} {_day(head['opened_at'])}" if head["opened_at"] else "Hôm nay"
    kind = _KINDS.get(head["kind"], "")
    blocks: list[Block] = [
        Para(
            f"{begun}, {papers.written_out(head['unit'])} tiếp công dân {kind} theo hình thức trực tuyến, buổi tiếp số {_whole(head['number'])}: {sentence(head['title'])}"
        ),
        Heading("I. Thành phần, địa điểm"),
        Fields(tuple((_ROLES[one["kind"]], _named(one)) for one in body["officials"])),
        Table(("Nơi tiếp, điểm cầu", "Cán bộ kết nối", "Vào – ra"), _attendance(body), (5, 4, 4)),
        Heading("II. Nội dung"),
    ]
    if body["opening"].strip():
        blocks.append(Para(body["opening"].strip(), lead="Mở đầu:"))
    for number, one in enumerate(body["cases"], 1):
        blocks += _case(number, one)
    if body["closing"].strip():
        blocks.append(Para(body["closing"].strip(), lead="Kết thúc:"))
    return (
        *blocks,
        Heading("III. Ý kiến sau khi nghe đọc lại"),
        Items(tuple(_answer(body, place, answers.get(place["seat"])) for place in _points(body))),
        Para(
            f"Buổi tiếp kết thúc hồi {_ended(head)}. Biên bản đã được đọc lại cho những người có mặt tại các điểm cầu cùng nghe; thời điểm trong ngoặc vuông là thời điểm trên bản ghi âm, ghi hình."
        ),
        *_signatures(body),
    )


def _case(number: int, one: Mapping[str, Any]) -> list[Block]:
    kind = NOUN[CaseType(one["type"])]
    people = f", {one['people']} người" if one["people"] > 1 else ""
    blocks: list[Block] = [
        Para(
            f"{one['summary'].rstrip('.')} ({one['party']}{people}).",
            lead=f"{number}. Vụ việc {kind} số {_whole(one['number'])}:",
        )
    ]
    texts = ((part.code, one["sections"].get(part.code, "").strip()) for part in minutes.OF_CASE)
    return blocks + [Para(text, lead=_PARTS[code]) for code, text in texts if text]


def _attendance(body: Mapping[str, Any]) -> tuple[tuple[str, ...], ...]:
    where = {place["seat"]: place for place in body["places"]}
    rows = []
    for seat in body["attendance"]:
        address = where.get(seat["seat"], {}).get("address", "")
        names = ", ".join(dict.fromkeys(stay["name"] for stay in seat["stays"])) or "vắng"
        stays = "\n".join(f"{_hands(stay['joined_at'])} – {_hands(stay['left_at'])}" for stay in seat["stays"])
        label = seat["label"] if seat["kind"] == "point" else f"{_ROLES[seat['kind']]}: {seat['label']}"
        rows.append((f"{label}\n{address}" if address else label, names, stays or "–"))
    return tuple(rows)


def _points(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [place for place in body["places"] if place["kind"] == "point"]


def _answer(body: Mapping[str, Any], place: Mapping[str, Any], said: Said | None) -> str:
    if said is None:
        return f"{place['label']}: {_DOTS if place['seat'] in _sat(body) else 'vắng'}."
    words = f" – “{said.words}”" if said.words else ""
    return f"{place['label']}: {_POSITIONS[said.position]}{words} ({said.officer} xác nhận)."


def _signatures(body: Mapping[str, Any]) -> Sequence[Block]:
    """At each point that took part the citizen and the officer beside them, then who wrote and who chaired."""
    sat = _sat(body)
    rows: list[Block] = []
    for place in _points(body):
        if place["seat"] not in sat:
            continue  # nobody was there to sign
        rows.append(Heading(place["label"]))
        rows.append(Signatures((Signer("Công dân", note=_BY_HAND), Signer("Cán bộ tại điểm cầu", sat[place["seat"]]))))
    officials = [one for one in body["officials"] if one["kind"] in ("secretary", "chair")]
    ordered = sorted(officials, key=lambda one: one["kind"] == "chair")
    return [*rows, Signatures(tuple(Signer(_ROLES[one["kind"]], one["name"]) for one in ordered))]


def _sat(body: Mapping[str, Any]) -> Mapping[str, str]:
    """By seat, who sat there last."""
    return {seat["seat"]: seat["stays"][-1]["name"] for seat in body["attendance"] if seat["stays"]}


def _signed_by(title: str, name: str, style: signing.Style) -> Signer:
    by = signing.of_person(style, name, title)
    return Signer(by.title, by.name, by.on_behalf, "")


def _owner(task: Mapping[str, Any]) -> str:
    return f"{task['owner']}, {task['unit']}" if task["owner"] else str(task["unit"])


def _named(one: Mapping[str, Any]) -> str:
    return ", ".join(part for part in (one["name"], one["title"]) if part)


def _ended(head: Mapping[str, Any]) -> str:
    return f"{_clock(head['closed_at'])} {_day(head['closed_at'])}" if head["closed_at"] else "...... giờ ...... phút"


def _hands(instant: str | None) -> str:
    """``08:05``: short enough for a column."""
    return f"{calendar.local(datetime.fromisoformat(instant)):%H:%M}" if instant else "....."


def _clock(instant: str | None) -> str:
    return f"{calendar.local(datetime.fromisoformat(instant)):%H giờ %M phút}" if instant else "......"


def _day(instant: str) -> str:
    return papers.in_words(calendar.local_day(datetime.fromisoformat(instant)))


def _whole(number: str) -> str:
    """Never broken at its hyphens."""
    return number.replace("-", "\N{NON-BREAKING HYPHEN}")
