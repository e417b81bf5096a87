"""Replaying and verifying recordings: within one's scope, for a stated reason, and every fault named."""

import hashlib
import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from hub import manifest as form
from hub import models
from hub.cases import NewCase
from hub.config import Config
from hub.db import Database
from hub.errors import BadInput, Forbidden, NotFound, NotReady
from hub.ids import new_id, utc_now
from hub.services import cases, recordings, replays, verification
from tests.support.domain import new_case
from tests.support.evidence import add_events, add_segments, archive
from tests.support.memory_store import MemoryStore
from tests.support.recording_world import Taped, make_hearing

pytestmark = pytest.mark.asyncio


async def test_a_hearing_has_one_recording_however_often_it_is_opened_and_closed(database: Database) -> None:
    taped = await make_hearing(database)
    async with database.transaction() as db:
        again = await recordings.open_recording(db, taped.hearing.id, recording_id=new_id())
        assert again.id == taped.recording_id
        closed = await recordings.close_recording(db, taped.recording_id, duration_ms=61_000)
        assert closed.state == models.RecordingState.CLOSED
        assert closed.ended_at == closed.started_at + timedelta(seconds=61)
        assert (await recordings.close_recording(db, taped.recording_id, duration_ms=1)).duration_ms == 61_000
        with pytest.raises(NotFound):
            await recordings.close_recording(db, new_id(), duration_ms=1)


async def test_a_replay_needs_a_reason_and_is_kept_in_the_audit_trail(database: Database) -> None:
    taped = await make_hearing(database)
    auditor = taped.world.actor("auditor.TINH1")
    async with database.transaction() as db:
        for reason in ("", "   ", "x" * 501):
            with pytest.raises(BadInput) as caught:
                await replays.start(db, taped.world.vault, auditor, taped.recording_id, reason)
            assert "reason" in caught.value.fields
        replay = await replays.start(db, taped.world.vault, auditor, taped.recording_id, "  Kiểm tra   định kỳ ")
    assert replay.reason == "Kiểm tra định kỳ"
    async with database.reading() as db:
        event = (
            await db.scalars(select(models.AuditEvent).where(models.AuditEvent.action == "recording.replay"))
        ).one()
    assert (event.object_id, event.account_id, event.reason) == (
        taped.recording_id,
        auditor.account_id,
        "Kiểm tra định kỳ",
    )


@pytest.mark.parametrize(
    ("who", "allowed"),
    [
        ("auditor.TW", True),
        ("auditor.TINH1", True),
        ("auditor.XA1", True),
        ("leader.TINH1", True),
        ("officer.XA1", False),
        ("technician.TINH1", False),
        ("secretary.TINH1", False),
    ],
)
async def test_only_auditors_and_leaders_whose_scope_covers_the_hearing_replay_it(
    database: Database, who: str, allowed: bool
) -> None:
    taped = await make_hearing(database)
    actor = taped.world.actor(who)
    async with database.transaction() as db:
        if allowed:
            assert await replays.start(db, taped.world.vault, actor, taped.recording_id, "Kiểm tra")
        else:
            with pytest.raises(Forbidden):
                await replays.start(db, taped.world.vault, actor, taped.recording_id, "Kiểm tra")


async def test_a_timeline_has_seats_segments_gaps_chapters_and_notes(database: Database) -> None:
    taped = await make_hearing(database)
    segments = await add_segments(database, MemoryStore(), taped)
    await add_events(database, taped)
    auditor = taped.world.actor("auditor.TINH1")
    async with database.transaction() as db:
        await recordings.close_recording(db, taped.recording_id, duration_ms=5000)
        replay = await replays.start(db, taped.world.vault, auditor, taped.recording_id, "Kiểm tra")
    async with database.reading() as db:
        found = await replays.timeline(db, auditor, replay.id)
        assert (await replays.segment(db, auditor, replay.id, segments[1].id)).object_key == segments[1].object_key
    assert found.duration_ms == 5000
    assert [seat.label for seat in found.seats] == ["Chủ trì", "Điểm cầu XA1"]
    [track] = found.tracks
    assert [(s.start_ms, s.duration_ms, s.stored) for s in track.segments] == [
        (0, 1000, True),
        (1000, 1000, True),
        (2000, 1000, True),
    ]
    assert [(gap.start_ms, gap.end_ms, gap.cause) for gap in found.gaps] == [(3000, 4000, "muted")]
    assert [(c.at_ms, c.kind) for c in found.chapters] == [
        (0, "opened"),
        (1000, "joined"),
        (2000, "muted"),
        (5000, "ended"),
        (6000, "left"),
    ]
    assert [(n.at_ms, n.text) for n in found.notes] == [(3000, "Người tố cáo nói về đất")]
    assert [m.text for m in found.messages] == ["Xin chào"]


async def test_a_replay_is_its_owners_alone_and_ends(database: Database) -> None:
    taped = await make_hearing(database)
    other = await make_hearing(database, taped.world)
    foreign = await add_segments(database, MemoryStore(), other, 1)
    auditor, colleague = taped.world.actor("auditor.TINH1"), taped.world.actor("auditor.TW")
    async with database.transaction() as db:
        replay = await replays.start(db, taped.world.vault, auditor, taped.recording_id, "Kiểm tra")
    async with database.transaction() as db:
        with pytest.raises(NotFound):
            await replays.timeline(db, colleague, replay.id)
        with pytest.raises(NotFound):
            await replays.segment(db, auditor, replay.id, foreign[0].id)
        (await db.get_one(models.Replay, replay.id)).expires_at = utc_now() - timedelta(seconds=1)
    async with database.reading() as db:
        with pytest.raises(Forbidden):
            await replays.timeline(db, auditor, replay.id)


async def test_a_segment_under_way_to_the_store_is_not_ready(database: Database) -> None:
    taped = await make_hearing(database)
    segments = await add_segments(database, MemoryStore(), taped, 1)
    auditor = taped.world.actor("auditor.TINH1")
    async with database.transaction() as db:
        (await db.get_one(models.Segment, segments[0].id)).state = models.SegmentState.SPOOLED
        replay = await replays.start(db, taped.world.vault, auditor, taped.recording_id, "Kiểm tra")
    async with database.reading() as db:
        with pytest.raises(NotReady):
            await replays.segment(db, auditor, replay.id, segments[0].id)
        row = await recordings.of_hearing(db, auditor, taped.hearing.id)
    assert row is not None
    assert (row.segments, row.segments_stored, row.gaps, row.may_replay) == (1, 0, 1, True)


async def test_an_archived_recording_verifies_and_every_fault_is_named(config: Config, database: Database) -> None:
    taped, store = await make_hearing(database), MemoryStore()
    segments = await add_segments(database, store, taped)
    await add_events(database, taped)

    async def verified() -> verification.VerifyReport:
        async with database.reading() as db:
            return await verification.verify(db, store, verification.trust(config), taped.recording_id)

    assert [fault.kind for fault in (await verified()).faults] == ["not_archived"]
    await archive(config, database, store, taped)
    steps: list[tuple[int, int]] = []
    async with database.reading() as db:
        report = await verification.verify(
            db, store, verification.trust(config), taped.recording_id, lambda done, of: steps.append((done, of))
        )
    assert report.ok, report.faults
    assert report.objects == 6
    assert report.bytes_read > sum(segment.size_bytes for segment in segments)
    assert steps[-1][0] == report.bytes_read

    store.objects[segments[0].object_key] = b"altered"
    del store.objects[segments[1].object_key]
    store.objects[f"recordings/{taped.recording_id}/extra.webm"] = b"put in"
    report = await verified()
    assert not report.ok
    assert {(fault.kind, fault.key) for fault in report.faults} == {
        ("altered", segments[0].object_key),
        ("missing", segments[1].object_key),
        ("extra", f"recordings/{taped.recording_id}/extra.webm"),
    }


async def test_a_manifest_that_was_made_to_fit_is_found_out(config: Config, database: Database) -> None:
    taped, store = await make_hearing(database), MemoryStore()
    segments = await add_segments(database, store, taped)
    await archive(config, database, store, taped)
    key = form.key_of(taped.recording_id)
    document = json.loads(store.objects[key])
    document["tracks"][0]["segments"][0]["sha256"] = hashlib.sha256(b"forged").hexdigest()
    store.objects[key] = form.canonical(document)
    store.objects[segments[0].object_key] = b"forged"
    async with database.reading() as db:
        report = await verification.verify(db, store, verification.trust(config), taped.recording_id)
    kinds = {fault.kind for fault in report.faults}
    assert {"altered", "broken_chain", "unrecorded"} <= kinds
    store.objects[key] = b"{not json"
    async with database.reading() as db:
        report = await verification.verify(db, store, verification.trust(config), taped.recording_id)
    assert "unreadable" in {fault.kind for fault in report.faults}


async def test_verifying_for_a_person_asks_for_his_right_and_is_logged(config: Config, database: Database) -> None:
    taped, store, trust = await make_hearing(database), MemoryStore(), verification.trust(config)
    with pytest.raises(Forbidden):
        await verification.verify_as(database, store, trust, taped.world.actor("officer.XA1"), taped.recording_id)
    await verification.verify_as(database, store, trust, taped.world.actor("auditor.TINH1"), taped.recording_id)
    async with database.reading() as db:
        event = (
            await db.scalars(select(models.AuditEvent).where(models.AuditEvent.action == "recording.verify"))
        ).one()
    assert event.detail["ok"] is False


async def test_a_denunciations_manifest_proves_what_was_typed_without_telling_it(
    config: Config, database: Database
) -> None:
    taped, store = await make_hearing(database), MemoryStore()
    await add_events(database, taped)
    await _add_case(database, taped, new_case(type=models.CaseType.DENUNCIATION))
    await archive(config, database, store, taped)
    text = store.objects[form.key_of(taped.recording_id)].decode()
    assert "Người tố cáo nói về đất" not in text
    assert hashlib.sha256("Người tố cáo nói về đất".encode()).hexdigest() in text
    assert "Đào" not in text
    document = json.loads(text)
    assert [event["kind"] for event in document["events"]][-1] == "ended"
    assert len(document["hearing"]["cases"]) == 1


async def _add_case(database: Database, taped: Taped, new: NewCase) -> None:
    async with database.transaction() as db:
        case = await cases.register(db, taped.world.vault, taped.world.actor("officer.TINH1"), new)
        db.add(models.HearingCase(hearing_id=taped.hearing.id, case_id=case.id))
