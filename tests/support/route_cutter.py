"""Cuts one route inside a media worker: one subscriber no longer gets one producer, as a fault there would have it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from hub.rpc import RpcClient
from signaling.media import control


def cut(run_dir: Path, *, viewer: str, source_seat: str, source: str) -> None:
    """Take one producer from the list of what ``viewer`` consumes; everything else goes on."""
    _run(_cut(run_dir, viewer, source_seat, source, mend=False))


def mend(run_dir: Path, *, viewer: str) -> None:
    """Give the viewer everything again."""
    _run(_cut(run_dir, viewer, "", "", mend=True))


def _run(work: Coroutine[Any, Any, None]) -> None:
    """On a thread of its own: playwright's synchronous interface leaves a loop running in this one."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, work).result()


async def _cut(run_dir: Path, viewer: str, source_seat: str, source: str, *, mend: bool) -> None:
    client = RpcClient(run_dir / "worker-0.sock", control.WorkerSends)
    running = asyncio.create_task(client.run())
    try:
        async with asyncio.timeout(60):
            while not client.connected:  # noqa: ASYNC110 - the client tells its owner, not us
                await asyncio.sleep(0.02)
            state: control.WorkerState = await client.call(control.AskState())
            [router] = [router for router in state.routers if viewer in router.peers]
            wanted = [
                producer.producer_id
                for producer in router.producers
                if producer.peer_id != viewer and (mend or (producer.peer_id, producer.source) != (source_seat, source))
            ]
            await client.call(control.Consume(router_id=router.router_id, peer_id=viewer, producer_ids=wanted))
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
