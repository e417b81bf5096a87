"""A denouncer is named nowhere but in the sealed identity, whatever people type, and every look is written down."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import DBAPIError

from hub.db import Database
from hub.errors import BadInput, Forbidden
from hub.ids import utc_now
from hub.models import AuditEvent, Case, CaseType, Counter, Hearing
from hub.services import attachments, cases, hearings, identity, recordings, replays
from hub.services.cases import CaseEdit
from hub.services.hearing_lists import record_target
from hub.services.identity import Identity
from tests.support.domain import World, make_world, new_case
from tests.support.memory_store import MemoryStore

pytestmark = pytest.mark.asyncio

NAME = "Quách Thị Mười Hai"
NAMED = "Theo đề nghị của bà Quach Thi Muoi Hai"
SECRET = {"type": CaseType.DENUNCIATION, "name": NAME, "summary": "Tố cáo cán bộ địa chính nhận tiền"}


async def denunciation(world: World) -> Case:
    async with world.database.transaction() as db:
        return await cases.register(db, world.vault, world.actor("officer.TINH1"), new_case(**SECRET))


async def booked(world: World, *case_ids: str, title: str = "Tiếp công dân định kỳ") -> Hearing:
    async with world.database.transaction() as db:
        booking = world.booking(case_ids=case_ids, title=title)
        return await hearings.book(db, world.vault, world.actor("officer.TINH1"), booking)


async def events(database: Database, action: str) -> list[AuditEvent]:
    async with database.reading() as db:
        return list(await db.scalars(select(AuditEvent).where(AuditEvent.action == action)))


async def test_a_reason_that_everyone_reads_may_not_name_the_denouncer(database: Database) -> None:
    world = await make_world(database)
    found = await denunciation(world)
    hearing, officer = await booked(world, found.id), world.actor("officer.TINH1")
    for act in (
        lambda db: hearings.cancel(db, world.vault, officer, hearing.id, 1, NAMED),
        lambda db: hearings.postpone(db, world.vault, officer, hearing.id, 1, NAMED),
        lambda db: hearings.change(
            db, world.vault, officer, hearing.id, 1, world.booking(case_ids=(found.id,)), f"{NAMED} 0912345678"
        ),
        lambda db: hearings.change(db, world.vault, officer, hearing.id, 1, world.booking(), NAMED),
    ):
        with pytest.raises(BadInput) as refused:
            async with database.transaction() as db:
                await act(db)
        assert set(refused.value.fields) == {"reason"}
        assert NAME not in str(refused.value)


async def test_the_reason_for_looking_may_not_name_whom_one_looks_at(database: Database) -> None:
    world, store = await make_world(database), MemoryStore()
    found, officer = await denunciation(world), world.actor("officer.TINH1")
    upload = attachments.AttachmentUpload("don.pdf", b"%PDF-1.7")
    row = await cases.add_attachment(database, store, world.vault, officer, found.id, upload, max_bytes=100)
    with pytest.raises(BadInput):
        async with database.transaction() as db:
            await identity.read_identity(db, world.vault, officer, found.party_id, NAMED)
    with pytest.raises(BadInput):
        await cases.open_attachment(database, store, world.vault, officer, row.id, NAMED)
    hearing = await booked(world, found.id)
    async with database.transaction() as db:
        recording = await recordings.open_recording(db, hearing.id)
    with pytest.raises(BadInput):
        async with database.transaction() as db:
            await replays.start(db, world.vault, world.actor("auditor.TINH1"), recording.id, NAMED)
    assert not await events(database, "identity_read")
    assert not await events(database, "attachment_opened")
    assert not await events(database, "recording.replay")


async def test_guessing_the_name_by_titles_is_written_down_though_nothing_is_booked(database: Database) -> None:
    """Whoever may book could try names until one is refused; each try is in the audit trail."""
    world = await make_world(database)
    found = await denunciation(world)
    before = len(await events(database, "identity_compared"))
    for title in ("Gặp bà Nguyễn Thị Hoa", f"Gặp bà {NAME}"):
        # An end before the start: refused whatever the title is.
        booking = world.booking(case_ids=(found.id,), title=title, ends_at=utc_now())
        with pytest.raises(BadInput):
            async with database.transaction() as db:
                await hearings.book(db, world.vault, world.actor("officer.TINH1"), booking)
    compared = (await events(database, "identity_compared"))[before:]
    assert [event.account_id for event in compared] == [world.accounts["officer.TINH1"].id] * 2
    assert {event.address for event in compared} == {"192.0.2.7"}


async def test_an_event_that_is_kept_anyway_is_kept_once_when_nothing_goes_wrong(database: Database) -> None:
    world = await make_world(database)
    found = await denunciation(world)
    async with database.transaction() as db:
        await identity.read_identity(db, world.vault, world.actor("officer.TINH1"), found.party_id, "xác minh")
    assert len(await events(database, "vault_opened")) == 1


async def test_a_case_that_becomes_a_denunciation_takes_the_name_out_of_its_hearings(database: Database) -> None:
    world = await make_world(database)
    officer = world.actor("officer.TINH1")
    async with database.transaction() as db:
        found = await cases.register(db, world.vault, officer, new_case(name=NAME))
    hearing = await booked(world, found.id, title=f"Tiếp bà {NAME}")
    other = await booked_later(world, found.id)
    async with database.transaction() as db:
        await hearings.postpone(db, world.vault, officer, hearing.id, 1, f"Bà {NAME} ốm")
    async with database.transaction() as db:
        wanted = CaseEdit(type=CaseType.DENUNCIATION, summary="Tố cáo", content="")
        await cases.edit(db, world.vault, officer, found.id, 1, wanted)
    async with database.reading() as db:
        silenced = await db.get_one(Hearing, hearing.id)
        assert "Mười" not in silenced.title + silenced.reason
        assert silenced.title
        assert (await db.get_one(Hearing, other.id)).title == "Tiếp công dân định kỳ"


async def booked_later(world: World, case_id: str) -> Hearing:
    async with world.database.transaction() as db:
        booking = world.booking("XA2", case_ids=(case_id,), chair_id=world.accounts["leader2.TINH1"].id)
        return await hearings.book(db, world.vault, world.actor("officer.TINH1"), booking)


async def test_correcting_a_denouncers_name_searches_the_hearings_again(database: Database) -> None:
    world = await make_world(database)
    officer, found = world.actor("officer.TINH1"), await denunciation(world)
    hearing = await booked(world, found.id, title="Gặp bà Lò Thị Sáu")
    async with database.transaction() as db:
        who = Identity(name="Lò Thị Sáu", address="Thôn Đông")
        wanted = CaseEdit(type=CaseType.DENUNCIATION, summary="Tố cáo", content="", identity=who)
        await cases.edit(db, world.vault, officer, found.id, 1, wanted)
    async with database.reading() as db:
        assert "Sáu" not in (await db.get_one(Hearing, hearing.id)).title


async def test_a_unit_that_was_only_connected_does_not_replay_a_denunciation(database: Database) -> None:
    world = await make_world(database)
    found = await denunciation(world)
    for case_ids, allowed in (((), True), ((found.id,), False)):
        async with database.transaction() as db:
            starts = world.booking().starts_at.replace(hour=9 if allowed else 12, minute=0)
            booking = world.booking(case_ids=case_ids, starts_at=starts)
            hearing = await hearings.book(db, world.vault, world.actor("officer.TINH1"), booking)
            recording = await recordings.open_recording(db, hearing.id)
        assert (world.units["XA1"].path in record_target(hearing).paths) is allowed
        for who in ("auditor.XA1", "leader.XA1"):
            async with database.transaction() as db:
                if allowed:
                    await replays.start(db, world.vault, world.actor(who), recording.id, "Kiểm tra")
                else:
                    with pytest.raises(Forbidden):
                        await replays.start(db, world.vault, world.actor(who), recording.id, "Kiểm tra")
        async with database.transaction() as db:
            await replays.start(db, world.vault, world.actor("auditor.TINH1"), recording.id, "Kiểm tra")


async def test_an_error_of_the_database_does_not_quote_what_was_being_written(database: Database) -> None:
    twice = insert(Counter).values(series=NAME, value=1)
    async with database.transaction() as db:
        await db.execute(twice)
    with pytest.raises(DBAPIError) as failed:
        async with database.transaction() as db:
            await db.execute(twice)
    text = str(failed.value)
    # PostgreSQL's own detail line names the key; nothing of ours may.
    assert NAME not in text.partition("DETAIL:")[0]
    assert "hidden" in text
