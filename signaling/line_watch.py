"""How the lines of one live hearing are now: figures, scores, and troubles that have lasted long enough to speak of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec.structs import replace

from hub.lines import Cause, Figures, Seen, Trouble, diagnose
from signaling.media import peers
from signaling.media.control import PeerStats
from signaling.quality import combined, figures

APPEARS = 2
"""Measurements in a row with a trouble until it is told; one bad moment is nobody's business."""
SEEN_ROUNDS = 6
"""For so many measurements a browser's word about itself counts."""
LASTS = 3
"""Measurements without it until it counts as over: what people read must not flicker."""


class LineWatch:
    """``measured`` is called with each round of the worker's figures, every two seconds."""

    def __init__(self) -> None:
        self.figures: dict[str, Figures] = {}
        self.troubles: dict[str, list[Trouble]] = {}
        """By seat, the gravest first; a seat without any is not in it."""
        self._told: dict[str, int] = {}
        self._seen: dict[str, Seen] = {}
        self._seen_age: dict[str, int] = {}
        self._silent: dict[str, set[tuple[str, str]]] = {}
        self._freezes: dict[str, int] = {}
        self._lasting: dict[str, dict[Cause, int]] = {}
        self._last: dict[str, dict[Cause, Trouble]] = {}

    # What comes in -------------------------------------------------------------------------------------------------

    def told(self, seat_id: str, quality: int) -> None:
        """The browser's own mark of its line, 0–4."""
        self._told[seat_id] = quality

    def seen(self, seat_id: str, seen: Seen) -> None:
        """What the browser says of its line, every few seconds."""
        self._seen[seat_id], self._seen_age[seat_id] = seen, 0
        self._freezes[seat_id] = self._freezes.get(seat_id, 0) + seen.freezes
        if seat_id in self.figures:
            self.figures[seat_id] = replace(self.figures[seat_id], seen=seen)

    def transport(self, peer_id: str, direction: str, *, silent: bool) -> None:
        """One of its connections has gone silent, or speaks again, or is closed."""
        if peers.is_display(peer_id):
            return
        connections = self._silent.setdefault(peers.seat_of(peer_id), set())
        if silent:
            connections.add((peer_id, direction))
        else:
            connections.discard((peer_id, direction))
        if not connections:
            del self._silent[peers.seat_of(peer_id)]

    def measured(self, measured: Sequence[PeerStats]) -> dict[str, int]:
        """A round of the worker's figures, of all peers. Answers the freezes told since the last round, by seat."""
        self._age()
        self.figures = {
            seat_id: figures(one, self._seen.get(seat_id), gone=seat_id in self._silent)
            for seat_id, one in by_seat(measured).items()
        }
        self.troubles = {}
        for seat_id in self._lasting.keys() | self.figures.keys():
            self._follow(seat_id)
        freezes, self._freezes = self._freezes, {}
        return freezes

    def forget(self, seat_id: str) -> None:
        """The browser is gone; what it said of itself says nothing about the next."""
        for kept in (self._told, self._seen, self._seen_age, self._freezes):
            kept.pop(seat_id, None)

    def _age(self) -> None:
        """A browser that says nothing more is no longer believed."""
        for seat_id in list(self._seen):
            self._seen_age[seat_id] += 1
            if self._seen_age[seat_id] > SEEN_ROUNDS:
                del self._seen[seat_id], self._seen_age[seat_id]

    def reset(self) -> None:
        """Another worker carries the hearing: everything is measured anew."""
        for kept in (self.figures, self.troubles, self._freezes, self._lasting, self._last):
            kept.clear()
        self._silent.clear()

    # What is known ---------------------------------------------------------------------------------------------------

    def quality(self, seat_ids: Iterable[str]) -> dict[str, int]:
        """seat → 0–4, of those for which anything is known."""
        found = {}
        for seat_id in seat_ids:
            points = 0 if seat_id in self._silent else combined(self.figures.get(seat_id), self._told.get(seat_id))
            if points is not None:
                found[seat_id] = points
        return found

    def _follow(self, seat_id: str) -> None:
        """Count how long each trouble has lasted; those told are remembered until they are over."""
        now = {one.cause: one for one in diagnose(self.figures[seat_id])} if seat_id in self.figures else {}
        counts, last = self._lasting.setdefault(seat_id, {}), self._last.setdefault(seat_id, {})
        for cause in list(counts.keys() | now.keys()):
            _count(counts, cause, present=cause in now)
        last.update(now)
        told = [last[cause] for cause in Cause if counts.get(cause, 0) >= APPEARS]
        if told and seat_id in self.figures:
            self.troubles[seat_id] = told
        if not counts:
            del self._lasting[seat_id], self._last[seat_id]


def by_seat(measured: Sequence[PeerStats]) -> dict[str, PeerStats]:
    """A seat's line is its browser's; what its room encoder sends takes the place of what the browser would send.

    Displays are pictures on a wall: nobody is helped by hearing of them.
    """
    found = {one.peer_id: one for one in measured if not peers.is_guest(one.peer_id)}
    for one in measured:
        if peers.is_device(one.peer_id) and one.up is not None:
            seat_id = peers.seat_of(one.peer_id)
            browser = found.get(seat_id, PeerStats(peer_id=seat_id, up=None, down=None))
            changed = {"up": one.up, "sources": one.sources, "microphone_silent": one.microphone_silent}
            found[seat_id] = replace(browser, **changed)
    return found


def _count(counts: dict[Cause, int], cause: Cause, *, present: bool) -> None:
    """Up by one while it is there, from ``APPEARS`` on at once to the top, so that it takes ``LASTS`` rounds to go."""
    before = counts.get(cause, 0)
    if present:
        counts[cause] = APPEARS + LASTS - 1 if before + 1 >= APPEARS else before + 1
    elif before > APPEARS:
        counts[cause] = before - 1
    else:
        counts.pop(cause, None)


def visible(troubles: Mapping[str, list[Trouble]], seat_id: str, *, all_seats: bool) -> dict[str, list[Trouble]]:
    """What is told to the browser in ``seat_id``: of every seat, or of its own alone."""
    if all_seats:
        return dict(troubles)
    return {seat_id: troubles[seat_id]} if seat_id in troubles else {}
