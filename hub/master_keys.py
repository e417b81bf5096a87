"""Master keys: what the recordings' own keys are wrapped with, from the configuration or from a file.

From the file (``keys/master.key``, made at first use) one is current; while keys change the one before lies beside it.
The configuration may give several; the first is current. Files are read at each use, so that a running hub follows.
"""

from __future__ import annotations

import base64
import binascii
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fcntl import LOCK_EX, LOCK_SH, flock
from pathlib import Path

from hub import envelope, keys
from hub.config import Config


@dataclass(frozen=True, slots=True)
class MasterKey:
    key: bytes

    @property
    def id(self) -> str:
        """The first 16 hexadecimal digits of its SHA-256."""
        return envelope.fingerprint(self.key)[:16]


def known(config: Config) -> list[MasterKey]:
    """The current one first; none when there is none yet. Raises ``ConfigError`` when a file is not a key."""
    if config.master_keys:
        return [MasterKey(parse(text)) for text in config.master_keys]
    paths = [path for path in (_file(config), _before(config)) if path.exists()]
    return [MasterKey(keys.load_or_create(path)) for path in paths]


def current(config: Config) -> MasterKey:
    """The one to wrap with, made at first use. Raises ``ConfigError``."""
    if not config.master_keys:
        keys.load_or_create(_file(config))
    return known(config)[0]


def renew(config: Config) -> None:
    """Put a new key in the file's place; the one before lies beside it until ``forget``. Continues what was begun."""
    current(config)
    if _before(config).exists():
        return
    path, draft = _file(config), _file(config).with_name(f".master.{secrets.token_hex(4)}")
    os.link(path, _before(config))
    keys.load_or_create(draft)
    draft.replace(path)
    keys.sync_folder(path.parent)


def forget(config: Config) -> None:
    """Destroy the key before: no recording's key is wrapped with it any more."""
    _before(config).unlink(missing_ok=True)
    keys.sync_folder(_file(config).parent)


@contextmanager
def using(config: Config, *, changing: bool = False) -> Iterator[None]:
    """Keeps ``forget`` away while a key is being wrapped: many may use keys at once, one may change them. Blocks."""
    config.key_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(config.key_dir / ".master.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        flock(handle, LOCK_EX if changing else LOCK_SH)
        yield
    finally:
        os.close(handle)


def parse(text: str) -> bytes:
    """A key as the configuration gives it: 32 bytes in base64. Raises ``ValueError``."""
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error:
        key = b""
    if len(key) != envelope.KEY_BYTES:
        raise ValueError("not 32 bytes in base64; make one with: openssl rand -base64 32")
    return key


def _file(config: Config) -> Path:
    return config.key_dir / "master.key"


def _before(config: Config) -> Path:
    return config.key_dir / "master-before.key"
