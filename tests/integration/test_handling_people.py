"""A case that goes to another unit takes along who speaks for its party and what they need; on both databases."""

from __future__ import annotations

import pytest
import pytest_asyncio
from sqlalchemy import select

from hub import calendar
from hub.case_moves import MoveCode
from hub.db import Database
from hub.errors import Forbidden
from hub.ids import utc_now
from hub.models import AuditEvent, Case, CaseType, PartyKind, PartyWord, RepresentationKind
from hub.representation import NewRepresentative
from hub.services import case_steps, cases, representing, transfers
from hub.services.case_course import WantedMove
from hub.services.transfers import WantedTransfer
from tests.support.domain import World, make_world, new_case

pytestmark = pytest.mark.asyncio

TODAY = calendar.local_day(utc_now())
SPEAKS = "Giàng A Pao"


@pytest_asyncio.fixture
async def world(database: Database) -> World:
    return await make_world(database)


async def group_of_seven(world: World, kind: CaseType) -> Case:
    """With one representative, who needs an interpreter, as the group does."""
    vault, officer = world.vault, world.actor("officer.XA1")
    about = {"type": kind, "party_kind": PartyKind.GROUP, "people_count": 7, "content": "Thu tiền sai quy định."}
    speaker = NewRepresentative(
        kind=RepresentationKind.GROUP, name=SPEAKS, document_number="GCĐ 01", member=True, signed_by_all=True
    )
    async with world.database.transaction() as db:
        case = await cases.register(db, vault, officer, new_case(**about))
        await representing.add(db, vault, officer, case.id, speaker)
        await representing.set_need(
            db, vault, officer, case.id, nationality="", language="Tiếng Mông", interpreter=True, needs="Xe lăn"
        )
        classified = WantedMove(code=MoveCode.CLASSIFY, day=TODAY)
        await case_steps.take(db, vault, officer, case.id, case.version, classified)
        return case


async def taken_over(world: World, case: Case) -> Case:
    wanted = WantedTransfer(
        unit_id=world.units["TINH1"].id, day=TODAY, document_number="12/PC-UBND", document_day=TODAY
    )
    async with world.database.transaction() as db:
        sent = await transfers.send(db, world.vault, world.actor("officer.XA1"), case.id, case.version, wanted)
    async with world.database.transaction() as db:
        return await transfers.acknowledge(db, world.vault, world.actor("officer.TINH1"), sent.id, TODAY)


@pytest.mark.parametrize("kind", [CaseType.PETITION, CaseType.DENUNCIATION])
async def test_the_recipient_knows_who_speaks_for_a_group_and_what_it_needs(world: World, kind: CaseType) -> None:
    source = await group_of_seven(world, kind)
    received = await taken_over(world, source)
    async with world.database.transaction() as db:
        case = await cases.get(db, world.actor("officer.TINH1"), received.id)
        [ours] = (await representing.of_case(db, case)).now
        [theirs] = (await representing.of_case(db, await db.get_one(Case, source.id))).now
        assert (ours.kind, ours.document_number, ours.signed_by_all) == (RepresentationKind.GROUP, "GCĐ 01", True)
        assert ours.party_id != theirs.party_id
        assert ours.party.pseudonym != theirs.party.pseudonym
        need = await representing.need(db, case)
        assert need
        assert (need.language, need.interpreter, need.needs) == ("Tiếng Mông", True, "Xe lăn")
        shown = await representing.show(db, world.vault, world.actor("officer.TINH1"), case, "Mời làm việc")
        assert [who.name for _row, who in shown] == [SPEAKS]


async def test_who_speaks_for_denouncers_stays_as_secret_as_they_are(world: World) -> None:
    received = await taken_over(world, await group_of_seven(world, CaseType.DENUNCIATION))
    async with world.database.transaction() as db:
        case = await cases.get(db, world.actor("officer.TINH1"), received.id)
        [one] = (await representing.of_case(db, case)).now
        assert one.party.secret
        assert one.party.sealed_identity == b""
        assert (await db.execute(select(PartyWord).where(PartyWord.party_id == one.party_id))).first() is None
        handed = (await db.execute(select(AuditEvent).where(AuditEvent.action == "identity_handed_over"))).scalars()
        assert len(list(handed)) == 2, "the group and who speaks for it"
        with pytest.raises(Forbidden):
            await representing.show(db, world.vault, world.actor("officer.XA1"), case, "Xem lại")
