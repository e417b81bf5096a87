"""From a worker's tap to the object store: what was sent is there, whole, in time, and nothing is left behind."""

from itertools import pairwise

import pytest

from hub.config import Config
from hub.db import Database
from hub.services import verification
from recorder.store import open_store
from tests.support import lip_sync, tones
from tests.support.fake_worker import FakeWorker
from tests.support.points import CHAIR, COMMUNE, FRAMES_PER_S
from tests.support.recording_world import (
    archived,
    close_recording,
    control,
    make_hearing,
    open_recording,
    quick,
    read_archive,
    recorder_here,
    until,
)

pytestmark = pytest.mark.asyncio

SECONDS = 7


async def test_every_point_is_archived_with_its_own_picture_and_sound(config: Config, database: Database) -> None:
    config = quick(config)
    store = open_store(config)
    taped = await make_hearing(database)
    chair, commune = taped.seats
    async with recorder_here(config, database) as recorder, control(config) as client:
        await open_recording(client, taped)
        async with FakeWorker(config.run_dir).run() as worker:
            worker.open(taped.recording_id, CHAIR, chair.id)
            worker.open(taped.recording_id, COMMUNE, commune.id, skew_s=-3.5)
            await worker.play(SECONDS)
            duration_ms = await close_recording(client, database, taped)
            row = await archived(database, taped.recording_id)
        await until(lambda: not recorder.packaging.works)
    assert not list(config.spool_dir.iterdir()), "nothing stays in the spool"
    assert row.duration_ms == duration_ms

    archive = await read_archive(database, store, taped.recording_id)
    for seat, point in ((chair, CHAIR), (commune, COMMUNE)):
        picture, sound = archive.decoded(seat.id, "camera"), archive.decoded(seat.id, "microphone")
        counters = picture.counters(point.code)
        assert [counter for _, counter in counters] == list(range(SECONDS * FRAMES_PER_S))
        assert tones.tones_heard(sound.sound) == {point}
        assert len(sound.pieces) == 1
        beeps = [sound.sound_begins_s + at for at in tones.beeps(sound.sound, point)]
        assert abs(lip_sync.offset_s(counters, beeps)) < 0.08
        for source in ("camera", "microphone"):
            segments = archive.of(seat.id, source)
            assert len(segments) >= 3
            assert all(segment.duration_ms <= 3000 for segment in segments)
            assert segments[0].begins_with_keyframe
            assert all(b.start_ms >= a.start_ms + a.duration_ms for a, b in pairwise(segments))
            covered_ms = sum(segment.duration_ms for segment in segments)
            assert abs(covered_ms - SECONDS * 1000) < 300
            assert segments[-1].start_ms + segments[-1].duration_ms <= duration_ms + 100
    for gap in archive.gaps:
        last = archive.segments[gap.track_id or ""][-1]
        assert gap.start_ms >= last.start_ms + last.duration_ms, "only after the worker had sent its last"

    async with database.reading() as db:
        report = await verification.verify(db, store, verification.trust(config), taped.recording_id)
    assert report.ok, report.faults
    assert report.manifest_sha256 == row.manifest_sha256
