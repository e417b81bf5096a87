"""A recording with something going wrong around it, and the count of what it cost: for the tests of the fault matrix.

``make test`` runs a short round of each fault, ``make test-faults`` (``FAULTS=long``) all; both print the same table.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from hub import links
from hub import manifest as form
from hub.config import Config
from hub.db import Database
from hub.ids import monotonic_ns
from hub.rpc import RpcClient, RpcError
from hub.services import recordings, verification
from recorder.store import open_store
from tests.support.comparison import Findings, compare
from tests.support.counted import SentLog
from tests.support.fake_worker import FakeWorker
from tests.support.points import CHAIR
from tests.support.recording_world import (
    RecorderProcess,
    Taped,
    archived,
    control,
    make_hearing,
    open_recording,
    quick,
    until,
)

LONG = os.environ.get("FAULTS") == "long"
KEEP_NS = 60 * 10**9
"""On a busy machine a Python process may take longer to come back than the five seconds that workers keep."""


def rounds(short: int, long: int) -> int:
    return long if LONG else short


class Tally:
    """What a fault did in all its runs; a row of the table."""

    def __init__(self, fault: str, node: pytest.Item) -> None:
        self.fault, self._node = fault, node
        self.runs = self.gaps = self.corrupt = self.sent = 0
        self.missing_s = 0.0

    def add(self, found: Findings, *, most_s: float, why: object = "", times: int = 1) -> None:
        """Count a run. Fails when anything is wrong with it or a track lacks more than ``most_s`` seconds at a stretch.
        ``times``: how often it went wrong in this run."""
        self.runs += times
        self.sent += found.sent
        self.gaps += found.gaps
        self.corrupt += len(found.corrupt)
        self.missing_s = max(self.missing_s, found.missing_s)
        assert found.sent > 0
        assert found.ok, f"{self.fault} {why}\n{found}"
        assert found.missing_s <= most_s, f"{self.fault} {why}\n{found}"

    def write(self) -> None:
        row = [self.fault, self.runs, self.sent, round(self.missing_s, 2), self.gaps, self.corrupt]
        self._node.user_properties.append(("fault", json.dumps(row)))


@pytest.fixture
def tally(request: pytest.FixtureRequest) -> Iterator[Callable[[str], Tally]]:
    """``tally("what goes wrong")`` begins a row of the table."""
    begun: list[Tally] = []

    def begin(fault: str) -> Tally:
        begun.append(Tally(fault, request.node))
        return begun[-1]

    yield begin
    for one in begun:
        one.write()


class Places:
    """A data directory and a database for each run."""

    def __init__(self, root: Path, new_database: Callable[[Path], str]) -> None:
        self._root, self._new_database, self._made = root, new_database, 0

    def new(self, **changes: Any) -> Config:
        self._made += 1
        folder = self._root / str(self._made)
        (folder / "run").mkdir(parents=True)
        config = Config(data_dir=folder, http_port=0)
        return quick(config, **{"database_url": self._new_database(folder / "hub.db"), **changes})


@pytest.fixture
def places(data_dir: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Places:
    monkeypatch.setattr("signaling.media.tap.KEEP_NS", KEEP_NS)
    return Places(data_dir, request.getfixturevalue("_sqlite_source").new_database)


async def in_turns(work: Callable[[Any], Awaitable[None]], plans: Iterable[Any], at_once: int = 4) -> None:
    """All of them, a few at a time: most of a run is waiting for its own clock."""
    gate = asyncio.Semaphore(at_once)

    async def one(plan: Any) -> None:
        async with gate:
            await work(plan)

    async with asyncio.TaskGroup() as tasks:
        for plan in plans:
            tasks.create_task(one(plan))


@dataclass
class Show:
    """One hearing being recorded by a recorder process of its own."""

    config: Config
    database: Database
    taped: Taped
    recorder: RecorderProcess
    client: RpcClient
    worker: FakeWorker
    log: SentLog
    deaths: int = 0
    read_at: str | None = None
    """Where the store is found afterwards; None: where the recorder has it."""

    @asynccontextmanager
    async def kept_alive(self) -> AsyncIterator[None]:
        """As the supervisor does: what dies is started again."""

        async def watch() -> None:
            while True:
                await asyncio.sleep(0.1)
                if self.recorder.ended:
                    self.deaths += 1
                    self.recorder.start()

        task = asyncio.create_task(watch())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def settled(self) -> None:
        """Recorder and worker have found each other again and nothing waits between them."""
        await until(lambda: self.client.connected and self.worker.tap.connected, 180)
        await until(lambda: self.worker.buffer.waiting <= 2, 180)

    async def finish(self, limit_s: float = 180) -> Findings:
        """Close, wait until all is archived, and compare. ``hub verify`` must be content too."""
        await self.settled()
        await self.close()
        return await self.judge(limit_s)

    async def close(self) -> None:
        """As the web process does it: again and again until the recorder has heard."""
        end_ns = monotonic_ns()
        duration_ms = (end_ns - self.taped.epoch_ns) // 1_000_000
        async with self.database.transaction() as db:
            await recordings.close_recording(db, self.taped.recording_id, duration_ms=duration_ms)
        while True:
            try:
                await self.client.call(links.CloseRecording(self.taped.recording_id, end_ns))
                return
            except (RpcError, TimeoutError):
                await asyncio.sleep(0.2)

    async def judge(self, limit_s: float = 180) -> Findings:
        try:
            row = await archived(self.database, self.taped.recording_id, limit_s)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.recorder.log()[-4000:]}") from error
        store = open_store(replace(self.config, s3_endpoint=self.read_at or self.config.s3_endpoint))
        manifest = json.loads(b"".join(store.read(row.manifest_key or form.key_of(row.id))))
        found = compare(manifest, lambda key: b"".join(store.read(key)), self.log, self.taped.epoch_ns)
        async with self.database.reading() as db:
            report = await verification.verify(db, store, verification.trust(self.config), self.taped.recording_id)
        found.corrupt += [f"{fault.kind} {fault.key}" for fault in report.faults]
        return found


@asynccontextmanager
async def show(
    config: Config,
    *,
    die_at: str = "",
    **environment: str,
) -> AsyncIterator[Show]:
    """A hearing with one point, its recording open. ``die_at`` as in ``dying``; ``environment`` is the recorder's."""
    database = Database(config.database)
    recorder = RecorderProcess(config)
    recorder.start(**environment, **({"DIE_AT": die_at} if die_at else {}))
    try:
        async with control(config) as client:
            taped = await make_hearing(database)
            async with FakeWorker(config.run_dir).run() as worker:
                worker.pauses = True
                await open_recording(client, taped)
                worker.open(taped.recording_id, CHAIR, taped.seats[0].id)
                yield Show(config, database, taped, recorder, client, worker, worker.log)
    except BaseException:
        print(recorder.log()[-6000:])  # noqa: T201 - pytest shows it with the failure
        raise
    finally:
        recorder.kill()
        await database.close()
