"""A real worker under attack: what was caught on the wire comes back broken, repeated and from elsewhere.

The same for longer, with other seeds: ``python -m tools.fuzz --minutes 10``.
"""

from __future__ import annotations

import asyncio
import random

import pytest

from hub.config import Config
from tests.support.hostile import under_attack

pytestmark = [pytest.mark.asyncio, pytest.mark.media]


@pytest.mark.parametrize("seed", [1, 2])
async def test_what_is_caught_and_sent_again_broken_disturbs_nobody(config: Config, seed: int) -> None:
    draw = random.Random(seed)
    async with under_attack(config) as attack:
        await attack.round(draw, 3_000)
        assert await attack.faults() == [], attack.sent


async def test_a_check_caught_and_sent_again_from_elsewhere_moves_no_media(config: Config) -> None:
    """Its signature is still true; but whoever repeats it cannot answer a check of ours."""
    async with under_attack(config) as attack:
        stranger = attack._strangers[0]
        for check in attack.relay.caught["stun"] * 3:
            stranger.send(check)
            await asyncio.sleep(0.002)
        await asyncio.sleep(0.5)
        assert await attack.faults() == []
        got = [bytes(1)]
        while got[-1]:
            try:
                got.append(stranger.recv(2048))
            except BlockingIOError:
                break
        assert [datagram for datagram in got[1:] if datagram[0] > 3] == []
