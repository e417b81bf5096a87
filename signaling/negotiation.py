"""What the hub says about a browser's two peer connections: part of ``signaling.protocol``, which names all."""

from __future__ import annotations

import msgspec

from signaling.message import Message


class Published(Message, frozen=True):
    generation: int
    sdp: str


class StreamView(msgspec.Struct, frozen=True, kw_only=True):
    mid: str
    seat_id: str
    source: str
    producer_id: str
    codec: str
    timestamp: int | None = None
    """RTP timestamp of the first packet of what the line carries now; None until one has left."""


class Offer(Message, frozen=True):
    generation: int
    revision: int
    sdp: str
    streams: list[StreamView]


class Slots(Message, frozen=True):
    """Lines carry others from now on, without negotiation: all that carry something; a mid that is missing carries
    nothing."""

    generation: int
    streams: list[StreamView]


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    seat_id: str
    source: str


class Layers(Message, frozen=True):
    """Of the layers in which a source is sent, those (rids) that somebody needs; the others need not be sent."""

    generation: int
    source: str
    rids: list[str]


class Frozen(Message, frozen=True):
    """The pictures that stand still because this browser's line carries none of them: all of them."""

    generation: int
    pictures: list[Picture]


class MediaReset(Message, frozen=True):
    """The media worker is another one: publish and subscribe again with new generations."""
