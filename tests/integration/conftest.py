"""A hearing's web process with a worker and a recorder that speak the real RPC; the module says which ``room``."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from hub.config import Config
from tests.support.signaling_world import FakeRecorder, FakeWorker, Room, serving


@pytest_asyncio.fixture
async def worker(config: Config) -> AsyncIterator[FakeWorker]:
    async with FakeWorker(config.run_dir) as running:
        yield running


@pytest_asyncio.fixture
async def recorder(config: Config) -> AsyncIterator[FakeRecorder]:
    async with FakeRecorder(config.run_dir) as running:
        yield running


@pytest_asyncio.fixture
async def served(room: Room, worker: FakeWorker, recorder: FakeRecorder) -> AsyncIterator[Room]:
    async with serving(room):
        yield room
