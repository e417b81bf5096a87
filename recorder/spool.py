"""The spool directory: where a recording lives until the store has it, and the file operations that survive a crash.

::

    spool/{recording_id}/journal/000001.log …     what came over the tap (recorder.journal)
                        /catalogue.log            what was made of it (recorder.catalogue)
                        /segments/{track_id}/000000.webm …   finished (WebM, or MP4 for H.264), waiting for the store
                        /manifest.json            once everything is stored
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator
from pathlib import Path

_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")
_JOURNAL_FILE = re.compile(r"(\d{6,})\.log")


def safe_id(text: str) -> bool:
    """Whether an identifier may become a file's name and part of an object's key."""
    return _ID.fullmatch(text) is not None


class RecordingDir:
    """The paths of one recording's spool."""

    def __init__(self, spool_dir: Path, recording_id: str) -> None:
        if not safe_id(recording_id):
            raise ValueError(f"not an identifier: {recording_id!r}")
        self.recording_id = recording_id
        self.path = spool_dir / recording_id
        self.journal_dir = self.path / "journal"
        self.catalogue = self.path / "catalogue.log"
        self.manifest = self.path / "manifest.json"

    def journal_file(self, number: int) -> Path:
        return self.journal_dir / f"{number:06d}.log"

    def journal_numbers(self) -> list[int]:
        """The numbers of the journal files there are, in order."""
        if not self.journal_dir.is_dir():
            return []
        matches = (_JOURNAL_FILE.fullmatch(path.name) for path in self.journal_dir.iterdir())
        return sorted(int(match[1]) for match in matches if match)

    def segment_file(self, track_id: str, number: int) -> Path:
        return self.path / "segments" / track_id / f"{number:06d}.webm"

    def make(self) -> None:
        """Create the directories and make their names durable."""
        self.journal_dir.mkdir(parents=True, exist_ok=True)
        for folder in (self.path, self.path.parent, self.path.parent.parent):
            sync_dir(folder)

    def remove(self) -> None:
        """Delete what is left once the store has verified everything: the catalogue last, so that a crash can go on."""
        for path in sorted(self.path.rglob("*"), reverse=True):
            if path == self.catalogue:
                continue
            if path.is_dir():
                path.rmdir()
            else:
                path.unlink()
        self.catalogue.unlink(missing_ok=True)
        self.path.rmdir()


def recordings(spool_dir: Path) -> Iterator[RecordingDir]:
    """Every recording in the spool, in order of identifier, which is the order of time."""
    if not spool_dir.is_dir():
        return
    for path in sorted(spool_dir.iterdir()):
        if path.is_dir() and safe_id(path.name):
            yield RecordingDir(spool_dir, path.name)


def sync_dir(path: Path) -> None:
    """Make the names in a directory durable."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def write_file(path: Path, data: bytes) -> None:
    """Write a file so that after a crash it is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp")
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.rename(path)
    sync_dir(path.parent)


def sweep(folder: Path) -> None:
    """Remove files that a crash left half-written."""
    for path in folder.rglob(".*.tmp"):
        path.unlink(missing_ok=True)


def free_bytes(path: Path) -> int:
    """Free space for us on the disk that holds ``path``; none on one that may only be read."""
    stat = os.statvfs(path)
    return 0 if stat.f_flag & os.ST_RDONLY else stat.f_bavail * stat.f_frsize


def lock(spool_dir: Path) -> int | None:
    """Claim the spool for this process: a descriptor to keep, None while another process has it.

    Two that append to one journal would ruin it. The kernel lets go of the claim with the process, however it ends.
    """
    fd = os.open(spool_dir, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        return None
    return fd


def boot_id() -> str:
    """Changes with every boot, and with it the meaning of CLOCK_MONOTONIC."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
