"""A power cut, wherever it cuts the journal: all that was whole before the cut is in a segment, the rest in a gap."""

import asyncio
import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from hub.config import Config
from hub.ids import monotonic_ns, utc_now
from recorder import journal
from recorder.capture import Capture
from recorder.packaging import Packaging
from recorder.spool import RecordingDir
from tests.support.comparison import compare
from tests.support.counted import SentLog
from tests.support.fake_worker import FakeWorker
from tests.support.fault_world import Tally, rounds
from tests.support.points import CHAIR
from tests.support.recording_world import until

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(3600), pytest.mark.faults]

SECONDS = 4
MAX_S = 3
RECORDING = "r1"


@dataclass
class Taken:
    """A journal as it was when the power went, with nothing packaged yet, and what the point had sent."""

    data: bytes
    log: SentLog
    epoch_ns: int
    folder: Path

    def ends(self) -> list[int]:
        return [record.end for record in journal.read(self.data)]

    def last_second(self) -> int:
        """The offset from which on records hold the last second, by the times in them."""
        found = [
            (record.end, int.from_bytes(record.body[14:22])) for record in journal.read(self.data) if record.kind == 3
        ]
        return next(end for end, at_ns in found if at_ns >= found[-1][1] - 10**9)


@pytest_asyncio.fixture
async def taken(config: Config) -> Taken:
    config.spool_dir.mkdir()
    capture = Capture(config.spool_dir, min_bytes=0)
    await capture.listen(config.run_dir / "tap.sock")
    epoch_ns = monotonic_ns()
    await capture.open(RECORDING, epoch_ns, utc_now().isoformat())
    running = asyncio.create_task(capture.run())
    async with FakeWorker(config.run_dir).run() as worker:
        worker.pauses = True
        worker.open(RECORDING, CHAIR, "seat")
        await worker.play(SECONDS)
        await until(lambda: worker.buffer.waiting == 0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    data = RecordingDir(config.spool_dir, RECORDING).journal_file(1).read_bytes()
    return Taken(data, worker.log, epoch_ns, config.data_dir / "after")


async def package(taken: Taken, data: bytes) -> tuple[dict[str, Any], Callable[[str], bytes]]:
    """What the next recorder makes of a journal: a manifest's tracks and gaps, and its segments."""
    shutil.rmtree(taken.folder, ignore_errors=True)
    folder = RecordingDir(taken.folder, RECORDING)
    folder.make()
    folder.journal_file(1).write_bytes(data)
    capture = Capture(taken.folder, min_bytes=0)
    capture.recover()
    assert capture.open_ids() == [RECORDING]
    await capture.commit()
    packaging = Packaging(taken.folder, capture, max_s=MAX_S)
    await packaging.turn()
    await capture.close(RECORDING, monotonic_ns())
    capture._seal(-1 << 62)
    await packaging.turn()
    catalogue = packaging.works[RECORDING].catalogue
    assert catalogue.closed is not None
    packaging.close()
    segments = [
        {"track": s.track_id, "key": str(folder.segment_file(s.track_id, s.number)), "number": s.number}
        | {
            "start_ms": s.start_ms,
            "duration_ms": s.duration_ms,
            "size_bytes": s.size_bytes,
            "sha256": s.sha256,
            "begins_with_keyframe": s.begins_with_keyframe,
        }
        for s in catalogue.segments.values()
    ]
    tracks = [
        {"id": key, "seat": fact.opened.seat_id, "source": fact.opened.source, "kind": fact.opened.kind}
        | {"segments": [one for one in segments if one["track"] == key]}
        for key, fact in catalogue.tracks.items()
    ]
    gaps = [{"track": g.track_id, "start_ms": g.start_ms, "end_ms": g.end_ms} for g in catalogue.gaps]
    return {"tracks": tracks, "gaps": gaps}, lambda key: Path(key).read_bytes()


async def count(taken: Taken, tally: Tally, cuts: Iterator[tuple[object, bytes]], most_s: float) -> None:
    for why, data in cuts:
        manifest, read = await package(taken, data)
        tally.add(compare(manifest, read, taken.log, taken.epoch_ns), most_s=most_s, why=why)


def spread(items: list[int], number: int) -> list[int]:
    return items if len(items) <= number else [items[n * len(items) // number] for n in range(number)]


async def test_a_journal_cut_at_any_record_of_its_last_second_misses_that_second_at_most(
    taken: Taken, tally: Callable[[str], Tally]
) -> None:
    offsets = [end + by for end in taken.ends() if end >= taken.last_second() for by in (-1, 0, 1)]
    cuts = ((offset, taken.data[:offset]) for offset in spread(offsets, rounds(6, 1 << 30)))
    await count(taken, tally("power cut at a record of the last second, ± 1 byte"), cuts, 1.1)


async def test_a_journal_cut_anywhere_at_all_gives_what_is_before_and_lists_what_is_not(
    taken: Taken, tally: Callable[[str], Tally]
) -> None:
    draw, first = random.Random(2026), taken.ends()[20]
    offsets = [draw.randrange(first, len(taken.data)) for _ in range(rounds(8, 1000))]
    cuts = ((offset, taken.data[:offset]) for offset in offsets)
    await count(taken, tally("power cut at a seeded offset of the whole journal"), cuts, SECONDS)


async def test_a_tail_of_zeros_is_no_tail(taken: Taken, tally: Callable[[str], Tally]) -> None:
    draw, last = random.Random(7), taken.last_second()
    lengths = [
        (draw.randrange(last, len(taken.data)), draw.choice((1, 11, 4096, 1 << 20))) for _ in range(rounds(4, 100))
    ]
    cuts = (((offset, zeros), taken.data[:offset] + bytes(zeros)) for offset, zeros in lengths)
    await count(taken, tally("power cut that leaves a tail of zeros"), cuts, 1.1)


async def test_what_no_gap_tells_of_is_found_out(taken: Taken) -> None:
    """The measure itself: an archive that lacks something, lists too little, or was altered does not pass."""
    manifest, read = await package(taken, taken.data)
    assert compare(manifest, read, taken.log, taken.epoch_ns).ok
    short, _ = await package(taken, taken.data[: taken.last_second()])
    assert compare(short, read, taken.log, taken.epoch_ns).ok
    assert not compare(short | {"gaps": []}, read, taken.log, taken.epoch_ns).ok, "missing, and not listed"
    [camera] = [track for track in short["tracks"] if track["source"] == "camera"]
    told = {"track": camera["id"], "start_ms": 500, "end_ms": 1500}
    assert not compare(short | {"gaps": [*short["gaps"], told]}, read, taken.log, taken.epoch_ns).ok, (
        "listed, but there"
    )
    found = compare(short, lambda key: read(key)[:-1] + b"?", taken.log, taken.epoch_ns)
    assert found.corrupt
