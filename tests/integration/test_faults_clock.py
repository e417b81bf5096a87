"""The machine's wall clock stepped by an hour, forth and back, in mid-hearing: nothing is lost, moved or cut off.

libfaketime steps it for the recorder process alone; the monotonic clock stays as it is, as it does on a real machine.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.fault_world import Places, Tally, rounds, show
from tests.support.process import DidNotStart

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(3600), pytest.mark.faults, pytest.mark.slow]

STEPS = ("+3600", "-3600", "+0")


def library() -> str:
    """Threads make it need the second of the two that the package has."""
    for path in Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"):
        return str(path)
    raise DidNotStart("libfaketime is needed: apt-get install faketime (make test does it)")


async def test_a_wall_clock_that_jumps_by_an_hour_moves_nothing(
    places: Places, tally: Callable[[str], Tally], data_dir: Path
) -> None:
    row, clock = tally("clock stepped by an hour, forth and back, with a restart"), data_dir / "clock"
    faked = {
        "LD_PRELOAD": library(),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    for number in range(rounds(1, 5)):
        clock.write_text("+0")
        async with show(places.new(), **faked) as made:
            playing = asyncio.create_task(made.worker.play(8))
            await asyncio.sleep(1 + number / 4)
            for step in STEPS:
                clock.write_text(step)
                await asyncio.sleep(1)
                if step == "-3600":
                    await asyncio.to_thread(made.recorder.kill)
                    made.recorder.start(**faked)
                    await made.settled()
            await playing
            row.add(await made.finish(), most_s=0)
            stamps = {line[11:13] for line in made.recorder.log().splitlines() if line[:2] == "20"}
            assert len(stamps) > 1, "the recorder's own log shows that its clock was stepped"
