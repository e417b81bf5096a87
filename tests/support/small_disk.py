"""A disk of its own for a spool, small enough to fill, that can also fail as disks do: read-only from one moment on."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from types import TracebackType

SIZE_MB = 48
_ROOM_BYTES = 1 << 20


class NoMounts(RuntimeError):
    """Never skipped: a skipped test proves nothing."""


class SmallDisk:
    """ext4 in a file. Use around everything; ``mounted`` again after ``fail`` is what an administrator does."""

    def __init__(self, image: Path, at: Path) -> None:
        if os.geteuid() != 0:
            raise NoMounts("a disk of its own needs root: run the tests as root")
        self._image, self._at = image, at
        self._filler = at / ".filler"

    def __enter__(self) -> SmallDisk:
        with self._image.open("wb") as file:
            file.truncate(SIZE_MB << 20)
        _run("mkfs.ext4", "-q", "-F", "-m", "0", str(self._image))
        self._at.mkdir(parents=True, exist_ok=True)
        self.mount()
        # Not a recording, and not ours to leave where only recordings lie.
        (self._at / "lost+found").rmdir()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        subprocess.run(["umount", "--lazy", str(self._at)], check=False, capture_output=True)

    def mount(self) -> None:
        _run("mount", "-o", "loop", str(self._image), str(self._at))

    def unmount(self) -> None:
        _run("umount", str(self._at))

    def mount_read_only(self) -> None:
        self.mount()
        _run("mount", "-o", "remount,ro", str(self._at))

    def writable(self) -> None:
        _run("mount", "-o", "remount,rw", str(self._at))

    def fill(self) -> None:
        """To the last byte."""
        with self._filler.open("wb", buffering=0) as file:
            size = _ROOM_BYTES
            while size:
                try:
                    file.write(bytes(size))
                    os.fsync(file.fileno())
                except OSError:
                    size //= 2

    def free(self) -> None:
        self._filler.unlink()

    def fail(self) -> None:
        """As the kernel does after a disk error: nothing can be written until it is mounted anew."""
        _run("mount", "-o", "remount,abort", str(self._at))


def _run(*command: str) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise NoMounts(f"{' '.join(command)}: {done.stderr.strip()}")
