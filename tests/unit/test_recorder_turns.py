"""Work beside the archiver goes on whatever happens, and nothing faulty is given up for good."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from hub.errors import NotReady
from recorder import turns


@pytest.mark.asyncio
async def test_a_turn_that_fails_in_any_way_is_taken_again(monkeypatch: pytest.MonkeyPatch):
    pauses: list[float] = []
    faults = [NotReady("the store is away"), OSError("the disk"), None, ValueError("a fault of ours"), None]

    async def sleep(pause_s: float) -> None:
        pauses.append(pause_s)
        if not faults:
            raise asyncio.CancelledError

    async def turn() -> None:
        fault = faults.pop(0)
        if fault is not None:
            raise fault

    monkeypatch.setattr(turns.asyncio, "sleep", sleep)
    with suppress(asyncio.CancelledError):
        await turns.for_ever("seal", turn, 2)
    assert faults == []
    assert pauses == [4, 8, 2, 2, 2], "it waits longer only while what it needs is away"


def test_a_faulty_recording_is_let_alone_for_a_while_and_then_tried_again():
    now = 0.0
    faulty = turns.Faulty(lambda: now)
    faulty.add("a")
    assert faulty.ids() == {"a"}
    now = turns.FAULTY_AGAIN_S - 1
    faulty.add("b")
    assert faulty.ids() == {"a", "b"}
    now += 1
    assert faulty.ids() == {"b"}
