"""A real worker process forwards between aiortc browsers."""

from __future__ import annotations

import asyncio

import pytest

from hub.config import Config
from tests.support.media import hearing

pytestmark = pytest.mark.asyncio


async def test_two_seats_see_and_hear_each_other(config: Config) -> None:
    async with hearing(config, "chair", "commune") as (worker, (chair, commune)):
        tracks = {}
        for browser, hertz in ((chair, 440.0), (commune, 880.0)):
            published = await browser.publish(hertz=hertz)
            tracks[browser.peer_id] = {info.source: info.producer_id for info in published.producers}
        await chair.subscribe(list(tracks["commune"].values()))
        await commune.subscribe(list(tracks["chair"].values()))
        for browser, other, hertz in ((chair, "commune", 880), (commune, "chair", 440)):
            await browser.received[tracks[other]["camera"]].reach(15)
            sound = browser.received[tracks[other]["microphone"]]
            await sound.reach(60)
            assert abs(sound.loudest_hertz() - hertz) < 20
            assert browser.received[tracks[other]["camera"]].frames[-1][1].width == 640
        await asyncio.sleep(0)
