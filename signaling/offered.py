"""From wishes in seats and sources to the worker's producers. PURE."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from signaling.media import peers
from signaling.media.control import ProducerInfo
from signaling.selection import Picture, Reception
from signaling.wishes import HIDDEN


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a peer is to receive, as ``control.Consume`` says it: sound, then pictures, the most important first."""

    producer_ids: list[str]
    heights: dict[str, int]


class Offered:
    """What there is to receive. Built once and asked for every peer, so that it costs little for two hundred."""

    def __init__(self, producers: Iterable[ProducerInfo], paused: Mapping[tuple[str, str], str]) -> None:
        self._pictures: dict[Picture, str] = {}
        self._sounds: list[tuple[str, str]] = []
        self._still: set[str] = set()
        for one in producers:
            if paused.get((one.peer_id, one.source)) in HIDDEN:
                continue
            if (one.peer_id, one.source) in paused:
                self._still.add(one.producer_id)
            seat_id = peers.seat_of(one.peer_id)
            if one.kind == "audio":
                self._sounds.append((seat_id, one.producer_id))
            else:
                self._pictures[seat_id, one.source] = one.producer_id

    def to(self, reception: Reception, *, flowing_first: bool = False) -> Wanted:
        """``flowing_first``: to whom shows only the first few, what is switched off comes last."""
        sounds = [producer_id for seat_id, producer_id in self._sounds if seat_id in reception.seats]
        found = [(picture, self._pictures[picture]) for picture in reception.pictures if picture in self._pictures]
        if flowing_first:
            sounds.sort(key=self._still.__contains__)
            found.sort(key=lambda one: one[1] in self._still)
        heights = {
            producer_id: reception.heights[picture] for picture, producer_id in found if picture in reception.heights
        }
        return Wanted([*sounds, *(producer_id for _, producer_id in found)], heights)
