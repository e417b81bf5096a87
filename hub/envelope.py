"""Recorded files encrypted before they leave this machine: AES-256-GCM in chunks, each readable by itself.

PURE. The format, whole numbers big-endian (``docs/encryption.md`` says it for other programs)::

    header   "CRHENV01" · chunk size, 4 bytes · zero, 4 bytes · size of the plaintext, 8 bytes · its SHA-256, 32 bytes
    chunk 0, 1, 2 …   ciphertext of at most ``chunk size`` bytes of plaintext · tag, 16 bytes

Each file has a key of its own, HKDF-SHA256 (RFC 5869) of the recording's data key with the plaintext's SHA-256 as salt
and the object's key as info. The nonce is the chunk's number, the additional data are header, chunk's number and
object's key (NIST SP 800-38D). So the same file always gives the same bytes, which makes an upload repeatable, and no
nonce is ever used with one key for two plaintexts, whatever is repeated.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

FORMAT = "citizen-reception-hub/envelope/1"
KEY_BYTES = 32
MAGIC = b"CRHENV01"
CHUNK_BYTES = 1 << 16
TAG_BYTES = 16
CHUNK_MAX_BYTES = 1 << 24
"""A header that asks for more is not believed: a chunk is held in memory."""

_HEADER = struct.Struct(">8sIIQ32s")
HEADER_BYTES = _HEADER.size

Source = Callable[[int, int | None], Iterator[bytes]]
"""Reads stored bytes: ``(start, length or None for all the rest)``."""


class Undecipherable(Exception):
    """Not an envelope, a changed one, or another key's."""


@dataclass(frozen=True, slots=True)
class Header:
    chunk_bytes: int
    size_bytes: int
    """Of the plaintext."""
    sha256: bytes

    @classmethod
    def parse(cls, data: bytes) -> Header:
        if len(data) < HEADER_BYTES:
            raise Undecipherable("shorter than a header")
        magic, chunk_bytes, zero, size_bytes, sha256 = _HEADER.unpack(data[:HEADER_BYTES])
        if magic != MAGIC or zero or not 0 < chunk_bytes <= CHUNK_MAX_BYTES:
            raise Undecipherable("not an envelope")
        return cls(chunk_bytes, size_bytes, sha256)

    def pack(self) -> bytes:
        return _HEADER.pack(MAGIC, self.chunk_bytes, 0, self.size_bytes, self.sha256)

    @property
    def chunks(self) -> int:
        """At least one, so that an empty file has a tag too."""
        return max(1, -(-self.size_bytes // self.chunk_bytes))

    def place(self, chunk: int) -> int:
        """Where a chunk begins in the stored bytes."""
        return HEADER_BYTES + chunk * (self.chunk_bytes + TAG_BYTES)

    def stored_bytes(self, chunk: int) -> int:
        """How long a chunk is as it is stored."""
        return min(self.chunk_bytes, self.size_bytes - chunk * self.chunk_bytes) + TAG_BYTES


def encrypt(data_key: bytes, name: str, data: bytes, *, chunk_bytes: int = CHUNK_BYTES) -> bytes:
    """The envelope of a whole file; ``name`` is its object key. The same arguments always give the same bytes."""
    header = Header(chunk_bytes, len(data), hashlib.sha256(data).digest())
    cipher, packed = _cipher(data_key, name, header), header.pack()
    parts = [packed]
    for number in range(header.chunks):
        piece = data[number * chunk_bytes : (number + 1) * chunk_bytes]
        parts.append(cipher.encrypt(_nonce(number), piece, _bound(packed, number, name)))
    return b"".join(parts)


def decrypt(data_key: bytes, name: str, stored: Iterable[bytes]) -> Iterator[bytes]:
    """The plaintext, chunk by chunk, of stored bytes that come in any pieces. Raises ``Undecipherable``."""
    pieces, pending = iter(stored), bytearray()

    def take(count: int) -> bytes:
        while len(pending) < count and (piece := next(pieces, b"")):
            pending.extend(piece)
        taken = bytes(pending[:count])
        del pending[:count]
        return taken

    header = Header.parse(take(HEADER_BYTES))
    cipher = _cipher(data_key, name, header)
    for number in range(header.chunks):
        yield _open(cipher, header, name, number, take(header.stored_bytes(number)))
    if take(1):
        raise Undecipherable("longer than its header says")


def read(data_key: bytes, name: str, source: Source, start: int = 0, length: int | None = None) -> Iterator[bytes]:
    """A stretch of the plaintext, of which only the chunks that hold it are fetched. Raises ``Undecipherable``."""
    if start == 0 and length is None:
        yield from decrypt(data_key, name, source(0, None))
        return
    header = Header.parse(b"".join(source(0, HEADER_BYTES)))
    end = header.size_bytes if length is None else min(header.size_bytes, start + length)
    if start >= end:
        return
    first, last = start // header.chunk_bytes, (end - 1) // header.chunk_bytes
    stored = header.place(last) + header.stored_bytes(last) - header.place(first)
    data = b"".join(source(header.place(first), stored))
    cipher = _cipher(data_key, name, header)
    for number in range(first, last + 1):
        at = header.place(number) - header.place(first)
        piece = _open(cipher, header, name, number, data[at : at + header.stored_bytes(number)])
        base = number * header.chunk_bytes
        yield piece[max(0, start - base) : end - base]


def wrap(master: bytes, nonce: bytes, data_key: bytes, recording_id: str) -> bytes:
    """A data key under a master key: nonce (12 bytes), ciphertext, tag; bound to its recording."""
    return nonce + AESGCM(master).encrypt(nonce, data_key, _recording(recording_id))


def unwrap(master: bytes, wrapped: bytes, recording_id: str) -> bytes:
    """Raises ``Undecipherable`` when another master key wrapped it, or for another recording."""
    try:
        return AESGCM(master).decrypt(wrapped[:12], wrapped[12:], _recording(recording_id))
    except (InvalidTag, ValueError) as error:
        raise Undecipherable("not wrapped by this master key") from error


def fingerprint(key: bytes) -> str:
    """SHA-256 of a key in lower-case hex: names it without telling it, for keys are random."""
    return hashlib.sha256(key).hexdigest()


def _cipher(data_key: bytes, name: str, header: Header) -> AESGCM:
    info = f"{FORMAT} {name}".encode()
    return AESGCM(HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=header.sha256, info=info).derive(data_key))


def _open(cipher: AESGCM, header: Header, name: str, number: int, piece: bytes) -> bytes:
    if len(piece) != header.stored_bytes(number):
        raise Undecipherable(f"cut off in chunk {number}")
    try:
        return cipher.decrypt(_nonce(number), piece, _bound(header.pack(), number, name))
    except InvalidTag as error:
        raise Undecipherable(f"chunk {number} does not fit the key") from error


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "big")


def _bound(header: bytes, number: int, name: str) -> bytes:
    return header + number.to_bytes(8, "big") + name.encode()


def _recording(recording_id: str) -> bytes:
    return f"{FORMAT} recording {recording_id}".encode()
