"""Many peers of one load client: their clocks, their joining, and what they have received in a stretch of time."""

from __future__ import annotations

import asyncio
import resource
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager

from bench.load.peer import Peer
from bench.load.publisher import Publisher

TICK_S = 0.05
REPORTS_PER_S = 1
DRAIN_S = 0.4
"""After the publishers have stopped: what is on its way arrives."""


class Crowd:
    """Ticks all peers in turn, so that a second's reports are spread over it. ``reports``: send receiver reports."""

    def __init__(self, *, reports: bool = True) -> None:
        self.peers: list[Peer] = []
        self._reports = reports

    async def run(self) -> None:
        steps, turn = round(1 / TICK_S / REPORTS_PER_S), 0
        while True:
            for peer in self.peers:
                if not peer.dtls.done:
                    peer.tick()
            for peer in self.peers[turn::steps]:
                peer.tick()
                if self._reports:
                    peer.report()
            turn = (turn + 1) % steps
            await asyncio.sleep(TICK_S)


@asynccontextmanager
async def background(*work: Awaitable[object]) -> AsyncIterator[None]:
    """Run these until the block ends; a fault in one of them is raised."""
    tasks = [asyncio.ensure_future(each) for each in work]
    try:
        yield
        for task in tasks:
            if task.done() and not task.cancelled() and (error := task.exception()):
                raise error
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def join_all(
    peers: Sequence[Peer], join: Callable[[int], Awaitable[None]], at_once: int, limit_s: float
) -> float:
    """Let every peer join, ``at_once`` at a time; seconds until each had its first media packet."""
    gate, began = asyncio.Semaphore(at_once), time.monotonic()

    async def one(number: int) -> None:
        heard = asyncio.Event()
        peers[number].on_media = heard.set
        async with gate:
            await join(number)
            await heard.wait()

    async with asyncio.timeout(limit_s):
        await asyncio.gather(*(one(number) for number in range(len(peers))))
    return time.monotonic() - began


async def stop_sending(publishers: Iterable[Publisher]) -> None:
    """Hold back and wait until nothing is under way."""
    for publisher in publishers:
        publisher.running.clear()
    await asyncio.sleep(DRAIN_S)


def begin_checking(peers: Iterable[Peer]) -> None:
    """What checking receivers have found until now does not count."""
    offset = time.time_ns() - time.monotonic_ns()
    for peer in peers:
        peer.realtime_offset_ns = offset
        peer.checked.clear()


def own_cpu_s() -> float:
    """The load client's own processor time."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
