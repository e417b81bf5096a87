"""Absences and handing over on their pages, as the head, the officer and the administrator use them."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio
from sqlalchemy import select

from hub.config import Config
from hub.models import Absence, Account, Assignment, Case, OrgUnit, Role
from hub.services import assignments
from hub.services.assignments import WantedAssignment
from hub.services.people import actor_of
from tests.support.domain import account
from tests.support.pages import Pages, running_pages
from web import format as formats

pytestmark = pytest.mark.asyncio

TODAY = formats.today()
SOON = formats.short_date(TODAY + timedelta(days=5))


@pytest_asyncio.fixture
async def pages(config: Config) -> AsyncIterator[Pages]:
    """Tân Tiến with a second officer; the first has two cases."""
    async with running_pages(config) as running:
        async with running.database.transaction() as db:
            first = await person(running, "canbotantien")
            unit = await db.get_one(OrgUnit, first.unit_id)
            other = account("canbohai", unit, Role.OFFICER)
            other.full_name = "Nguyễn Văn Hai"
            db.add(other)
        async with running.database.transaction() as db:
            head = actor_of(await person(running, "chutichxa"))
            for case in (await db.execute(select(Case).where(Case.unit_id == first.unit_id))).unique().scalars().all():
                wanted = WantedAssignment(to_id=first.id)
                await assignments.assign(db, running.vault, head, case.id, wanted)
        yield running


async def person(pages: Pages, username: str) -> Account:
    async with pages.database.reading() as db:
        return (await db.execute(select(Account).where(Account.username == username))).unique().scalar_one()


async def holder_of_all(pages: Pages) -> set[str]:
    async with pages.database.reading() as db:
        return set(await db.scalars(select(Assignment.to_id).where(Assignment.ended_at.is_(None))))


async def test_an_officer_says_that_they_are_away_and_takes_it_back(pages: Pages) -> None:
    officer, me, other = (
        await pages.person("canbotantien"),
        *[await person(pages, n) for n in ("canbotantien", "canbohai")],
    )
    assert (await officer.get("/staff")).path == f"/staff/{me.id}"
    # From tomorrow, so that nothing is over when the day changes in the middle of it.
    first = formats.short_date(TODAY + timedelta(days=1))
    form = {"first_day": first, "last_day": SOON, "stand_in_id": other.id}
    wrong = await officer.post(f"/staff/{me.id}/absences", form | {"last_day": "hôm nào đó"})
    assert (wrong.status, first in wrong.text) == (400, True)
    saved = await officer.post(f"/staff/{me.id}/absences", form)
    assert saved.status == 303
    assert (await officer.post(f"/staff/{me.id}/absences", form)).status == 400, "pressed twice"
    page = await officer.get(saved.path)
    assert "Nguyễn Văn Hai làm thay" in page.text
    [absence] = re.findall(r'action="/absences/([0-9a-f]{32})/end"', page.text)
    assert (await officer.post(f"/absences/{absence}/end")).status == 303
    async with pages.database.reading() as db:
        assert (await db.execute(select(Absence.withdrawn_at))).scalar_one() is not None


async def test_tasks_say_who_is_away_and_the_stand_in_finds_them_among_their_own(pages: Pages) -> None:
    head, me, other = await pages.person("chutichxa"), *[await person(pages, n) for n in ("canbotantien", "canbohai")]
    form = {"first_day": formats.short_date(TODAY), "last_day": SOON, "stand_in_id": other.id}
    assert (await head.post(f"/staff/{me.id}/absences", form)).status == 303
    for browser in (head, await pages.person("canbohai")):
        mine = "" if browser is head else "?owner=me"
        page = await browser.get(f"/tasks{mine}")
        assert "Nguyễn Văn Hai làm thay" in page.text
        assert "Hoàng Văn Đức" in page.text


async def test_a_case_is_offered_to_the_stand_in(pages: Pages) -> None:
    head, me, other = await pages.person("chutichxa"), *[await person(pages, n) for n in ("canbotantien", "canbohai")]
    async with pages.database.reading() as db:
        turn = (await db.execute(select(Assignment).limit(1))).unique().scalars().one()
    form = {"first_day": formats.short_date(TODAY), "stand_in_id": me.id}
    assert (await head.post(f"/staff/{other.id}/absences", form)).status == 303
    address, fields = f"/cases/{turn.case_id}/assign", {"to_id": other.id, "seen": turn.id}
    asked = await head.post(address, fields)
    assert asked.status == 400
    assert "Hoàng Văn Đức làm thay" in asked.text
    assert f'name="instead" value="{me.id}"' in asked.text
    assert (await head.post(address, fields | {"though_away": other.id})).status == 303


async def test_a_disabled_account_says_what_must_be_handed_over_and_the_head_does_it_in_one_step(pages: Pages) -> None:
    admin, head = await pages.person("quantri"), await pages.person("chutichxa")
    me, other = [await person(pages, n) for n in ("canbotantien", "canbohai")]
    assert "2 vụ việc" in (await admin.get(f"/accounts/{me.id}")).text, "before it is disabled"
    assert (await admin.post(f"/accounts/{me.id}/disable", {"reason": "Nghỉ hưu"})).status == 303
    told = (await admin.get(f"/accounts/{me.id}")).text
    assert "Việc phải bàn giao" in told
    async with pages.database.reading() as db:
        cases = {one.id: one for one in (await db.execute(select(Case))).unique().scalars()}
        held = list(await db.scalars(select(Assignment).where(Assignment.to_id == me.id)))
    for turn in held:
        assert cases[turn.case_id].number in told
        assert cases[turn.case_id].summary not in told, "an administrator reads no cases"
    assert (await admin.get(f"/staff/{me.id}/handover")).status in (403, 404)
    page = await head.get(f"/staff/{me.id}/handover")
    turns = [("turn", one) for one in re.findall(r'name="turn" value="([0-9a-f]{32})" checked', page.text)]
    assert len(turns) == 2
    fields = [*turns, ("to_id", other.id), ("reason", "Nghỉ hưu")]
    assert (await head.post(f"/staff/{me.id}/handover", fields)).status == 303
    again = await head.post(f"/staff/{me.id}/handover", fields)
    assert (again.status, "Chưa bàn giao vụ việc nào" in again.text) == (409, True)
    assert await holder_of_all(pages) == {other.id}
    assert "Nghỉ hưu" in (await head.get(f"/cases/{held[0].case_id}")).text
