"""The papers of a hearing's cases, for who will hear them, on both databases."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from hub.errors import BadInput, Conflict, Forbidden, NotFound
from hub.models import AuditEvent, Case
from hub.services import attachments, cases, hearing_agenda, hearing_papers, hearings
from hub.services.attachments import AttachmentUpload
from recorder.directory_store import DirectoryStore
from tests.support.domain import World, make_world, new_case
from tests.support.minutes import CHAIR, OFFICER, SECRETARY, hold

pytestmark = pytest.mark.asyncio


async def test_the_chair_finds_each_case_with_its_history_and_deadlines(database):
    held = await hold(database)
    async with database.reading() as db:
        _, [one] = await hearing_papers.papers(db, held.actor(CHAIR), held.hearing.id)
    assert one.course is not None
    assert one.course.clocks
    assert one.history[0].kind == "case_registered"
    assert one.earlier == []


async def test_who_may_read_none_of_the_cases_gets_no_papers(database):
    held = await hold(database)
    async with database.reading() as db:
        for who in ("officer.XA2", "technician.TINH1", "officer.XA9"):
            with pytest.raises(Forbidden):
                await hearing_papers.papers(db, held.actor(who), held.hearing.id)


async def test_a_read_mark_tells_when_something_was_added_since(database, config):
    held = await hold(database)
    case = held.cases[0].id
    for _ in range(2):
        async with database.transaction() as db:
            await hearing_papers.mark_read(db, held.actor(CHAIR), held.hearing.id, case)
    assert await _marks(held) == [("Ông leader.TINH1", False)]
    (config.data_dir / "objects").mkdir()
    store = DirectoryStore(config.data_dir / "objects")
    upload = AttachmentUpload("đơn.pdf", b"%PDF-1.7\n")
    await attachments.add_attachment(
        database, store, held.world.vault, held.actor(OFFICER), case, upload, max_bytes=1000
    )
    assert await _marks(held) == [("Ông leader.TINH1", True)]
    async with database.reading() as db:
        assert await db.scalar(select(AuditEvent.id).where(AuditEvent.action == "papers_read"))


async def test_marks_are_for_cases_of_the_hearing_by_who_may_read_them(database):
    held = await hold(database)
    for who, case, error in ((CHAIR, "none", NotFound), ("officer.XA2", held.cases[0].id, Forbidden)):
        with pytest.raises(error):
            async with database.transaction() as db:
                await hearing_papers.mark_read(db, held.actor(who), held.hearing.id, case)


async def test_cases_are_put_in_order_before_the_hearing_and_called_in_it(database):
    world = await make_world(database)
    first, second = [await _case(world, text) for text in ("Thu hồi đất", "Làm cầu")]
    async with database.transaction() as db:
        booking = world.booking(secretary_id=world.accounts[SECRETARY].id, case_ids=(first.id, second.id))
        booked = await hearings.book(db, world.vault, world.actor("officer.TINH1"), booking)
    assert await _order(world, booked.id) == [first.id, second.id]
    async with database.transaction() as db:
        await hearing_agenda.order(db, world.actor(SECRETARY), booked.id, [second.id, first.id])
    assert await _order(world, booked.id) == [second.id, first.id]
    for who, wanted, error in (
        (SECRETARY, [first.id], BadInput),
        (SECRETARY, [first.id, "none"], BadInput),
        (OFFICER, [first.id, second.id], Forbidden),
    ):
        with pytest.raises(error):
            async with database.transaction() as db:
                await hearing_agenda.order(db, world.actor(who), booked.id, wanted)


async def test_once_it_is_open_the_order_is_made_by_calling(database):
    held = await hold(database)
    with pytest.raises(Conflict):
        async with database.transaction() as db:
            await hearing_agenda.order(db, held.actor(SECRETARY), held.hearing.id, [held.cases[0].id])


async def _case(world: World, summary: str) -> Case:
    async with world.database.transaction() as db:
        return await cases.register(db, world.vault, world.actor("officer.TINH1"), new_case(summary=summary))


async def _order(world: World, hearing_id: str) -> list[str]:
    async with world.database.reading() as db:
        return [case.id for case in (await hearings.get(db, world.actor(SECRETARY), hearing_id)).cases]


async def _marks(held) -> list[tuple[str, bool]]:
    async with held.world.database.reading() as db:
        _, [one] = await hearing_papers.papers(db, held.actor(CHAIR), held.hearing.id)
    return [(read.who, read.stale) for read in one.reads]
