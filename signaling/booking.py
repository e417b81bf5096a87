"""A hearing as the database has it: its booking, and its events folded."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from hub import models
from hub.db import Database
from hub.errors import NotFound
from hub.i18n import N_
from hub.models import HearingState, SeatKind
from hub.services import event_log, hearing_agenda
from signaling.events import from_row
from signaling.state import Hearing, ListedCase, Seat, fold
from signaling.views import Entry


@dataclass(frozen=True, slots=True)
class Booked:
    row: models.Hearing
    """Detached; for ``seats_for``."""
    hearing: Hearing
    log: tuple[Entry, ...]


async def load(database: Database, hearing_id: str) -> Booked:
    """Raises ``NotFound`` or ``NotReady``."""
    async with database.reading() as db:
        row = await db.get(models.Hearing, hearing_id)
        if row is None:
            raise NotFound(N_("Không tìm thấy buổi tiếp công dân."))
        stored = await event_log.load(db, hearing_id)
        db.expunge_all()
    log = tuple(Entry(one.seq, one.at, from_row(one.kind, one.seat_id, one.payload)) for one in stored)
    return Booked(row, fold(_as_booked(row), [(entry.event, entry.at) for entry in log]), log)


async def is_current(database: Database, booked: Booked) -> bool:
    """Whether the booking is still the one that was loaded. Raises ``NotReady``."""
    async with database.reading() as db:
        query = select(models.Hearing.version, models.Hearing.state).where(models.Hearing.id == booked.row.id)
        found = (await db.execute(query)).one_or_none()
    return found is not None and tuple(found) == (booked.row.version, booked.row.state)


def _as_booked(row: models.Hearing) -> Hearing:
    """Before its first event. Only a booking is postponed or cancelled; all other states follow from events."""
    called_off = row.state in (HearingState.POSTPONED, HearingState.CANCELLED)
    chair = next((seat.id for seat in row.seats if seat.kind == SeatKind.CHAIR), "")
    return Hearing(
        hearing_id=row.id,
        number=row.number,
        title=row.title,
        seats=tuple(Seat(seat_id=seat.id, kind=SeatKind(seat.kind), label=seat.label) for seat in row.seats),
        chair=chair,
        cases=_cases(row),
        state=HearingState(row.state) if called_off else HearingState.SCHEDULED,
    )


def _cases(row: models.Hearing) -> tuple[ListedCase, ...]:
    known = hearing_agenda.known_to(row)
    return tuple(ListedCase(case_id=case.id, number=case.number, known_to=known[case.id]) for case in row.cases)
