"""Numbers in what a point sends, and the point's own log of them: what an archive can be held against, item by item.

Pictures carry theirs in the image (``picture_code``). An Opus packet gets its own as padding (RFC 6716 section 3.2.5),
which decoders step over and nobody on the way may change.
"""

from __future__ import annotations

import json
import struct
from collections import defaultdict
from pathlib import Path

_MARK = b"hub#"
_PADDING = struct.Struct("!4sI")
_CODE_3, _PADDED_ONE_FRAME = 3, 0x41


def stamp(packet: bytes, counter: int) -> bytes:
    """An Opus packet of one frame (code 0) with the counter in its padding."""
    assert packet[0] & 3 == 0, "one frame in a packet is what our encoder makes"
    head = bytes([packet[0] | _CODE_3, _PADDED_ONE_FRAME, _PADDING.size])
    return head + packet[1:] + _PADDING.pack(_MARK, counter)


def counter_of(packet: bytes) -> int | None:
    """None for a packet that no point of ours has sent."""
    if len(packet) < 3 + _PADDING.size or packet[0] & 3 != _CODE_3 or packet[1] != _PADDED_ONE_FRAME:
        return None
    mark, counter = _PADDING.unpack(packet[-_PADDING.size :])
    return int(counter) if mark == _MARK else None


class SentLog:
    """What points sent: for each (seat, source) the counters, and when they were captured (CLOCK_MONOTONIC, ns)."""

    def __init__(self) -> None:
        self.sent: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)

    def add(self, seat_id: str, source: str, counter: int, captured_ns: int) -> None:
        self.sent[seat_id, source].append((counter, captured_ns))

    def write(self, path: Path) -> None:
        with path.open("w") as file:
            for (seat, source), entries in self.sent.items():
                file.writelines(json.dumps([seat, source, *entry]) + "\n" for entry in entries)

    @classmethod
    def read(cls, path: Path) -> SentLog:
        found = cls()
        for line in path.read_text().splitlines():
            found.add(*json.loads(line))
        return found
