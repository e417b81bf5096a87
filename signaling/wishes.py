"""What the media plane should be doing, derived from the hearing alone. PURE; ``signaling.media_link`` does it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import assert_never

from hub.models import HearingState
from signaling.media import peers
from signaling.selection import NOTHING_RECEIVED, Limits, Reception, Selection, View
from signaling.state import Hearing, Seat, may_send

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
    consume: Mapping[str, Reception]
    """peer → what it receives"""

    @property
    def peers(self) -> frozenset[str]:
        """Who may have connections at all."""
        return frozenset(self.publish.keys() | self.consume.keys())


NOTHING = Wishes(media=False, recording_id=None, publish={}, paused={}, consume={})


@dataclass(frozen=True, slots=True)
class Shown:
    """What is known of the other end: what pages show (seat → view), and what the media plane can give."""

    views: Mapping[str, View] = field(default_factory=dict)
    limits: Limits = Limits()


def wishes(hearing: Hearing, guests: Guests = NOBODY, shown: Shown = Shown()) -> Wishes:
    match hearing.state:
        case HearingState.POSTPONED | HearingState.CANCELLED | HearingState.CLOSED:
            return NOTHING
        case HearingState.SCHEDULED:
            return _waiting_for_the_opening(guests)
        case HearingState.OPEN:
            return _with_media(hearing, guests, shown, pause_all="")
        case HearingState.RECESS | HearingState.INTERRUPTED:
            # Without its chair a hearing does not go on either: what is said then belongs to no record.
            return _with_media(hearing, guests, shown, pause_all="recess")
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
        consume=dict.fromkeys(guests.displays, NOTHING_RECEIVED),
    )


def _with_media(hearing: Hearing, guests: Guests, shown: Shown, *, pause_all: str) -> Wishes:
    # A seat whose socket broke keeps its media: often only the socket broke, and the record goes on.
    seats = [seat for seat in hearing.seats if seat.occupied and seat.admitted]
    everyone = frozenset(seat.seat_id for seat in seats)
    browsers = [seat for seat in seats if seat.here]
    selection = Selection(hearing, [seat.seat_id for seat in seats if may_send(hearing, seat)], shown.limits)
    return Wishes(
        media=True,
        recording_id=hearing.recording_id,
        publish={seat.seat_id: SOURCES if may_send(hearing, seat) else frozenset() for seat in browsers}
        | dict.fromkeys(map(peers.device, guests.devices), DEVICE_SOURCES),
        paused=_paused(hearing, browsers, guests, pause_all),
        consume=Receptions(
            [*(seat.seat_id for seat in browsers), *guests.displays],
            lambda peer: (
                _watched(peer, everyone, selection)
                if peer in guests.displays
                else selection.reception(peer, shown.views.get(peer))
            ),
        ),
    )


class Receptions(Mapping[str, Reception]):
    """Worked out when asked for, once: of two hundred who come at the same moment each needs only its own."""

    def __init__(self, peer_ids: Iterable[str], work_out: Callable[[str], Reception]) -> None:
        self._known: dict[str, Reception | None] = dict.fromkeys(peer_ids)
        self._work_out = work_out

    def __getitem__(self, peer_id: str) -> Reception:
        known = self._known[peer_id]
        if known is None:
            known = self._known[peer_id] = self._work_out(peer_id)
        return known

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)


def _paused(hearing: Hearing, browsers: list[Seat], guests: Guests, pause_all: str) -> dict[tuple[str, str], str]:
    causes = {}
    for seat in browsers:
        replaced = guests.devices.get(seat.seat_id, frozenset())
        for source in SOURCES:
            causes[seat.seat_id, source] = pause_all or (REPLACED if source in replaced else _cause(seat, source))
    for seat_id in guests.devices:
        for source in DEVICE_SOURCES:
            causes[peers.device(seat_id), source] = _device_cause(hearing, hearing.find(seat_id), source, pause_all)
    return {key: cause for key, cause in causes.items() if cause}


def _watched(display: str, everyone: frozenset[str], selection: Selection) -> Reception:
    """A display shows what its seat may see: nothing before the chair has let the seat in."""
    seat_id = peers.seat_of(display)
    return selection.reception(seat_id, None) if seat_id in everyone else NOTHING_RECEIVED


def _device_cause(hearing: Hearing, seat: Seat | None, source: str, pause_all: str) -> str:
    """The chair's mute holds for the room encoder too. The switches of the seat's browser do not: a PC without a
    camera says that its camera is off."""
    if seat is None or not (seat.occupied and seat.admitted and may_send(hearing, seat)):
        return WAITING  # an encoder cannot be asked to stop and begin again, so it stays connected
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
