"""What a form may know of its case or visit, gathered; the identity only where the paper is to carry it, and then
logged."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub import calendar, forms
from hub.auth import Action, Actor, Target, may, require
from hub.case_clocks import clocks
from hub.case_moves import MoveCode
from hub.errors import Conflict, NotFound
from hub.form_registry import Edition, registry
from hub.forms import FORMS, Facts, Form
from hub.forms.facts import HandedOver, Person, Reception, Step
from hub.forms.signing import Signing, of_person
from hub.i18n import N_
from hub.ids import utc_now
from hub.models import Account, Case, CaseEvent, CaseType, OrgUnit, Receipt, Visit
from hub.services import case_course, identity, legal_rules, paper_styles, receipts, register, visits
from hub.services.case_access import get
from hub.services.identity import Vault
from hub.visits import GROUNDS

SETTLEMENTS = ("settlement_complaint", "settlement_denunciation")
MADE = "Lập văn bản: "
LOOKED_AT = "Xem trước văn bản: "
"""Before the paper's name: the reason why an identity was read."""
UNKNOWN = "người đến tiếp, không cho biết họ tên"


@dataclass(frozen=True, slots=True)
class About:
    """What a paper is to be about: a case, a visit, or a case's visit; ``receipt_id`` of what was handed over. Those of
    a hearing are made by ``hearing_documents``."""

    case_id: str = ""
    visit_id: str = ""
    receipt_id: str = ""
    hearing_id: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """A paper that could be made: its form and edition, and what is known so far, the person only by pseudonym."""

    case: Case | None
    visit: Visit | None
    receipt: Receipt | None
    unit: OrgUnit
    form: Form
    edition: Edition
    facts: Facts
    may_name: bool
    """Whether the paper may carry who came, made by this person."""

    @property
    def secret(self) -> bool:
        return self.case is not None and self.case.party.secret


async def draft(db: AsyncSession, actor: Actor, about: About, code: str) -> Draft:
    """Raises ``NotFound``, ``Forbidden``, ``Conflict`` for a receipt of nothing and a refusal of nobody."""
    visit = await visits.get(db, actor, about.visit_id) if about.visit_id else None
    case_id = about.case_id or (visit.case_id if visit else "")
    case = await get(db, actor, case_id) if case_id else None
    unit = case.unit if case else visit.unit if visit else None
    form = FORMS.get(code)
    if form is None or unit is None or (case is None and not form.about_visits):
        raise NotFound(N_("Không có mẫu này cho loại vụ việc này."))
    require(actor, Action.MAKE_DOCUMENT, Target(paths=(unit.path,)))
    if case is not None and CaseType(case.type) not in form.types:
        raise NotFound(N_("Không có mẫu này cho loại vụ việc này."))
    if visit is not None and (visit.refusal_ground is None or visit.case_id != (case.id if case else None)):
        raise Conflict(N_("Lượt tiếp này không ghi việc từ chối tiếp."))
    receipt = await _receipt(db, case, about.receipt_id) if case and form.from_receipt else None
    facts = await _facts(db, actor, case, visit) if case else await _visit_facts(db, actor, visit, unit)
    if receipt is not None:
        facts = replace(facts, handed_over=tuple(_handed_over(receipt)))
    facts = await _styled(db, facts, unit)
    facts = replace(facts, signing=_signing(form, facts))
    edition = registry().edition(code, event_day(form, facts))
    may_name = _may_name(actor, case, visit, citizen=edition.citizen)
    return Draft(case, visit, receipt, unit, form, edition, facts, may_name)


async def usual(db: AsyncSession, actor: Actor, case: Case, code: str) -> tuple[Form, dict[str, str]]:
    """A form of a case with what its fields say before anything is typed, of a case that the actor may read."""
    form = FORMS[code]
    facts = await _styled(db, await _facts(db, actor, case, None), case.unit)
    return form, forms.defaults(form, facts)


async def _styled(db: AsyncSession, facts: Facts, unit: OrgUnit) -> Facts:
    """With how the unit's papers look and who heads it."""
    style, head = await paper_styles.of(db, unit), await paper_styles.head_name(db, unit, facts.today)
    return replace(facts, unit_style=style, head_name=head)


def _may_name(actor: Actor, case: Case | None, visit: Visit | None, *, citizen: bool) -> bool:
    about = case or visit
    if about is None or about.party is None:
        return False
    knows = may(actor, identity.reading(about.party), identity.identity_target(about))
    return knows and (citizen or not about.party.secret)


async def with_identity(db: AsyncSession, vault: Vault, actor: Actor, found: Draft, *, looking: bool = False) -> Draft:
    """The same with who came; ``looking``: for a preview. Raises ``Forbidden`` when the paper may not carry it."""
    reason = f"{LOOKED_AT if looking else MADE}{found.edition.name}"
    if found.case is not None:
        who = await identity.read_identity(db, vault, actor, found.case.party_id, reason)
    else:
        assert found.visit is not None
        who = await identity.read_visitor(db, vault, actor, found.visit, reason)
    person = Person(
        name=who.name, named=True, address=who.address, id_number=who.id_number, birth=who.birth, phone=who.phone
    )
    return replace(found, facts=replace(found.facts, person=person))


def event_day(form: Form, facts: Facts) -> date:
    """The day that decides over the edition: of the step that the paper belongs to, else of the reception."""
    days = [step.day for code, step in facts.course.items() if code in form.moves and code is not MoveCode.REGISTER]
    if days:
        return max(days)
    return facts.reception.day if facts.reception else facts.today


async def _receipt(db: AsyncSession, case: Case, receipt_id: str) -> Receipt:
    """The one asked for, else the latest of the case."""
    found = await receipts.of_case(db, case)
    wanted = [one for one in found if one.id == receipt_id] if receipt_id else found
    if not wanted:
        raise Conflict(N_("Giấy biên nhận lập từ danh mục tài liệu đã nhận. Hãy ghi danh mục trước."))
    return wanted[-1]


def _signing(form: Form, facts: Facts) -> Signing | None:
    """Of a refusal who decided it."""
    reception = facts.reception if form.about_visits else None
    if reception is None or not reception.decided_by:
        return None
    return of_person(facts.style, reception.decided_by, reception.decided_title)


def _handed_over(receipt: Receipt) -> list[HandedOver]:
    return [
        HandedOver(name=one.name, pages=one.pages, originals=one.originals, copies=one.copies) for one in receipt.items
    ]


async def _facts(db: AsyncSession, actor: Actor, case: Case, visit: Visit | None) -> Facts:
    events = (await case_course.events_of(db, [case.id]))[case.id]
    case_facts, so_far = case_course.facts_of(case), case_course.happened(case, events)
    today = calendar.local_day(utc_now())
    running = clocks(case_facts, so_far, await legal_rules.rule_book(db), today)
    due = next((clock.due for clock in running if clock.spec.code in SETTLEMENTS and clock.due), None)
    last = visit or await _last_visit(db, case)
    return Facts(
        number=case.number,
        type=CaseType(case.type),
        received=calendar.local_day(case.received_at),
        today=today,
        hour=_hour(utc_now()),
        unit=case.unit.name,
        person=Person(name=case.party.pseudonym, named=False),
        summary=case.summary,
        content=case.content,
        level=case.level,
        people_count=case.people_count,
        officer=actor.name,
        officer_title=await _title(db, actor),
        papers=tuple(one.file_name.rpartition(".")[0] for one in case.attachments),
        course={MoveCode(event.code): _step(event) for event in events},
        reception=_reception(last) if last else None,
        due=due,
        settled_by=await register.settled_before(db, case.id),
    )


async def _visit_facts(db: AsyncSession, actor: Actor, visit: Visit | None, unit: OrgUnit) -> Facts:
    assert visit is not None
    return Facts(
        number="",
        type=None,
        received=visit.day,
        today=calendar.local_day(utc_now()),
        hour=_hour(utc_now()),
        unit=unit.name,
        person=Person(name=visit.party.pseudonym if visit.party else UNKNOWN, named=False),
        summary=visit.requested,
        people_count=visit.people_count,
        officer=actor.name,
        officer_title=await _title(db, actor),
        reception=_reception(visit),
    )


async def _title(db: AsyncSession, actor: Actor) -> str:
    officer = await db.get(Account, actor.account_id)
    return officer.title if officer else ""


def _hour(at: datetime) -> str:
    local = calendar.local(at)
    return f"{local:%H} giờ {local:%M} phút"


def _step(event: CaseEvent) -> Step:
    return Step(
        day=event.day,
        document_number=event.document_number,
        document_day=event.document_day,
        reason=event.reason,
    )


async def _last_visit(db: AsyncSession, case: Case) -> Visit | None:
    wanted = select(Visit).where(Visit.case_id == case.id).order_by(Visit.at.desc(), Visit.id.desc()).limit(1)
    last: Visit | None = (await db.execute(wanted)).unique().scalar_one_or_none()
    return last


def _reception(visit: Visit) -> Reception:
    return Reception(
        day=visit.day,
        hour=_hour(visit.at),
        requested=visit.requested,
        advised=visit.advised,
        refusal_ground=GROUNDS[visit.refusal_ground] if visit.refusal_ground else "",
        refusal_reason=visit.refusal_reason,
        decided_by=visit.decider.full_name if visit.decider else "",
        decided_title=visit.decider.title if visit.decider else "",
    )
