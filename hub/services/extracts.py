"""What is handed out of a recording with withheld passages: a manifest of its own, derived from the recording's, signed
anew, in which every withheld segment is replaced by black or silence and names the ground.

The list of checksums that the recording was sealed with goes along, so that what is handed out can be proved to be part
of the original without seeing the rest.
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from hub import manifest as form
from hub import models, seals, signing_keys, withheld
from hub.config import Config
from hub.ids import utc_now
from hub.services import manifests, withholding
from hub.services.withholding import Passage

FORMAT = "citizen-reception-hub/extract/1"
BLANK_SUFFIX = ".withheld.webm"


@dataclass(frozen=True, slots=True)
class Blank:
    """A file in place of a withheld segment; ``kind`` is ``audio`` or ``video``."""

    path: str
    kind: str
    start_ms: int
    duration_ms: int

    def data(self) -> bytes:
        return withheld.instead(self.kind, self.start_ms, self.duration_ms)


@dataclass(frozen=True, slots=True)
class Extract:
    """``hidden`` are the object keys that must not be handed out."""

    files: dict[str, bytes]
    blanks: list[Blank]
    hidden: frozenset[str]
    manifest_sha256: str


async def make(db: AsyncSession, config: Config, recording: models.Recording, passages: list[Passage]) -> Extract:
    """Signed with the hub's key of today. Raises ``ConfigError`` when that is damaged."""
    fingerprint = seals.fingerprint(signing_keys.signing_key(config).public_key())
    key = signing_keys.public_keys(config)[fingerprint]
    document = await manifests.facts(db, recording.id, key)
    document["format"] = FORMAT
    document["original"] = {
        "manifest_sha256": recording.manifest_sha256,
        "sealed_at": manifests.instant(recording.sealed_at),
        "key": recording.seal_key,
    }
    document["withheld"] = [_passage(one) for one in passages]
    document["events"] = [_event(event, recording.started_at, passages) for event in document["events"]]
    return await asyncio.to_thread(_finish, config, recording.id, document, passages)


def _finish(config: Config, recording_id: str, document: dict[str, Any], passages: list[Passage]) -> Extract:
    blanks: list[Blank] = []
    hidden = []
    for track in document["tracks"]:
        for segment in track["segments"]:
            reasons = withholding.touched(passages, track["seat"], segment["start_ms"], segment["duration_ms"])
            if reasons:
                hidden.append(segment["key"])
                blanks.append(_blank(recording_id, track["kind"], segment, reasons))
    manifest = form.seal(document)
    key = signing_keys.signing_key(config)
    now = utc_now()
    sealed_at = now.replace(microsecond=now.microsecond // 1000 * 1000)
    heading = seals.Heading(recording_id, sealed_at, seals.fingerprint(key.public_key()))
    sums = seals.sums(heading, manifest, document)
    files = {
        "manifest.json": manifest,
        seals.SUMS: sums,
        seals.SIGNATURE: seals.sign(key, sums),
        "key.pem": seals.PublicKey(key.public_key(), sealed_at).pem.encode(),
    }
    return Extract(files, blanks, frozenset(hidden), hashlib.sha256(manifest).hexdigest())


def _blank(recording_id: str, kind: str, segment: dict[str, Any], reasons: list[Passage]) -> Blank:
    """Rewrite the segment's entry, and say what stands there instead."""
    path = str(segment["key"]).rpartition(".")[0] + BLANK_SUFFIX
    blank = Blank(path.removeprefix(form.folder_of(recording_id)), kind, segment["start_ms"], segment["duration_ms"])
    data = blank.data()
    original = segment["sha256"]
    segment.pop("stored", None)
    segment |= {
        "media_type": withheld.media_type(kind),
        "begins_with_keyframe": True,
        "size_bytes": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
        "key": path,
        "withheld": {"passages": [one.passage_id for one in reasons], "original_sha256": original},
    }
    return blank


def _passage(one: Passage) -> dict[str, Any]:
    return {
        "id": one.passage_id,
        "start_ms": one.range.start_ms,
        "end_ms": one.range.end_ms,
        "seat": one.range.seat_id,
        "ground": one.ground,
        "since": manifests.instant(one.created_at),
    }


def _event(event: dict[str, Any], started_at: datetime, passages: list[Passage]) -> dict[str, Any]:
    at_ms = (datetime.fromisoformat(event["at"]) - started_at) // timedelta(milliseconds=1)
    if not withholding.said_within(passages, at_ms):
        return event
    return {"seq": event["seq"], "at": event["at"], "kind": event["kind"], "seat": event["seat"], "withheld": True}
