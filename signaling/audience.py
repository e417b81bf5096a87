"""The browsers connected to one hearing, and what each is shown of it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from signaling import events as ev
from signaling import protocol as p
from signaling.codec import Prepared, prepare
from signaling.context import Connection, Context
from signaling.permits import permitted
from signaling.state import Hearing
from signaling.views import Entry, Plates, happened, shown, welcome


class Audience:
    """At most one connection per seat."""

    def __init__(self, context: Context) -> None:
        self.idle_since = time.monotonic()
        self._context = context
        self._connections: dict[str, Connection] = {}
        self._told: dict[str, _Told] = {}
        self._quality: dict[str, int] = {}
        """As all of them have been told it."""
        self._plates = Plates()

    def __iter__(self) -> Iterator[tuple[str, Connection]]:
        return iter(list(self._connections.items()))

    def __len__(self) -> int:
        return len(self._connections)

    @property
    def seats(self) -> frozenset[str]:
        return frozenset(self._connections)

    def get(self, seat_id: str) -> Connection | None:
        return self._connections.get(seat_id)

    def add(self, seat_id: str, connection: Connection) -> None:
        connection.seat_id = seat_id
        self._connections[seat_id] = connection

    def forget(self, connection: Connection) -> bool:
        """Whether it was the one in its seat."""
        seat_id = connection.seat_id
        if seat_id is None or self._connections.get(seat_id) is not connection:
            return False
        del self._connections[seat_id]
        self._told.pop(seat_id, None)
        self.idle_since = time.monotonic()
        return True

    def dismiss(self, seat_id: str, reason: str) -> None:
        connection = self._connections.get(seat_id)
        if connection is not None:
            self.forget(connection)
            connection.dismiss(reason)

    def welcome(
        self, hearing: Hearing, seat_id: str, *, media: p.MediaView, quality: Mapping[str, int], log: Sequence[Entry]
    ) -> None:
        connection, seat = self._connections[seat_id], hearing.find(seat_id)
        assert seat is not None
        recorder = self._context.recorder
        connection.send(
            welcome(
                hearing,
                seat,
                connection.actor,
                elapsed_ms=self._context.clock.elapsed_ms(hearing),
                recorder_ready=recorder.refuses() is None,
                recorder_reason=connection.say(recorder.reason()),
                media=media,
                seats=self._plates.all(hearing, quality),
                ice_servers=self._context.ice_servers(seat_id),
                log=log,
                chair_lost_s=self._context.config.chair_lost_s,
                most_pictures=self._context.config.media_last_n,
            )
        )

    def broadcast(self, hearing: Hearing, entry: Entry, *, but: str | None = None) -> None:
        message = prepare(happened(hearing, entry))
        if isinstance(entry.event, ev.Joined | ev.Left | ev.Lost | ev.Displaced):
            self._quality.pop(entry.event.seat_id, None)  # whoever hears this takes the seat's line for unknown or bad
        for seat_id, connection in self:
            seat = hearing.find(seat_id)
            if seat_id == but or seat is None:
                continue
            event = shown(hearing, seat, entry.event)
            if event is entry.event:
                connection.send(message)
            elif event is not None:
                connection.send(happened(hearing, replace(entry, event=event)))

    def tell(self, message: p.MinutesChanged) -> None:
        prepared = prepare(message)
        for _, connection in self:
            connection.send(prepared)

    def send_states(self, hearing: Hearing, quality: Mapping[str, int]) -> None:
        """Tell each browser what it may do and how the lines are, where that differs from what it was told last."""
        recorder = self._context.recorder
        ready, reason = recorder.refuses() is None, recorder.reason()
        changed = {seat_id: score for seat_id, score in quality.items() if self._quality.get(seat_id) != score}
        self._quality = dict(quality)
        prepared: dict[_Told, Prepared] = {}
        for seat_id, connection in self:
            seat = hearing.find(seat_id)
            if seat is None:
                continue
            told = _Told(ready, connection.say(reason), permitted(hearing, seat, connection.actor))
            if not changed and self._told.get(seat_id) == told:
                continue
            self._told[seat_id] = told
            if told not in prepared:
                prepared[told] = prepare(
                    p.State(
                        recorder_ready=told.recorder_ready,
                        recorder_reason=told.recorder_reason,
                        quality=changed,
                        may=told.may,
                    )
                )
            connection.send(prepared[told])


class _Told(NamedTuple):
    """What of ``State`` differs from browser to browser; most are alike."""

    recorder_ready: bool
    recorder_reason: str
    may: tuple[str, ...]
