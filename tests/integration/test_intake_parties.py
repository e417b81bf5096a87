"""Representatives by the law's limits, needs, and mixed petitions taken apart, on both databases."""

from __future__ import annotations

from datetime import date

import pytest

from hub.errors import BadInput, Conflict, Forbidden
from hub.models import CaseState, CaseType, LinkKind, PartyKind, RepresentationKind
from hub.representation import NewRepresentative
from hub.services import case_links, cases, identity, law_loading, representing, splitting
from hub.services.attachments import AttachmentUpload
from hub.services.splitting import Split
from tests.support.domain import make_world, new_case
from tests.support.memory_store import MemoryStore

pytestmark = pytest.mark.asyncio
PDF = b"%PDF-1.7\nmixed\n%%EOF"


async def given(database, **changes):
    world = await make_world(database)
    async with database.transaction() as db:
        await db.run_sync(law_loading.load)
        case = await cases.register(db, world.vault, world.actor("officer.XA1"), new_case(**changes))
    return world, case


def of_group(**changes) -> NewRepresentative:
    given = {"kind": RepresentationKind.GROUP, "name": "Vi Văn Sáu", "member": True, "signed_by_all": True}
    return NewRepresentative(**(given | changes))


async def add(world, case, new):
    async with world.database.transaction() as db:
        return await representing.add(db, world.vault, world.actor("officer.XA1"), case.id, new)


@pytest.mark.parametrize(("people", "most"), [(5, 2), (10, 2), (11, 5), (300, 5)])
async def test_a_groups_representatives_are_limited_by_its_size(database, people, most):
    """Law on Citizen Reception Art 29: 5 to 10 people 1 or 2, more than 10 up to 5."""
    world, case = await given(database, party_kind=PartyKind.GROUP, people_count=people)
    for _ in range(most):
        await add(world, case, of_group())
    with pytest.raises(BadInput) as refused:
        await add(world, case, of_group())
    assert set(refused.value.fields) == {"kind"}
    async with database.transaction() as db:
        (await cases.get(db, world.actor("officer.XA1"), case.id)).people_count = 5
    async with database.reading() as db:
        spoken = await representing.of_case(db, await cases.get(db, world.actor("officer.XA1"), case.id))
    assert spoken.over is (most > 2)


async def test_a_group_below_five_needs_somebody_and_no_more_than_it_has(database):
    world, case = await given(database, party_kind=PartyKind.GROUP, people_count=3)
    async with database.reading() as db:
        spoken = await representing.of_case(db, case)
    assert (spoken.limit, spoken.missing) == (None, True)
    for _ in range(3):
        await add(world, case, of_group())
    with pytest.raises(BadInput):
        await add(world, case, of_group())


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"member": False}, "member"),
        ({"signed_by_all": False}, "signed_by_all"),
        ({"name": " "}, "name"),
        ({"document_day": date(2099, 1, 2)}, "document_day"),
        ({"kind": RepresentationKind.AUTHORISED}, "document_number"),
        ({"kind": RepresentationKind.LAWYER, "document_number": "1", "document_day": date(2026, 1, 2)}, "card_number"),
    ],
)
async def test_each_kind_needs_its_papers(database, changes, field):
    world, case = await given(database, party_kind=PartyKind.GROUP, people_count=6)
    with pytest.raises(BadInput) as refused:
        await add(world, case, of_group(**changes))
    assert field in refused.value.fields


async def test_only_a_group_has_representatives_of_a_group(database):
    world, case = await given(database)
    with pytest.raises(BadInput) as refused:
        await add(world, case, of_group())
    assert set(refused.value.fields) == {"kind"}


async def test_an_ended_representative_makes_room_and_stays_written_down(database):
    world, case = await given(database, party_kind=PartyKind.GROUP, people_count=5)
    first = await add(world, case, of_group())
    await add(world, case, of_group())
    async with database.transaction() as db:
        await representing.end(db, world.actor("officer.XA1"), case.id, first.id)
        with pytest.raises(Conflict):
            await representing.end(db, world.actor("officer.XA1"), case.id, first.id)
    await add(world, case, of_group())


async def test_a_representative_is_shown_with_the_party_and_is_as_secret(database):
    world, case = await given(database)
    lawyer = NewRepresentative(
        kind=RepresentationKind.LAWYER,
        name="Lò Thị Én",
        document_number="05/GUQ",
        document_day=date(2026, 11, 2),
        scope="Tham gia đối thoại",
        card_number="1234/LS",
    )
    row = await add(world, case, lawyer)
    officer = world.actor("officer.XA1")
    async with database.transaction() as db:
        [(shown, who)] = await representing.show(db, world.vault, officer, case, "gọi điện")
        assert (shown.id, who.name) == (row.id, "Lò Thị Én")
        with pytest.raises(Forbidden):
            await representing.show(db, world.vault, world.actor("officer.XA2"), case, "tò mò")
        edit = cases.CaseEdit(type=CaseType.DENUNCIATION, summary="Tố cáo thu sai", content="")
        await cases.edit(db, world.vault, officer, case.id, case.version, edit)
    async with database.reading() as db:
        [again] = (await representing.of_case(db, case)).now
        assert again.party.secret
        assert again.party.pseudonym.startswith("Người tố cáo")


async def test_an_interpreter_is_for_a_language(database):
    world, case = await given(database)
    officer, told = world.actor("officer.XA1"), {"nationality": "", "needs": "xe lăn", "interpreter": True}
    async with database.transaction() as db:
        with pytest.raises(BadInput):
            await representing.set_need(db, world.vault, officer, case.id, language="", **told)
        await representing.set_need(db, world.vault, officer, case.id, language="Tày", **told)
        need = await representing.need(db, case)
    assert (need.language, need.interpreter, need.needs) == ("Tày", True, "xe lăn")


# Mixed petitions ------------------------------------------------------------------------------------------------------


def mixed(**changes) -> Split:
    given = {
        "kept_summary": "Khiếu nại mức bồi thường",
        "kept_content": "Không đồng ý mức bồi thường.",
        "type": CaseType.DENUNCIATION,
        "summary": "Tố cáo cán bộ đòi tiền khi đo đất",
        "content": "Cán bộ đo đất đòi 5 triệu đồng.",
    }
    return Split(**(given | changes))


async def take_apart(world, case, wanted, officer="officer.XA1"):
    async with world.database.transaction() as db:
        return await splitting.split(db, world.vault, world.actor(officer), case.id, case.version, wanted)


async def test_the_denunciation_in_a_complaint_becomes_a_case_of_its_own_in_secrecy(database):
    world, case = await given(database)
    part = await take_apart(world, case, mixed())
    assert part.type == CaseType.DENUNCIATION
    assert part.party.secret
    assert part.party_id != case.party_id
    assert part.party.pseudonym != case.party.pseudonym
    assert part.received_at == case.received_at
    async with database.transaction() as db:
        left = await cases.get(db, world.actor("officer.XA1"), case.id)
        assert (left.summary, left.content, left.party.secret) == (
            "Khiếu nại mức bồi thường",
            "Không đồng ý mức bồi thường.",
            False,
        )
        who = await identity.read_identity(db, world.vault, world.actor("officer.XA1"), part.party_id, "xác minh")
    assert who.name == "Nguyễn Thị Đào"


async def test_only_who_may_open_the_vault_sees_that_the_two_belong_together(database):
    world, case = await given(database)
    part = await take_apart(world, case, mixed())
    async with database.reading() as db:
        for name, seen in (("officer.XA1", 1), ("leader.XA1", 1), ("officer.TINH1", 0), ("auditor.TINH1", 0)):
            for one in (case, part):
                links = await case_links.linked(db, world.actor(name), one)
                assert len(links) == seen, name
                assert all(link.kind == LinkKind.SPLIT for link in links)


async def test_a_petition_split_off_a_complaint_is_linked_for_all_who_read_them(database):
    world, case = await given(database)
    wanted = mixed(type=CaseType.PETITION, summary="Kiến nghị sửa đường", content="Đường hỏng.")
    part = await take_apart(world, case, wanted)
    async with database.reading() as db:
        [link] = await case_links.linked(db, world.actor("auditor.TINH1"), case)
    assert link.case.id == part.id


async def test_a_name_in_the_denunciations_part_is_refused_and_nothing_is_split(database):
    world, case = await given(database)
    with pytest.raises(BadInput) as refused:
        await take_apart(world, case, mixed(content="Bà Nguyễn Thị Đào bị đòi tiền."))
    assert set(refused.value.fields) == {"content"}
    async with database.reading() as db:
        assert (await cases.get(db, world.actor("officer.XA1"), case.id)).version == case.version
    with pytest.raises(BadInput) as refused:
        await take_apart(world, case, mixed(kept_summary=""))
    assert set(refused.value.fields) == {"kept_summary"}


async def test_documents_that_go_along_with_a_denunciation_are_sealed_under_neutral_names(database):
    world, case = await given(database)
    store, officer = MemoryStore(), world.actor("officer.XA1")
    upload = AttachmentUpload("Đơn của bà Đào.pdf", PDF)
    row = await cases.add_attachment(database, store, world.vault, officer, case.id, upload, max_bytes=1000)
    part = await take_apart(world, case, mixed(attachment_ids=(row.id, "none")))
    await cases.seal_pending(database, store, world.vault)
    async with database.reading() as db:
        [moved] = (await cases.get(db, officer, part.id)).attachments
        assert (await cases.get(db, officer, case.id)).attachments == []
    assert (moved.file_name, moved.sealed) == ("Tài liệu 1.pdf", True)
    assert PDF not in store.objects.values()


async def test_an_accepted_case_is_not_taken_apart(database):
    world, case = await given(database)
    async with database.transaction() as db:
        (await cases.get(db, world.actor("officer.XA1"), case.id)).state = CaseState.ACCEPTED
    with pytest.raises(Conflict):
        await take_apart(world, case, mixed())
