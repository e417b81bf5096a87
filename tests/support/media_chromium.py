"""Chromium as several seats of one hearing, driven through one page; the test carries the session descriptions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Page, async_playwright

from signaling.media import control
from tests.support.chromium import executable
from tests.support.media import Worker

SCRIPT = Path(__file__).with_name("media_page.js")
PRODUCT = Path(__file__).parents[2] / "web/static/js/live/core/sdp.js"
ARGUMENTS = [
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--autoplay-policy=no-user-gesture-required",
]


@asynccontextmanager
async def page() -> AsyncIterator[Page]:
    """An empty page on loopback, where cameras are allowed, with the script loaded."""

    async def empty(_request: web.Request) -> web.Response:
        return web.Response(text="<!doctype html><title>media</title>", content_type="text/html")

    app = web.Application()

    async def product(_request: web.Request) -> web.Response:
        return web.Response(text=PRODUCT.read_text(), content_type="text/javascript")

    app.router.add_get("/", empty)
    app.router.add_get("/sdp.js", product)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    try:
        async with async_playwright() as playwright:
            chromium = await playwright.chromium.launch(executable_path=executable(), args=ARGUMENTS)
            try:
                opened = await chromium.new_page()
                await opened.goto(str(server.make_url("/")))
                await opened.add_script_tag(path=SCRIPT)
                yield opened
            finally:
                await chromium.close()
    finally:
        await server.close()


class Seat:
    """``bend`` changes the worker's descriptions on their way, for example to lead through a relay."""

    def __init__(
        self, page_: Page, worker: Worker, router_id: str, peer_id: str, bend: Callable[[str], str] = str
    ) -> None:
        self._page, self._worker, self._bend = page_, worker, bend
        self._router_id, self.peer_id = router_id, peer_id
        self._answering: asyncio.Task[None] | None = None

    async def publish(self, width: int = 640, height: int = 360) -> dict[str, str]:
        """source to producer_id"""
        offered = await self._page.evaluate("([n, w, h]) => publish(n, w, h)", [f"{self.peer_id}-out", width, height])
        return await self._offer(offered)

    async def publish_layers(self, width: int = 640, height: int = 360) -> dict[str, str]:
        """As ``publish``, with the camera in three layers."""
        name = f"{self.peer_id}-out"
        return await self._offer(
            await self._page.evaluate("([n, w, h]) => publishLayers(n, w, h)", [name, width, height])
        )

    async def send_layers(self, *rids: str) -> None:
        """Only these of the camera's layers, from now on."""
        await self._page.evaluate("([n, r]) => sendLayers(n, r)", [f"{self.peer_id}-out", list(rids)])

    async def restart_ice(self) -> dict[str, str]:
        return await self._offer(await self._page.evaluate("n => offer(n, true)", f"{self.peer_id}-out"))

    async def share_screen(self) -> dict[str, str]:
        return await self._offer(await self._page.evaluate("n => share(n)", f"{self.peer_id}-out"))

    async def stop_sharing(self) -> dict[str, str]:
        return await self._offer(await self._page.evaluate("n => unshare(n)", f"{self.peer_id}-out"))

    async def _offer(self, offered: dict[str, Any]) -> dict[str, str]:
        reply = await self._worker.call(
            control.Publish(
                router_id=self._router_id,
                peer_id=self.peer_id,
                generation=1,
                sdp=offered["sdp"],
                sources=offered["sources"],
                allowed=["camera", "microphone", "screen"],
            )
        )
        assert isinstance(reply, control.Published), reply
        await self._page.evaluate("([n, s]) => accept(n, s)", [f"{self.peer_id}-out", self._bend(reply.sdp)])
        return {info.source: info.producer_id for info in reply.producers}

    async def subscribe(self, producer_ids: list[str], heights: dict[str, int] | None = None) -> None:
        if self._answering is None:
            self._answering = asyncio.create_task(self._answer())
            await self._worker.call(control.Subscribe(router_id=self._router_id, peer_id=self.peer_id, generation=1))
        await self._worker.call(
            control.Consume(
                router_id=self._router_id, peer_id=self.peer_id, producer_ids=producer_ids, heights=heights or {}
            )
        )

    async def _answer(self) -> None:
        answered = 0
        while True:

            def mine(event: Any, after: int = answered) -> bool:
                return (
                    isinstance(event, control.SubscribeOffer)
                    and event.peer_id == self.peer_id
                    and event.revision > after
                )

            offer = await self._worker.event(mine, limit_s=3600)
            answered = offer.revision
            sdp = await self._page.evaluate("([n, s]) => answer(n, s)", [f"{self.peer_id}-in", self._bend(offer.sdp)])
            await self._worker.call(
                control.SubscribeAnswer(
                    router_id=self._router_id, peer_id=self.peer_id, generation=1, revision=answered, sdp=sdp
                )
            )

    async def stats(self, direction: str, type_: str, kind: str | None = None) -> dict[str, Any]:
        """The first report of that type and kind, {} when there is none yet; ``direction`` is in or out."""
        reports = await self._page.evaluate("n => stats(n)", f"{self.peer_id}-{direction}")
        found = [r for r in reports if r["type"] == type_ and (kind is None or r.get("kind") == kind)]
        return max(found, key=lambda r: r.get("bytesReceived", 0) + r.get("bytesSent", 0)) if found else {}

    async def received(self, kind: str) -> dict[str, Any]:
        return await self.stats("in", "inbound-rtp", kind)

    async def close(self) -> None:
        if self._answering:
            self._answering.cancel()
            await asyncio.gather(self._answering, return_exceptions=True)
