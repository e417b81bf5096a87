"""Which documents go along with a transferred case: the chosen ones, to the recipient alone, and only from then on."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from hub import calendar
from hub.case_moves import MoveCode
from hub.db import Database
from hub.errors import BadInput, Forbidden
from hub.ids import utc_now
from hub.models import Attachment, AuditEvent, Case, CaseType, Channel, Transfer, TransferItem
from hub.services import case_course, cases, citizen_notices, transfer_items, transfers
from hub.services.attachments import AttachmentUpload, add_attachment, open_attachment
from hub.services.case_course import WantedMove
from hub.services.citizen_notices import WantedNotice
from hub.services.transfers import WantedTransfer
from tests.support.domain import World, make_world, new_case
from tests.support.memory_store import MemoryStore

pytestmark = pytest.mark.asyncio
TODAY = calendar.local_day(utc_now())
SENDER, RECIPIENT = "officer.XA1", "officer.XA2"


async def with_documents(world: World, store: MemoryStore, kind: CaseType) -> tuple[Case, list[Attachment]]:
    async with world.database.transaction() as db:
        case = await cases.register(db, world.vault, world.actor(SENDER), new_case(type=kind, content="Về đất đai."))
    kept = []
    for number in (1, 2):
        upload = AttachmentUpload(f"don-{number}.pdf", b"%PDF-1.4\n" + bytes([number]) * 40 + b"\n%%EOF\n")
        kept.append(
            await add_attachment(
                world.database, store, world.vault, world.actor(SENDER), case.id, upload, max_bytes=10_000
            )
        )
    async with world.database.transaction() as db:
        now = await db.get_one(Case, case.id)
        classify = WantedMove(code=MoveCode.CLASSIFY, day=TODAY)
        await case_course.make(db, world.vault, world.actor(SENDER), case.id, now.version, classify)
    return case, kept


async def send(world: World, case: Case, *items: str) -> Transfer:
    async with world.database.transaction() as db:
        now = await db.get_one(Case, case.id)
        wanted = WantedTransfer(
            unit_id=world.units["XA2"].id, day=TODAY, document_number="12/PC", document_day=TODAY, items=items
        )
        return await transfers.send(db, world.vault, world.actor(SENDER), case.id, now.version, wanted)


async def opened(world: World, store: MemoryStore, row: Attachment, who: str = RECIPIENT) -> bytes:
    found = await open_attachment(world.database, store, world.vault, world.actor(who), row.id, "thụ lý vụ việc")
    return found.data


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


async def test_the_recipient_sees_what_was_chosen_and_only_after_the_transfer(database: Database, store):
    world = await make_world(database)
    case, (chosen, kept) = await with_documents(world, store, CaseType.PETITION)
    with pytest.raises(Forbidden):
        await opened(world, store, chosen)
    with pytest.raises(BadInput):
        await send(world, case, chosen.id, "f" * 32)
    sent = await send(world, case, chosen.id)
    assert (await opened(world, store, chosen)).startswith(b"%PDF")
    with pytest.raises(Forbidden):
        await opened(world, store, kept)
    assert await opened(world, store, kept, SENDER), "the sender keeps seeing all"
    assert await opened(world, store, kept, "leader.TINH1"), "so do those above the sender"
    async with database.reading() as db:
        now = await db.get_one(Case, case.id)
        assert await transfer_items.seen(db, world.actor(RECIPIENT), now) == {chosen.id}
        assert await transfer_items.seen(db, world.actor(SENDER), now) is None
        [listed] = (await transfer_items.of_transfers(db, [await db.get_one(Transfer, sent.id)])).values()
        assert [one.name for one in listed] == ["don-1.pdf"]
        told = select(AuditEvent.detail).where(AuditEvent.action == "transfer_documents")
        assert (await db.execute(told)).scalar_one()["documents"] == [chosen.id]
    async with database.transaction() as db:
        await transfers.give_back(db, world.vault, world.actor(RECIPIENT), sent.id, "không thuộc thẩm quyền")
    with pytest.raises(Forbidden):
        await opened(world, store, chosen)


async def test_of_a_denunciation_nothing_opens_before_it_was_taken_over(database: Database, store):
    world = await make_world(database)
    case, (chosen, kept) = await with_documents(world, store, CaseType.DENUNCIATION)
    sent = await send(world, case, chosen.id)
    with pytest.raises(Forbidden):
        await opened(world, store, chosen)
    async with database.transaction() as db:
        await transfers.acknowledge(db, world.vault, world.actor(RECIPIENT), sent.id, TODAY)
    assert (await opened(world, store, chosen)).startswith(b"%PDF")
    with pytest.raises(Forbidden):
        await opened(world, store, kept)
    async with database.reading() as db:
        assert (await db.execute(select(TransferItem.object_id))).scalars().all() == [chosen.id]


async def test_a_wrong_proof_of_delivery_is_replaced_and_stays_among_the_documents(database: Database, store):
    world = await make_world(database)
    case, (wrong, right) = await with_documents(world, store, CaseType.COMPLAINT)
    officer = world.actor(SENDER)
    async with database.transaction() as db:
        now = await db.get_one(Case, case.id)
        accept = WantedMove(code=MoveCode.ACCEPT, day=TODAY, document_number="1/TB", document_day=TODAY)
        now = await case_course.make(db, world.vault, officer, case.id, now.version, accept)
        wanted = WantedNotice(about=MoveCode.ACCEPT, channel=Channel.HANDED, day=TODAY)
        notice = await citizen_notices.tell(db, world.vault, officer, case.id, now.version, wanted)
    for proof in (wrong, right):
        async with database.transaction() as db:
            await citizen_notices.prove(db, officer, case.id, notice.id, proof)
    async with database.reading() as db:
        told = select(AuditEvent.detail).where(AuditEvent.action == "notice_proved").order_by(AuditEvent.id)
        events = list(await db.scalars(told))
        assert (await citizen_notices.of(db, await db.get_one(Case, case.id), notice.id)).attachment_id == right.id
        assert await db.get(Attachment, wrong.id)
    assert [event.get("replaced") for event in events] == [None, wrong.id]
