"""Small things sealed with AES-256-GCM: version, nonce, ciphertext, bound to the row that they belong to. PURE but for
the nonce.
"""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from hub.errors import HubError
from hub.i18n import N_

NONCE_BYTES = 12
VERSION = b"\x01"


class WrongKey(HubError):
    """The sealed bytes were made with another key, or were altered."""

    code = "wrong_key"


def derive(key: bytes, purpose: bytes) -> bytes:
    """A key of 32 bytes for one purpose (RFC 5869)."""
    return HKDF(hashes.SHA256(), 32, salt=None, info=b"hub.identity/1/" + purpose).derive(key)


def seal(aead: AESGCM, bound_to: str, data: bytes) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return VERSION + nonce + aead.encrypt(nonce, data, VERSION + bound_to.encode())


def unseal(aead: AESGCM, bound_to: str, sealed: bytes) -> bytes:
    """Raises ``WrongKey``."""
    nonce, data = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
    try:
        return aead.decrypt(nonce, data, sealed[:1] + bound_to.encode())
    except (InvalidTag, ValueError) as error:
        raise WrongKey(N_("Không mở được dữ liệu đã niêm phong: sai khóa hoặc dữ liệu đã bị thay đổi.")) from error
