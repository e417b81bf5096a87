"""RTP packets made by hand."""

import struct


def packet(
    *,
    seq: int = 1,
    ts: int = 2,
    ssrc: int = 3,
    pt: int = 96,
    mark: bool = False,
    payload: bytes = b"payload",
    csrcs: int = 0,
    extension: tuple[int, bytes] | None = None,
    padding: int = 0,
) -> bytearray:
    first = 0x80 | csrcs | (0x10 if extension else 0) | (0x20 if padding else 0)
    data = struct.pack("!BBHII", first, mark << 7 | pt, seq, ts, ssrc) + bytes(4 * csrcs)
    if extension:
        profile, block = extension
        block += bytes(-len(block) % 4)
        data += struct.pack("!HH", profile, len(block) // 4) + block
    data += payload
    if padding:
        data += bytes(padding - 1) + bytes([padding])
    return bytearray(data)
