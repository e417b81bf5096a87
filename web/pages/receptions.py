"""What the reception calendar adds to a hearing's page: its series, what was posted of it, and who receives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from hub import calendar
from hub.auth import Action, Actor, Target, may
from hub.i18n import Text
from hub.models import Account, Hearing, HearingKind, Invitation, Occurrence, Posting, ReceptionSeries, Replacement
from hub.posting import PostingDue
from hub.services import hearing_changes, hearings, invitations, minimums, postings, series
from hub.services.legal_rules import rule_book
from hub.working_days import WorkCalendar
from web import format as formats


@dataclass(frozen=True, slots=True)
class Reception:
    """``why``: moved off that day off; ``off``: falls on one now; ``counts``: towards the head's own minimum."""

    series: ReceptionSeries | None
    occurrence: Occurrence | None
    why: Text | None
    off: Text | None
    posted: Sequence[Posting]
    due: PostingDue | None
    late: bool
    replacements: Sequence[Replacement]
    head: Account | None
    counts: bool
    leaders: Sequence[Account]
    invitations: Sequence[Invitation]


async def reception_of(db: AsyncSession, actor: Actor, hearing: Hearing) -> Reception:
    """Everything that the card on the hearing's page says."""
    found = await series.of_hearing(db, hearing.id)
    day, days = calendar.local_day(hearing.starts_at), (await rule_book(db)).days
    due = await postings.due_of(db, hearing)
    posted = await postings.history(db, hearing.id)
    head = await minimums.head_on(db, hearing.unit_id, day) if hearing.kind == HearingKind.REGULAR else None
    chair = hearing_changes.chair_of(hearing)
    leaders: Sequence[Account] = ()
    if may(actor, Action.BOOK_HEARING, Target(paths=(hearing.unit.path,))):
        offered = await hearings.choices(db, actor, hearing.unit_id)
        leaders = [one for one in offered.chairs if one.id != chair]
    return Reception(
        series=found[1] if found else None,
        occurrence=found[0] if found else None,
        why=moved_why(found[0], days) if found else None,
        off=None if days.is_working(day) else days.why_off(day),
        posted=posted,
        due=due,
        late=not posted and due is not None and due.late(formats.today()),
        replacements=await hearing_changes.replacements(db, hearing.id),
        head=head,
        counts=head is not None and head.id == chair,
        leaders=leaders,
        invitations=[one for one in await invitations.of_hearing(db, hearing.id) if not one.withdrawn],
    )


def moved_why(one: Occurrence, days: WorkCalendar) -> Text | None:
    """Why an occurrence takes place on another day than its rule says, where a day off is the reason."""
    moved = calendar.local_day(one.hearing.starts_at) != one.rule_day
    return days.why_off(one.rule_day) if moved and not one.detached and not days.is_working(one.rule_day) else None
