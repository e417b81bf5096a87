"""What the media plane should be doing, derived from the hearing alone. PURE; ``signaling.media_link`` does it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import assert_never

from hub.models import HearingState
from signaling.state import Hearing, Seat

SOURCES = frozenset({"camera", "microphone", "screen", "screen_audio"})


@dataclass(frozen=True, slots=True)
class Wishes:
    """Complete: whoever or whatever is not named is to be closed."""

    media: bool
    """Whether the hearing has a router at all."""
    recording_id: str | None
    publish: Mapping[str, frozenset[str]]
    """seat → the sources it may publish"""
    paused: Mapping[tuple[str, str], str]
    """(seat, source) → cause, for what must be neither forwarded nor recorded"""
    consume: Mapping[str, frozenset[str]]
    """seat → the seats it receives"""


NOTHING = Wishes(media=False, recording_id=None, publish={}, paused={}, consume={})


def wishes(hearing: Hearing) -> Wishes:
    match hearing.state:
        case HearingState.SCHEDULED | HearingState.POSTPONED | HearingState.CANCELLED | HearingState.CLOSED:
            return NOTHING
        case HearingState.OPEN:
            return _with_media(hearing, pause_all="")
        case HearingState.RECESS | HearingState.INTERRUPTED:
            # Without its chair a hearing does not go on either: what is said then belongs to no record.
            return _with_media(hearing, pause_all="recess")
        case _:
            assert_never(hearing.state)


def _with_media(hearing: Hearing, *, pause_all: str) -> Wishes:
    # A seat whose socket broke keeps its media: often only the socket broke, and the record goes on.
    seats = [seat for seat in hearing.seats if seat.here and seat.admitted]
    everyone = frozenset(seat.seat_id for seat in seats)
    paused = {}
    for seat in seats:
        for source in SOURCES:
            cause = pause_all or _cause(seat, source)
            if cause:
                paused[seat.seat_id, source] = cause
    return Wishes(
        media=True,
        recording_id=hearing.recording_id,
        publish=dict.fromkeys(everyone, SOURCES),
        paused=paused,
        consume={seat_id: everyone - {seat_id} for seat_id in everyone},
    )


def _cause(seat: Seat, source: str) -> str:
    """Off means off: what a seat switched off is stopped here too, whatever its browser still sends."""
    flows = {
        "camera": seat.camera,
        "microphone": seat.microphone and not seat.muted,
        "screen": seat.screen,
        "screen_audio": seat.screen and not seat.muted,
    }
    return "" if flows[source] else "muted"
