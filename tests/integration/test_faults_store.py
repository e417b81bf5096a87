"""The object store not well, in every way we know: the hearing goes on, and in the end all is there."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.bad_store import MOODS, BadStore
from tests.support.comparison import Findings
from tests.support.fault_world import LONG, Places, Show, Tally, show
from tests.support.recording_world import until
from tests.support.seaweed import ACCESS_KEY, SECRET_KEY, S3Server

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(3600), pytest.mark.faults, pytest.mark.slow]

BAD_S = 5.0 if LONG else 2.0
AWAY_S = 600
PLANS: list[tuple[str, ...]] = [MOODS, *((mood,) for mood in MOODS if LONG)]
"""All in one hearing; in the long round each by itself too, and away for ten minutes."""


def settings(proxy: BadStore, bucket: str) -> dict[str, Any]:
    keys = {"s3_access_key": ACCESS_KEY, "s3_secret_key": SECRET_KEY}
    return {"store_url": f"s3://{bucket}/archive", "s3_endpoint": proxy.endpoint, **keys}


async def played(made: Show, proxy: BadStore, moods: tuple[str, ...], bad_s: float) -> int:
    """The moods in turns while the hearing goes on; requests that each had its way with."""
    playing = asyncio.create_task(made.worker.play(round(2 + bad_s * len(moods) + 2)))
    await asyncio.sleep(2)
    for mood in moods:
        await proxy.be(mood)
        await asyncio.sleep(bad_s)
    await playing
    spoilt = proxy.spoilt
    await proxy.be("")
    return spoilt


async def finished(made: Show, server: S3Server) -> Findings:
    made.read_at = server.endpoint  # the proxy runs in this very thread
    return await made.finish(180)


def plan_name(moods: tuple[str, ...]) -> str:
    return moods[0] if len(moods) == 1 else "all of its faults, one after the other"


@pytest.mark.parametrize("moods", PLANS, ids=plan_name)
async def test_a_store_that_fails_in_every_way_has_everything_in_the_end(
    places: Places, tally: Callable[[str], Tally], s3: S3Server, moods: tuple[str, ...]
) -> None:
    away = moods == ("away",)
    row = tally(f"object store: {plan_name(moods)}{' for ten minutes' if away else ''}")
    async with BadStore(s3.port) as proxy, show(places.new(**settings(proxy, s3.new_bucket()))) as made:
        spoilt = await played(made, proxy, moods, AWAY_S if away else BAD_S)
        assert spoilt > 0 or away, "a closed port cannot count who knocked"
        row.add(await finished(made, s3), most_s=0, why=moods)


async def test_credentials_that_were_revoked_and_given_back(places: Places, tally: Callable[[str], Tally]) -> None:
    """The real server is started again without our key, and later with it."""
    server = await asyncio.to_thread(S3Server)
    row = tally("object store: credentials revoked and restored")
    try:
        async with BadStore(server.port) as proxy, show(places.new(**settings(proxy, server.new_bucket()))) as made:
            playing = asyncio.create_task(made.worker.play(9))
            await asyncio.sleep(2)
            await asyncio.to_thread(server.know_only, "stranger", "whose-secret-is-not-ours")
            asked = proxy.requests
            await playing
            await until(lambda: proxy.requests > asked)  # it is tried, and refused
            await asyncio.to_thread(server.know_only, ACCESS_KEY, SECRET_KEY)
            row.add(await finished(made, server), most_s=0)
    finally:
        await asyncio.to_thread(server.remove)
