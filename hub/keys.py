"""Secret keys on disk: 32 random bytes each, made on first use, readable by the hub's own user only."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from hub.config import Config
from hub.errors import ConfigError

KEY_BYTES = 32


def identity_key(config: Config) -> bytes:
    """The key that seals identities. Losing it loses every name: it belongs in every backup."""
    return load_or_create(config.key_dir / "identity.key")


def load_or_create(path: Path) -> bytes:
    """The key in ``path``, made now (0600 in a 0700 folder) when absent; two processes that start at once get the same.

    Raises ``ConfigError`` when others may read the file or it is not a key.
    """
    if not path.exists():
        _create(path)
    mode = path.stat().st_mode & 0o777
    if mode & 0o077:
        raise ConfigError([f"{path}: others can read this key (mode {mode:o}); run chmod 600 on it"])
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise ConfigError([f"{path}: not a key of {KEY_BYTES} bytes; restore it from the backup"])
    return key


def _create(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(handle, secrets.token_bytes(KEY_BYTES))
        os.fsync(handle)
    finally:
        os.close(handle)
    try:
        os.link(draft, path)  # unlike a rename this fails when another process was first; its key then counts
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the folder's names durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
