"""A recording's manifest: what was recorded, with a checksum for every file and a hash chain over all of it.

PURE. The manifest is canonical JSON (sorted keys, no spaces, UTF-8), so that the same facts always give the same bytes.
The chain begins with the hash of ``recording`` and ``hearing``; each segment, in order, is hashed together with the
value before it, and ``gaps`` and ``events`` last: nothing can be taken out, put in or moved unnoticed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

FORMAT = "citizen-reception-hub/recording/1"


def canonical(value: object) -> bytes:
    """The one way to write a JSON value."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def key_of(recording_id: str) -> str:
    """The manifest's object key."""
    return f"recordings/{recording_id}/manifest.json"


def seal(manifest: dict[str, Any]) -> bytes:
    """Write the chain into the manifest (each segment's ``chain`` and the last value) and give its bytes."""
    value = _start(manifest)
    for segment in segments(manifest):
        value = segment["chain"] = _link(value, {k: v for k, v in segment.items() if k != "chain"})
    manifest["chain"] = _link(value, _rest(manifest))
    return canonical(manifest)


def broken_links(manifest: dict[str, Any]) -> list[str]:
    """The object keys of segments whose link is wrong, and ``chain`` when the last value is; empty when all is well."""
    broken = []
    value = _start(manifest)
    for segment in segments(manifest):
        link = _link(value, {k: v for k, v in segment.items() if k != "chain"})
        if segment.get("chain") != link:
            broken.append(str(segment.get("key")))
        value = str(segment.get("chain"))
    if manifest.get("chain") != _link(value, _rest(manifest)):
        broken.append("chain")
    return broken


def segments(manifest: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """All segments, track by track, in the order of the chain."""
    for track in manifest["tracks"]:
        yield from track["segments"]


def _start(manifest: dict[str, Any]) -> str:
    head = {name: manifest.get(name) for name in ("format", "software", "recording", "hearing")}
    return hashlib.sha256(canonical(head)).hexdigest()


def _rest(manifest: dict[str, Any]) -> dict[str, Any]:
    tracks = [{k: v for k, v in track.items() if k != "segments"} for track in manifest["tracks"]]
    return {"tracks": tracks, "gaps": manifest.get("gaps"), "events": manifest.get("events")}


def _link(before: str, entry: dict[str, Any]) -> str:
    return hashlib.sha256(before.encode() + canonical(entry)).hexdigest()
