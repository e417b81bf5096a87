"""What a form knows of its case, and what a form is. PURE: a form is a function from facts and typed fields to blocks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

from hub.case_moves import MoveCode
from hub.cases import TYPE_NAMES
from hub.forms.signing import Signing, Style, guessed
from hub.i18n import N_
from hub.models.cases import CaseType
from hub.papers import Block, Fields, in_words, written_out

AMENDED = date(2026, 7, 1)
"""Law 136/2025/QH15 amends the laws on citizen reception, complaints and denunciations from this day."""
_AMENDMENT = ", được sửa đổi, bổ sung bởi Luật số 136/2025/QH15"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who came, as this paper may show them. ``named`` False: a pseudonym, and nothing else is filled in."""

    name: str
    named: bool
    address: str = ""
    id_number: str = ""
    birth: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The latest event of one kind in the case's course."""

    day: date
    document_number: str = ""
    document_day: date | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reception:
    """The latest visit about the case."""

    day: date
    hour: str = ""
    """As ``08 giờ 30 phút``."""
    requested: str = ""
    advised: str = ""
    refusal_ground: str = ""
    """In words, with the article."""
    refusal_reason: str = ""
    decided_by: str = ""
    decided_title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver:
    """A line of the receipt: sheets of one document, and how many originals and copies there are of it."""

    name: str
    pages: int
    originals: int
    copies: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    number: str
    """Empty: about a visit that belongs to no case."""
    type: CaseType | None
    received: date
    today: date
    unit: str
    """As ``UBND xã Tân Tiến``."""
    person: Person
    summary: str = ""
    content: str = ""
    level: int = 1
    people_count: int = 1
    officer: str = ""
    officer_title: str = ""
    papers: tuple[str, ...] = ()
    """Names of the documents that were handed in."""
    hour: str = ""
    """Now, as ``08 giờ 30 phút``."""
    handed_over: tuple[HandedOver, ...] = ()
    """What the receipt lists."""
    course: Mapping[MoveCode, Step] = field(default_factory=dict)
    reception: Reception | None = None
    signing: Signing | None = None
    """Who signs, where that is known; else the unit's head."""
    unit_style: Style | None = None
    """As the unit's papers are headed and signed; None: as is guessed from its name."""
    head_name: str = ""
    """Who heads the unit today, where that is written down."""
    settled_by: str = ""
    """Who is said to have settled the matter before."""
    due: date | None = None
    """The day by which the case is to be settled."""

    @property
    def style(self) -> Style:
        return self.unit_style or guessed(self.unit)

    @property
    def case_no(self) -> str:
        """The case's number as a paper writes it, never broken at its hyphens."""
        return self.number.replace("-", "\N{NON-BREAKING HYPHEN}")

    @property
    def secret(self) -> bool:
        return self.type is CaseType.DENUNCIATION

    @property
    def received_on(self) -> str:
        """``ngày 05/02/2026``: of the latest visit, else the paper's own day."""
        return in_words(self.reception.day if self.reception else self.today)

    def step(self, code: MoveCode) -> Step | None:
        return self.course.get(code)


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """What the maker may change before the paper is made. ``rows`` above 1: a text area."""

    name: str
    label: str
    rows: int = 1
    required: bool = False
    default: Callable[[Facts], str] = lambda _facts: ""
    hint: str = ""


Typed = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """``moves``: the steps of a case that this paper belongs to; ``to``: whom it is addressed to."""

    code: str
    kind: str
    """The paper's name in its head: ``Thông báo``."""
    subject: Callable[[Facts], str]
    types: frozenset[CaseType]
    fields: tuple[Field, ...]
    blocks: Callable[[Facts, Typed], tuple[Block, ...]]
    to: Callable[[Facts, Typed], tuple[str, ...]] = lambda _facts, _typed: ()
    recipients: Callable[[Facts, Typed], tuple[str, ...]] = lambda _facts, _typed: ("Như trên", "Lưu: VT, hồ sơ")
    moves: frozenset[MoveCode] = frozenset()
    by_head: bool = False
    """Decided by the head in person, who then signs as such and not on behalf of the committee (Decree 30/2020,
    Appendix I, part II.7)."""
    signed: bool = True
    """By the head or who signs for the agency; False where the text itself ends with signatures."""
    from_receipt: bool = False
    """Made from a list of what was handed over, never typed again."""
    about_visits: bool = False
    """Can be made of a visit that belongs to no case."""


EVERY = frozenset(CaseType)
NOUN: Mapping[CaseType, str] = {kind: name.lower() for kind, name in TYPE_NAMES.items()}


def noun(facts: Facts) -> str:
    """``khiếu nại lần hai``."""
    return (NOUN[facts.type] if facts.type else "vụ việc") + (" lần hai" if facts.level == 2 else "")


def head(facts: Facts) -> str:
    """``Chủ tịch Ủy ban nhân dân xã Tân Tiến``."""
    return f"{facts.style.head} {written_out(facts.unit)}"


def hour_of(facts: Facts) -> str:
    """When they were received; now, where no visit is written down."""
    return facts.reception.hour if facts.reception else facts.hour


def sentence(text: str) -> str:
    """With its full stop, where what was typed has none."""
    return f"{text}." if text and text[-1] not in ".…:;!?" else text


def reception_law(day: date) -> str:
    return "Luật Tiếp công dân số 42/2013/QH13" + (_AMENDMENT if day >= AMENDED else "")


def own_law(facts: Facts, day: date) -> str:
    """The law that the case's kind goes by."""
    laws = {
        CaseType.COMPLAINT: "Luật Khiếu nại số 02/2011/QH13",
        CaseType.DENUNCIATION: "Luật Tố cáo số 25/2018/QH14",
    }
    base = laws.get(facts.type) if facts.type else None
    return reception_law(day) if base is None else base + (_AMENDMENT if day >= AMENDED else "")


def whom(facts: Facts) -> str:
    """``ông (bà) Nguyễn Thị Đào`` or ``Người tố cáo 7F3A``."""
    return f"ông (bà) {facts.person.name}" if facts.person.named else facts.person.name


def to_person(facts: Facts, _typed: Typed) -> tuple[str, ...]:
    return (whom(facts)[0].upper() + whom(facts)[1:],)


def to_body(_facts: Facts, typed: Typed) -> tuple[str, ...]:
    return (typed["body"],)


def person_fields(facts: Facts) -> Fields:
    """Name, address and papers; of a pseudonym the name alone, because the rest is kept secret by law."""
    person = facts.person
    if not person.named:
        secrecy = "được giữ bí mật theo Điều 56 Luật Tố cáo" if facts.secret else ""
        return Fields((("Họ và tên", person.name), ("Địa chỉ, giấy tờ tùy thân", secrecy)))
    rows = [("Họ và tên", person.name), ("Số CCCD/Hộ chiếu", person.id_number), ("Địa chỉ", person.address)]
    if person.phone:
        rows.append(("Điện thoại", person.phone))
    if facts.people_count > 1:
        rows.append(("Số người", str(facts.people_count)))
    return Fields(tuple(rows))


def document_of(step: Step | None) -> str:
    """``số 12/QĐ-UBND ngày 05/02/2026`` of a step's document, with dots for what is not known."""
    if step is None:
        return "số ........... ngày ...../...../......"
    return f"số {step.document_number or '...........'} {in_words(step.document_day)}"


BODY = Field(name="body", label=N_("Cơ quan có thẩm quyền, nơi nhận"), required=True)
SUBJECT = Field(
    name="subject_matter", label=N_("Nội dung vụ việc"), rows=3, required=True, default=lambda facts: facts.summary
)
GROUNDS = Field(name="grounds", label=N_("Lý do, căn cứ"), rows=3, required=True)
