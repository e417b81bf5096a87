"""What the object store holds of a recording, read without any of the hub's own code but the layout of its keys."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.support import decoding, tones
from tests.support.points import Point


class NotArchived(AssertionError):
    """The manifest did not appear in time."""


@dataclass
class Track:
    id: str
    seat_id: str
    source: str
    segments: list[dict[str, Any]]
    media: decoding.Decoded


@dataclass
class Archive:
    recording_id: str
    manifest: dict[str, Any]
    started_at: float
    """Position 0, UTC seconds."""
    tracks: list[Track]

    @property
    def duration_s(self) -> float:
        return float(self.manifest["recording"]["duration_ms"]) / 1000

    def track(self, seat_id: str, source: str) -> Track:
        """The only one of its kind; a second is a failure (nobody reconnected)."""
        [found] = [track for track in self.tracks if (track.seat_id, track.source) == (seat_id, source)]
        return found

    def gaps(self, cause: str) -> list[dict[str, Any]]:
        return [gap for gap in self.manifest["gaps"] if gap["cause"] == cause]

    def frames(self, seat_id: str, point: Point) -> list[tuple[float, int]]:
        """(UTC seconds, counter) of the frames with the point's code."""
        return [(self.started_at + at, c) for at, c in self.track(seat_id, "camera").media.counters(point.code)]

    def beeps(self, seat_id: str, point: Point) -> list[float]:
        media = self.track(seat_id, "microphone").media
        return [self.started_at + media.sound_begins_s + at for at in tones.beeps(media.sound, point)]


def wait_for(objects: Path, limit_s: float = 120) -> Archive:
    """The one recording of an object store in a directory, as soon as its manifest is there."""
    deadline = time.monotonic() + limit_s
    while not (found := list(objects.glob("recordings/*/manifest.json"))):
        if time.monotonic() > deadline:
            raise NotArchived(f"no manifest under {objects} after {limit_s} s: {sorted(objects.rglob('*'))[:20]}")
        time.sleep(0.2)
    [path] = found
    return _read(objects, path)


def _read(objects: Path, path: Path) -> Archive:
    manifest = json.loads(path.read_text())
    tracks = []
    for track in manifest["tracks"]:
        files = []
        for segment in track["segments"]:
            data = (objects / segment["key"]).read_bytes()
            assert hashlib.sha256(data).hexdigest() == segment["sha256"]
            assert segment["duration_ms"] <= 10_000
            # After a pause a few frames may come before the keyframe that was asked for: kept, but nothing to look at.
            if segment["begins_with_keyframe"]:
                files.append(data)
                # Each must play without its neighbours.
                assert decoding.decode([data]).frames or track["kind"] == "audio"
            else:
                assert segment["duration_ms"] < 3_000
        tracks.append(Track(track["id"], track["seat"], track["source"], track["segments"], decoding.decode(files)))
    started_at = datetime.fromisoformat(manifest["recording"]["started_at"]).timestamp()
    return Archive(manifest["recording"]["id"], manifest, started_at, tracks)
