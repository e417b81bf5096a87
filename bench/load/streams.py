"""What a receiver counts per stream, and what a checking receiver finds wrong. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from bench.load.content import Place
from hub.rtp import distance


class Counted:
    """One SSRC as its RTP headers show it, which SRTP leaves readable."""

    __slots__ = ("bytes", "cycles", "first", "highest", "packets", "payload_type", "reported", "reported_expected")

    def __init__(self, sequence: int, payload_type: int) -> None:
        self.payload_type = payload_type
        self.packets = self.bytes = self.cycles = 0
        self.first = self.highest = sequence
        self.reported = self.reported_expected = 0

    def add(self, sequence: int, size: int) -> None:
        self.packets += 1
        self.bytes += size
        step = distance(sequence, self.highest)
        if step > 0:
            if sequence < self.highest:
                self.cycles += 1
            self.highest = sequence

    @property
    def extended(self) -> int:
        return self.cycles << 16 | self.highest

    @property
    def expected(self) -> int:
        """By the sequence numbers, since the first packet seen."""
        return self.extended - self.first + 1

    def fraction_lost(self) -> int:
        """Of 256, since it was last asked (RFC 3550 section 6.4.1)."""
        expected = self.expected - self.reported_expected
        lost = expected - (self.packets - self.reported)
        self.reported, self.reported_expected = self.packets, self.expected
        return 0 if expected <= 0 or lost <= 0 else min(255, (lost << 8) // expected)


@dataclass
class Checked:
    """What a receiver that decrypts everything found in one stream. ``delays_ns`` are of packets in order."""

    packets: int = 0
    damaged: int = 0
    """Decrypted, but not as it was sent."""
    late: int = 0
    """Overtaken by a later one."""
    repeated: int = 0
    delays_ns: list[int] = field(default_factory=list)
    last: int | None = None
    holes: set[int] = field(default_factory=set)
    """Counters that have not come yet, though later ones have."""

    def add(self, counter: int, *, intact: bool, delay_ns: int) -> None:
        self.packets += 1
        if not intact:
            self.damaged += 1
        if self.last is not None:
            step = counter - self.last
            if step <= 0:
                if counter in self.holes:
                    self.holes.remove(counter)
                    self.late += 1
                else:
                    self.repeated += 1
                return
            self.holes.update(range(self.last + 1, counter))
        self.last = counter
        self.delays_ns.append(delay_ns)

    @property
    def faults(self) -> int:
        return self.damaged + self.late + self.repeated + len(self.holes)


class Keyframe:
    """Waits for all packets of one keyframe; ``who`` None is anybody's."""

    def __init__(self, who: int | None) -> None:
        self.who = who
        self._parts: dict[tuple[int, int], set[int]] = {}

    def add(self, place: Place, counter: int) -> bool:
        """Whether this packet completes one."""
        if not place.of or self.who not in (None, place.who):
            return False
        parts = self._parts.setdefault((place.who, counter - place.index), set())
        parts.add(place.index)
        return len(parts) == place.of
