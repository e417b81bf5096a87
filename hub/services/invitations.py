"""Inviting to a hearing by e-mail with a calendar file, telling of changes, and reminding.

Hearings of a series are told of once they are posted, so that nobody gets a year of letters at once.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from hub import calendar, ical
from hub.i18n import N_, Text
from hub.ical import Invite, Method, Person
from hub.ids import new_id, utc_now
from hub.mail import MailFile, Notice
from hub.models import (
    Account,
    Answer,
    Hearing,
    HearingState,
    Invitation,
    Occurrence,
    Role,
    RoleGrant,
    SeatKind,
)
from hub.services import mailing

REMIND_AHEAD = timedelta(hours=24)
UNSENT = "/invitations/of/"
"""What stands in a queued letter in place of its link, with the invitation's id and sequence: the secret is made when
the letter leaves (``link``), so that the queue never holds one."""
HELD = frozenset({HearingState.SCHEDULED})
_OUT = (
    N_("Hủy lời mời dự buổi tiếp công dân %(number)s"),
    N_("Bạn không còn phải dự buổi tiếp này. Lý do xem trong phần mềm."),
)
_OFF = {
    HearingState.POSTPONED: (
        N_("Hoãn buổi tiếp công dân %(number)s"),
        N_("Buổi tiếp được hoãn; ngày mới sẽ được báo sau. Lý do xem trong phần mềm."),
    ),
    HearingState.CANCELLED: (
        N_("Hủy buổi tiếp công dân %(number)s"),
        N_("Buổi tiếp này không diễn ra. Lý do xem trong phần mềm."),
    ),
}
"""Subject and sentence for whoever need not come: since nobody does, or since somebody else does."""


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def make_token() -> str:
    return secrets.token_urlsafe(32)


async def invite(db: AsyncSession, hearing: Hearing) -> None:
    """Tell everybody concerned of the hearing as it is now; whoever knows this version already is left in peace."""
    await _tell(db, hearing, everybody=True)


async def follow(db: AsyncSession, hearing: Hearing) -> None:
    """After a change: tell those that were invited, and whoever came to it; a hearing that was never told of (one of a
    series, not posted yet) stays untold."""
    known = (await db.execute(select(Invitation.id).where(Invitation.hearing_id == hearing.id).limit(1))).first()
    of_series = await db.get(Occurrence, hearing.id) is not None
    if known is not None or not of_series:
        await _tell(db, hearing, everybody=True)


async def _tell(db: AsyncSession, hearing: Hearing, *, everybody: bool) -> None:
    wanted = await concerned(db, hearing) if hearing.state in HELD and everybody else {}
    rows = {row.account_id: row for row in await of_hearing(db, hearing.id)}
    organiser = await db.get_one(Account, hearing.created_by)
    for account in wanted.values():
        row = rows.get(account.id)
        if row is not None and row.sequence == hearing.version and not row.withdrawn:
            continue
        told = row.expires_at if row is not None and not row.withdrawn else None
        row = row or Invitation(id=new_id(), hearing_id=hearing.id, account=account, account_id=account.id)
        _renew(row, hearing)
        db.add(row)
        await _send(db, hearing, organiser, account, Method.REQUEST, f"{UNSENT}{row.id}/{row.sequence}", told)
    for account_id, row in rows.items():
        if account_id not in wanted and not row.withdrawn:
            row.withdrawn, row.sequence, row.expires_at = True, hearing.version, utc_now()
            await _send(db, hearing, organiser, row.account, Method.CANCEL, f"/hearings/{hearing.id}")
    await db.flush()


def _renew(row: Invitation, hearing: Hearing) -> None:
    """No link opens it until the new letter leaves, and the old answer is forgotten: it was to another time."""
    row.token_sha256, row.expires_at = digest(make_token()), hearing.starts_at
    row.sequence, row.withdrawn, row.told_at = hearing.version, False, utc_now()
    row.answer, row.answered_at, row.comment = Answer.NONE, None, ""
    row.proposed_starts_at = row.proposed_ends_at = None


async def link(db: AsyncSession, path: str) -> str:
    """Where a letter that leaves now leads to: ``path``, but for an invitation a link with a new secret, of which only
    the digest is kept. A letter that is sent again voids its earlier link; one that a newer has overtaken opens
    nothing that could be answered.
    """
    if not path.startswith(UNSENT):
        return path
    invitation_id, _, sequence = path.removeprefix(UNSENT).partition("/")
    row = await db.get(Invitation, invitation_id)
    if row is None:
        return "/hearings"
    token = make_token()
    newest = (Invitation.id == row.id, Invitation.sequence == int(sequence), Invitation.withdrawn.is_(False))
    changed = update(Invitation).where(*newest).values(token_sha256=digest(token)).returning(Invitation.id)
    if (await db.execute(changed)).first() is None:
        return f"/hearings/{row.hearing_id}"
    return f"/invitations/{token}"


async def concerned(db: AsyncSession, hearing: Hearing) -> dict[str, Account]:
    """Chair, deputy, secretary, who is named for a point, and of other points the officers of the point's own unit."""
    named = [one for seat in hearing.seats for one in (seat.account, seat.officer, seat.interpreter) if one]
    found = {account.id: account for account in named}
    points = [seat for seat in hearing.seats if seat.kind == SeatKind.POINT]
    units = {seat.point.unit_id for seat in points if seat.point and not seat.officer_id}
    officers = select(RoleGrant.account_id).where(RoleGrant.role == Role.OFFICER)
    wanted = select(Account).where(Account.unit_id.in_(units), Account.id.in_(officers), Account.disabled_at.is_(None))
    return found | {account.id: account for account in (await db.execute(wanted)).unique().scalars()}


async def of_hearing(db: AsyncSession, hearing_id: str) -> list[Invitation]:
    """All invitations of a hearing, by name."""
    rows = (await db.execute(select(Invitation).where(Invitation.hearing_id == hearing_id))).unique().scalars()
    return sorted(rows, key=lambda row: row.account.full_name)


async def _send(
    db: AsyncSession,
    hearing: Hearing,
    organiser: Account,
    account: Account,
    method: Method,
    path: str,
    told: datetime | None = None,
) -> None:
    """``told``: the beginning that this person was told of before, None at first."""
    cancelled = method is Method.CANCEL
    subject = N_("Mời dự buổi tiếp công dân %(number)s")
    if cancelled:
        subject = _OFF.get(HearingState(hearing.state), _OUT)[0]
    elif told is not None:
        subject = N_("Thay đổi buổi tiếp công dân %(number)s")
    file = MailFile(
        name="buoi-tiep.ics",
        media_type="text/calendar",
        data=ical.document([entry(hearing, organiser, account, cancelled=cancelled)], method),
        method=str(method),
    )
    notice = Notice(
        key=f"hearing-{method.lower()}/{hearing.id}/{hearing.version}",
        subject=Text(subject, {"number": hearing.number}),
        lines=(*_duty(hearing, account, cancelled=cancelled), *_lines(hearing, cancelled=cancelled, told=told)),
        path=path,
        files=(file,),
        expires_at=None if cancelled else hearing.starts_at,
    )
    await mailing.queue(db, notice, [account.id])


def _duty(hearing: Hearing, account: Account, *, cancelled: bool) -> list[Text]:
    """What this person is named for, and where."""
    lines = []
    for seat in hearing.seats if not cancelled else ():
        where: dict[str, object] = {"point": seat.point.name if seat.point else ""}
        if seat.officer_id == account.id:
            lines.append(Text(N_("Bạn được phân công tiếp công dân tại %(point)s."), where))
        if seat.interpreter_id == account.id:
            lines.append(Text(N_("Bạn được phân công phiên dịch tại %(point)s."), where))
    return lines


def _lines(hearing: Hearing, *, cancelled: bool, told: datetime | None = None) -> list[Text]:
    ends = f"{calendar.local(hearing.ends_at):%H:%M}"
    lines = [Text(N_("Thời gian: %(time)s–%(ends)s."), {"time": hearing.starts_at, "ends": ends})]
    if told is not None and told != hearing.starts_at:
        lines.append(Text(N_("Giờ đã báo trước đây: %(time)s."), {"time": told}))
    chair = next((seat.account for seat in hearing.seats if seat.kind == SeatKind.CHAIR and seat.account), None)
    if chair:
        lines.append(Text(N_("Chủ trì: %(name)s."), {"name": chair.full_name}))
    lines.append(Text(N_("Địa điểm: %(place)s."), {"place": place(hearing)}))
    if cancelled:
        lines.append(Text(_OFF.get(HearingState(hearing.state), _OUT)[1]))
    else:
        lines.append(Text(N_("Bấm liên kết dưới đây để nhận lời, từ chối hoặc đề nghị giờ khác; không cần đăng nhập.")))
    return lines


def entry(hearing: Hearing, organiser: Account, account: Account | None, *, cancelled: bool = False) -> Invite:
    """The hearing as calendars show it: number and place, never its title, which may say what a case is about."""
    return Invite(
        hearing_id=hearing.id,
        sequence=hearing.version - 1,
        summary=f"Tiếp công dân {hearing.number}" if _language(account) == "vi" else f"Reception {hearing.number}",
        description=hearing.unit.name,
        location=place(hearing),
        starts_at=hearing.starts_at,
        ends_at=hearing.ends_at,
        changed_at=utc_now(),
        organiser=Person(organiser.full_name, organiser.email),
        attendee=Person(account.full_name, account.email) if account else None,
        cancelled=cancelled,
    )


def _language(account: Account | None) -> str:
    return account.language if account else "vi"


def place(hearing: Hearing) -> str:
    """The chair's point, else the points, shortened: a province's hearing has two hundred."""
    names = [seat.point.name for seat in hearing.seats if seat.point]
    return ", ".join(names[:3]) + (f" (+{len(names) - 3})" if len(names) > 3 else "")


async def remind(db: AsyncSession, now: datetime | None = None) -> int:
    """Once a day before a hearing, to everybody invited who has not declined. May be repeated. Returns how many."""
    now = now or utc_now()
    soon = select(Hearing).where(
        Hearing.state == HearingState.SCHEDULED, Hearing.starts_at > now, Hearing.starts_at <= now + REMIND_AHEAD
    )
    count = 0
    for hearing in (await db.execute(soon)).unique().scalars():
        await invite(db, hearing)  # one of a series that nobody has posted: told of now at the latest
        rows = [
            row
            for row in await of_hearing(db, hearing.id)
            # Whoever was told within the last day needs no second letter.
            if not row.withdrawn and row.answer != Answer.DECLINED and row.told_at < hearing.starts_at - REMIND_AHEAD
        ]
        if rows:
            notice = Notice(
                key=f"hearing-reminder/{hearing.id}/{hearing.version}",
                subject=Text(N_("Nhắc buổi tiếp công dân %(number)s"), {"number": hearing.number}),
                lines=tuple(_lines(hearing, cancelled=False)[:-1]),
                path=f"/hearings/{hearing.id}",
                expires_at=hearing.starts_at,
            )
            await mailing.queue(db, notice, [row.account_id for row in rows])
            count += len(rows)
    return count
