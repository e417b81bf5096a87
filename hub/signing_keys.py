"""The hub's signing key and every public key it ever had: ``keys/signing.key`` and ``keys/public/{fingerprint}.json``.

A new key replaces the private one; the public one stays, because what it sealed must be checkable for decades.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from hub import keys, seals
from hub.config import Config
from hub.errors import ConfigError
from hub.ids import utc_now
from hub.seals import PublicKey


def signing_key(config: Config) -> Ed25519PrivateKey:
    """The key to seal with, made at first use; its public half is published before it is ever used.

    Raises ``ConfigError`` when the file is not a key or others can read it.
    """
    key = Ed25519PrivateKey.from_private_bytes(keys.load_or_create(_private(config)))
    _publish(config, key.public_key())
    return key


def public_keys(config: Config) -> dict[str, PublicKey]:
    """All keys by fingerprint, the oldest first. Raises ``ConfigError`` when one of the files is damaged."""
    found = sorted((_read(path) for path in _folder(config).glob("*.json")), key=lambda each: each.since)
    ended = [replace(each, until=after.since) for each, after in pairwise(found)]
    return {each.fingerprint: each for each in [*ended, *found[-1:]]}


def rotate(config: Config) -> Ed25519PrivateKey:
    """Seal with a new key from now on. The old private key is gone for good, its public half is kept."""
    signing_key(config)
    path = _private(config)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    _write(draft, secrets.token_bytes(keys.KEY_BYTES))
    draft.replace(path)
    keys.sync_folder(path.parent)
    return signing_key(config)


def _private(config: Config) -> Path:
    return config.key_dir / "signing.key"


def _folder(config: Config) -> Path:
    return config.key_dir / "public"


def _publish(config: Config, key: Ed25519PublicKey) -> None:
    path = _folder(config) / f"{seals.fingerprint(key)}.json"
    if path.exists():
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    body = {"public_key": base64.b64encode(key.public_bytes_raw()).decode(), "since": utc_now().isoformat()}
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    _write(draft, json.dumps(body).encode())
    try:
        os.link(draft, path)  # another process may be first; its date then counts
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    keys.sync_folder(path.parent)


def _read(path: Path) -> PublicKey:
    try:
        body = json.loads(path.read_bytes())
        key = PublicKey(
            Ed25519PublicKey.from_public_bytes(base64.b64decode(body["public_key"], validate=True)),
            datetime.fromisoformat(body["since"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError([f"{path}: not a public key of the hub; restore it from the backup"]) from error
    if key.fingerprint != path.stem or key.since.tzinfo is None:
        raise ConfigError([f"{path}: another key than its name says; restore it from the backup"])
    return key


def _write(path: Path, data: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(handle, data)
        os.fsync(handle)
    finally:
        os.close(handle)
