"""Keys that wrap or seal others' and can be changed: from the configuration, or from a file made at first use.

From the file (``keys/master.key``) one is current; while keys change the one before lies beside it.
The configuration may give several; the first is current. Files are read at each use, so that a running hub follows.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import os
import secrets
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fcntl import LOCK_EX, LOCK_SH, flock
from pathlib import Path

from hub import envelope, keys
from hub.config import Config


@dataclass(frozen=True, slots=True)
class RingKey:
    key: bytes

    @property
    def id(self) -> str:
        """The first 16 hexadecimal digits of its SHA-256."""
        return envelope.fingerprint(self.key)[:16]


@dataclass(frozen=True, slots=True)
class KeyRing:
    """``configured`` keys come first and then alone; else those in files called ``name``, of which one is made."""

    folder: Path
    name: str
    configured: tuple[bytes, ...] = ()

    def known(self) -> list[RingKey]:
        """The current one first; none when there is none yet. Raises ``ConfigError`` when a file is not a key."""
        if self.configured:
            return [RingKey(key) for key in self.configured]
        paths = [path for path in (self._file, self._before) if path.exists()]
        return [RingKey(keys.load_or_create(path)) for path in paths]

    def find(self, key_id: str) -> RingKey | None:
        return next((key for key in self.known() if key.id == key_id), None)

    def current(self) -> RingKey:
        """The one to use, made at first use. Raises ``ConfigError``."""
        if not self.configured:
            keys.load_or_create(self._file)
        return self.known()[0]

    def begin_renewal(self) -> None:
        """Put a new key in the file's place; the one before lies beside it until ``forget``. Continues what was begun.

        Does nothing with configured keys: the first of them is the new one.
        """
        if self.configured:
            return
        self.current()
        if self._before.exists():
            return
        draft = self._file.with_name(f".{self.name}.{secrets.token_hex(4)}")
        os.link(self._file, self._before)
        keys.load_or_create(draft)
        draft.replace(self._file)
        keys.sync_folder(self.folder)

    def forget(self) -> None:
        """Destroy the key before: nothing is under it any more."""
        if not self.configured:
            self._before.unlink(missing_ok=True)
            keys.sync_folder(self.folder)

    @contextmanager
    def using(self, *, changing: bool = False) -> Iterator[None]:
        """Keeps ``forget`` away while a key is being used: many may use keys at once, one may change them. Blocks."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(self.folder / f".{self.name}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            flock(handle, LOCK_EX if changing else LOCK_SH)
            yield
        finally:
            os.close(handle)

    @property
    def _file(self) -> Path:
        return self.folder / f"{self.name}.key"

    @property
    def _before(self) -> Path:
        return self.folder / f"{self.name}-before.key"


def masters(config: Config) -> KeyRing:
    """What the recordings' own keys are wrapped with."""
    return KeyRing(config.key_dir, "master", tuple(parse(text) for text in config.master_keys))


def denouncers(config: Config) -> KeyRing:
    """What the identities and documents of denouncers are sealed with, and nothing else."""
    return KeyRing(config.key_dir, "denouncers", tuple(parse(text) for text in config.denouncer_keys))


async def renew(ring: KeyRing, move_all: Callable[[], Awaitable[int]]) -> int:
    """Change to a new key (of the file, or the first configured): ``move_all`` puts everything under it and counts.

    The file's key before is destroyed at the end. May be repeated after it was broken off.
    """
    await asyncio.to_thread(ring.begin_renewal)
    keeping = ring.using(changing=True)
    await asyncio.to_thread(keeping.__enter__)
    try:
        done = await move_all()
        await asyncio.to_thread(ring.forget)
    finally:
        keeping.__exit__(None, None, None)
    return done


def parse(text: str) -> bytes:
    """A key as the configuration gives it: 32 bytes in base64. Raises ``ValueError``."""
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error:
        key = b""
    if len(key) != envelope.KEY_BYTES:
        raise ValueError("not 32 bytes in base64; make one with: openssl rand -base64 32")
    return key
