"""What the media plane should be doing, derived from the hearing alone. PURE; ``signaling.media_link`` does it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import assert_never

from hub.models import HearingState
from signaling.media import peers
from signaling.state import Hearing, Seat

SOURCES = frozenset({"camera", "microphone", "screen", "screen_audio"})
DEVICE_SOURCES = frozenset({"camera", "microphone"})

WAITING, REPLACED = "waiting", "device"
HIDDEN = frozenset({WAITING, REPLACED})
"""Causes for which nobody is even offered the track: its seat is not let in; the room encoder sends in its place."""


@dataclass(frozen=True, slots=True)
class Guests:
    """Who came in by a standard door: seat → what its room encoder publishes, and the displays."""

    devices: Mapping[str, frozenset[str]] = field(default_factory=dict)
    displays: frozenset[str] = frozenset()


NOBODY = Guests()


@dataclass(frozen=True, slots=True)
class Wishes:
    """Complete: whoever or whatever is not named is to be closed."""

    media: bool
    """Whether the hearing has a router at all."""
    recording_id: str | None
    publish: Mapping[str, frozenset[str]]
    """peer (``signaling.media.peers``) → the sources it may publish"""
    paused: Mapping[tuple[str, str], str]
    """(peer, source) → cause, for what must be neither forwarded nor recorded"""
    consume: Mapping[str, frozenset[str]]
    """peer → the seats it receives"""
    stage: tuple[str, ...] = ()
    """Seats, most important first: who has the floor, who chairs, the others."""

    @property
    def peers(self) -> frozenset[str]:
        """Who may have connections at all."""
        return frozenset(self.publish.keys() | self.consume.keys())


NOTHING = Wishes(media=False, recording_id=None, publish={}, paused={}, consume={})


def wishes(hearing: Hearing, guests: Guests = NOBODY) -> Wishes:
    match hearing.state:
        case HearingState.POSTPONED | HearingState.CANCELLED | HearingState.CLOSED:
            return NOTHING
        case HearingState.SCHEDULED:
            return _waiting_for_the_opening(guests)
        case HearingState.OPEN:
            return _with_media(hearing, guests, pause_all="")
        case HearingState.RECESS | HearingState.INTERRUPTED:
            # Without its chair a hearing does not go on either: what is said then belongs to no record.
            return _with_media(hearing, guests, pause_all="recess")
        case _:
            assert_never(hearing.state)


def _waiting_for_the_opening(guests: Guests) -> Wishes:
    """Devices are started early and left on: they stay connected, and nothing they send goes anywhere."""
    if guests == NOBODY:
        return NOTHING
    devices = [peers.device(seat_id) for seat_id in guests.devices]
    return Wishes(
        media=True,
        recording_id=None,
        publish=dict.fromkeys(devices, DEVICE_SOURCES),
        paused={(peer, source): WAITING for peer in devices for source in DEVICE_SOURCES},
        consume=dict.fromkeys(guests.displays, frozenset()),
    )


def _with_media(hearing: Hearing, guests: Guests, *, pause_all: str) -> Wishes:
    # A seat whose socket broke keeps its media: often only the socket broke, and the record goes on.
    seats = [seat for seat in hearing.seats if seat.occupied and seat.admitted]
    everyone = frozenset(seat.seat_id for seat in seats)
    browsers = [seat for seat in seats if seat.here]
    return Wishes(
        media=True,
        recording_id=hearing.recording_id,
        publish=dict.fromkeys((seat.seat_id for seat in browsers), SOURCES)
        | dict.fromkeys(map(peers.device, guests.devices), DEVICE_SOURCES),
        paused=_paused(hearing, browsers, guests, pause_all),
        consume={seat.seat_id: everyone - {seat.seat_id} for seat in browsers}
        | {peer: _watched(peer, everyone) for peer in guests.displays},
        stage=_stage(hearing),
    )


def _stage(hearing: Hearing) -> tuple[str, ...]:
    seats = [seat.seat_id for seat in hearing.seats]
    return tuple(dict.fromkeys([one for one in (hearing.floor, hearing.chair) if one is not None] + seats))


def _paused(hearing: Hearing, browsers: list[Seat], guests: Guests, pause_all: str) -> dict[tuple[str, str], str]:
    causes = {}
    for seat in browsers:
        replaced = guests.devices.get(seat.seat_id, frozenset())
        for source in SOURCES:
            causes[seat.seat_id, source] = pause_all or (REPLACED if source in replaced else _cause(seat, source))
    for seat_id in guests.devices:
        for source in DEVICE_SOURCES:
            causes[peers.device(seat_id), source] = _device_cause(hearing.find(seat_id), source, pause_all)
    return {key: cause for key, cause in causes.items() if cause}


def _watched(display: str, everyone: frozenset[str]) -> frozenset[str]:
    """A display shows what its seat may see: nothing before the chair has let the seat in."""
    seat_id = peers.seat_of(display)
    return everyone - {seat_id} if seat_id in everyone else frozenset()


def _device_cause(seat: Seat | None, source: str, pause_all: str) -> str:
    """The chair's mute holds for the room encoder too. The switches of the seat's browser do not: a PC without a
    camera says that its camera is off."""
    if seat is None or not (seat.occupied and seat.admitted):
        return WAITING
    return pause_all or ("muted" if source == "microphone" and seat.muted else "")


def _cause(seat: Seat, source: str) -> str:
    """Off means off: what a seat switched off is stopped here too, whatever its browser still sends."""
    flows = {
        "camera": seat.camera,
        "microphone": seat.microphone and not seat.muted,
        "screen": seat.screen,
        "screen_audio": seat.screen and not seat.muted,
    }
    return "" if flows[source] else "muted"
