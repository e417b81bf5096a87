"""Posting receptions where everybody may read it (Law on Citizen Reception 42/2013 Art 24): time, place, leader,
participants and content, never a case's party. What was posted stays, word for word; a change is posted after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import lazyload

from hub import calendar, posting
from hub.auth import Action, Actor, Target, require, scopes
from hub.errors import BadInput, Conflict, NotFound
from hub.i18n import N_, Text
from hub.ids import utc_now
from hub.law import RuleBook
from hub.models import Hearing, HearingKind, HearingState, OrgUnit, Posting, SeatKind
from hub.posting import PostingDue
from hub.services import audit, identity, invitations
from hub.services.hearing_lists import HearingQuery, find, get
from hub.services.identity import Vault
from hub.services.legal_rules import rule_book
from hub.text import clean

TEXT_MAX = 500
_CHECK = N_("Một số mục chưa đúng. Hãy xem lại.")


@dataclass(frozen=True, slots=True, kw_only=True)
class PostingInput:
    """Everybody may read both. ``accept_late``: whoever posts knows that it is too late by the law's rule."""

    content: str
    participants: str = ""
    accept_late: bool = False


@dataclass(frozen=True, slots=True)
class ToPost:
    """A regular reception to come; ``late``: the last day for posting has passed."""

    hearing: Hearing
    due: PostingDue | None
    posted: Posting | None
    late: bool


@dataclass(frozen=True, slots=True)
class Notice:
    """One line of the public page: what was posted last, and what had been posted before it."""

    posting: Posting
    before: Posting | None


async def to_post(db: AsyncSession, actor: Actor, first: date, last: date) -> list[ToPost]:
    """Regular receptions of these days in the actor's scope, posted or not, by time."""
    query = HearingQuery(
        first_day=first, last_day=last, states=(HearingState.SCHEDULED,), newest_first=False, limit=1000
    )
    coming = [one for one in await find(db, actor, query) if one.kind == HearingKind.REGULAR]
    book, posted = await rule_book(db), await latest(db, [one.id for one in coming])
    today, now = calendar.local_day(utc_now()), utc_now()
    return [_to_post(one, posted.get(one.id), book, today) for one in coming if one.starts_at > now]


async def unposted(db: AsyncSession, actor: Actor, last: date, *, limit: int) -> list[ToPost]:
    """The next regular receptions up to that day that the actor has to post; of each only the row is there."""
    now = utc_now()
    wanted = (
        select(Hearing)
        .join(OrgUnit, OrgUnit.id == Hearing.unit_id)
        .where(Hearing.starts_at > now, Hearing.starts_at < calendar.day_bounds(last)[1])
        .where(Hearing.state == HearingState.SCHEDULED, Hearing.kind == HearingKind.REGULAR)
        .where(audit.within(OrgUnit.path, scopes(actor, Action.BOOK_HEARING)))
        .where(~exists().where(Posting.hearing_id == Hearing.id))
        .order_by(Hearing.starts_at, Hearing.id)
        .limit(limit)
        .options(lazyload("*"))
    )
    found = list((await db.execute(wanted)).scalars())
    book = await rule_book(db)
    return [_to_post(one, None, book, calendar.local_day(now)) for one in found]


def _to_post(hearing: Hearing, posted: Posting | None, book: RuleBook, today: date) -> ToPost:
    due = posting.due(book, calendar.local_day(hearing.starts_at))
    return ToPost(hearing, due, posted, posted is None and due is not None and due.late(today))


async def latest(db: AsyncSession, hearing_ids: Sequence[str]) -> dict[str, Posting]:
    """The last word posted of each of these hearings."""
    wanted = select(Posting).where(Posting.hearing_id.in_(hearing_ids)).order_by(Posting.at, Posting.id)
    return {row.hearing_id: row for row in (await db.execute(wanted)).unique().scalars()}


async def history(db: AsyncSession, hearing_id: str) -> list[Posting]:
    """Everything posted of a hearing, oldest first."""
    wanted = select(Posting).where(Posting.hearing_id == hearing_id).order_by(Posting.at, Posting.id)
    return list((await db.execute(wanted)).unique().scalars())


async def due_of(db: AsyncSession, hearing: Hearing) -> PostingDue | None:
    """When it must be posted at the latest; None for ad hoc reception, which needs no posting."""
    if hearing.kind != HearingKind.REGULAR:
        return None
    return posting.due(await rule_book(db), calendar.local_day(hearing.starts_at))


def suggested(hearing: Hearing) -> PostingInput:
    """What an officer would write: the office's persons, never the hearing's own title, which may name a matter."""
    people = [seat for seat in hearing.seats if seat.kind in (SeatKind.DEPUTY, SeatKind.SECRETARY) and seat.account]
    names = [_titled(seat.account) for seat in people if seat.account]
    return PostingInput(content="Tiếp công dân định kỳ", participants="; ".join(names))


async def post(
    db: AsyncSession, vault: Vault, actor: Actor, hearing_ids: Sequence[str], given: PostingInput
) -> list[Posting]:
    """Post these receptions. Raises ``BadInput`` by field (also when it is late and that was not accepted),
    ``Conflict`` for one that needs no posting or is over, ``Forbidden``.
    """
    if not hearing_ids:
        raise BadInput(_CHECK, fields={"hearing_ids": Text(N_("Hãy chọn ít nhất một buổi tiếp."))})
    content, participants = clean(given.content), clean(given.participants)
    _check_texts(content, participants)
    found = [await get(db, actor, one) for one in hearing_ids]
    for hearing in found:
        require(actor, Action.BOOK_HEARING, Target(paths=(hearing.unit.path,)))
        _require_postable(hearing)
        await require_nameless(db, vault, actor, hearing, content, field="content")
        await require_nameless(db, vault, actor, hearing, participants, field="participants")
    book, today = await rule_book(db), calendar.local_day(utc_now())
    dues = {one.id: posting.due(book, calendar.local_day(one.starts_at)) for one in found}
    _refuse_late(found, dues, today, accepted=given.accept_late)
    said = {"notice": "posted", "content": content, "participants": participants}
    rows = [await _write(db, actor, one, dues[one.id], today, **said) for one in found]
    for hearing in found:
        await invitations.invite(db, hearing)
    return rows


def _check_texts(content: str, participants: str) -> None:
    faults: dict[str, Text] = {}
    if not content or len(content) > TEXT_MAX:
        faults["content"] = Text(N_("Hãy ghi nội dung niêm yết, không quá %(longest)d ký tự."), {"longest": TEXT_MAX})
    if len(participants) > TEXT_MAX:
        faults["participants"] = Text(N_("Dài quá %(longest)d ký tự."), {"longest": TEXT_MAX})
    if faults:
        raise BadInput(_CHECK, fields=faults)


def _require_postable(hearing: Hearing) -> None:
    if hearing.kind != HearingKind.REGULAR:
        raise Conflict(N_("Tiếp đột xuất (khoản 3 Điều 18) không phải niêm yết trước."))
    if hearing.state != HearingState.SCHEDULED or hearing.starts_at <= utc_now():
        raise Conflict(N_("Chỉ niêm yết được buổi tiếp đã đặt lịch và chưa bắt đầu."))


def _refuse_late(found: Sequence[Hearing], dues: dict[str, PostingDue | None], today: date, *, accepted: bool) -> None:
    for hearing in found:
        due = dues[hearing.id]
        if due is not None and due.late(today) and not accepted:
            text = Text(
                N_("Buổi tiếp %(number)s phải niêm yết chậm nhất ngày %(day)s (%(basis)s). Đánh dấu để vẫn niêm yết."),
                {"number": hearing.number, "day": due.day, "basis": due.rule.legal_basis},
            )
            raise BadInput(_CHECK, fields={"accept_late": text})


async def require_nameless(
    db: AsyncSession, vault: Vault, actor: Actor, hearing: Hearing, text: str, *, field: str
) -> None:
    """Raise ``BadInput`` when a text for everybody names the party of one of the hearing's cases."""
    for case in hearing.cases:
        if text and await identity.case_reveals(db, vault, actor, case, text):
            fault = Text(N_("Nội dung niêm yết công khai không được nêu tên hoặc giấy tờ của công dân."))
            raise BadInput(_CHECK, fields={field: fault})


async def post_change(
    db: AsyncSession, vault: Vault, actor: Actor, hearing: Hearing, notice: str, reason: str
) -> Posting | None:
    """A posted reception was changed, postponed, cancelled, or another leader receives: post that, with the reason.

    Nothing is done, and None returned, for what was never posted. Raises ``BadInput`` for a reason that names a party.
    """
    before = (await latest(db, [hearing.id])).get(hearing.id)
    if before is None:
        return None
    await require_nameless(db, vault, actor, hearing, reason, field="reason")
    book, today = await rule_book(db), calendar.local_day(utc_now())
    moved = (before.starts_at, before.ends_at) != (hearing.starts_at, hearing.ends_at)
    due = posting.due(book, calendar.local_day(hearing.starts_at)) if moved else None
    return await _write(
        db,
        actor,
        hearing,
        due,
        today,
        notice=notice,
        content=before.content,
        participants=before.participants,
        reason=reason,
    )


async def _write(
    db: AsyncSession, actor: Actor, hearing: Hearing, due: PostingDue | None, today: date, **said: str
) -> Posting:
    chair = next((seat.account for seat in hearing.seats if seat.kind == SeatKind.CHAIR and seat.account), None)
    row = Posting(
        hearing_id=hearing.id,
        at=utc_now(),
        account_id=actor.account_id,
        starts_at=hearing.starts_at,
        ends_at=hearing.ends_at,
        leader=_titled(chair) if chair else "",
        place=_place(hearing),
        due_day=due.day if due else None,
        late=due is not None and due.late(today),
        **{"reason": "", **said},
    )
    db.add(row)
    await db.flush()
    await audit.record(
        db,
        actor,
        "reception_posted",
        "hearing",
        hearing.id,
        row.reason,
        unit_path=hearing.unit.path,
        number=hearing.number,
        time=calendar.stamp(hearing.starts_at, hearing.ends_at),
        notice=row.notice,
        due=row.due_day.isoformat() if row.due_day else "",
        late=row.late,
    )
    return row


def _titled(account: object) -> str:
    name, title = getattr(account, "full_name", ""), getattr(account, "title", "")
    return f"{name} – {title}" if title else name


def _place(hearing: Hearing) -> str:
    """Where citizens may come: the points, with their addresses."""
    points = [seat.point for seat in hearing.seats if seat.kind == SeatKind.POINT and seat.point]
    shown = [f"{point.name} ({point.address})" if point.address else point.name for point in points]
    text = "; ".join(shown)
    return text if len(text) <= 1000 else text[:999] + "…"


async def units_with_notices(db: AsyncSession) -> list[OrgUnit]:
    """Public: units that have posted something."""
    posted = select(Hearing.unit_id).join(Posting, Posting.hearing_id == Hearing.id)
    wanted = select(OrgUnit).where(OrgUnit.id.in_(posted), OrgUnit.active).order_by(OrgUnit.path)
    return list((await db.execute(wanted)).scalars())


async def public_board(db: AsyncSession, unit_code: str, first: date, last: date) -> tuple[OrgUnit, list[Notice]]:
    """Public: what a unit has posted for these days, by time. Raises ``NotFound`` for an unknown unit.

    What was posted and then moved away from these days is told too: whoever read it must learn that it moved.
    """
    unit = (await db.execute(select(OrgUnit).where(OrgUnit.code == unit_code))).scalar_one_or_none()
    if unit is None or not unit.active:
        raise NotFound(N_("Không có cơ quan này."))
    start, end = calendar.day_bounds(first, last)
    shown = select(Posting.hearing_id).where(Posting.starts_at >= start, Posting.starts_at < end)
    wanted = (
        select(Posting)
        .join(Hearing, Hearing.id == Posting.hearing_id)
        .where(Hearing.unit_id == unit.id, Posting.hearing_id.in_(shown))
        .order_by(Posting.at, Posting.id)
    )
    by_hearing: dict[str, list[Posting]] = {}
    for row in (await db.execute(wanted)).unique().scalars():
        by_hearing.setdefault(row.hearing_id, []).append(row)
    found = [Notice(rows[-1], _moved_from(rows)) for rows in by_hearing.values()]
    return unit, sorted(found, key=lambda one: (one.posting.starts_at, one.posting.leader))


def _moved_from(rows: Sequence[Posting]) -> Posting | None:
    """The last one posted at another time than now."""
    times: tuple[datetime, datetime] = (rows[-1].starts_at, rows[-1].ends_at)
    return next((row for row in reversed(rows[:-1]) if (row.starts_at, row.ends_at) != times), None)
