"""Holds an archive against what its points say they sent: all that is missing must lie in gaps that the manifest lists.

A program of its own: it knows the manifest, PyAV and the points' logs, and nothing of how the recorder works.
``python -m tests.support.comparison OBJECTS RECORDING SENT_LOG EPOCH_NS`` says what it found; status 1 for faults.
"""

from __future__ import annotations

import hashlib
import io
import json
import sys
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av

from tests.support import picture_code
from tests.support.counted import SentLog, counter_of
from tests.support.points import FRAMES, FRAMES_PER_S

PERIOD_MS = {"camera": 1000 / FRAMES_PER_S, "microphone": 20.0}
EDGE_MS = {"camera": 150.0, "microphone": 60.0}
"""A gap's edge is as exact as the items are long, and the clocks of sound and picture are fitted to each other."""
MISPLACED_MS = 300.0
UNWRAP_MS = FRAMES / FRAMES_PER_S * 500

Items = dict[int, float]
"""Counter to position in milliseconds."""


@dataclass
class Findings:
    """``faults`` is empty when the archive holds what was sent, but for what it says it does not hold."""

    sent: int = 0
    found: int = 0
    gaps: int = 0
    """Listed gaps in which something that was sent is missing."""
    missing_s: float = 0.0
    """The longest stretch that any one track lacks."""
    runs: list[str] = field(default_factory=list)
    """What is missing, in words."""
    corrupt: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.faults and not self.corrupt

    def __str__(self) -> str:
        lines = [f"sent {self.sent}, found {self.found}, missing at most {self.missing_s:.2f} s, gaps {self.gaps}"]
        return "\n".join([*lines, *self.runs, *(f"corrupt: {one}" for one in self.corrupt), *self.faults[:40]])


def compare(manifest: dict[str, Any], read: Callable[[str], bytes], log: SentLog, epoch_ns: int) -> Findings:
    """``read`` gives an object's bytes; ``epoch_ns`` is position 0 on the clock of the log."""
    result = Findings()
    for (seat, source), entries in log.sent.items():
        tracks = [t for t in manifest["tracks"] if (t["seat"], t["source"]) == (seat, source)]
        sent = {counter: (captured_ns - epoch_ns) / 1e6 for counter, captured_ns in entries}
        found: Items = {}
        ids = {track["id"] for track in tracks}
        gaps = _joined(sorted((g["start_ms"], g["end_ms"]) for g in manifest["gaps"] if g["track"] in ids))
        for track in tracks:
            for counter, at_ms in _items(track, read, result.corrupt, sent, gaps):
                if counter in found:
                    result.faults.append(f"{source} {counter} is there at {found[counter]:.0f} and {at_ms:.0f} ms")
                found[counter] = at_ms
        _judge(result, f"{source} of {seat[-4:]}", source, sent, found, gaps)
    return result


def _judge(
    result: Findings,
    name: str,
    source: str,
    sent: Items,
    found: Items,
    gaps: list[tuple[float, float]],
) -> None:
    edge, period = EDGE_MS[source], PERIOD_MS[source]
    missing = {counter: at for counter, at in sent.items() if counter not in found}
    result.sent += len(sent)
    result.found += len(found)
    result.missing_s = max(result.missing_s, _longest(list(sent), missing) * period / 1000)
    result.gaps += sum(any(start - edge <= at <= end + edge for at in missing.values()) for start, end in gaps)
    if missing:
        first, last = min(missing), max(missing)
        result.runs.append(f"{name}: {len(missing)} missing between {first} and {last}; listed: {gaps}")
    for counter, at in missing.items():
        if not any(start - edge <= at <= end + edge for start, end in gaps):
            result.faults.append(f"{name}: {counter}, sent at {at:.0f} ms, is missing and no gap says so ({gaps})")
    for counter, at in found.items():
        if counter not in sent:
            result.faults.append(f"{name}: {counter} at {at:.0f} ms was never sent")
        elif abs(at - sent[counter]) > MISPLACED_MS:
            result.faults.append(f"{name}: {counter} is at {at:.0f} ms and was sent at {sent[counter]:.0f} ms")
        elif any(start + edge < at < end - edge for start, end in gaps):
            result.faults.append(f"{name}: {counter} at {at:.0f} ms is there, in a gap ({gaps})")


def _longest(sent: list[int], missing: Items) -> int:
    """The most items in a row, in the order of sending, that are missing."""
    longest = run = 0
    for counter in sent:
        run = run + 1 if counter in missing else 0
        longest = max(longest, run)
    return longest


def _joined(gaps: list[tuple[float, float]]) -> list[tuple[float, float]]:
    joined: list[tuple[float, float]] = []
    for start, end in gaps:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _items(
    track: dict[str, Any],
    read: Callable[[str], bytes],
    corrupt: list[str],
    sent: Items,
    gaps: list[tuple[float, float]],
) -> Iterator[tuple[int, float]]:
    """(counter, position in ms) of everything in a track's segments, which are checked by the way."""
    decoder: Any = None
    for segment in sorted(track["segments"], key=lambda one: one["number"]):
        data = read(segment["key"])
        if hashlib.sha256(data).hexdigest() != segment["sha256"] or len(data) != segment["size_bytes"]:
            corrupt.append(segment["key"])
            continue
        end_ms = segment["start_ms"] + segment["duration_ms"]
        if any(start <= segment["start_ms"] and end_ms <= end for start, end in gaps):
            continue  # kept, but said to be nothing that could be watched
        if segment["begins_with_keyframe"] or decoder is None:
            decoder = av.CodecContext.create("vp8" if track["kind"] == "video" else "opus", "r")
        try:
            yield from _read_segment(data, decoder, track["kind"], sent)
        except av.FFmpegError as error:
            corrupt.append(f"{segment['key']}: {error}")


def _read_segment(data: bytes, decoder: Any, kind: str, sent: Items) -> Iterator[tuple[int, float]]:
    by_code = _Unwrapped(sent) if kind == "video" else None
    with av.open(io.BytesIO(data)) as container:
        for packet in container.demux():
            if packet.pts is None:
                continue
            at_ms = float(packet.pts * packet.time_base) * 1000
            try:
                frames = decoder.decode(av.Packet(bytes(packet)))
            except av.FFmpegError:
                frames = []  # a picture that builds on one that is not there
            if by_code is None:
                counter = counter_of(bytes(packet))
                if counter is not None and frames:
                    yield counter, at_ms
            else:
                for frame in frames:
                    seen = picture_code.read(frame.to_ndarray(format="rgb24"))
                    if seen is not None:
                        yield by_code.counter(seen.counter, at_ms), at_ms


class _Unwrapped:
    """A picture's code counts to ``FRAMES`` only; which of those that were sent it is, its time tells."""

    def __init__(self, sent: Items) -> None:
        self._by_code: dict[int, list[tuple[float, int]]] = {}
        for counter, at in sorted(sent.items(), key=lambda item: item[1]):
            self._by_code.setdefault(counter % FRAMES, []).append((at, counter))

    def counter(self, code: int, at_ms: float) -> int:
        known = self._by_code.get(code, [])
        place = bisect_left(known, (at_ms, -1))
        near = known[max(0, place - 1) : place + 1]
        at, counter = min(near, key=lambda one: abs(one[0] - at_ms), default=(0.0, -1 - code))
        return counter if abs(at - at_ms) < UNWRAP_MS else -1 - code


def main() -> int:
    objects, recording_id, log, epoch_ns = sys.argv[1:]
    manifest = json.loads((Path(objects) / f"recordings/{recording_id}/manifest.json").read_bytes())
    found = compare(manifest, lambda key: (Path(objects) / key).read_bytes(), SentLog.read(Path(log)), int(epoch_ns))
    sys.stdout.write(f"{found}\n")
    return 0 if found.ok else 1


if __name__ == "__main__":
    sys.exit(main())
