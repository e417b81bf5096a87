"""Tells the browsers of a hearing about lines: troubles to whom they concern, figures to who asked for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.lines import Trouble
from signaling import protocol as p
from signaling.context import Connection
from signaling.line_watch import LineWatch, visible
from signaling.permits import refusal

if TYPE_CHECKING:
    from signaling.live_hearing import LiveHearing


class LineNews:
    """``tell`` after each round of measurements."""

    def __init__(self, hearing: LiveHearing, lines: LineWatch) -> None:
        self._hearing, self._lines = hearing, lines
        self._told: dict[str, tuple[Connection, dict[str, list[Trouble]]]] = {}
        self._watched: dict[str, tuple[Connection, str]] = {}

    def watch(self, seat_id: str, watched: str | None) -> None:
        """The browser in ``seat_id`` wants the figures of ``watched``, or of nobody any more."""
        connection = self._hearing.audience.get(seat_id)
        self._watched.pop(seat_id, None)
        if connection is not None and watched is not None:
            self._watched[seat_id] = connection, watched
            self._send_figures(seat_id)

    def tell(self) -> None:
        seats = self._hearing.audience.seats
        for kept in (self._told, self._watched):
            for seat_id in kept.keys() - seats:
                del kept[seat_id]
        for seat_id, connection in self._hearing.audience:
            shown = visible(self._lines.troubles, seat_id, all_seats=self._sees_all(seat_id, connection))
            held_by, last = self._told.get(seat_id, (None, {}))
            if held_by is not connection:
                last = {}
            if shown != last:
                connection.send(p.Troubles(seats=shown))
            self._told[seat_id] = connection, shown
        for seat_id in list(self._watched):
            self._send_figures(seat_id)

    def _send_figures(self, seat_id: str) -> None:
        connection, watched = self._watched[seat_id]
        if self._hearing.audience.get(seat_id) is not connection or not self._sees_all(seat_id, connection):
            del self._watched[seat_id]  # another browser sits there now, or the seat no longer chairs
            return
        figures = self._lines.figures.get(watched)
        if figures is not None:
            quality = self._lines.quality([watched]).get(watched)
            connection.send(p.LineFigures(seat_id=watched, quality=quality, figures=figures))

    def _sees_all(self, seat_id: str, connection: Connection) -> bool:
        state = self._hearing.state
        seat = state.find(seat_id)
        return seat is not None and refusal(state, seat, p.WatchLine, connection.actor) is None
