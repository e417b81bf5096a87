"""Seats, checks before entering, notices, attendance and the help desk, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hub.errors import BadInput, Conflict, Forbidden, NotFound
from hub.ids import utc_now
from hub.models import SeatKind
from hub.services import audit, hearings
from hub.services.hearings import DeviceCheckResult
from tests.support.domain import make_world

pytestmark = pytest.mark.asyncio
GOOD = DeviceCheckResult(camera="ok", microphone="ok", loudspeaker="skipped", connection="ok")


async def given(database):
    world = await make_world(database)
    async with database.transaction() as db:
        booking = world.booking(
            "TINH1B",
            "XA1",
            starts_at=utc_now(),
            deputy_id=world.accounts["leader2.TINH1"].id,
            secretary_id=world.accounts["secretary.TINH1"].id,
        )
        return world, await hearings.book(db, world.vault, world.actor("officer.TINH1"), booking)


@pytest.mark.parametrize(
    ("official", "seats"),
    [
        ("leader.TINH1", ["chair"]),
        ("leader2.TINH1", ["deputy"]),
        ("secretary.TINH1", ["secretary"]),
        ("officer.TINH1", ["point", "point"]),
        ("officer.XA1", ["point"]),
        ("officer.XA2", []),
        ("leader.TW", []),
        ("auditor.TINH1", []),
        ("technician.TW", []),
    ],
)
async def test_who_may_take_which_seat(database, official, seats):
    world, hearing = await given(database)
    assert [s.kind for s in hearings.seats_for(world.actor(official), hearing)] == seats


async def test_a_device_check_is_kept_for_the_seat_one_may_take(database):
    world, hearing = await given(database)
    seat = next(s for s in hearing.seats if s.label.endswith("XA1"))
    async with database.transaction() as db:
        officer = world.actor("officer.XA1")
        check = await hearings.save_device_check(db, officer, hearing.id, seat.id, GOOD)
        assert (check.camera, check.loudspeaker) == ("ok", "skipped")
        wrong = DeviceCheckResult(camera="maybe", microphone="ok", loudspeaker="ok", connection="ok")
        with pytest.raises(BadInput):
            await hearings.save_device_check(db, officer, hearing.id, seat.id, wrong)
        for kind in (SeatKind.CHAIR, SeatKind.SECRETARY):
            other = next(s for s in hearing.seats if s.kind == kind)
            with pytest.raises(Forbidden):
                await hearings.save_device_check(db, officer, hearing.id, other.id, GOOD)
        with pytest.raises(NotFound):
            await hearings.save_device_check(db, officer, hearing.id, "không có", GOOD)


async def test_telling_the_citizen_of_the_recording_is_confirmed_and_logged(database):
    world, hearing = await given(database)
    seat = next(s for s in hearing.seats if s.label.endswith("XA1"))
    async with database.transaction() as db:
        assert await hearings.notices(db, hearing.id) == {}
        await hearings.confirm_notice(db, world.actor("officer.XA1"), hearing.id, seat.id)
        assert set(await hearings.notices(db, hearing.id)) == {seat.id}
        with pytest.raises(Forbidden):
            await hearings.confirm_notice(db, world.actor("officer.XA2"), hearing.id, seat.id)
    async with database.reading() as db:
        query = audit.AuditQuery(action="recording_notice_confirmed")
        [event] = await audit.list_events(db, world.actor("auditor.TW"), query)
    assert (event.who, event.object_id, event.detail) == ("Ông officer.XA1", hearing.id, {"seat_id": seat.id})


async def test_nothing_is_checked_for_a_hearing_that_was_cancelled(database):
    world, hearing = await given(database)
    seat = next(s for s in hearing.seats if s.label.endswith("XA1"))
    async with database.transaction() as db:
        await hearings.cancel(db, world.vault, world.actor("officer.TINH1"), hearing.id, 1, "mất điện")
        with pytest.raises(Conflict):
            await hearings.save_device_check(db, world.actor("officer.XA1"), hearing.id, seat.id, GOOD)


async def test_attendance_is_one_row_per_stay(database):
    world, hearing = await given(database)
    seat, officer = hearing.seats[-1], world.accounts["officer.XA1"]
    start = utc_now()
    async with database.transaction() as db:
        for minute in (0, 10):
            await hearings.attendance_joined(db, hearing.id, seat.id, officer.id, at=start + timedelta(minutes=minute))
        await hearings.attendance_left(db, hearing.id, seat.id, at=start + timedelta(minutes=15))
        await hearings.attendance_left(db, hearing.id, seat.id, at=start + timedelta(minutes=16))
        await hearings.attendance_joined(db, hearing.id, seat.id, officer.id, at=start + timedelta(minutes=20))
        await hearings.close_attendances(db, hearing.id, at=start + timedelta(minutes=30))
    async with database.reading() as db:
        stays = await hearings.attendances(db, world.actor("auditor.TINH1"), hearing.id)
    minutes = [((s.joined_at - start).seconds // 60, (s.left_at - start).seconds // 60) for s in stays]
    assert minutes == [(0, 10), (10, 15), (20, 30)]


async def test_the_help_desk_sees_todays_seats_with_their_last_check(database):
    world, hearing = await given(database)
    seat = hearing.seats[-1]
    async with database.transaction() as db:
        bad = DeviceCheckResult(camera="failed", microphone="ok", loudspeaker="ok", connection="ok")
        for result in (GOOD, bad):
            await hearings.save_device_check(db, world.actor("officer.XA1"), hearing.id, seat.id, result)
        await hearings.confirm_notice(db, world.actor("officer.XA1"), hearing.id, seat.id)
        await hearings.attendance_joined(db, hearing.id, seat.id, world.accounts["officer.XA1"].id)
    async with database.reading() as db:
        [seen] = await hearings.help_desk(db, world.actor("technician.TINH1"))
        last = seen.seats[-1]
        assert (last.check.camera, last.seated) == ("failed", "Ông officer.XA1")
        assert last.notice_at is not None
        assert all(s.check is None and not s.seated for s in seen.seats[:-1])
        assert len(await hearings.help_desk(db, world.actor("administrator.TINH1"))) == 1
        for official in ("officer.TINH1", "auditor.TW"):
            assert await hearings.help_desk(db, world.actor(official)) == []
