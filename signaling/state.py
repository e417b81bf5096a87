"""A live hearing as an immutable value, and the fold that brings it from event to event. PURE: no I/O, no clock.

Whatever is not in here is not kept over a restart of the web process.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from hub.models import LIVE_STATES, HearingState, SeatKind
from signaling import events as ev
from signaling.events import AnyEvent


class Presence(StrEnum):
    ABSENT = "absent"
    WAITING = "waiting"
    ADMITTED = "admitted"
    LOST = "lost"


class Device(StrEnum):
    """A seat's room encoder."""

    NONE = ""
    ON = "on"
    LOST = "lost"


class Publishing(StrEnum):
    """Who may send picture and sound: the chair's policy."""

    ALL = "all"
    INVITED = "invited"
    """Chair, deputy, secretary, who has the floor, and whom the chair allows; the others listen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """One browser's place. What the chair decided about it outlives a broken connection."""

    seat_id: str
    kind: SeatKind
    label: str
    account_id: str | None = None
    name: str | None = None
    here: bool = False
    """Took its place and did not leave it on purpose."""
    connected: bool = False
    admitted: bool = False
    microphone: bool = True
    camera: bool = True
    screen: bool = False
    muted: bool = False
    locked: bool = False
    allowed: bool = False
    """The chair lets it send while others only listen."""
    hand_raised_at: datetime | None = None
    device: Device = Device.NONE
    """Its encoder holds a place as a browser does: the chair may let in a room that has no browser."""
    lost_at: datetime | None = None
    """Since when nobody is connected; None while somebody is, or was never."""

    @property
    def presence(self) -> Presence:
        if self.device is Device.ON or (self.here and self.connected):
            return Presence.ADMITTED if self.admitted else Presence.WAITING
        return Presence.LOST if self.here or self.device is Device.LOST else Presence.ABSENT

    @property
    def occupied(self) -> bool:
        """Somebody or something holds the place, be the connection broken."""
        return self.here or self.device is not Device.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedCase:
    """A case that is to be heard. ``known_to``: the points' seats that may know which; officials know all."""

    case_id: str
    number: str
    known_to: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearing:
    hearing_id: str
    number: str
    title: str
    seats: tuple[Seat, ...]
    chair: str
    """The seat that chairs now."""
    state: HearingState = HearingState.SCHEDULED
    floor: str | None = None
    recording_id: str | None = None
    epoch_ns: int | None = None
    """CLOCK_MONOTONIC at position 0 of the recording."""
    opened_at: datetime | None = None
    closed_at: datetime | None = None
    recorder_lost: bool = False
    worker_lost: bool = False
    publishing: Publishing = Publishing.ALL
    picture_level: int = 0
    """How far pictures are limited because the media worker is short of time; 0: not at all."""
    cases: tuple[ListedCase, ...] = ()
    """In the booking's order."""
    case_id: str | None = None
    """Which is heard now."""
    heard: frozenset[str] = frozenset()
    """Those that have been called."""
    positions: Mapping[str, int] = field(default_factory=dict, compare=False, repr=False)
    """Where each seat stands in ``seats``; made by itself. A booking's seats keep their order for a hearing's life."""

    def __post_init__(self) -> None:
        if not self.positions:
            object.__setattr__(self, "positions", {seat.seat_id: at for at, seat in enumerate(self.seats)})

    @property
    def live(self) -> bool:
        return self.state in LIVE_STATES

    def find(self, seat_id: str | None) -> Seat | None:
        at = self.positions.get(seat_id) if seat_id is not None else None
        return None if at is None else self.seats[at]


def effective_kind(hearing: Hearing, seat: Seat) -> SeatKind:
    """As what the seat sits in the hearing now: who took the chair chairs, the former chair is a deputy."""
    if seat.seat_id == hearing.chair:
        return SeatKind.CHAIR
    return SeatKind.DEPUTY if seat.kind is SeatKind.CHAIR else seat.kind


def may_send(hearing: Hearing, seat: Seat) -> bool:
    """Whether the chair's policy lets this seat, once admitted, send picture and sound."""
    if hearing.publishing is Publishing.ALL or seat.allowed or hearing.floor == seat.seat_id:
        return True
    return effective_kind(hearing, seat) is not SeatKind.POINT


def fold(hearing: Hearing, happened: Iterable[tuple[AnyEvent, datetime]]) -> Hearing:
    for event, at in happened:
        hearing = apply(hearing, event, at)
    return hearing


def apply(hearing: Hearing, event: AnyEvent, at: datetime) -> Hearing:
    """The hearing after ``event``. Total: an event that cannot have happened changes nothing."""
    if hearing.state is HearingState.CLOSED and not isinstance(
        event, ev.Left | ev.Lost | ev.Displaced | ev.DeviceLeft | ev.DeviceLost
    ):
        return hearing
    match event:
        case ev.Joined() | ev.Left() | ev.Lost() | ev.Displaced() | ev.Admitted() | ev.Removed():
            return _presence(hearing, event, at)
        case ev.DeviceJoined() | ev.DeviceLeft() | ev.DeviceLost():
            hearing = _device(hearing, event)
        case ev.Muted() | ev.Unmuted() | ev.MediaChanged() | ev.HandRaised() | ev.HandLowered():
            return _conduct(hearing, event, at)
        case ev.FloorGiven() | ev.FloorTaken() | ev.ChairTaken() | ev.Said() | ev.Noted():
            return _roles(hearing, event)
        case ev.Opened() | ev.RecessCalled() | ev.Resumed() | ev.Interrupted() | ev.Ended():
            return _course(hearing, event, at)
        case ev.CaseCalled():
            heard = hearing.heard | ({event.case_id} if event.case_id else frozenset())
            hearing = replace(hearing, case_id=event.case_id, heard=heard)
        case ev.PublishingSet() | ev.PublishingAllowed() | ev.PublishingWithdrawn():
            hearing = _publishing(hearing, event)
        case ev.RecorderLost() | ev.RecorderBack() | ev.WorkerLost() | ev.WorkerBack() | ev.PicturesLimited():
            hearing = _machines(hearing, event)
        case _:
            assert_never(event)
    return hearing


def _change(hearing: Hearing, seat_id: str, **fields: object) -> Hearing:
    at = hearing.positions.get(seat_id)
    if at is None:
        return hearing
    changed = replace(hearing.seats[at], **fields)  # type: ignore[arg-type]
    return replace(hearing, seats=(*hearing.seats[:at], changed, *hearing.seats[at + 1 :]))


def _presence(
    hearing: Hearing, event: ev.Joined | ev.Left | ev.Lost | ev.Displaced | ev.Admitted | ev.Removed, at: datetime
) -> Hearing:
    match event:
        case ev.Joined():
            return _change(
                hearing,
                event.seat_id,
                account_id=event.account_id,
                name=event.name,
                here=True,
                connected=True,
                lost_at=None,
            )
        case ev.Left():
            return _out(_change(hearing, event.seat_id, here=False, connected=False, lost_at=at), event.seat_id)
        case ev.Lost() | ev.Displaced():
            return _change(hearing, event.seat_id, connected=False, lost_at=at)
        case ev.Admitted():
            return _change(hearing, event.seat_id, admitted=True)
        case ev.Removed():
            return _out(hearing, event.seat_id)
        case _:
            assert_never(event)


def _device(hearing: Hearing, event: ev.DeviceJoined | ev.DeviceLeft | ev.DeviceLost) -> Hearing:
    match event:
        case ev.DeviceJoined():
            return _change(hearing, event.seat_id, device=Device.ON)
        case ev.DeviceLost():
            return _change(hearing, event.seat_id, device=Device.LOST)
        case ev.DeviceLeft():
            hearing = _change(hearing, event.seat_id, device=Device.NONE)
            seat = hearing.find(event.seat_id)
            return hearing if seat is None or seat.here else _out(hearing, event.seat_id)
        case _:
            assert_never(event)


def _publishing(hearing: Hearing, event: ev.PublishingSet | ev.PublishingAllowed | ev.PublishingWithdrawn) -> Hearing:
    match event:
        case ev.PublishingSet():
            known = event.policy in frozenset(Publishing)
            return replace(hearing, publishing=Publishing(event.policy)) if known else hearing
        case ev.PublishingAllowed():
            return _change(hearing, event.seat_id, allowed=True)
        case ev.PublishingWithdrawn():
            return _change(hearing, event.seat_id, allowed=False)
        case _:
            assert_never(event)


def _out(hearing: Hearing, seat_id: str) -> Hearing:
    """No longer at the table: no hand, no screen, no floor. A mute stays, or leaving would be a way around it."""
    hearing = _change(hearing, seat_id, admitted=False, screen=False, hand_raised_at=None)
    return replace(hearing, floor=None) if hearing.floor == seat_id else hearing


def _conduct(
    hearing: Hearing,
    event: ev.Muted | ev.Unmuted | ev.MediaChanged | ev.HandRaised | ev.HandLowered,
    at: datetime,
) -> Hearing:
    match event:
        case ev.Muted():
            return _change(hearing, event.seat_id, muted=True, locked=event.locked)
        case ev.Unmuted():
            return _change(hearing, event.seat_id, muted=False, locked=False)
        case ev.MediaChanged():
            return _change(
                hearing, event.seat_id, microphone=event.microphone, camera=event.camera, screen=event.screen
            )
        case ev.HandRaised():
            return _change(hearing, event.seat_id, hand_raised_at=at)
        case ev.HandLowered():
            return _change(hearing, event.seat_id, hand_raised_at=None)
        case _:
            assert_never(event)


def _roles(hearing: Hearing, event: ev.FloorGiven | ev.FloorTaken | ev.ChairTaken | ev.Said | ev.Noted) -> Hearing:
    match event:
        case ev.FloorGiven():
            return replace(hearing, floor=event.seat_id)
        case ev.FloorTaken():
            return replace(hearing, floor=None)
        case ev.ChairTaken():
            return replace(hearing, chair=event.seat_id)
        case ev.Said() | ev.Noted():
            return hearing
        case _:
            assert_never(event)


def _course(
    hearing: Hearing,
    event: ev.Opened | ev.RecessCalled | ev.Resumed | ev.Interrupted | ev.Ended,
    at: datetime,
) -> Hearing:
    match event:
        case ev.Opened():
            if hearing.state is not HearingState.SCHEDULED:
                return hearing
            return replace(
                hearing,
                state=HearingState.OPEN,
                recording_id=event.recording_id,
                epoch_ns=event.epoch_ns,
                opened_at=at,
            )
        case ev.RecessCalled():
            return replace(hearing, state=HearingState.RECESS) if hearing.state is HearingState.OPEN else hearing
        case ev.Interrupted():
            return replace(hearing, state=HearingState.INTERRUPTED) if hearing.state is HearingState.OPEN else hearing
        case ev.Resumed():
            return replace(hearing, state=HearingState.OPEN) if hearing.live else hearing
        case ev.Ended():
            return _close(hearing, at) if hearing.live else hearing
        case _:
            assert_never(event)


def _close(hearing: Hearing, at: datetime) -> Hearing:
    """Everyone is sent away by the end itself: that their browsers then hang up is nobody's loss."""
    away = tuple(replace(seat, connected=False, lost_at=at) if seat.connected else seat for seat in hearing.seats)
    return replace(hearing, state=HearingState.CLOSED, closed_at=at, floor=None, seats=away)


def _machines(
    hearing: Hearing,
    event: ev.RecorderLost | ev.RecorderBack | ev.WorkerLost | ev.WorkerBack | ev.PicturesLimited,
) -> Hearing:
    match event:
        case ev.PicturesLimited():
            return replace(hearing, picture_level=max(0, event.level))
        case ev.RecorderLost():
            return replace(hearing, recorder_lost=True)
        case ev.RecorderBack():
            return replace(hearing, recorder_lost=False)
        case ev.WorkerLost():
            return replace(hearing, worker_lost=True)
        case ev.WorkerBack():
            return replace(hearing, worker_lost=False)
        case _:
            assert_never(event)
