"""The spool's disk full, or read-only: what could not be kept is a listed gap, all else is there, and nobody ends."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from hub import links
from hub.config import Config
from tests.support.fault_world import Places, Show, Tally, rounds, show
from tests.support.recording_world import until
from tests.support.small_disk import SmallDisk

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(3600), pytest.mark.faults]


@asynccontextmanager
async def disk_for(config: Config) -> AsyncIterator[SmallDisk]:
    with SmallDisk(config.data_dir / "spool.img", config.spool_dir) as disk:
        yield disk


async def health(made: Show) -> links.RecorderHealth:
    answer = await made.client.call(links.AskHealth())
    assert isinstance(answer, links.RecorderHealth)
    return answer


async def test_a_full_disk_is_a_gap_and_recording_goes_on_when_there_is_space(
    places: Places, tally: Callable[[str], Tally]
) -> None:
    row = tally("full spool disk for 3 s (a real one, to the last byte)")
    for number in range(rounds(1, 5)):
        config = places.new()
        async with disk_for(config) as disk, show(config) as made:
            playing = asyncio.create_task(made.worker.play(9))
            await asyncio.sleep(2 + number / 5)
            await asyncio.to_thread(disk.fill)
            await asyncio.sleep(3)
            assert not made.recorder.ended
            await asyncio.to_thread(disk.free)
            await playing
            found = await made.finish()
            assert found.gaps > 0
            row.add(found, most_s=9)


async def test_a_disk_that_becomes_read_only_loses_nothing_that_was_recorded(
    places: Places, tally: Callable[[str], Tally]
) -> None:
    """The kernel takes writing away; later somebody mounts the disk anew and starts the recorder."""
    row = tally("spool disk turns read-only for 3 s, mounted anew")
    for _ in range(rounds(1, 5)):
        config = places.new()
        async with disk_for(config) as disk, show(config) as made:
            playing = asyncio.create_task(made.worker.play(10))
            await asyncio.sleep(3)
            await asyncio.to_thread(disk.fail)
            await asyncio.sleep(2)
            assert not made.recorder.ended, "what is there can still be archived"
            assert not (await health(made)).accepts, "no other hearing may be opened"
            await asyncio.to_thread(made.recorder.kill)
            await asyncio.to_thread(disk.unmount)
            await asyncio.to_thread(disk.mount)
            await asyncio.to_thread(made.recorder.start)
            await playing
            row.add(await made.finish(), most_s=8)


async def test_a_recorder_that_starts_on_a_read_only_disk_waits_and_goes_on(
    places: Places, tally: Callable[[str], Tally]
) -> None:
    row = tally("recorder starts on a read-only spool, writable 3 s later")
    config = places.new()
    async with disk_for(config) as disk, show(config) as made:
        await made.worker.play(3)
        await made.settled()
        await asyncio.to_thread(made.recorder.kill)
        await asyncio.to_thread(disk.unmount)
        await asyncio.to_thread(disk.mount_read_only)
        await asyncio.to_thread(made.recorder.start)
        await until(lambda: made.client.connected, 60)
        assert not (await health(made)).accepts
        await asyncio.sleep(2)
        assert not made.recorder.ended
        await asyncio.to_thread(disk.writable)
        row.add(await made.finish(), most_s=0)
