"""Documents of the hub's own, sealed as recordings are: canonical JSON (RFC 8785) under the Ed25519 key of the hub."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from hub import manifest, seals, signing_keys
from hub.config import Config


@dataclass(frozen=True, slots=True)
class SignedText:
    """``signature`` is hexadecimal, over the text's bytes; ``key`` the fingerprint of the public key."""

    text: str
    sha256: str
    signature: str
    key: str


def sign(config: Config, document: dict[str, Any]) -> SignedText:
    """Raises ``ConfigError`` when the signing key cannot be used."""
    key = signing_keys.signing_key(config)
    data = manifest.canonical(document)
    return SignedText(
        text=data.decode(),
        sha256=hashlib.sha256(data).hexdigest(),
        signature=seals.sign(key, data).hex(),
        key=seals.fingerprint(key.public_key()),
    )


def genuine(config: Config, signed: SignedText) -> bool:
    """Whether the text is what was signed, by a key that this hub has or had."""
    data = signed.text.encode()
    key = signing_keys.public_keys(config).get(signed.key)
    if key is None or hashlib.sha256(data).hexdigest() != signed.sha256:
        return False
    return seals.signed(key.key, data, bytes.fromhex(signed.signature))
