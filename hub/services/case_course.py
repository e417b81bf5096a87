"""The course of a case: what has been done, what may be done next and by whom, and how its clocks stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer, lazyload

from hub import calendar
from hub.auth import Action, Actor, Target, may, require
from hub.case_clocks import OVER, Clock, clocks, next_due, rule_of
from hub.case_moves import MOVES, Facts, Happened, Move, MoveCode, Need, offered, target_of
from hub.errors import BadInput, NotFound
from hub.i18n import N_, Text
from hub.ids import utc_now
from hub.law import Rule, RuleBook
from hub.models import Case, CaseEvent, CaseState, CaseType, Complexity
from hub.services import audit, identity, legal_rules
from hub.services.case_locking import locked
from hub.services.identity import Vault
from hub.text import clean, clean_block

_CHECK = N_("Một số mục chưa đúng. Hãy xem lại.")
_UNREAD = (defer(Case.content), defer(Case.folded), defer(Case.lowered))
"""Long columns that no clock asks for."""
DOCUMENT_MAX = 80
REASON_MAX = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedMove:
    """What an officer writes down. ``day`` is when it happened; None is told as a fault of its field."""

    code: MoveCode
    day: date | None
    document_number: str = ""
    document_day: date | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """What of the case its deadlines depend on."""

    complexity: Complexity = Complexity.ORDINARY
    remote: bool = False
    several_places: bool = False
    competent: bool = True
    forwarded: bool = False


@dataclass(frozen=True, slots=True)
class Course:
    """``next`` are the moves that the law allows now, each with whether this person may make it."""

    events: tuple[CaseEvent, ...]
    clocks: tuple[Clock, ...]
    next: tuple[tuple[Move, bool], ...]


def facts_of(case: Case) -> Facts:
    return Facts(
        type=CaseType(case.type),
        state=CaseState(case.state),
        level=case.level,
        complexity=Complexity(case.complexity),
        remote=case.remote,
        several_places=case.several_places,
        competent=case.competent,
        forwarded=case.forwarded,
    )


def happened(case: Case, events: Sequence[CaseEvent]) -> list[Happened]:
    """The course as rules read it: it begins with the registration."""
    begin = Happened(code=MoveCode.REGISTER, day=calendar.local_day(case.received_at))
    return [begin, *(_happened(event) for event in events)]


def _happened(event: CaseEvent) -> Happened:
    return Happened(
        code=MoveCode(event.code),
        day=event.day,
        from_state=CaseState(event.from_state),
        to_state=CaseState(event.to_state),
        document_number=event.document_number,
        document_day=event.document_day,
    )


async def events_of(db: AsyncSession, case_ids: Sequence[str]) -> dict[str, list[CaseEvent]]:
    """By case, oldest first."""
    found: dict[str, list[CaseEvent]] = {case_id: [] for case_id in case_ids}
    wanted = select(CaseEvent).where(CaseEvent.case_id.in_(case_ids)).order_by(CaseEvent.case_id, CaseEvent.seq)
    for event in (await db.execute(wanted)).scalars():
        found[event.case_id].append(event)
    return found


async def course(db: AsyncSession, actor: Actor, case: Case) -> Course:
    """Of a case that the actor has been allowed to read."""
    events = (await events_of(db, [case.id]))[case.id]
    facts, so_far = facts_of(case), happened(case, events)
    book = await legal_rules.rule_book(db)
    here = Target(paths=(case.unit.path,))
    return Course(
        tuple(events),
        tuple(clocks(facts, so_far, book, _today())),
        tuple((move, may(actor, move.action, here)) for move in offered(facts, so_far)),
    )


async def next_dues(db: AsyncSession, case_ids: Sequence[str]) -> dict[str, Clock]:
    """By case, the agency's clock that is due first, of cases that the actor has been shown in a list."""
    events = await events_of(db, case_ids)
    book, today = await legal_rules.rule_book(db), _today()
    found = {}
    wanted = select(Case).where(Case.id.in_(case_ids), Case.state.not_in(OVER)).options(lazyload("*"))
    for case in (await db.execute(wanted)).scalars():
        clock = next_due(clocks(facts_of(case), happened(case, events[case.id]), book, today, stopped=False))
        if clock is not None:
            found[case.id] = clock
    return found


async def rules_of(db: AsyncSession, clock_codes: Mapping[str, str]) -> dict[str, Rule]:
    """The rule that a clock runs by, by case, for the clock's name by case; of cases shown in a list."""
    events, book = await events_of(db, list(clock_codes)), await legal_rules.rule_book(db)
    wanted = select(Case).where(Case.id.in_(clock_codes)).options(lazyload("*"), *_UNREAD)
    found = {}
    for case in (await db.execute(wanted)).scalars():
        rule = rule_of(clock_codes[case.id], facts_of(case), happened(case, events[case.id]), book)
        if rule is not None:
            found[case.id] = rule
    return found


async def make(db: AsyncSession, vault: Vault, actor: Actor, case_id: str, version: int, wanted: WantedMove) -> Case:
    """Make a move. Raises ``Stale`` naming who was first and what they did, ``Conflict`` when the state does not allow
    it, ``BadInput`` by field, ``Forbidden``."""
    move = MOVES.get(wanted.code)
    if move is None:
        raise NotFound(N_("Không có bước này."))
    case = await locked(db, actor, case_id, version, move.action)
    events = (await events_of(db, [case.id]))[case.id]
    so_far, facts = happened(case, events), facts_of(case)
    target = target_of(move, facts, so_far)
    faults = _faults(move, wanted, so_far) or _extension_faults(await legal_rules.rule_book(db), facts, wanted, so_far)
    if faults:
        raise BadInput(_CHECK, fields=faults)
    for field, text in (("reason", wanted.reason), ("document_number", wanted.document_number)):
        await identity.require_discreet(db, vault, actor, [case], text, field=field)
    assert wanted.day is not None
    written = Happened(
        code=move.code,
        day=wanted.day,
        from_state=facts.state,
        to_state=target,
        document_number=clean(wanted.document_number),
        document_day=wanted.document_day,
    )
    await write(db, actor, case, written, clean_block(wanted.reason))
    return case


async def write(db: AsyncSession, actor: Actor, case: Case, one: Happened, reason: str = "") -> None:
    """Keep what happened. The caller has locked the case and asked for permission."""
    last = await db.scalar(select(func.max(CaseEvent.seq)).where(CaseEvent.case_id == case.id))
    db.add(
        CaseEvent(
            case_id=case.id,
            seq=(last or 0) + 1,
            code=one.code,
            day=one.day,
            account_id=actor.account_id,
            from_state=one.from_state,
            to_state=one.to_state,
            document_number=one.document_number,
            document_day=one.document_day,
            reason=reason,
        )
    )
    case.state = one.to_state
    case.version += 1
    await db.flush()
    await audit.record(
        db, actor, "case_moved", "case", case.id, unit_path=case.unit.path, number=case.number, move=str(one.code)
    )


async def assess(db: AsyncSession, actor: Actor, case_id: str, version: int, wanted: Assessment) -> Case:
    """Write down what the deadlines depend on. Raises as ``make``."""
    case = await locked(db, actor, case_id, version, Action.EDIT_CASE)
    names = ("complexity", "remote", "several_places", "competent", "forwarded")
    changed = {name: getattr(wanted, name) for name in names if getattr(case, name) != getattr(wanted, name)}
    if not changed:
        return case
    for name, value in changed.items():
        setattr(case, name, value)
    case.version += 1
    await db.flush()
    await audit.record(
        db, actor, "case_assessed", "case", case.id, unit_path=case.unit.path, number=case.number, changed=changed
    )
    return case


def require_move(actor: Actor, case: Case, code: MoveCode) -> Move:
    """The move, for who may make it here. Raises ``NotFound`` or ``Forbidden``."""
    move = MOVES.get(code)
    if move is None:
        raise NotFound(N_("Không có bước này."))
    require(actor, move.action, Target(paths=(case.unit.path,)))
    return move


def _faults(move: Move, wanted: WantedMove, so_far: Sequence[Happened]) -> dict[str, Text]:
    found: dict[str, Text] = {}
    before = max(one.day for one in so_far)
    if wanted.day is None:
        found["day"] = Text(N_("Hãy ghi ngày như 23/11/2026."))
    elif wanted.day > _today():
        found["day"] = Text(N_("Ngày này chưa đến."))
    elif wanted.day < before:
        found["day"] = Text(N_("Bước trước đó diễn ra ngày %(day)s; bước này không thể sớm hơn."), {"day": before})
    if Need.DOCUMENT in move.needs and not clean(wanted.document_number):
        found["document_number"] = Text(N_("Hãy ghi số, ký hiệu văn bản."))
    if len(wanted.document_number) > DOCUMENT_MAX:
        found["document_number"] = Text(N_("Dài quá %(longest)d ký tự."), {"longest": DOCUMENT_MAX})
    if Need.DOCUMENT in move.needs and wanted.document_day is None:
        found["document_day"] = Text(N_("Hãy ghi ngày văn bản như 23/11/2026."))
    elif wanted.document_day is not None and wanted.document_day > _today():
        found["document_day"] = Text(N_("Ngày này chưa đến."))
    if Need.REASON in move.needs and not clean(wanted.reason):
        found["reason"] = Text(N_("Hãy ghi lý do hoặc nội dung."))
    if len(wanted.reason) > REASON_MAX:
        found["reason"] = Text(N_("Dài quá %(longest)d ký tự."), {"longest": REASON_MAX})
    return found


def _extension_faults(book: RuleBook, facts: Facts, wanted: WantedMove, so_far: Sequence[Happened]) -> dict[str, Text]:
    """Law on Denunciations 2018 Art 30.2 and 30.3: once for a complex case, twice for a specially complex one."""
    if wanted.code is not MoveCode.EXTEND or wanted.day is None:
        return {}
    if facts.complexity is Complexity.ORDINARY:
        return {"day": Text(N_("Chỉ vụ việc phức tạp mới được gia hạn. Hãy ghi độ phức tạp của vụ việc trước."))}
    special = facts.complexity is Complexity.SPECIAL
    rule = book.find(f"denunciation_extensions_{'special' if special else 'complex'}", wanted.day)
    most = rule.value if rule else 0
    if sum(one.code is MoveCode.EXTEND for one in so_far) >= most:
        return {"day": Text(N_("Đã gia hạn đủ %(most)d lần theo luật."), {"most": most})}
    return {}


def _today() -> date:
    return calendar.local_day(utc_now())
