"""The recorder killed in every stage of its work, and at any time at all: nothing that was sent is missing."""

import asyncio
import random
from collections.abc import Callable

import pytest

from tests.support.dying import MOMENTS, STAGES
from tests.support.fault_world import Places, Tally, in_turns, rounds, show

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(3600), pytest.mark.faults]

SECONDS = 6


@pytest.mark.parametrize("stage", STAGES)
async def test_a_recorder_killed_within_a_stage_goes_on_where_it_was(
    places: Places, tally: Callable[[str], Tally], stage: str
) -> None:
    draw, row = random.Random(stage), tally(f"SIGKILL within a call of the {stage}")
    count = rounds(1, 20)
    died = 0

    async def run(plan: str) -> None:
        nonlocal died
        async with show(places.new(), die_at=plan) as made, made.kept_alive():
            await made.worker.play(SECONDS)
            row.add(await made.finish(), most_s=0, why=plan)
            died += made.deaths

    await in_turns(run, [f"{stage}:{draw.randint(2, STAGES[stage])}:{MOMENTS[n % 3]}" for n in range(count)])
    assert died >= count * 0.6, "the calls that were chosen are made"


async def test_a_recorder_killed_at_any_time_loses_nothing(places: Places, tally: Callable[[str], Tally]) -> None:
    draw, row = random.Random(1), tally("SIGKILL of the recorder, twice at random moments")

    async def run(waits_s: list[float]) -> None:
        async with show(places.new()) as made, made.kept_alive():
            playing = asyncio.create_task(made.worker.play(SECONDS))
            for wait_s in waits_s:
                await asyncio.sleep(wait_s)
                made.recorder.kill()
            await playing
            row.add(await made.finish(), most_s=0, why=waits_s)
            assert made.worker.buffer.lost == 0

    await in_turns(run, [[draw.uniform(0.5, 3), draw.uniform(0, 3)] for _ in range(rounds(1, 20))])
