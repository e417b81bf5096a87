"""What hearings still ask of those who run them, as it stands on their first page; on both databases."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from hub.models import Hearing, HearingKind, HearingState, Minutes, MinutesState
from hub.services import conclusions, desk, hearings
from hub.services.conclusions import Draft, WantedTask
from hub.services.desk import Duty
from tests.support.domain import make_world
from tests.support.minutes import CHAIR, OFFICER, SECRETARY, Held, hold

pytestmark = pytest.mark.asyncio


async def duties(held: Held, who: str) -> list[Duty]:
    async with held.world.database.reading() as db:
        return [one.duty for one in await desk.left(db, held.actor(who), limit=9)]


async def test_minutes_wait_for_chair_and_secretary_until_they_are_locked(database):
    held = await hold(database)
    assert Duty.MINUTES not in await duties(held, SECRETARY), "the hearing is still held"
    async with database.transaction() as db:
        await db.execute(update(Hearing).values(state=HearingState.CLOSED))
    assert Duty.MINUTES in await duties(held, SECRETARY)
    assert Duty.MINUTES in await duties(held, CHAIR)
    assert await duties(held, OFFICER) == []
    await held.write("Khai mạc.")
    assert Duty.MINUTES in await duties(held, SECRETARY)
    async with database.transaction() as db:
        await db.execute(update(Minutes).values(state=MinutesState.LOCKED))
    assert Duty.MINUTES not in await duties(held, SECRETARY)


async def test_a_drafted_conclusion_waits_for_the_chair_alone(database):
    held = await hold(database)
    task = WantedTask(text="Đo đạc lại", owner=held.world.accounts[OFFICER].id, working_days=5)
    async with database.transaction() as db:
        wanted = Draft(text="Giao xã đo đạc lại.", case_id=held.cases[0].id, tasks=(task,))
        await conclusions.create(db, held.world.vault, held.actor(SECRETARY), held.hearing.id, wanted)
    assert Duty.ISSUE in await duties(held, CHAIR)
    assert Duty.ISSUE not in await duties(held, SECRETARY)
    assert Duty.ISSUE not in await duties(held, "leader2.TINH1")


async def test_a_regular_hearing_near_at_hand_waits_to_be_posted_by_who_may(database):
    world = await make_world(database)
    async with database.transaction() as db:
        booked = await hearings.book(db, world.vault, world.actor("officer.TINH1"), world.booking("XA1"))
        assert booked.kind == HearingKind.REGULAR
    async with database.reading() as db:
        found = await desk.left(db, world.actor("officer.TINH1"), limit=9)
        assert [(one.duty, one.path) for one in found] == [(Duty.POST, f"/postings?hearing={booked.id}")]
        assert await desk.left(db, world.actor("officer.XA2"), limit=9) == []
        assert await desk.left(db, world.actor("leader.TINH1"), limit=9) == []
