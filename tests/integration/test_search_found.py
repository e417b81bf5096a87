"""What search finds, in which order and for whom, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, text

from hub import models, search_index
from hub.errors import Forbidden
from hub.ids import new_id, utc_now
from hub.models import Case, CaseState, CaseType, PartyKind, SearchDoc, SearchKind, WithheldRange
from hub.services import cases, hearings, identity, recordings, search
from hub.services.cases import CaseEdit
from hub.services.event_log import NewEvent, append
from hub.services.identity import Identity
from hub.services.search import Search
from tests.support.domain import make_world, new_case

pytestmark = pytest.mark.asyncio

CASE, HEARING, NOTE = SearchKind.CASE, SearchKind.HEARING, SearchKind.NOTE


async def register(world, officer="officer.XA1", **changes) -> Case:
    async with world.database.transaction() as db:
        return await cases.register(db, world.vault, world.actor(officer), new_case(**changes))


async def book(world, *points, case_ids=(), **changes):
    async with world.database.transaction() as db:
        booking = world.booking(*points, case_ids=tuple(case_ids), **changes)
        return await hearings.book(db, world.vault, world.actor("officer.TINH1"), booking)


async def note(world, hearing, words, kind="noted"):
    async with world.database.transaction() as db:
        event = NewEvent(kind=kind, at=utc_now(), payload={"seat_id": "", "text": words})
        await append(db, hearing.id, [event])


async def page(world, asked, kind=CASE, reader="officer.XA1", **options):
    wanted = asked if isinstance(asked, Search) else Search(text=asked)
    async with world.database.reading() as db:
        return await search.find(db, world.vault, world.actor(reader), kind, wanted, **options)


async def found(world, asked, kind=CASE, reader="officer.XA1", **options) -> list[str]:
    return [hit.object_id for hit in (await page(world, asked, kind, reader, **options)).hits]


FINDS = (
    *("thu hồi đất", "THU HOI DAT", "dat dong", "đông", '"thu hồi đất"', "“thu hoi” thon", "nguyen thi dao", "Đào"),
    *("001162004217", "001 162 004 217", "KN-XA1-{year}-000001", "kn-xa1-{year}-0000", "{year}-000001"),
    *("1/{year}", "1", "000001", "đào thu hồi"),
)
FINDS_NOT = ("thu hoi nha", '"hồi thu đất"', '"thu đất"', "00116200421", "KN-XA2", "đao", "2/{year}", "!!!", "…", '"')


async def test_a_case_is_found_by_words_phrases_names_and_numbers(database):
    world = await make_world(database)
    case = await register(world)
    await register(world, type=CaseType.PETITION, summary="Mở đường", content="Hẹp.", name="Trần Văn Bảy", id_number="")
    year = case.number.split("-")[2]
    for asked in FINDS:
        assert await found(world, asked.format(year=year)) == [case.id], asked


async def test_what_does_not_hold_every_word_is_not_found(database):
    world = await make_world(database)
    case = await register(world, summary="Thu lại, hồi âm; thu hồi đất", name="Lý Bốn")
    year = case.number.split("-")[2]
    for asked in FINDS_NOT:
        assert await found(world, asked.format(year=year)) == [], asked


async def test_hits_with_the_very_marks_come_first_and_then_the_newest(database):
    world = await make_world(database)
    old = await register(world, summary="Đường làng", content="")
    middle = await register(world, summary="Đương sự", content="")
    new = await register(world, summary="Dưỡng lão", content="")
    assert await found(world, "đường") == [old.id, new.id, middle.id]
    assert await found(world, "duong") == [new.id, middle.id, old.id]
    first = await page(world, "đường", limit=1)
    assert (first.count.value, first.count.more) == (3, False)
    assert first.next is not None
    second = await page(world, "đường", limit=1, after=first.next)
    assert [hit.object_id for hit in second.hits] == [new.id]


async def test_a_page_goes_on_where_the_last_ended_though_rows_are_added(database):
    world = await make_world(database)
    rows = [await register(world, summary=f"Đất {n}") for n in range(5)]
    first = await page(world, "đất", limit=2)
    await register(world, summary="Đất mới")
    second = await page(world, "đất", limit=2, after=first.next)
    assert [h.object_id for h in (*first.hits, *second.hits)] == [row.id for row in reversed(rows)][:4]


@pytest.mark.parametrize(("in_order", "stretch"), [(5000, 2000), (5000, 8), (4, 2000), (4, 8)])
async def test_however_many_hits_are_looked_for_each_is_on_one_page_the_newest_first(
    database, monkeypatch, in_order, stretch
):
    """Few are gathered, many walked to; of few units all are put in order first, unless these are too many."""
    for name, value in (("COUNT_MAX", 2), ("NARROW_MAX", in_order), ("LOOK", 2), ("STRETCH", stretch)):
        monkeypatch.setattr(search, name, value)
    world = await make_world(database)
    made = [await register(world, f"officer.XA{1 + n % 2}", summary=f"Thu hồi đất {n}") for n in range(12)]
    folded = [await register(world, summary="Thu hoi dat", content="") for _ in range(2)]
    every = [one.id for one in (*reversed(made), *reversed(folded))]
    in_xa1 = [one.id for one in (*reversed(made[::2]), *reversed(folded))]
    for reader, sees in {"officer.XA1": in_xa1, "officer.TINH1": every, "auditor.TW": every}.items():
        for asked in ("thu hồi đất", '"thu hồi đất"', '"thu hồi" đất'):
            seen, after = [], None
            while True:
                shown = await page(world, asked, reader=reader, limit=3, after=after)
                assert shown.count.value > 2
                seen += [hit.object_id for hit in shown.hits]
                if shown.next is None:
                    break
                after = shown.next
            assert seen == sees, (reader, asked)


async def test_nobody_finds_or_counts_what_they_may_not_open(database):
    world = await make_world(database)
    mine, other = await register(world), await register(world, "officer.XA2")
    for reader, sees in {
        "officer.XA1": [mine.id],
        "officer.XA2": [other.id],
        "officer.TINH1": [other.id, mine.id],
        "auditor.TW": [other.id, mine.id],
        "officer.XA9": [],
    }.items():
        result = await page(world, "thu hoi", reader=reader)
        assert ([hit.object_id for hit in result.hits], result.count.value) == (sees, len(sees))
    with pytest.raises(Forbidden):
        await page(world, "thu hoi", reader="administrator.TW")


async def test_the_rows_decide_even_when_the_index_says_otherwise(database):
    world = await make_world(database)
    other = await register(world, "officer.XA2")
    mine = await register(world, summary="Nước sạch", content="", name="A")
    async with database.transaction() as db:
        tokens = select(SearchDoc.tokens).where(SearchDoc.object_id == mine.id)
        forged = (await db.execute(tokens)).scalar_one()
        await db.execute(text("UPDATE search_doc SET tokens = :t WHERE object_id = :o"), {"t": forged, "o": other.id})
    result = await page(world, "nước")
    assert ([hit.object_id for hit in result.hits], result.count.value) == ([mine.id], 1)


async def test_a_denouncer_is_found_by_nothing_but_the_content_is_by_who_may_read_the_case(database):
    world = await make_world(database)
    case = await register(world, type=CaseType.DENUNCIATION, summary="Tố cáo thu tiền", content="Không biên lai.")
    for asked in ("Nguyễn Thị Đào", "dao", "001162004217", "0912345678"):
        assert await found(world, asked) == []
    assert await found(world, "biên lai") == [case.id]
    assert await found(world, "biên lai", reader="officer.XA2") == []
    async with database.reading() as db:
        held = str((await db.execute(select(SearchDoc.tokens))).scalars().all())
    assert "n:" not in held
    assert "i:" not in held


async def test_a_case_that_becomes_a_denunciation_loses_the_name_from_the_index_at_once(database):
    world = await make_world(database)
    case = await register(world)
    assert await found(world, "nguyen thi dao") == [case.id]
    async with database.transaction() as db:
        wanted = CaseEdit(type=CaseType.DENUNCIATION, summary=case.summary, content=case.content)
        await cases.edit(db, world.vault, world.actor("officer.XA1"), case.id, 1, wanted)
    assert await found(world, "nguyen thi dao") == []
    assert await found(world, "001162004217") == []


async def test_an_edit_and_a_corrected_name_reach_the_index_in_their_transaction(database):
    world = await make_world(database)
    case = await register(world)
    wanted = CaseEdit(
        type=CaseType.PETITION, summary="Mở đường", content="", identity=Identity(name="Lê Én", address="Thôn Tây")
    )
    officer = world.actor("officer.XA1")
    async with database.transaction() as db:
        await cases.edit(db, world.vault, officer, case.id, 1, wanted)
        await db.rollback()
    assert await found(world, "thu hoi") == [case.id]
    async with database.transaction() as db:
        await cases.edit(db, world.vault, officer, case.id, 1, wanted)
    assert await found(world, "lê én đường") == [case.id]
    for gone in ("thu hoi", "đào", "001162004217"):
        assert await found(world, gone) == []


async def test_filters_narrow_by_type_state_unit_with_those_below_day_officer_and_what_was_held(database):
    world = await make_world(database)
    case = await register(world)
    other = await register(world, "officer.TINH1", type=CaseType.FEEDBACK)
    hearing = await book(world, case_ids=[case.id])
    today = utc_now().date()
    far = today - timedelta(days=400)

    async def of(**filters):
        return await found(world, Search(text="thu hồi", **filters), reader="auditor.TW")

    assert await of(type="feedback") == [other.id]
    assert await of(state="received") == [other.id, case.id]
    assert await of(state="closed") == await of(unit_id="nowhere") == await of(last_day=far) == []
    assert await of(unit_id=world.units["XA1"].id) == [case.id]
    assert await of(unit_id=world.units["TINH1"].id, first_day=far) == [other.id, case.id]
    assert await of(officer_id=world.accounts["officer.XA1"].id) == [case.id]
    assert await of(held=search.Held.HEARING) == [case.id]
    assert await of(held=search.Held.RECORDING) == []
    async with database.transaction() as db:
        await recordings.open_recording(db, hearing.id)
    assert await of(held=search.Held.RECORDING) == [case.id]
    assert await found(world, Search(type="feedback"), reader="auditor.TW") == [other.id]


async def test_a_hearing_is_found_by_title_and_number_by_all_whom_it_concerns(database):
    world = await make_world(database)
    hearing = await book(world, "XA1", title="Tiếp dân về môi trường")
    for reader, sees in {
        "officer.XA1": True,
        "leader.TINH1": True,
        "technician.TW": True,
        "officer.XA2": False,
        "officer.XA9": False,
    }.items():
        assert await found(world, "moi truong", HEARING, reader) == [hearing.id] * sees
        assert await found(world, hearing.number, HEARING, reader) == [hearing.id] * sees


async def test_a_chair_from_elsewhere_finds_the_case_by_the_seat_until_the_hearing_is_cancelled(database):
    world = await make_world(database)
    case = await register(world, "officer.TINH1")
    chair = world.accounts["leader.TW"].id
    hearing = await book(world, "XA1", case_ids=[case.id], chair_id=chair)
    reader = "leader.TW"
    assert await found(world, "thu hoi", reader=reader) == [case.id]
    async with database.reading() as db:
        tokens = await db.scalar(select(SearchDoc.tokens).where(SearchDoc.object_id == case.id))
    assert f"a:{chair}" in tokens
    async with database.transaction() as db:
        officer = world.actor("officer.TINH1")
        await hearings.cancel(db, world.vault, officer, hearing.id, hearing.version, "ốm")
    async with database.reading() as db:
        tokens = await db.scalar(select(SearchDoc.tokens).where(SearchDoc.object_id == case.id))
    assert f"a:{chair}" not in tokens


async def test_notes_and_messages_are_found_by_whoever_may_replay_the_hearing(database):
    world = await make_world(database)
    hearing = await book(world, "XA1")
    await note(world, hearing, "Hẹn đo đạc lại trước ngày 30")
    await note(world, hearing, "Xin nói to hơn", "said")
    await note(world, hearing, "đo đạc", "hand_raised")
    for reader, sees in {"auditor.TINH1": 1, "leader.TINH1": 1, "leader.XA1": 1, "officer.TINH1": 0}.items():
        assert len(await found(world, "đo đạc", NOTE, reader)) == sees, reader
    assert len(await found(world, "noi to", NOTE, "auditor.TINH1")) == 1


async def test_what_was_said_about_a_denunciation_is_found_in_the_holding_unit_alone(database):
    world = await make_world(database)
    case = await register(world, type=CaseType.DENUNCIATION, summary="Tố cáo", content="", name="Lý Bốn")
    hearing = await book(world, "XA1", case_ids=[case.id])
    await note(world, hearing, "Nêu tên người nhận tiền")
    assert len(await found(world, "nhận tiền", NOTE, "leader.TINH1")) == 1
    assert await found(world, "nhận tiền", NOTE, "leader.XA1") == []


async def test_withheld_notes_are_found_by_nobody_until_the_passage_is_lifted(database):
    world = await make_world(database)
    hearing = await book(world, "XA1")
    async with database.transaction() as db:
        recording = await recordings.open_recording(db, hearing.id, started_at=utc_now())
    await note(world, hearing, "Tên người ấy")
    reader = "leader.TINH1"
    assert len(await found(world, "nguoi ay", NOTE, reader)) == 1
    async with database.transaction() as db:
        creator = world.accounts[reader].id
        row = WithheldRange(recording_id=recording.id, start_ms=0, end_ms=60_000, ground="Điều 56", created_by=creator)
        db.add(row)
    hidden = await page(world, "nguoi ay", NOTE, reader)
    assert (hidden.hits, hidden.count.value) == ([], 0)
    async with database.transaction() as db:
        (await db.get_one(WithheldRange, row.id)).lifted_at = utc_now()
    assert len(await found(world, "nguoi ay", NOTE, reader)) == 1
    async with database.transaction() as db:
        (await db.get_one(models.Recording, recording.id)).state = models.RecordingState.DESTROYED
    assert await found(world, "nguoi ay", NOTE, reader) == []


async def test_the_index_can_be_built_again_from_nothing_and_is_then_the_same(database):
    world = await make_world(database)
    case = await register(world)
    hearing = await book(world, "XA1", case_ids=[case.id])
    await note(world, hearing, "Hẹn đo đạc lại")

    async def content():
        async with database.reading() as db:
            rows = (
                await db.execute(select(SearchDoc.kind, SearchDoc.object_id, SearchDoc.seq, SearchDoc.tokens))
            ).all()
        return sorted(tuple(row) for row in rows)

    before = await content()
    assert len(before) == 3
    async with database.transaction() as db:
        await db.execute(text("DELETE FROM search_doc"))
        stray = SearchDoc(kind=CASE, object_id=new_id(), seq=0, at=utc_now(), tokens="x")
        db.add(stray)
    assert await found(world, "thu hoi") == []
    async with database.transaction() as db:
        assert not await search.is_built(db)
        assert await db.run_sync(lambda session: list(search_index.build(session.connection()))) == [1, 2]
        assert await search.is_built(db)
    assert await content() == before
    assert await found(world, "thu hoi") == [case.id]


async def test_nothing_is_found_of_a_case_that_holds_a_state_secret(database):
    world = await make_world(database)
    case = await register(world)
    hearing = await book(world, "XA1", case_ids=[case.id])
    await note(world, hearing, "Nói về thu hồi đất")
    reader = "leader.TINH1"
    assert len(await found(world, "thu hoi", NOTE, reader)) == 1
    async with database.transaction() as db:
        row = await db.get_one(Case, case.id)
        row.summary, row.content, row.state = "", "", CaseState.STATE_SECRET
    for kind in SearchKind:
        assert (await page(world, "thu hoi", kind, reader)).count.value == 0


async def test_who_speaks_for_a_party_is_found_too_but_not_for_a_denouncer(database):
    world = await make_world(database)
    case = await register(world)
    denunciation = await register(world, type=CaseType.DENUNCIATION, summary="Tố cáo", content="", name="Lý Bốn")
    officer = world.accounts["officer.XA1"].id
    async with database.transaction() as db:
        for one in (case, denunciation):
            who = Identity(name="Phan Sáu", id_number="001080000006")
            party = await identity.create_party(db, world.vault, PartyKind.INDIVIDUAL, who, secret=False)
            kind = models.RepresentationKind.LAWYER
            db.add(models.Representation(case_id=one.id, party_id=party.id, kind=kind, created_by=officer))
    for asked in ("phan sáu", "001080000006"):
        assert await found(world, asked) == [case.id]


async def test_a_case_transferred_here_is_found_until_it_is_given_back(database):
    world = await make_world(database)
    case = await register(world)
    assert await found(world, "thu hoi", reader="officer.XA2") == []
    async with database.transaction() as db:
        units, officer = world.units, world.accounts["officer.XA1"].id
        today = utc_now().date()
        row = models.Transfer(case_id=case.id, to_unit_id=units["XA2"].id, to_name="UBND XA2", sent_by=officer)
        row.document_number, row.document_day, row.day = "1/CĐ", today, today
        db.add(row)
    assert await found(world, "thu hoi", reader="officer.XA2") == [case.id]
    async with database.transaction() as db:
        (await db.get_one(models.Transfer, row.id)).state = models.TransferState.RETURNED
    assert await found(world, "thu hoi", reader="officer.XA2") == []
