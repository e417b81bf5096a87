"""Processes of a whole hub killed in mid-hearing: what its chair sent over SRTP is held against the archive."""

import asyncio
import json
import os
import random
import signal
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.hub_server import Hub, serving
from tests.support.comparison import compare
from tests.support.counted_chair import ADDRESS, CountedChair, chairs
from tests.support.fault_world import Tally, rounds

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(3600), pytest.mark.faults, pytest.mark.slow]

WORKER_LEAST_S = 5.0
"""What may be missing after a media worker's death; more only while a busy machine has not let its successor start."""


@pytest.fixture
def hub() -> Iterator[Hub]:
    with serving([1, 1], ADDRESS, settings={"HUB_SEGMENT_MAX_S": "3"}) as running:
        yield running


async def test_web_and_media_worker_killed_in_mid_hearing(hub: Hub, tally: Callable[[str], Tally]) -> None:
    times = rounds(1, 20)
    async with chairs(hub) as (first, second):
        found = await _heard(hub, first, times, _kill_web)
        tally("SIGKILL of the web process of a whole hub").add(found, most_s=0, times=times)
        found = await _heard(hub, second, times, _kill_worker)
        assert found.gaps > 0
        tally("SIGKILL of the media worker of a whole hub").add(found, most_s=WORKER_LEAST_S, times=times)


async def _heard(
    hub: Hub, chair: CountedChair, times: int, kill: Callable[[Hub, CountedChair, int], Awaitable[None]]
) -> Any:
    draw = random.Random(times)
    await chair.begin()
    for number in range(1, times + 1):
        await asyncio.sleep(draw.uniform(2, 4))
        await kill(hub, chair, number)
    await asyncio.sleep(3)
    await chair.end()
    objects = hub.process.data_dir / "var" / "objects"
    manifest = await asyncio.to_thread(_archived, objects / f"recordings/{chair.recording_id}/manifest.json")
    return await asyncio.to_thread(
        compare, manifest, lambda key: (objects / key).read_bytes(), chair.log, chair.epoch_ns
    )


async def _kill_web(hub: Hub, chair: CountedChair, number: int) -> None:
    _kill(hub, "web")
    await chair.web_is_back()


async def _kill_worker(hub: Hub, chair: CountedChair, number: int) -> None:
    _kill(hub, "worker")
    await chair.worker_is_back(number)


def _kill(hub: Hub, part: str) -> None:
    for pid in hub.process.children()[part]:
        os.kill(pid, signal.SIGKILL)


def _archived(path: Path, limit_s: float = 120) -> dict[str, Any]:
    """The manifest, once it is there. Blocks."""
    deadline = time.monotonic() + limit_s
    while not path.exists():
        assert time.monotonic() < deadline, f"no manifest after {limit_s} s"
        time.sleep(0.2)
    found: dict[str, Any] = json.loads(path.read_text())
    return found
