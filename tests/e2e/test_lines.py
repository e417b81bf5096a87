"""A commune whose network loses packets, in a real hearing: who sees it, in which words, and what is left of it."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.support import chromium, hub_process
from tests.support.bad_line import BadLine
from tests.support.media_relay import Relay
from tests.support.officials import Official
from tests.support.points import CHAIR, COMMUNE

pytestmark = [pytest.mark.e2e, pytest.mark.alone, pytest.mark.timeout(600)]

# The page is ours and cannot be told to use a bad network: so its descriptions lead through one.
THROUGH_RELAY = """
const real = RTCPeerConnection.prototype.setRemoteDescription;
RTCPeerConnection.prototype.setRemoteDescription = function (description) {
  const sdp = description.sdp.replace(/a=candidate:\\S+ 1 tcp [^\\r\\n]*\\r\\n/g, "")
    .replace(/(a=candidate:\\S+ 1 udp \\d+) \\S+ \\d+ typ host/g, "$1 127.0.0.1 PORT typ host");
  return real.call(this, { type: description.type, sdp });
};
"""


@contextmanager
def relay_to(port: int, up: BadLine) -> Iterator[int]:
    """A bad line to the media worker, in a thread of its own; its port."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    relay = Relay(("127.0.0.1", port), up=up)
    try:
        asyncio.run_coroutine_threadsafe(relay.__aenter__(), loop).result(10)
        yield relay.port
    finally:
        asyncio.run_coroutine_threadsafe(relay.__aexit__(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def test_a_bad_line_is_told_to_the_chair_the_point_and_the_help_desk_and_reported() -> None:
    line = BadLine(seed=5)
    with ExitStack() as stack:
        hub = stack.enter_context(hub_process.running())
        playwright = stack.enter_context(sync_playwright())
        here, there = (stack.enter_context(chromium.browser(playwright, point)) for point in (CHAIR, COMMUNE))
        technician = Official(hub, chromium.context(here), "kythuat")
        technician.sign_in()
        board = technician.page.request.get(f"{hub.address}/api/help-desk").json()
        port = stack.enter_context(relay_to(board["workers"][0]["udp_port"], line))
        leading = chromium.context(there)
        leading.add_init_script(THROUGH_RELAY.replace("PORT", str(port)))
        chair = Official(hub, chromium.context(here), "chutri", CHAIR)
        commune = Official(hub, leading, "canbotantien", COMMUNE)
        chair.sign_in()
        commune.sign_in()
        hearing = open_hearing(chair, commune)
        expect(chair.page.locator(".lines-empty")).to_be_visible(timeout=60_000)
        much_of_a_minute_ahead(chair)
        began = time.monotonic()
        line.loss = 0.15
        # On a machine that has much to do the other line may be bad too.
        bad = chair.page.locator(".lines-bad li", has_text="Điểm cầu xã Tân Tiến")
        expect(bad).to_contain_text("chiều gửi: các nơi nghe và thấy điểm này đứt quãng", timeout=60_000)
        expect(commune.page.locator("[data-banner=line-loss_up]")).to_contain_text("Hãy dùng dây mạng thay cho Wi-Fi")
        expect(chair.page.locator("[data-banner=line-loss_up]")).to_have_count(0)
        bad.locator("button").click()
        expect(chair.page.locator(".line-detail tbody tr").nth(1)).to_contain_text("Mất gói")
        technician.go("/help-desk")
        worst = technician.page.locator("#desk-places tr").first
        expect(worst).to_contain_text("Điểm cầu xã Tân Tiến")
        expect(worst).to_contain_text("Mạng mất gói")
        technician.page.wait_for_timeout(max(0, BAD_S - (time.monotonic() - began)) * 1_000)
        line.loss = 0.0
        expect(bad).to_have_count(0, timeout=60_000)
        expect(commune.page.locator("[data-banner=line-loss_up]")).to_have_count(0)
        assert chair.complaints == []
        assert commune.complaints == []
        hub.stop()  # minutes are written once a minute, and those under way when the process ends
        hub.start()
        technician.go(f"{hearing}/lines")
        told = technician.page.locator("tbody tr", has_text="gói chiều gửi lúc")
        expect(told.filter(has_text="Điểm cầu xã Tân Tiến")).to_have_count(1)


BAD_S = 25


def much_of_a_minute_ahead(chair: Official) -> None:
    """The report counts minutes by their mean: a bad stretch spread over two of them could be bad in neither."""
    passed = datetime.now(UTC).second
    if passed > 60 - BAD_S:
        chair.page.wait_for_timeout((60 - passed) * 1_000)


def open_hearing(chair: Official, commune: Official) -> str:
    """Both on stage; the hearing's address."""
    chair.go("/hearings")
    hearing = chair.page.locator("main th a[href^='/hearings/']").first.get_attribute("href")
    assert hearing is not None
    chair.enter(hearing)
    commune.enter(hearing, "Tân Tiến")
    commune.confirm_notice()
    commune.waits()
    chair.press("open")
    expect(chair.page.locator(".rec")).to_be_visible()
    chair.press("admit-all")
    commune.is_on_stage()
    commune.sees_and_hears([chair])
    return hearing
