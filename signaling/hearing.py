"""A live hearing, sans I/O: ``decide`` what follows from a message, ``tick`` from what was observed, ``apply`` events.

::

    message ─▶ decide(hearing, seat, message, facts) ─▶ Decision(events, effects, reply | refusal)
    clock, sockets, recorder, worker ─▶ tick(hearing, observed) ─▶ events
    events, once committed ─▶ apply(hearing, event, at) ─▶ hearing ─▶ wishes(hearing) ─▶ the media plane
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from hub.models import OVER_STATES, HearingState
from signaling import events as ev
from signaling.decide import Decision, Facts, decide
from signaling.events import AnyEvent
from signaling.permits import Refusal, permitted
from signaling.state import Device, Hearing, Presence, Seat, apply, effective_kind, fold
from signaling.wishes import Wishes, wishes

__all__ = [
    "Decision",
    "Facts",
    "Hearing",
    "Observed",
    "Presence",
    "Refusal",
    "Seat",
    "Wishes",
    "apply",
    "decide",
    "device_left",
    "effective_kind",
    "fold",
    "permitted",
    "recorder_back",
    "recorder_lost",
    "seat_lost",
    "tick",
    "wishes",
    "worker_back",
    "worker_lost",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What is so outside the hearing, as facts. None: not known yet (just started); nothing follows from it."""

    connected: frozenset[str] | None
    """Seats with a browser."""
    recorder_up: bool | None
    worker_up: bool | None
    chair_lost_s: int
    picture_level: int | None = None
    """How far the media worker must limit pictures."""
    devices: frozenset[str] | None = None
    """Seats whose room encoder is connected."""


def tick(hearing: Hearing, now: datetime, observed: Observed) -> tuple[AnyEvent, ...]:
    """What has happened without a message. Repeating it changes nothing, so a commit that failed is simply retried."""
    happening: list[AnyEvent] = []
    if observed.connected is not None:
        for seat in hearing.seats:
            if seat.seat_id not in observed.connected:
                happening += seat_lost(hearing, seat.seat_id)
    if observed.devices is not None:
        happening += _devices(hearing, observed.devices)
    if observed.recorder_up is not None:
        happening += recorder_back(hearing) if observed.recorder_up else recorder_lost(hearing)
    if observed.worker_up is not None:
        happening += worker_back(hearing) if observed.worker_up else worker_lost(hearing)
    if hearing.live and observed.picture_level not in (None, hearing.picture_level):
        happening.append(ev.PicturesLimited(level=observed.picture_level or 0))
    if hearing.state is HearingState.OPEN and _chair_away_s(hearing, now) >= observed.chair_lost_s:
        happening.append(ev.Interrupted())
    return tuple(happening)


def _devices(hearing: Hearing, connected: frozenset[str]) -> tuple[AnyEvent, ...]:
    """Room encoders come and go by their media alone; before the opening they wait."""
    if hearing.state in OVER_STATES:
        return ()
    happening: list[AnyEvent] = []
    for seat in hearing.seats:
        if seat.seat_id in connected and seat.device is not Device.ON:
            happening.append(ev.DeviceJoined(seat_id=seat.seat_id))
        elif seat.seat_id not in connected and seat.device is Device.ON:
            happening.append(ev.DeviceLost(seat_id=seat.seat_id))
    return tuple(happening)


def device_left(hearing: Hearing, seat_id: str) -> tuple[AnyEvent, ...]:
    """The encoder hung up. A seat without a browser is empty then."""
    seat = hearing.find(seat_id)
    if seat is None or seat.device is Device.NONE:
        return ()
    floor = (ev.FloorTaken(seat_id=seat_id),) if hearing.floor == seat_id and not seat.here else ()
    return (*floor, ev.DeviceLeft(seat_id=seat_id))


def seat_lost(hearing: Hearing, seat_id: str) -> tuple[AnyEvent, ...]:
    seat = hearing.find(seat_id)
    return (ev.Lost(seat_id=seat_id),) if seat is not None and seat.here and seat.connected else ()


def recorder_lost(hearing: Hearing) -> tuple[AnyEvent, ...]:
    return (ev.RecorderLost(),) if hearing.live and not hearing.recorder_lost else ()


def recorder_back(hearing: Hearing) -> tuple[AnyEvent, ...]:
    return (ev.RecorderBack(),) if hearing.live and hearing.recorder_lost else ()


def worker_lost(hearing: Hearing) -> tuple[AnyEvent, ...]:
    return (ev.WorkerLost(),) if hearing.live and not hearing.worker_lost else ()


def worker_back(hearing: Hearing) -> tuple[AnyEvent, ...]:
    return (ev.WorkerBack(),) if hearing.live and hearing.worker_lost else ()


def _chair_away_s(hearing: Hearing, now: datetime) -> float:
    chair = hearing.find(hearing.chair)
    if chair is None or chair.lost_at is None:
        return 0
    return (now - chair.lost_at) / timedelta(seconds=1)
