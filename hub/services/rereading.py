"""Everything the store has of one recording, read again: the blocking part of verification, for a thread."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hub import envelope, seals, timestamps
from hub import manifest as form
from hub.config import Config
from hub.seals import PublicKey
from hub.services import destruction
from hub.services import store as stores
from hub.services.faults import Fault
from hub.services.recording_keys import Found
from hub.services.store import ObjectMissing, ObjectStore

PROGRESS_EVERY_BYTES = 1 << 20
SLACK = timedelta(minutes=1)
"""Between the clock's readings when a key came and when it was first used."""

Progress = Callable[[int, int], None]
"""Called with (bytes read, bytes in all), about once a megabyte."""


@dataclass(frozen=True, slots=True)
class Trust:
    """What seals are checked against: the hub's own public keys, and a file of time-stamping authorities."""

    keys: dict[str, PublicKey]
    authority: Path | None = None
    config: Config | None = None
    """Where the keys of encrypted recordings are found."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rows say. ``tracks`` and ``gaps`` are written as in the manifest; ``events`` gives for each number every
    form that a manifest may give it."""

    recording_id: str
    archived: bool
    manifest_sha256: str | None
    sealed_at: datetime | None
    seal_key: str | None
    stamped_at: datetime | None
    started_at: str
    duration_ms: int | None
    tracks: list[dict[str, Any]]
    gaps: list[dict[str, Any]]
    events: dict[int, list[dict[str, Any]]]
    unstored: frozenset[str]
    """Keys of segments that are still in the spool."""
    destroyed: bool = False
    left: int = 0
    """So many of a destroyed recording's files may still be there, locked and unreadable."""
    key: Found = Found()
    """What encrypted segments are opened with."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """Which versions of manifest and seal are ours, by name."""
    locked: datetime | None = None
    """Every file is locked until then."""


class Reading:
    """One pass; ``run`` it once, then look at ``faults``, ``objects`` and ``bytes_read``."""

    def __init__(self, store: ObjectStore, trust: Trust, facts: Facts, progress: Progress | None) -> None:
        self._store, self._trust, self._facts = store, trust, facts
        self._progress, self._told = progress, 0
        self._segments = {s["key"]: s for track in facts.tracks for s in track["segments"]}
        self._total = sum(s["stored"]["size_bytes"] for key, s in self._segments.items() if key not in facts.unstored)
        self.faults: list[Fault] = []
        self.objects = self.bytes_read = 0

    def run(self) -> None:
        """Raises ``StoreAway``."""
        ours = set(self._segments)
        if self._facts.archived:
            ours.add(form.key_of(self._facts.recording_id))
            ours.update(seals.key_of(self._facts.recording_id, n) for n in (seals.SUMS, seals.SIGNATURE, seals.STAMP))
            self._manifest()
        if self._facts.destroyed:
            ours.update(form.folder_of(self._facts.recording_id) + n for n in (destruction.NAME, destruction.SIGNATURE))
            self._gone()
        else:
            self._key()
            for key in self._segments:
                if key not in self._facts.unstored:
                    self._segment(key)
        for found in stores.everything(self._store, form.folder_of(self._facts.recording_id)):
            if found.key not in ours:
                self._fault("extra", found.key)
            elif found.version != self._version(found.key, found.version):
                self._fault("hidden" if found.deleted else "extra_version", found.key, found.version)
        if self._facts.locked:
            self._locks(ours - self._segments.keys() if self._facts.destroyed else ours)
        if self._progress:
            self._progress(self.bytes_read, max(self._total, self.bytes_read))

    def _fault(self, kind: str, key: str, detail: str = "") -> None:
        self.faults.append(Fault(kind, key, detail))

    def _gone(self) -> None:
        """Of a destroyed recording no file is left but those that are locked, nor its certificate missing."""
        folder = form.folder_of(self._facts.recording_id)
        there = {found.key for found in stores.everything(self._store, folder) if not found.deleted}
        present = sorted(there & self._segments.keys())
        for key in present[self._facts.left :]:
            self._fault("not_destroyed", key)
        certificate = self._whole(folder + destruction.NAME)
        signature = self._whole(folder + destruction.SIGNATURE)
        if certificate is None or signature is None:
            self._fault("missing", folder + destruction.NAME)
        elif not any(seals.signed(known.key, certificate, signature) for known in self._trust.keys.values()):
            self._fault("bad_signature", folder + destruction.SIGNATURE)

    def _key(self) -> None:
        if self._facts.key.destroyed:
            self._fault("key_destroyed", self._facts.recording_id)
        elif not all(self._readable(key) for key in self._segments):
            self._fault("key_missing", self._facts.recording_id, self._facts.key.why)

    # Segments -----------------------------------------------------------------------------------------------------

    def _segment(self, key: str) -> None:
        expected = self._segments[key]["sha256"]
        stored, digest, size = hashlib.sha256(), hashlib.sha256(), 0

        def pieces() -> Iterator[bytes]:
            nonlocal size
            for piece in stores.read(self._store, key, self._segments[key]["stored"].get("version", "")):
                stored.update(piece)
                size += len(piece)
                self._read(len(piece))
                yield piece

        try:
            undecipherable = self._digest(key, pieces(), digest)
        except ObjectMissing:
            self._fault("missing", key)
            return
        self.objects += 1
        recorded, found = self._segments[key]["stored"]["sha256"], stored.hexdigest()
        if found != recorded:
            whose = [other for other, s in self._segments.items() if s["stored"]["sha256"] == found]
            if whose:
                self._fault("swapped", key, whose[0])
            else:
                self._fault("altered", key, f"{size} bytes, sha256 {found}, recorded {recorded}")
        elif undecipherable or (self._readable(key) and digest.hexdigest() != expected):
            self._fault("undecipherable", key, undecipherable or "another file than was recorded")

    def _version(self, key: str, default: str = "") -> str:
        """Which version is ours; ``default`` where that is not known."""
        name = key.rpartition("/")[2]
        known = (
            self._segments[key]["stored"].get("version") if key in self._segments else self._facts.versions.get(name)
        )
        return known or default

    def _locks(self, ours: set[str]) -> None:
        """What the rows call locked must be locked, as far as they say."""
        store, until = self._store, self._facts.locked
        if until is None or not isinstance(store, stores.LockingStore):
            return
        for key in sorted(ours):
            if version := self._version(key):
                with suppress(ObjectMissing):  # said already
                    found = store.locked_until(key, version)
                    if found is None or found < until:
                        self._fault("unlocked", key, "" if found is None else found.isoformat())

    def _readable(self, key: str) -> bool:
        """Encrypted files without their key are checked as they are stored."""
        return "format" not in self._segments[key]["stored"] or self._facts.key.data_key is not None

    def _digest(self, key: str, pieces: Iterator[bytes], plain: hashlib._Hash) -> str:
        """Hash the file as it was recorded; why it cannot be, or ''. All pieces are read in any case."""
        why = ""
        data_key = self._facts.key.data_key
        if "format" in self._segments[key]["stored"] and data_key is not None:
            try:
                for piece in envelope.decrypt(data_key, key, pieces):
                    plain.update(piece)
            except envelope.Undecipherable as error:
                why = str(error)
        for piece in pieces:
            plain.update(piece)
        return why

    # Manifest -----------------------------------------------------------------------------------------------------

    def _manifest(self) -> None:
        key = form.key_of(self._facts.recording_id)
        data = self._whole(key)
        if data is None:
            self._fault("missing", key)
            return
        digest = hashlib.sha256(data).hexdigest()
        if digest != self._facts.manifest_sha256:
            self._fault("altered", key, f"sha256 {digest}, recorded {self._facts.manifest_sha256}")
        try:
            document = json.loads(data)
            for link in form.broken_links(document):
                self._fault("broken_chain", link)
            self._compare(document)
            self._seal(data, document)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            self._fault("unreadable", key, repr(error))

    def _compare(self, document: dict[str, Any]) -> None:
        """The manifest with the rows: what is replayed is what was sealed."""
        listed = {str(s["key"]): _plain(s) for s in form.segments(document)}
        known = all("stored" in segment for segment in listed.values())
        rows = {key: _plain(segment, stored=known) for key, segment in self._segments.items()}
        for key in sorted(listed.keys() | rows.keys()):
            if listed.get(key) != rows.get(key):
                where = "only in the rows" if key not in listed else "only in the manifest" if key not in rows else ""
                self._fault("unrecorded", key, where or _difference(listed[key], rows[key]))
        facts = self._facts
        told = document["recording"]
        pairs = {
            "recording": (
                (told["id"], told["started_at"], told["duration_ms"]),
                (facts.recording_id, facts.started_at, facts.duration_ms),
            ),
            "tracks": (_without_segments(document["tracks"]), _without_segments(facts.tracks)),
            "gaps": (document["gaps"], facts.gaps),
            "encryption": (told.get("encryption", {}).get("key_sha256", ""), facts.key.sha256),
        }
        for name, (sealed, now) in pairs.items():
            if sealed != now:
                self._fault("facts_changed", facts.recording_id, name)
        self._events({int(event["seq"]): form.plain(event) for event in document["events"]})

    def _events(self, listed: dict[int, dict[str, Any]]) -> None:
        for seq in sorted(listed.keys() | self._facts.events.keys()):
            forms = self._facts.events.get(seq)
            if forms is None:
                self._fault("event_missing", str(seq), str(listed[seq].get("kind")))
            elif seq not in listed:
                self._fault("event_added", str(seq), str(forms[0]["kind"]))
            elif listed[seq] not in forms:
                self._fault("event_changed", str(seq), str(listed[seq].get("kind")))

    # Seal ---------------------------------------------------------------------------------------------------------

    def _seal(self, manifest: bytes, document: dict[str, Any]) -> None:
        facts = self._facts
        if facts.sealed_at is None:
            self._fault("not_sealed", facts.recording_id)
            return
        names = [seals.key_of(facts.recording_id, name) for name in (seals.SUMS, seals.SIGNATURE)]
        found = [self._whole(name) for name in names]
        for name, each in zip(names, found, strict=True):
            if each is None:
                self._fault("missing", name)
        sums, signature = found
        if sums is not None:
            self._sums(names[0], sums, manifest, document)
        if sums is not None and signature is not None:
            self._signature(names[1], sums, signature)
        if signature is not None:
            self._stamp(signature)

    def _sums(self, key: str, sums: bytes, manifest: bytes, document: dict[str, Any]) -> None:
        heading = _heading(sums)
        if heading is None:
            self._fault("bad_seal", key, "heading")
            return
        facts = self._facts
        if (heading.recording_id, heading.sealed_at, heading.key) != (
            facts.recording_id,
            facts.sealed_at,
            facts.seal_key,
        ):
            self._fault("bad_seal", key, "not the seal that the database knows of")
        lines, expected = sums.split(b"\n"), seals.sums(heading, manifest, document).split(b"\n")
        if lines != expected:
            odd = sorted(set(lines) ^ set(expected)) or [b"order of the lines"]
            self._fault("bad_seal", key, odd[0].decode(errors="replace"))

    def _signature(self, key: str, sums: bytes, signature: bytes) -> None:
        heading = _heading(sums)
        known = self._trust.keys.get(heading.key if heading else self._facts.seal_key or "")
        if known is None:
            self._fault("wrong_key", key, f"key {heading.key if heading else '?'}")
        elif not seals.signed(known.key, sums, signature):
            self._fault("bad_signature", key)
        elif heading and not _in_use(known, heading.sealed_at):
            self._fault("wrong_key", key, f"key {heading.key} was not in use then")

    def _stamp(self, signature: bytes) -> None:
        key = seals.key_of(self._facts.recording_id, seals.STAMP)
        stamp = self._whole(key)
        if stamp is None:
            if self._facts.stamped_at is not None:
                self._fault("missing", key)
        elif self._trust.authority is None:
            self._fault("no_authority", key)
        else:
            try:
                at = timestamps.check(self._trust.authority, signature, stamp)
            except timestamps.NotAStamp as error:
                self._fault("bad_stamp", key, str(error))
            else:
                if self._facts.stamped_at not in (None, at):
                    self._fault("bad_stamp", key, f"{at.isoformat()}, recorded {self._facts.stamped_at}")

    def _whole(self, key: str) -> bytes | None:
        try:
            version = self._facts.versions.get(key.rpartition("/")[2], "")
            data = b"".join(stores.read(self._store, key, version))
        except ObjectMissing:
            return None
        self.objects += 1
        self._read(len(data))
        return data

    def _read(self, count: int) -> None:
        self.bytes_read += count
        if self._progress and self.bytes_read - self._told >= PROGRESS_EVERY_BYTES:
            self._told = self.bytes_read
            self._progress(self.bytes_read, max(self._total, self.bytes_read))


def _plain(segment: dict[str, Any], *, stored: bool = True) -> dict[str, Any]:
    """Without what only the manifest has; the first format does not know what the store holds (``stored``)."""
    left_out = ("chain",) if stored else ("chain", "stored")
    return {name: value for name, value in segment.items() if name not in left_out}


def _difference(one: dict[str, Any], other: dict[str, Any]) -> str:
    return ", ".join(sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name)))


def _without_segments(tracks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in track.items() if name != "segments"} for track in tracks]


def _heading(sums: bytes) -> seals.Heading | None:
    try:
        return seals.read_heading(sums)
    except ValueError:
        return None


def _in_use(key: PublicKey, at: datetime) -> bool:
    return key.since - SLACK <= at and (key.until is None or at <= key.until + SLACK)
