"""The base of all messages of the signaling protocol."""

from __future__ import annotations

import msgspec

from signaling.events import snake


class Message(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag=snake):
    """The base of all messages."""
