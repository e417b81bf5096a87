"""What a form may know of its case, gathered; the identity only where the paper is to carry it, and then logged."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub import calendar, papers
from hub.auth import Action, Actor, Target, may, require
from hub.case_clocks import clocks
from hub.case_moves import MoveCode
from hub.errors import NotFound
from hub.form_registry import Edition, registry
from hub.forms import FORMS, Facts, Form
from hub.forms.facts import Person, Reception, Step
from hub.i18n import N_
from hub.ids import utc_now
from hub.models import Account, Case, CaseEvent, CaseType, OrgUnit, Visit
from hub.services import case_course, identity, legal_rules
from hub.services.case_access import get
from hub.services.identity import Vault
from hub.visits import GROUNDS

SETTLEMENTS = ("settlement_complaint", "settlement_denunciation")


@dataclass(frozen=True, slots=True)
class Draft:
    """A paper that could be made: its form and edition, and what is known so far, the person only by pseudonym."""

    case: Case
    form: Form
    edition: Edition
    facts: Facts
    authority: str
    """The body above the unit, where its papers name one."""
    may_name: bool
    """Whether the paper may carry who came, made by this person."""


async def draft(db: AsyncSession, actor: Actor, case_id: str, code: str) -> Draft:
    """Raises ``NotFound``, ``Forbidden``."""
    case = await get(db, actor, case_id)
    require(actor, Action.MAKE_DOCUMENT, Target(paths=(case.unit.path,)))
    form = FORMS.get(code)
    if form is None or CaseType(case.type) not in form.types:
        raise NotFound(N_("Không có mẫu này cho loại vụ việc này."))
    facts = await _facts(db, actor, case)
    edition = registry().edition(code, event_day(form, facts))
    above = await db.get(OrgUnit, case.unit.parent_id) if case.unit.parent_id else None
    authority = "" if above is None or papers.names_a_committee(case.unit.name) else above.name
    knows = may(actor, identity.reading(case.party), identity.identity_target(case))
    return Draft(case, form, edition, facts, authority, knows and (edition.citizen or not case.party.secret))


async def with_identity(db: AsyncSession, vault: Vault, actor: Actor, found: Draft) -> Draft:
    """The same with who came. Raises ``Forbidden`` when the paper may not carry it."""
    require(actor, identity.reading(found.case.party), identity.identity_target(found.case))
    reason = f"Lập văn bản: {found.edition.name}"
    who = await identity.read_identity(db, vault, actor, found.case.party_id, reason)
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


async def _facts(db: AsyncSession, actor: Actor, case: Case) -> Facts:
    events = (await case_course.events_of(db, [case.id]))[case.id]
    officer = await db.get(Account, actor.account_id)
    case_facts, so_far = case_course.facts_of(case), case_course.happened(case, events)
    today = calendar.local_day(utc_now())
    running = clocks(case_facts, so_far, await legal_rules.rule_book(db), today)
    due = next((clock.due for clock in running if clock.spec.code in SETTLEMENTS and clock.due), None)
    return Facts(
        number=case.number,
        type=CaseType(case.type),
        received=calendar.local_day(case.received_at),
        today=today,
        unit=case.unit.name,
        person=Person(name=case.party.pseudonym, named=False),
        summary=case.summary,
        content=case.content,
        level=case.level,
        people_count=case.people_count,
        officer=actor.name,
        officer_title=officer.title if officer else "",
        papers=tuple(one.file_name.rpartition(".")[0] for one in case.attachments),
        course={MoveCode(event.code): _step(event) for event in events},
        reception=await _reception(db, case),
        due=due,
    )


def _step(event: CaseEvent) -> Step:
    return Step(
        day=event.day,
        document_number=event.document_number,
        document_day=event.document_day,
        reason=event.reason,
    )


async def _reception(db: AsyncSession, case: Case) -> Reception | None:
    wanted = select(Visit).where(Visit.case_id == case.id).order_by(Visit.at.desc(), Visit.id.desc()).limit(1)
    last = (await db.execute(wanted)).unique().scalar_one_or_none()
    if last is None:
        return None
    return Reception(
        day=last.day,
        requested=last.requested,
        advised=last.advised,
        refusal_ground=GROUNDS[last.refusal_ground] if last.refusal_ground else "",
        refusal_reason=last.refusal_reason,
    )
