"""The player in Debian's Firefox: it opens, plays and jumps, and what is withheld stays so."""

from __future__ import annotations

import pytest

from hub.config import Config
from hub.services.withholding import GROUNDS
from tests.support.firefox import firefox
from tests.support.replay_world import PROBE, TIMER, replay_world

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio, pytest.mark.timeout(300), pytest.mark.slow]


async def test_the_player_opens_plays_and_jumps_in_firefox(config: Config) -> None:
    async with replay_world(config) as world, firefox() as browser:
        await browser.cookies("127.0.0.1", world.cookies)
        for script in (PROBE, TIMER):
            await browser.with_script(script.read_text())
        await browser.go(world.address(await world.granted()))
        await browser.evaluate("() => replayTimer.shown()")
        await browser.until("() => document.querySelectorAll('.replay-tile video').length === 3")
        for at_ms in (26_000, 4_000, 55_000):
            found = await browser.evaluate("ms => replayTimer.seek(ms)", at_ms)
            assert found["wrong"] == 0, found

        await browser.evaluate("() => replayTimer.seek(12000)")
        await browser.press(" ")
        await browser.until("() => document.body.dataset.playing === 'true' && replayPlayer.positionMs > 13000")
        assert await browser.evaluate("() => replayPlayer.lanes.every(({ element }) => !element.paused)")
        found = await browser.evaluate("ms => replayTimer.seek(ms)", 22_000)
        assert found["wrong"] == 0, found
        await browser.until("() => replayPlayer.positionMs > 23000")
        await browser.press(" ")

        await browser.evaluate("() => replayPlayer.seek(32000)")
        await browser.until("() => !document.querySelector('.withheld-note').hidden")
        note = await browser.evaluate("() => document.querySelector('.withheld-note').textContent")
        assert GROUNDS[0] in note
        assert await browser.evaluate("() => [...document.querySelectorAll('video')].every((one) => one.hidden)")
        assert not browser.complaints, browser.complaints
