"""Answering an invitation through the link in the letter, and personal feeds: both open by their secret alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub import ical, schedule
from hub.auth import Actor
from hub.errors import BadInput, NotFound
from hub.i18n import N_, Text
from hub.ical import Method
from hub.ids import utc_now
from hub.mail import Notice
from hub.models import Account, Answer, CalendarFeed, Hearing, HearingState, Invitation, Point, Role, Seat
from hub.services import audit, mailing
from hub.services.booking_staff import taken_by
from hub.services.identity import Vault
from hub.services.invitations import digest, entry, make_token
from hub.services.postings import require_nameless
from hub.services.sign_in import actor_of
from hub.text import clean

COMMENT_MAX = 500
FEED_BACK = timedelta(days=60)
FEED_MAX = 1000


@dataclass(frozen=True, slots=True)
class Opened:
    """What a link opens."""

    invitation: Invitation
    hearing: Hearing


async def open_link(db: AsyncSession, token: str) -> Opened:
    """Looks only. Raises ``NotFound`` for a link that is wrong, was replaced by a newer letter's, or is too old."""
    row = (
        (await db.execute(select(Invitation).where(Invitation.token_sha256 == digest(token))))
        .unique()
        .scalar_one_or_none()
    )
    if row is None or row.withdrawn or row.expires_at <= utc_now() or row.account.disabled_at is not None:
        raise NotFound(N_("Liên kết này không đúng, đã hết hạn hoặc đã có thư mới thay thế."))
    return Opened(row, await db.get_one(Hearing, row.hearing_id))


async def answer(
    db: AsyncSession,
    vault: Vault,
    token: str,
    given: Answer,
    comment: str = "",
    *,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    address: str = "",
) -> Opened:
    """Accept, decline, or propose another time; may be changed until the hearing begins. The booker is told.

    Raises ``NotFound`` as ``open_link``, ``BadInput`` by field.
    """
    opened = await open_link(db, token)
    row, hearing = opened.invitation, opened.hearing
    comment = clean(comment)
    actor = actor_of(row.account, address)
    _check(given, comment, starts_at, ends_at)
    if comment:
        await require_nameless(db, vault, actor, hearing, comment, field="comment")
    row.answer, row.comment, row.answered_at = given, comment, utc_now()
    proposed = given is Answer.PROPOSED
    row.proposed_starts_at, row.proposed_ends_at = (starts_at, ends_at) if proposed else (None, None)
    await db.flush()
    detail = {"number": hearing.number, "answer": str(given)}
    await audit.record(
        db, actor, "invitation_answered", "hearing", hearing.id, comment, unit_path=hearing.unit.path, **detail
    )
    await _tell_booker(db, row, hearing)
    return opened


def _check(given: Answer, comment: str, starts_at: datetime | None, ends_at: datetime | None) -> None:
    faults: dict[str, Text] = {}
    if given is Answer.NONE:
        faults["answer"] = Text(N_("Hãy chọn câu trả lời."))
    if given in (Answer.DECLINED, Answer.PROPOSED) and not comment:
        faults["comment"] = Text(N_("Hãy ghi lý do."))
    if len(comment) > COMMENT_MAX:
        faults["comment"] = Text(N_("Dài quá %(longest)d ký tự."), {"longest": COMMENT_MAX})
    if given is Answer.PROPOSED:
        if starts_at is None or ends_at is None:
            faults["day"] = Text(N_("Hãy ghi ngày và giờ bạn đề nghị."))
        else:
            names = {"starts_at": "day", "ends_at": "ends"}
            found = schedule.time_faults(starts_at, ends_at, utc_now())
            faults |= {names.get(name, name): text for name, text in found.items()}
    if faults:
        raise BadInput(N_("Một số mục chưa đúng. Hãy xem lại."), fields=faults)


_TOLD = {
    Answer.ACCEPTED: N_("%(name)s nhận lời dự buổi tiếp công dân %(number)s"),
    Answer.DECLINED: N_("%(name)s từ chối dự buổi tiếp công dân %(number)s"),
    Answer.PROPOSED: N_("%(name)s đề nghị giờ khác cho buổi tiếp công dân %(number)s"),
}


async def _tell_booker(db: AsyncSession, row: Invitation, hearing: Hearing) -> None:
    lines = [Text(N_("Thời gian: %(time)s."), {"time": hearing.starts_at})]
    if row.proposed_starts_at:
        lines.append(Text(N_("Đề nghị: %(time)s."), {"time": row.proposed_starts_at}))
    notice = Notice(
        key=f"invitation-answered/{row.id}/{utc_now().timestamp():.0f}",
        subject=Text(_TOLD[Answer(row.answer)], {"name": row.account.full_name, "number": hearing.number}),
        lines=tuple(lines),
        path=f"/hearings/{hearing.id}",
        expires_at=hearing.starts_at,
    )
    await mailing.queue(db, notice, [hearing.created_by])


# Feeds -----------------------------------------------------------------------------------------------------------


async def has_feed(db: AsyncSession, actor: Actor) -> bool:
    return await db.get(CalendarFeed, actor.account_id) is not None


async def new_feed(db: AsyncSession, actor: Actor) -> str:
    """A new secret for one's own feed; the old address stops working at once. Shown once."""
    token = make_token()
    row = await db.get(CalendarFeed, actor.account_id)
    if row is None:
        row = CalendarFeed(account_id=actor.account_id, token_sha256="", created_at=utc_now())
        db.add(row)
    row.token_sha256, row.created_at = digest(token), utc_now()
    await db.flush()
    await audit.record(db, actor, "calendar_feed_made", "account", actor.account_id)
    return token


async def end_feed(db: AsyncSession, actor: Actor) -> None:
    row = await db.get(CalendarFeed, actor.account_id)
    if row is not None:
        await db.delete(row)
        await audit.record(db, actor, "calendar_feed_ended", "account", actor.account_id)


async def feed(db: AsyncSession, token: str) -> bytes:
    """The calendar behind a secret address: this person's hearings, in the person's language. Raises ``NotFound``."""
    wanted = select(CalendarFeed).where(CalendarFeed.token_sha256 == digest(token))
    row = (await db.execute(wanted)).unique().scalar_one_or_none()
    if row is None or row.account.disabled_at is not None:
        raise NotFound(N_("Địa chỉ lịch này không đúng hoặc đã được đổi."))
    rows = await _hearings_of(db, row.account)
    organisers = {one: await db.get_one(Account, one) for one in {hearing.created_by for hearing in rows}}
    off = (HearingState.CANCELLED, HearingState.POSTPONED)
    invites = [entry(one, organisers[one.created_by], row.account, cancelled=one.state in off) for one in rows]
    name = "Lịch tiếp công dân" if row.account.language == "vi" else "Citizen reception"
    return ical.document(invites, Method.PUBLISH, name=name)


async def _hearings_of(db: AsyncSession, account: Account) -> list[Hearing]:
    """Those with a seat of one's own or where one is named for a point; and for an officer those at the points of one's
    unit for which nobody is named."""
    seats = select(Seat.hearing_id).where(taken_by([account.id]))
    mine: ColumnElement[bool] = Hearing.id.in_(seats)
    if any(grant.role == Role.OFFICER for grant in account.grants):
        there = select(Seat.hearing_id).join(Point, Point.id == Seat.point_id)
        there = there.where(Point.unit_id == account.unit_id, Seat.officer_id.is_(None))
        mine = or_(mine, Hearing.id.in_(there))
    wanted = select(Hearing).where(mine, Hearing.starts_at > utc_now() - FEED_BACK)
    return list((await db.execute(wanted.order_by(Hearing.starts_at).limit(FEED_MAX))).unique().scalars())
