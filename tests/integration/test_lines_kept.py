"""How lines were is kept minute by minute, on both databases, and read by those who may."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from hub.errors import Forbidden, NotFound, NotReady
from hub.i18n import N_
from hub.ids import utc_now
from hub.lines import Figures, Way
from hub.models import LineMinute
from hub.services import hearings, lines
from hub.services.lines import MinuteRow
from signaling.line_minutes import LineKeeper
from tests.support.domain import make_world
from tests.support.signaling_world import until

pytestmark = pytest.mark.asyncio

BEGIN = (utc_now() + timedelta(days=1)).replace(hour=1, minute=30, second=0, microsecond=0)
MINUTE = timedelta(minutes=1)


def way(loss: float = 0.0) -> Way:
    return Way(bps=400_000, loss=loss, jitter_ms=4.0, round_trip_ms=40.0, height=360, nacks=2, keyframe_requests=1)


async def given(database):
    """A hearing of the province with the points of two communes."""
    world = await make_world(database)
    async with database.transaction() as db:
        booking = world.booking(
            "XA1",
            "XA2",
            starts_at=BEGIN,
            deputy_id=world.accounts["leader2.TINH1"].id,
            secretary_id=world.accounts["secretary.TINH1"].id,
        )
        return world, await hearings.book(db, world.vault, world.actor("officer.TINH1"), booking)


def keeper_at(database, now: list[datetime], days: int = 365) -> LineKeeper:
    return LineKeeper(database, days, utc=lambda: now[0])


def measure(keeper: LineKeeper, now: list[datetime], hearing, losses: dict[int, float], seats=None) -> None:
    """One measurement a minute of every seat; ``losses`` by minute are those of the last seat."""
    for minute, loss in losses.items():
        now[0] = BEGIN + minute * MINUTE
        figures = {seat.id: Figures(up=way(), down=way()) for seat in seats or hearing.seats}
        figures[hearing.seats[-1].id] = Figures(up=way(loss), down=way())
        keeper.add(hearing.id, figures, {})


async def rows(database) -> int:
    async with database.reading() as db:
        return int((await db.execute(select(func.count()).select_from(LineMinute))).scalar_one())


async def test_finished_minutes_are_written_and_read_as_a_report(database):
    world, hearing = await given(database)
    now = [BEGIN]
    keeper = keeper_at(database, now)
    measure(keeper, now, hearing, {0: 0.0, 1: 0.12, 2: 0.05, 4: 0.0})
    keeper.gatherer.finish()
    await keeper.write()
    async with database.reading() as db:
        report = await lines.report(db, world.actor("technician.TINH1"), hearing.id)
    assert report.whole
    assert (report.first, report.last) == (BEGIN, BEGIN + 4 * MINUTE)
    worst = report.seats[0]
    assert worst.seat.id == hearing.seats[-1].id
    assert (worst.bad_minutes, worst.connected_minutes) == (2, 4)
    assert worst.up.worst.minute == BEGIN + MINUTE
    assert worst.up.worst.loss_avg == pytest.approx(0.12)
    assert worst.down.bad_minutes == 0
    assert all(one.bad_minutes == 0 for one in report.seats[1:])


async def test_writing_the_same_minutes_twice_changes_nothing(database):
    _, hearing = await given(database)
    now = [BEGIN]
    keeper = keeper_at(database, now)
    measure(keeper, now, hearing, {0: 0.0})
    keeper.gatherer.finish()
    batch = keeper.gatherer.take()
    for _ in range(2):
        async with database.transaction() as db:
            await lines.keep(db, batch)
    assert await rows(database) == len(batch) == 2 * len(hearing.seats)


async def test_a_restart_in_mid_minute_adds_a_part_to_that_minute(database):
    world, hearing = await given(database)
    now = [BEGIN]
    for loss in (0.0, 0.2):
        keeper = keeper_at(database, now)
        measure(keeper, now, hearing, {0: loss})
        keeper.gatherer.finish()
        await keeper.write()
    async with database.reading() as db:
        report = await lines.report(db, world.actor("leader.TINH1"), hearing.id)
    up = next(one.up for one in report.seats if one.seat.id == hearing.seats[-1].id)
    [minute] = up.minutes
    assert (minute.samples, minute.loss_min, minute.loss_max, minute.nacks) == (2, 0.0, pytest.approx(0.2), 4)
    assert minute.loss_avg == pytest.approx(0.1)


async def test_while_the_database_is_away_minutes_wait_and_none_is_lost(database, monkeypatch):
    _, hearing = await given(database)
    now = [BEGIN]
    keeper = keeper_at(database, now)
    measure(keeper, now, hearing, {0: 0.0, 1: 0.0})
    keeper.gatherer.finish()
    keep = lines.keep

    async def away(*_arguments):
        raise NotReady(N_("Cơ sở dữ liệu chưa sẵn sàng. Dữ liệu bạn nhập chưa được lưu; hãy thử lại."))

    monkeypatch.setattr(lines, "keep", away)
    await keeper.write()
    assert await rows(database) == 0
    monkeypatch.setattr(lines, "keep", keep)
    await keeper.write()
    assert await rows(database) == 4 * len(hearing.seats)
    assert keeper.gatherer.forgotten == 0


async def test_the_last_minute_is_written_when_the_process_ends(database):
    _, hearing = await given(database)
    now = [BEGIN]
    keeper = keeper_at(database, now)
    running = asyncio.create_task(keeper.run())
    await asyncio.sleep(0)
    measure(keeper, now, hearing, {0: 0.0})
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert await rows(database) == 2 * len(hearing.seats)


async def test_what_is_older_than_configured_is_forgotten(database):
    world, hearing = await given(database)
    now = [BEGIN]
    keeper = keeper_at(database, now, days=30)
    measure(keeper, now, hearing, {0: 0.0, 1: 0.0})
    now[0] = BEGIN + timedelta(days=30) + MINUTE
    keeper.every_s = 0.01
    running = asyncio.create_task(keeper.run())
    await until(lambda: keeper._purged_at is not None)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    async with database.reading() as db:
        report = await lines.report(db, world.actor("technician.TINH1"), hearing.id)
    assert {row.minute for one in report.seats for row in one.up.minutes} == {BEGIN + MINUTE}


@pytest.mark.parametrize(
    ("official", "seen"),
    [
        ("technician.TINH1", "all"),
        ("administrator.TINH1", "all"),
        ("leader.TINH1", "all"),
        ("secretary.TINH1", "all"),
        ("officer.TINH1", "all"),
        ("auditor.TW", "all"),
        ("officer.XA1", "XA1"),
        ("officer.XA9", None),
    ],
)
async def test_a_unit_sees_its_own_points_lines_and_who_holds_the_hearing_sees_all(database, official, seen):
    world, hearing = await given(database)
    async with database.reading() as db:
        if seen is None:
            with pytest.raises(Forbidden):
                await lines.report(db, world.actor(official), hearing.id)
            return
        report = await lines.report(db, world.actor(official), hearing.id)
    labels = [one.seat.label for one in report.seats]
    assert report.whole is (seen == "all")
    assert len(labels) == (len(hearing.seats) if seen == "all" else 1)
    assert seen == "all" or labels[0].endswith(seen)


async def test_there_is_no_report_of_a_hearing_that_is_not_there(database):
    world, _ = await given(database)
    async with database.reading() as db:
        with pytest.raises(NotFound):
            await lines.report(db, world.actor("technician.TINH1"), "none")


async def test_a_row_names_nobody():
    assert not {name for name in MinuteRow.__slots__ if "account" in name or "name" in name or "label" in name}
