"""The signaling protocol's messages to and from JSON text frames."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from hub.errors import ProtocolError
from hub.i18n import N_
from signaling import protocol as p

MAX_MESSAGE_BYTES = 64 * 1024
MAX_DESCRIPTION_BYTES = 256 * 1024
"""Of ``publish`` and ``answer``: an answer about forty seats, three streams each, passes 64 KiB."""

_decoder = msgspec.json.Decoder(p.FromBrowser)
_encoder = msgspec.json.Encoder()


def parse(text: str | bytes) -> p.FromBrowser:
    """A browser's message. Raises ``ProtocolError`` for anything else, too large or too deeply nested included."""
    size = len(text) if isinstance(text, bytes) or text.isascii() else len(text.encode(errors="replace"))
    if size > MAX_DESCRIPTION_BYTES:
        raise ProtocolError(N_("Thông điệp quá lớn."))
    try:
        message: p.FromBrowser = _decoder.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise ProtocolError(N_("Thông điệp không đúng giao thức: %(fault)s"), fault=str(error)) from error
    if size > MAX_MESSAGE_BYTES and not isinstance(message, p.Publish | p.Answer):
        raise ProtocolError(N_("Thông điệp quá lớn."))
    return message


@dataclass(frozen=True, slots=True)
class Prepared:
    """A message that many browsers get, encoded once."""

    message: p.FromHub
    frame: bytes


def prepare(message: p.FromHub) -> Prepared:
    return Prepared(message, encode(message))


def encode(message: p.FromHub | msgspec.Struct) -> bytes:
    """JSON in UTF-8."""
    return _encoder.encode(message)
