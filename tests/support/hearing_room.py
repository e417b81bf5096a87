"""A hearing's pure core driven by messages, for tests: booked, with its seats, and everything that came of it."""

from __future__ import annotations

from datetime import UTC, datetime

from hub.auth import Actor
from hub.models import SeatKind
from signaling import effects as fx
from signaling import events as ev
from signaling import protocol as p
from signaling.hearing import (
    Decision,
    Facts,
    Hearing,
    Observed,
    Seat,
    apply,
    decide,
)

T0 = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
NUMBER = "TCD-2026-0001"
SEATS = ("chair", "deputy", "secretary", "xa1", "xa2")
KINDS = (SeatKind.CHAIR, SeatKind.DEPUTY, SeatKind.SECRETARY, SeatKind.POINT, SeatKind.POINT)


def booked() -> Hearing:
    seats = tuple(Seat(seat_id=name, kind=kind, label=name) for name, kind in zip(SEATS, KINDS, strict=True))
    return Hearing(hearing_id="h", number=NUMBER, title="Tiếp dân", seats=seats, chair="chair")


def person(seat_id: str) -> Actor:
    return Actor(account_id=f"a-{seat_id}", name=seat_id, unit_id="u", unit_path="/u/", grants=frozenset())


def facts(seat_id: str, **more: object) -> Facts:
    given: dict[str, object] = {"actor": person(seat_id), "now": T0, "may_take": frozenset({seat_id})}
    return Facts(**(given | more))  # type: ignore[arg-type]


class Room:
    """A hearing driven by messages, remembering its events, as ``signaling.live_hearing`` does with a database."""

    def __init__(self) -> None:
        self.state = booked()
        self.log: list[tuple[ev.AnyEvent, datetime]] = []
        self.now = T0

    def keep(self, *events: ev.AnyEvent) -> None:
        for event in events:
            self.log.append((event, self.now))
            self.state = apply(self.state, event, self.now)

    def send(self, seat_id: str, message: p.FromBrowser, **more: object) -> Decision:
        decision = decide(self.state, seat_id, message, facts(seat_id, **more))
        if fx.StartRecording() in decision.effects:
            decision = decide(self.state, seat_id, message, facts(seat_id, recording=("r", 7), **more))
        self.keep(*decision.events)
        return decision

    def join(self, *seats: str) -> Room:
        for seat_id in seats:
            self.send(seat_id, p.Join(version=1, seat_id=seat_id))
        return self

    def open(self, *points: str) -> Room:
        self.join("chair", *points)
        self.send("chair", p.Open())
        for point in points:
            self.send("chair", p.Admit(seat_id=point))
        return self

    def lose(self, seat_id: str) -> None:
        self.keep(ev.Lost(seat_id=seat_id))

    def seat(self, seat_id: str) -> Seat:
        found = self.state.find(seat_id)
        assert found is not None
        return found


def observed(**more: object) -> Observed:
    given: dict[str, object] = {"connected": None, "recorder_up": None, "worker_up": None, "chair_lost_s": 60}
    return Observed(**(given | more))  # type: ignore[arg-type]
