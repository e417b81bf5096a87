"""Calendar files as calendar programs apply them: whatever is changed, in any order of arrival, they show what is."""

from __future__ import annotations

import base64
import random
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any

import pytest
import vobject
from sqlalchemy import select

from hub import calendar
from hub.errors import Conflict
from hub.ids import utc_now
from hub.models import Hearing, HearingState, OutgoingMail
from hub.services import hearings, invitations
from hub.services.booking_staff import Staff
from hub.services.bookings import Booking, booking_of
from tests.support.domain import World, make_world

pytestmark = pytest.mark.asyncio

START = calendar.at(calendar.local_day(utc_now()) + timedelta(days=10), time(8, 30))
PEOPLE = ("leader.TINH1", "leader2.TINH1", "secretary.TINH1", "officer.TINH1", "officer.XA1", "officer.XA2")


@dataclass(frozen=True)
class Shown:
    starts_at: datetime
    ends_at: datetime
    place: str


@dataclass
class CalendarProgram:
    """RFC 5546, 2.1.5: what has the higher SEQUENCE, then the later DTSTAMP, is newer; the older is dropped."""

    owner: str
    events: dict[str, Any]

    def apply(self, file: bytes) -> None:
        read = vobject.readOne(file.decode())
        event, method = read.vevent, read.method.value
        assert event.attendee.value == f"mailto:{self.owner}"
        assert (event.attendee.params["PARTSTAT"], event.attendee.params["ROLE"]) == (
            ["NEEDS-ACTION"],
            ["REQ-PARTICIPANT"],
        )
        assert event.status.value == ("CANCELLED" if method == "CANCEL" else "CONFIRMED")
        assert not hasattr(event, "rrule")
        assert not hasattr(event, "recurrence_id")  # each hearing is an event of its own
        known = self.events.get(event.uid.value)
        if known is None or _age(known) < _age(event):
            self.events[event.uid.value] = event

    def shown(self) -> list[Shown]:
        on = [event for event in self.events.values() if event.status.value == "CONFIRMED"]
        return [Shown(one.dtstart.value, one.dtend.value, one.location.value) for one in on]


def _age(event: Any) -> tuple[int, datetime]:
    return int(event.sequence.value), event.dtstamp.value


def changed(world: World, chance: random.Random, booking: Booking) -> Booking:
    """Another time, chair, secretary, set of points or named officer."""
    starts_at = START + timedelta(hours=chance.randint(0, 40))
    codes = chance.choice((["XA1"], ["XA1", "XA2"], ["XA2"]))
    points = tuple(world.points[code].id for code in codes)
    officer = chance.choice(("", "officer.TINH1", f"officer.{codes[0]}"))
    named = (Staff(points[0], world.accounts[officer].id),) if officer else ()
    return chance.choice(
        (
            replace(booking, starts_at=starts_at, ends_at=starts_at + timedelta(hours=2)),
            replace(booking, chair_id=world.accounts[chance.choice(PEOPLE[:2])].id),
            replace(booking, secretary_id=chance.choice(("", world.accounts["secretary.TINH1"].id))),
            replace(booking, point_ids=points, staff=named),
        )
    )


async def step(world: World, chance: random.Random, hearing_id: str) -> None:
    actor = world.actor("officer.TINH1")
    async with world.database.transaction() as db:
        hearing = await hearings.get(db, actor, hearing_id)
        if hearing.state == HearingState.CANCELLED:
            return
        args, what = (db, world.vault, actor, hearing.id, hearing.version), chance.random()
        if what < 0.2 and hearing.state == HearingState.SCHEDULED:
            await hearings.postpone(*args, "Bão")
        elif what < 0.3:
            starts_at = START + timedelta(days=chance.randint(1, 5))
            await hearings.postpone(*args, "Bão", starts_at=starts_at, ends_at=starts_at + timedelta(hours=1))
        elif what < 0.35:
            await hearings.cancel(*args, "Hết việc")
        else:
            await hearings.change(*args, changed(world, chance, booking_of(hearing)), "Đổi")


async def expected(world: World, hearing_id: str) -> tuple[set[str], Shown]:
    """Whom it occupies now, if it takes place, and as what."""
    async with world.database.reading() as db:
        hearing = await db.get_one(Hearing, hearing_id)
        on = hearing.state == HearingState.SCHEDULED
        people = await invitations.concerned(db, hearing) if on else {}
        return set(people), Shown(hearing.starts_at, hearing.ends_at, invitations.place(hearing))


async def files_of(world: World, name: str) -> list[bytes]:
    async with world.database.reading() as db:
        wanted = select(OutgoingMail).where(OutgoingMail.account_id == world.accounts[name].id)
        rows = list((await db.scalars(wanted.order_by(OutgoingMail.created_at, OutgoingMail.id))).unique())
    return [base64.b64decode(file["data"]) for row in rows for file in row.files]


def after(owner: str, files: Iterable[bytes]) -> list[Shown]:
    program = CalendarProgram(owner, {})
    for file in files:
        program.apply(file)
    return program.shown()


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_was_changed_everybodys_calendar_shows_the_hearing_as_it_is(database, seed):
    world, chance = await make_world(database), random.Random(seed)
    async with database.transaction() as db:
        for name in PEOPLE:
            account = await db.merge(world.accounts[name])
            account.email = f"{name.lower()}@anbinh.example"
            world.accounts[name] = account
        booking = world.booking("XA1", starts_at=START, hours=2)
        hearing = await hearings.book(db, world.vault, world.actor("officer.TINH1"), booking)
    for _ in range(10):
        try:
            await step(world, chance, hearing.id)
        except Conflict:
            continue
    people, shown = await expected(world, hearing.id)
    for name in PEOPLE:
        files = await files_of(world, name)
        owner = f"{name.lower()}@anbinh.example"
        wanted = [shown] if world.accounts[name].id in people else []
        assert after(owner, files) == wanted, name
        chance.shuffle(files)  # a mail server that is away for a while changes the order
        assert after(owner, files) == wanted, name
