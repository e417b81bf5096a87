"""A recording's seal: a list of checksums that ``sha256sum -c`` reads, and a signature that ``openssl`` checks.

PURE. Beside a recording's segments and manifest lie three objects::

    SHA256SUMS          when and with which key it was sealed (comment lines), then every file's SHA-256
    SHA256SUMS.sig      the Ed25519 signature (RFC 8032) of SHA256SUMS, 64 bytes
    SHA256SUMS.sig.tsr  the time-stamp response (RFC 3161) for the signature, where an authority is configured

The list follows from the manifest, so it adds nothing that could differ; it is there because a court's expert has
``sha256sum`` and ``openssl`` and not us.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hub import manifest as form

FORMAT = "citizen-reception-hub/seal/1"
SUMS, SIGNATURE, STAMP = "SHA256SUMS", "SHA256SUMS.sig", "SHA256SUMS.sig.tsr"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that the hub seals or sealed with."""

    key: Ed25519PublicKey
    since: datetime
    until: datetime | None = None
    """When the next key came; None for the one in use."""

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.key)

    @property
    def pem(self) -> str:
        return self.key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@dataclass(frozen=True, slots=True)
class Heading:
    """The comment lines of a list of checksums. ``key`` is a fingerprint."""

    recording_id: str
    sealed_at: datetime
    key: str

    def lines(self) -> list[str]:
        return [
            f"# {FORMAT}",
            f"# recording {self.recording_id}",
            f"# sealed {self.sealed_at.isoformat(timespec='milliseconds')}",
            f"# key {self.key}",
        ]


def fingerprint(key: Ed25519PublicKey) -> str:
    """SHA-256 of the key as SubjectPublicKeyInfo in DER (RFC 8410), lower-case hex; what ``openssl`` and
    ``sha256sum`` give."""
    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def key_of(recording_id: str, name: str) -> str:
    """The object key of ``SUMS``, ``SIGNATURE`` or ``STAMP``."""
    return form.folder_of(recording_id) + name


def sums(heading: Heading, manifest: bytes, document: dict[str, Any]) -> bytes:
    """The list of checksums: the manifest first, then the segments in the chain's order, by their path in the
    recording's folder. Segments are listed as they were recorded, whether the store holds them encrypted or not."""
    folder = form.folder_of(heading.recording_id)
    lines = [*heading.lines(), f"{hashlib.sha256(manifest).hexdigest()}  manifest.json"]
    lines += [f"{each['sha256']}  {str(each['key']).removeprefix(folder)}" for each in form.segments(document)]
    return "".join(f"{line}\n" for line in lines).encode()


def read_heading(data: bytes) -> Heading:
    """Raises ``ValueError`` when the list is not one of ours."""
    lines = data.decode().splitlines()
    values = dict(line.removeprefix("# ").split(" ", 1) for line in lines[1:4])
    heading = Heading(
        values.get("recording", ""), datetime.fromisoformat(values.get("sealed", "")), values.get("key", "")
    )
    if lines[:4] != heading.lines() or heading.sealed_at.tzinfo is None:
        raise ValueError("not a list of checksums sealed by this hub")
    return heading


def sign(key: Ed25519PrivateKey, data: bytes) -> bytes:
    """64 bytes; the same key and data always give the same (RFC 8032 §5.1.6)."""
    return key.sign(data)


def signed(key: Ed25519PublicKey, data: bytes, signature: bytes) -> bool:
    try:
        key.verify(signature, data)
    except InvalidSignature:
        return False
    return True
