"""Retransmission payloads (RFC 4588): the original sequence number before the original payload, on its own SSRC."""

from __future__ import annotations

from hub import rtp


def wrap(packet: rtp.Packet, *, ssrc: int, seq: int, payload_type: int) -> bytearray:
    """The packet as a retransmission; header extensions are kept, padding is not."""
    head = rtp.header_length(packet)
    out = bytearray(packet[:head])
    out += packet[2:4]
    out += packet[head : len(packet) - rtp.padding_length(packet)]
    out[0] &= 0xDF
    rtp.set_header(out, seq, rtp.timestamp(packet), ssrc, payload_type)
    return out


def unwrap(packet: rtp.Packet, *, ssrc: int, payload_type: int) -> bytearray | None:
    """The original packet, or None for one without payload: browsers probe bandwidth with padding sent as RTX."""
    head = rtp.header_length(packet)
    end = len(packet) - rtp.padding_length(packet)
    if end - head < 2:
        return None
    out = bytearray(packet[:head])
    out += packet[head + 2 : end]
    out[0] &= 0xDF
    rtp.set_header(out, packet[head] << 8 | packet[head + 1], rtp.timestamp(packet), ssrc, payload_type)
    return out
