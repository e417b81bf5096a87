"""The hub's media worker and Janus, each with a Chromium that publishes and one line to a Chromium that watches."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from playwright.async_api import Page

from bench import janus
from hub.config import Config
from hub.net import machine_addresses
from signaling.media import control
from tests.support.media import Worker

WIDTH, HEIGHT = 640, 360
MOST_BPS = 700_000
ROUTER = "loss"

Bend = Callable[[str], str]
"""What a server's description becomes on its way to the browser."""
Join = Callable[[str, Bend], Awaitable[None]]
"""Publish or watch, as the connection of that name in the page."""


async def _offer(page: Page, name: str) -> dict[str, Any]:
    offered: dict[str, Any] = await page.evaluate(
        "([n, w, h, b]) => publishLively(n, w, h, b)", [name, WIDTH, HEIGHT, MOST_BPS]
    )
    return offered


@asynccontextmanager
async def hub(page: Page) -> AsyncIterator[tuple[Join, Join]]:
    folder = Path(tempfile.mkdtemp(prefix="hub-"))
    (folder / "run").mkdir()
    producers: list[str] = []
    try:
        async with Worker(Config(data_dir=folder, http_port=0), addresses=("127.0.0.1",)) as worker:
            await worker.call(control.OpenRouter(router_id=ROUTER, recording_id=None))

            async def publish(name: str, bend: Bend) -> None:
                offered = await _offer(page, name)
                allowed = ["camera", "microphone"]
                request = control.Publish(
                    router_id=ROUTER,
                    peer_id=name,
                    generation=1,
                    sdp=offered["sdp"],
                    sources=offered["sources"],
                    allowed=allowed,
                )
                reply = await worker.call(request)
                producers[:] = [info.producer_id for info in reply.producers]
                await page.evaluate("([n, s]) => accept(n, s)", [name, bend(reply.sdp)])

            async def watch(name: str, bend: Bend) -> None:
                await worker.call(control.Subscribe(router_id=ROUTER, peer_id=name, generation=1))
                await worker.call(control.Consume(router_id=ROUTER, peer_id=name, producer_ids=producers))
                offer = await worker.event(lambda event: isinstance(event, control.SubscribeOffer))
                sdp = await page.evaluate("([n, s]) => answer(n, s)", [name, bend(offer.sdp)])
                await worker.call(
                    control.SubscribeAnswer(
                        router_id=ROUTER, peer_id=name, generation=1, revision=offer.revision, sdp=sdp
                    )
                )

            yield publish, watch
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@asynccontextmanager
async def janus_server(page: Page) -> AsyncIterator[tuple[Join, Join]]:
    address = next(one for one in machine_addresses() if ":" not in one)
    with janus.serving(address) as daemon:
        async with janus.session(daemon) as api:
            feed = 0

            async def publish(name: str, bend: Bend) -> None:
                nonlocal feed
                offered = await _offer(page, name)
                handle = await api.attach()
                body = {"request": "joinandconfigure", "ptype": "publisher", "room": janus.ROOM}
                reply = await api.message(handle, body, {"type": "offer", "sdp": offered["sdp"]})
                feed = int(reply["plugindata"]["data"]["id"])
                await page.evaluate("([n, s]) => accept(n, s)", [name, bend(reply["jsep"]["sdp"])])
                await page.evaluate("n => connected(n)", name)

            async def watch(name: str, bend: Bend) -> None:
                handle = await api.attach()
                body = {"request": "join", "ptype": "subscriber", "room": janus.ROOM, "streams": [{"feed": feed}]}
                reply = await _when_there(partial(api.message, handle, body))
                sdp = await page.evaluate("([n, s]) => answer(n, s)", [name, bend(reply["jsep"]["sdp"])])
                await api.message(handle, {"request": "start"}, {"type": "answer", "sdp": sdp})

            yield publish, watch


async def _when_there(ask: Callable[[], Awaitable[dict[str, Any]]]) -> dict[str, Any]:
    """Janus knows a feed once its media flows, which is a moment after it is connected."""
    for _ in range(50):
        with suppress(janus.JanusError):
            return await ask()
        await asyncio.sleep(0.1)
    return await ask()


SERVERS = {"hub": hub, "janus": janus_server}
