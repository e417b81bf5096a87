"""The demo province, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from hub.ids import utc_now
from hub.models import Account, Case, CaseType, Hearing, HearingState, OrgUnit, Point, Role, SeatKind
from hub.services import cases, demo, hearings, people
from hub.services.hearings import Booking
from hub.services.identity import Vault
from tests.support.domain import KEY, RING, cheap_passwords

pytestmark = pytest.mark.asyncio


@pytest.fixture(autouse=True)
def _cheap(monkeypatch):
    cheap_passwords(monkeypatch)


async def load(database):
    async with database.transaction() as db:
        return await demo.load(db, Vault(KEY, RING))


async def test_a_new_user_finds_somebody_for_every_role_cases_of_every_type_and_a_hearing_that_starts_soon(
    database, config
):
    told = await load(database)
    assert told.new_accounts == len(demo.ACCOUNTS)
    assert timedelta(0) < told.starts_at - utc_now() < timedelta(minutes=5)
    async with database.reading() as db:
        accounts = {a.username: a for a in (await db.execute(select(Account))).unique().scalars()}
        assert all(account.is_demo for account in accounts.values())
        assert {a.role for a in told.accounts} == set(Role)
        assert set((await db.execute(select(Case.type))).scalars()) == set(CaseType)
        soon = await hearings.get(db, people.actor_of(accounts["chutri"]), told.hearing_id)
        taken = {name: hearings.seats_for(people.actor_of(accounts[name]), soon) for name in accounts}
        coming = await hearings.coming(db, people.actor_of(accounts["canbotinh"]))
    assert [s.kind for s in taken["chutri"]] == ["chair"]
    assert [s.kind for s in taken["thuky"]] == ["secretary"]
    assert "Điểm cầu xã Tân Tiến" in [s.label for s in taken["canbotantien"]]
    assert "Điểm cầu Trụ sở Tiếp công dân tỉnh" in [s.label for s in taken["canbotinh"]]
    assert len([h for h in coming if h.id != soon.id]) == 1
    token, _ = await people.sign_in(
        database, replace(config, demo=True), "chutri", demo.PASSWORD, address="", user_agent=""
    )
    assert token


async def test_loading_again_adds_nothing_that_is_there(database):
    first = await load(database)
    async with database.reading() as db:
        before = [(await db.execute(select(func.count()).select_from(t))).scalar_one() for t in TABLES]
    second = await load(database)
    async with database.reading() as db:
        after = [(await db.execute(select(func.count()).select_from(t))).scalar_one() for t in TABLES]
    assert before == after
    assert (second.hearing_id, second.new_accounts) == (first.hearing_id, 0)


async def test_when_the_first_hearing_is_over_loading_again_books_another_that_starts_soon(database):
    first = await load(database)
    async with database.transaction() as db:
        for state in (HearingState.OPEN, HearingState.CLOSED):
            await hearings.mark_state(db, first.hearing_id, state)
    second = await load(database)
    assert second.hearing_id != first.hearing_id
    assert second.starts_at - utc_now() < timedelta(minutes=5)


async def test_what_somebody_else_booked_for_the_same_chair_does_not_keep_the_demo_from_starting(database):
    first = await load(database)
    async with database.transaction() as db:
        await hearings.mark_state(db, first.hearing_id, HearingState.CANCELLED)
        old = await db.get_one(Hearing, first.hearing_id)
        who = {account.username: account for account in (await db.execute(select(Account))).unique().scalars()}
        theirs = Booking(
            title="Tiếp theo lịch của thư ký",
            starts_at=utc_now() + timedelta(minutes=40),
            ends_at=utc_now() + timedelta(minutes=160),
            chair_id=who["chutri"].id,
            unit_id=old.unit_id,
            point_ids=tuple(seat.point_id for seat in old.seats if seat.kind == SeatKind.POINT),
        )
        booked = await hearings.book(db, Vault(KEY, RING), people.actor_of(who["thuky"]), theirs)
    assert (await load(database)).starts_at >= booked.ends_at


async def test_the_demos_denouncer_is_found_by_nobody(database):
    await load(database)
    async with database.reading() as db:
        account = (await db.execute(select(Account).where(Account.username == "canbotantien"))).unique().scalar_one()
        actor = people.actor_of(account)
        assert await cases.find(db, Vault(KEY, RING), actor, cases.CaseQuery(text="Cao Xuân Lãm")) == []
        assert len(await cases.find(db, Vault(KEY, RING), actor, cases.CaseQuery(text="nguyen thi dao"))) == 1


TABLES = (OrgUnit, Point, Account, Case, Hearing)
