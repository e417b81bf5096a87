"""``make bench-join``: from the click to the first picture of somebody else in Chromium, through the hub and Janus.

The hub is joined by its own page, as the secretary, at the last button of the device check; Janus by the smallest page
that can watch a VideoRoom. Both receive the same stream from the same load client, and neither sends a camera.
"""

from __future__ import annotations

import argparse
import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from playwright.async_api import Browser, BrowserContext, Page, async_playwright
from yarl import URL

from bench import janus, report
from bench.crowd import Crowd, background
from bench.hub_seats import SignIns, seated
from bench.hub_server import serving
from bench.load.dtls import Identity
from bench.load.peer import Peer
from bench.load.pictures import PER_S, Encoder
from bench.load.publisher import Load, Publisher
from bench.load.wire import Wire
from hub.net import machine_addresses
from tests.support.chromium import executable
from tests.support.media_chromium import ARGUMENTS

HERE = Path(__file__).parent / "load"
CAMERA = Load(pictures_per_s=PER_S, packet_bytes=1100)
SHOWN_LIMIT_S = 20.0
WARM_UP_S = 1.0
SHOWN = "picture"
STEPS = ("first word", "first answer", "asked", "offer", "answer", "connected", "picture's place", SHOWN)
"""As ``join_timer.js`` names them."""
CHECKS = ("camera", "microphone", "loudspeaker", "connection")

Enter = Callable[[BrowserContext], Awaitable[Page]]
"""Open the page in a fresh profile, up to just before the click."""


@asynccontextmanager
async def sending(address: str, publish: Callable[[Peer], Awaitable[Publisher]]) -> AsyncIterator[None]:
    """Somebody to see."""
    with Wire() as wire:
        crowd, peer = Crowd(), Peer(wire, Identity("SRTP_AEAD_AES_128_GCM"), address)
        crowd.peers.append(peer)
        async with background(crowd.run()):
            publisher = await publish(peer)
            publisher.encode = Encoder().picture
            async with background(publisher.run()):
                await asyncio.sleep(WARM_UP_S)
                yield
        peer.close()


@asynccontextmanager
async def at_the_hub(address: str) -> AsyncIterator[tuple[Enter, str]]:
    with serving([1], address) as hub:
        booked = hub.hearings[0]
        async with SignIns(hub.address) as sign_ins:
            await sign_ins.all([booked.chair.username, booked.secretary.username])
            cookies = sign_ins.of(booked.secretary.username).cookie_jar.filter_cookies(URL(hub.address))
            path = f"{hub.address}/hearings/{booked.hearing_id}/seats/{booked.secretary.seat_id}"

            async def enter(context: BrowserContext) -> Page:
                await context.add_cookies(
                    [{"name": name, "value": one.value, "url": hub.address} for name, one in cookies.items()]
                )
                page = await context.new_page()
                await page.goto(path)
                await page.locator("[data-action=check-start]").click()
                for step in CHECKS:
                    section = page.locator(f"[data-step={step}]:not([hidden])")
                    answer = "check-skip" if step in ("camera", "microphone") else "check-yes"
                    await section.locator(f"[data-action={answer}]").click()
                return page

            async with seated(sign_ins, booked.hearing_id, [booked.chair]) as (chair,):
                await chair.send("open")
                await chair.event("opened")
                async with sending(address, lambda peer: chair.publish(peer, CAMERA)):
                    yield enter, "[data-action=check-done]"


@asynccontextmanager
async def at_janus(address: str) -> AsyncIterator[tuple[Enter, str]]:
    with janus.serving(address, websockets=True) as daemon:
        async with janus.session(daemon) as api, page_server() as origin:
            feed = 0

            async def publish(peer: Peer) -> Publisher:
                nonlocal feed
                publisher, feed = await api.publish(peer, CAMERA, (secrets.randbits(31), secrets.randbits(31)))
                return publisher

            async def enter(context: BrowserContext) -> Page:
                page = await context.new_page()
                wanted = {"api": f"ws://127.0.0.1:{daemon.websocket_port}", "room": janus.ROOM, "feed": feed}
                await page.goto(f"{origin}/?{urlencode(wanted)}")
                return page

            async with sending(address, publish):
                yield enter, "#join"


@asynccontextmanager
async def page_server() -> AsyncIterator[str]:
    """The page for Janus, on loopback."""

    async def show(_request: web.Request) -> web.Response:
        return web.Response(text=(HERE / "janus_page.html").read_text(), content_type="text/html")

    app = web.Application()
    app.router.add_get("/", show)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


Times = dict[str, float]
"""Milliseconds from the click to each step, the last of them ``SHOWN``."""


async def join_once(browser: Browser, enter: Enter, button: str) -> Times:
    context = await browser.new_context(locale="vi-VN")
    await context.add_init_script(path=HERE / "join_timer.js")
    try:
        page = await enter(context)
        await page.wait_for_selector(button, state="visible")
        await page.wait_for_timeout(300)  # whatever the page still did is not part of joining
        await page.click(button)
        async with asyncio.timeout(SHOWN_LIMIT_S):
            while True:
                times: dict[str, Any] = await page.evaluate("window.joinTimes")
                if times["frame"] is not None:
                    return {**times["steps"], SHOWN: times["frame"] - times["click"]}
                await asyncio.sleep(0.1)
    finally:
        await context.close()


PLACES = {"hub": at_the_hub, "janus": at_janus}


async def measure(servers: tuple[str, ...], joins: int, rounds: int) -> dict[str, list[Times]]:
    """In turns, a part of the joins in each round; the first join of a round warms up and does not count."""
    address = next((one for one in machine_addresses() if ":" not in one), "127.0.0.1")
    found: dict[str, list[Times]] = {server: [] for server in servers}
    async with async_playwright() as playwright:
        for _ in range(rounds):
            for server in servers:
                browser = await playwright.chromium.launch(executable_path=executable(), args=ARGUMENTS)
                async with PLACES[server](address) as (enter, button):
                    times = [await join_once(browser, enter, button) for _ in range(joins // rounds + 1)]
                await browser.close()
                found[server] += times[1:]
                print(f"{server:>6}: {', '.join(f'{one[SHOWN]:.0f}' for one in times[1:])} ms", flush=True)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.join", description=__doc__)
    parser.add_argument("--joins", type=int, default=30, help="of each server, in all rounds together")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--hub-only", action="store_true")
    given = parser.parse_args()
    servers = ("hub",) if given.hub_only else ("hub", "janus")
    found = asyncio.run(measure(servers, given.joins, given.rounds))
    figures = {
        server: {
            "joins": len(times),
            "p50_ms": round(report.percentile([one[SHOWN] for one in times], 0.5), 1),
            "p95_ms": round(report.percentile([one[SHOWN] for one in times], 0.95), 1),
            "max_ms": round(max(one[SHOWN] for one in times), 1),
        }
        for server, times in found.items()
    }
    heads = ("server", "joins", "p50 ms", "p95 ms", "max ms")
    print(report.table(heads, [(server, *one.values()) for server, one in figures.items()]))
    steps = {
        server: {step: round(report.median([one[step] for one in times if step in one]), 1) for step in STEPS}
        for server, times in found.items()
    }
    print()
    print(
        report.table(("median ms from the click", *STEPS), [(server, *one.values()) for server, one in steps.items()])
    )
    report.finish("join", {"p95_ms": figures["hub"]["p95_ms"], **figures, "steps_ms": steps})


if __name__ == "__main__":
    main()
