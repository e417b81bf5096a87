"""RTCP: a lenient parser into small structs, and builders for what the worker sends.

RFC 3550 (SR, RR, SDES, BYE), RFC 3611 (round trips), RFC 4585 (generic NACK, PLI), RFC 5104 (FIR),
draft-alvestrand-rmcat-remb, draft-holmer-rmcat-transport-wide-cc-extensions-01. ``parse`` never raises: bytes from the
network that make no sense end the parsing, and what was valid before them is returned. Packet types not listed here
are skipped.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from struct import Struct

import msgspec

from hub.rtp import Packet, distance

SR, RR, SDES, BYE, RTPFB, PSFB, XR = 200, 201, 202, 203, 205, 206, 207
_RRTR, _DLRR = 4, 5
_NACK, _TWCC = 1, 15
_PLI, _FIR, _AFB = 1, 4, 15

_HEAD = Struct("!BBH")
_U16 = Struct("!H")
_I16 = Struct("!h")
_U32 = Struct("!I")
_TWO_U32 = Struct("!II")
_THREE_U32 = Struct("!III")
_SENDER = Struct("!IQIII")
_BLOCK = Struct("!IIIIII")
_TWCC_HEAD = Struct("!IIHHI")


class ReportBlock(msgspec.Struct, frozen=True, gc=False):
    """What a receiver says of one source (RFC 3550 section 6.4.1)."""

    ssrc: int
    fraction_lost: int
    """Of 256, since the last report."""
    lost: int
    """Since the beginning; negative when duplicates outnumber losses."""
    highest: int
    """Extended highest sequence number."""
    jitter: int
    """In units of the RTP clock."""
    lsr: int
    """Middle 32 bits of the NTP time of the last sender report, 0 for none."""
    dlsr: int
    """Delay since that report in 1/65536 s."""


class SenderReport(msgspec.Struct, frozen=True):
    ssrc: int
    ntp: int
    """64-bit NTP time: seconds since 1900 and their fraction."""
    rtp_timestamp: int
    packets: int
    octets: int
    blocks: tuple[ReportBlock, ...] = ()


class ReceiverReport(msgspec.Struct, frozen=True):
    ssrc: int
    blocks: tuple[ReportBlock, ...] = ()


class Nack(msgspec.Struct, frozen=True):
    sender_ssrc: int
    media_ssrc: int
    lost: tuple[int, ...]
    """Sequence numbers, in the order in which they were named."""


class Pli(msgspec.Struct, frozen=True):
    sender_ssrc: int
    media_ssrc: int


class Fir(msgspec.Struct, frozen=True):
    sender_ssrc: int
    media_ssrcs: tuple[int, ...]


class Remb(msgspec.Struct, frozen=True):
    sender_ssrc: int
    bits_per_second: int
    media_ssrcs: tuple[int, ...]


class TransportFeedback(msgspec.Struct, frozen=True):
    sender_ssrc: int
    media_ssrc: int
    count: int
    """Number of this feedback packet, 8 bits."""
    arrivals: tuple[tuple[int, int | None], ...]
    """(transport sequence number, arrival in µs on the receiver's own clock, or None when it did not arrive)."""


class TimeEcho(msgspec.Struct, frozen=True):
    """One answer to a ``reference_time`` (RFC 3611 section 4.5)."""

    ssrc: int
    """Whose reference time it answers."""
    lrr: int
    """Middle 32 bits of that time."""
    dlrr: int
    """Delay since it came, in 1/65536 s."""


class ExtendedReport(msgspec.Struct, frozen=True):
    """Of an RFC 3611 report, the answers to reference times and its own one."""

    ssrc: int
    echoes: tuple[TimeEcho, ...]
    reference: int | None = None
    """Middle 32 bits of the time that is to be answered."""


class Bye(msgspec.Struct, frozen=True):
    ssrcs: tuple[int, ...]


Rtcp = SenderReport | ReceiverReport | Nack | Pli | Fir | Remb | TransportFeedback | ExtendedReport | Bye


def parse(datagram: Packet, *, arrivals: bool = True) -> list[Rtcp]:
    """Every packet of a compound that is understood, up to the first that is broken. Never raises.

    ``arrivals``: transport-wide feedback too. Twenty bytes of it can name 65,000 packets, so who has no use for it
    should not ask.
    """
    found: list[Rtcp] = []
    for kind, count, body in _packets(datagram):
        if not arrivals and kind == RTPFB and count == _TWCC:
            continue
        packet = _parse_one(kind, count, body)
        if packet is not None:
            found.append(packet)
    return found


def _packets(datagram: Packet) -> Iterator[tuple[int, int, memoryview]]:
    """(packet type, 5-bit count or format, what follows the 4-byte header without padding)."""
    view, at = memoryview(datagram), 0
    while at + 4 <= len(view):
        first, kind, words = _HEAD.unpack_from(view, at)
        end = at + 4 + 4 * words
        if first >> 6 != 2 or end > len(view):
            return
        body = view[at + 4 : end]
        if first & 0x20:
            if not body or not 0 < body[-1] <= len(body):
                return
            body = body[: -body[-1]]
        yield kind, first & 0x1F, body
        at = end


def _parse_one(kind: int, count: int, body: memoryview) -> Rtcp | None:
    if kind == SR and len(body) >= _SENDER.size:
        ssrc, ntp, rtp_timestamp, packets, octets = _SENDER.unpack_from(body)
        return SenderReport(ssrc, ntp, rtp_timestamp, packets, octets, _blocks(body, _SENDER.size, count))
    if kind == RR and len(body) >= 4:
        return ReceiverReport(_U32.unpack_from(body)[0], _blocks(body, 4, count))
    if kind == BYE:
        return Bye(tuple(_U32.unpack_from(body, at)[0] for at in range(0, min(4 * count, len(body) - 3), 4)))
    if kind == XR and len(body) >= 4:
        return _extended(body)
    return _parse_feedback(kind, count, body) if len(body) >= 8 else None


def _parse_feedback(kind: int, form: int, body: memoryview) -> Rtcp | None:
    sender, media = _TWO_U32.unpack_from(body)
    match kind, form:
        case (205, 1):
            return Nack(sender, media, tuple(_nacked(body)))
        case (205, 15):
            return _transport_feedback(body)
        case (206, 1):
            return Pli(sender, media)
        case (206, 4):
            # Each entry is an SSRC, a command number and three reserved bytes (RFC 5104 section 4.3.1).
            return Fir(sender, tuple(_U32.unpack_from(body, at)[0] for at in range(8, len(body) - 7, 8)))
        case (206, 15):
            return _remb(sender, body)
    return None


def _blocks(body: memoryview, at: int, count: int) -> tuple[ReportBlock, ...]:
    blocks = []
    for start in range(at, min(at + 24 * count, len(body) - 23), 24):
        ssrc, loss, highest, jitter, lsr, dlsr = _BLOCK.unpack_from(body, start)
        lost = distance(loss & 0xFFFFFF, 0, bits=24)
        blocks.append(ReportBlock(ssrc, loss >> 24, lost, highest, jitter, lsr, dlsr))
    return tuple(blocks)


def _nacked(body: memoryview) -> Iterator[int]:
    for at in range(8, len(body) - 3, 4):
        pid, mask = _U16.unpack_from(body, at)[0], _U16.unpack_from(body, at + 2)[0]
        yield pid
        for bit in range(16):
            if mask >> bit & 1:
                yield (pid + bit + 1) & 0xFFFF


def _extended(body: memoryview) -> ExtendedReport | None:
    """Reference times and their answers (blocks 4 and 5); others are passed over."""
    echoes: list[TimeEcho] = []
    reference, at = None, 4
    while at + 4 <= len(body):
        kind, end = body[at], at + 4 + 4 * _U16.unpack_from(body, at + 2)[0]
        if end > len(body):
            break
        if kind == _DLRR:
            echoes += (TimeEcho(*_THREE_U32.unpack_from(body, start)) for start in range(at + 4, end - 11, 12))
        elif kind == _RRTR and end - at == 12:
            reference = _U32.unpack_from(body, at + 6)[0]
        at = end
    if not echoes and reference is None:
        return None
    return ExtendedReport(_U32.unpack_from(body)[0], tuple(echoes), reference)


def _remb(sender: int, body: memoryview) -> Remb | None:
    if len(body) < 16 or bytes(body[8:12]) != b"REMB":
        return None
    exponent, mantissa = body[13] >> 2, (body[13] & 3) << 16 | _U16.unpack_from(body, 14)[0]
    ssrcs = tuple(_U32.unpack_from(body, at)[0] for at in range(16, min(16 + 4 * body[12], len(body) - 3), 4))
    return Remb(sender, mantissa << exponent, ssrcs)


def _transport_feedback(body: memoryview) -> TransportFeedback | None:
    if len(body) < _TWCC_HEAD.size:
        return None
    sender, media, base, statuses, tail = _TWCC_HEAD.unpack_from(body)
    symbols, at = _twcc_symbols(body, statuses)
    now_us = distance(tail >> 8, 0, bits=24) * 64_000
    arrivals: list[tuple[int, int | None]] = []
    for number, symbol in enumerate(symbols):
        seq = (base + number) & 0xFFFF
        if symbol not in (1, 2):
            arrivals.append((seq, None))
            continue
        if at + symbol > len(body):
            break
        now_us += 250 * (body[at] if symbol == 1 else _I16.unpack_from(body, at)[0])
        at += symbol
        arrivals.append((seq, now_us))
    return TransportFeedback(sender, media, tail & 0xFF, tuple(arrivals))


def _twcc_symbols(body: memoryview, statuses: int) -> tuple[list[int], int]:
    """The status symbols (0 not received, 1 small delta, 2 large delta) and where the deltas begin."""
    symbols: list[int] = []
    at = _TWCC_HEAD.size
    while len(symbols) < statuses and at + 2 <= len(body):
        chunk = _U16.unpack_from(body, at)[0]
        at += 2
        if not chunk & 0x8000:
            symbols += [chunk >> 13 & 3] * min(chunk & 0x1FFF, statuses - len(symbols))
        elif chunk & 0x4000:
            symbols += [chunk >> shift & 3 for shift in range(12, -2, -2)]
        else:
            symbols += [chunk >> shift & 1 for shift in range(13, -1, -1)]
    return symbols[:statuses], at


def _packet(kind: int, count: int, body: bytes) -> bytes:
    return _HEAD.pack(0x80 | count, kind, len(body) // 4) + body


def _pack_block(block: ReportBlock) -> bytes:
    lost = max(-0x800000, min(block.lost, 0x7FFFFF)) & 0xFFFFFF
    return _BLOCK.pack(block.ssrc, block.fraction_lost << 24 | lost, block.highest, block.jitter, block.lsr, block.dlsr)


def sender_report(report: SenderReport) -> bytes:
    head = _SENDER.pack(
        report.ssrc, report.ntp, report.rtp_timestamp, report.packets & 0xFFFFFFFF, report.octets & 0xFFFFFFFF
    )
    return _packet(SR, len(report.blocks), head + b"".join(map(_pack_block, report.blocks)))


def receiver_report(ssrc: int, blocks: Sequence[ReportBlock]) -> bytes:
    """At most 31 blocks fit in one packet; give no more."""
    return _packet(RR, len(blocks), _U32.pack(ssrc) + b"".join(map(_pack_block, blocks)))


def reference_time(ssrc: int, ntp: int) -> bytes:
    """Asks senders of media when they got this (RFC 3611 section 4.4); ``ntp`` is 64 bits on any steady clock."""
    return _packet(XR, 0, _U32.pack(ssrc) + _report_block(_RRTR, (ntp & 0xFFFFFFFFFFFFFFFF).to_bytes(8)))


def time_echoes(ssrc: int, echoes: Sequence[TimeEcho]) -> bytes:
    """The answers to reference times (RFC 3611 section 4.5)."""
    body = b"".join(_THREE_U32.pack(echo.ssrc, echo.lrr, echo.dlrr) for echo in echoes)
    return _packet(XR, 0, _U32.pack(ssrc) + _report_block(_DLRR, body))


def _report_block(kind: int, body: bytes) -> bytes:
    return _HEAD.pack(kind, 0, len(body) // 4) + body


def cname(ssrcs: Sequence[int], name: str) -> bytes:
    """SDES with the CNAME that ties the streams of one sender together for lip-sync (RFC 3550 section 6.5.1)."""
    text = name.encode()[:255]
    item = bytes([1, len(text)]) + text
    # The list ends with one to four null bytes, up to the next 32-bit boundary.
    item += bytes(4 - len(item) % 4)
    return _packet(SDES, len(ssrcs), b"".join(_U32.pack(ssrc) + item for ssrc in ssrcs))


def bye(ssrcs: Sequence[int]) -> bytes:
    return _packet(BYE, len(ssrcs), b"".join(map(_U32.pack, ssrcs)))


def nack(sender_ssrc: int, media_ssrc: int, lost: Iterable[int]) -> bytes:
    """Ask for packets again. ``lost`` is in the order of the stream, so that it packs well across the wrap."""
    fields: list[tuple[int, int]] = []
    for seq in lost:
        step = (seq - fields[-1][0]) & 0xFFFF if fields else 0
        if fields and 1 <= step <= 16:
            pid, mask = fields[-1]
            fields[-1] = (pid, mask | 1 << step - 1)
        else:
            fields.append((seq, 0))
    body = b"".join(_U16.pack(pid) + _U16.pack(mask) for pid, mask in fields)
    return _packet(RTPFB, _NACK, _TWO_U32.pack(sender_ssrc, media_ssrc) + body)


def pli(sender_ssrc: int, media_ssrc: int) -> bytes:
    return _packet(PSFB, _PLI, _TWO_U32.pack(sender_ssrc, media_ssrc))


def fir(sender_ssrc: int, media_ssrc: int, command: int) -> bytes:
    """``command`` counts the requests, so that a repeated packet is told from a new wish (RFC 5104)."""
    body = _TWO_U32.pack(sender_ssrc, 0) + _TWO_U32.pack(media_ssrc, (command & 0xFF) << 24)
    return _packet(PSFB, _FIR, body)


def remb(sender_ssrc: int, bits_per_second: int, media_ssrcs: Sequence[int]) -> bytes:
    """The rate is rounded down to 18 significant bits."""
    exponent = max(0, bits_per_second.bit_length() - 18)
    mantissa = bits_per_second >> exponent
    rate = bytes([len(media_ssrcs), exponent << 2 | mantissa >> 16]) + _U16.pack(mantissa & 0xFFFF)
    body = _TWO_U32.pack(sender_ssrc, 0) + b"REMB" + rate + b"".join(map(_U32.pack, media_ssrcs))
    return _packet(PSFB, _AFB, body)


def transport_feedback(
    sender_ssrc: int, media_ssrc: int, *, base: int, reference: int, count: int, symbols: Sequence[int], deltas: bytes
) -> bytes:
    """One feedback packet; ``reference`` is in units of 64 ms, ``deltas`` are already packed (see ``twcc``)."""
    tail = (reference & 0xFFFFFF) << 8 | count & 0xFF
    body = _TWCC_HEAD.pack(sender_ssrc, media_ssrc, base & 0xFFFF, len(symbols), tail)
    body += b"".join(map(_U16.pack, _chunks(symbols))) + deltas
    missing = -len(body) % 4
    if not missing:
        return _packet(RTPFB, _TWCC, body)
    padded = body + bytes(missing - 1) + bytes([missing])
    return _HEAD.pack(0xA0 | _TWCC, RTPFB, len(padded) // 4) + padded


def _chunks(symbols: Sequence[int]) -> Iterator[int]:
    """Status chunks: a run length where it covers more than a vector would, else the widest vector that fits."""
    at = 0
    while at < len(symbols):
        run = 1
        while at + run < len(symbols) and run < 0x1FFF and symbols[at + run] == symbols[at]:
            run += 1
        ones = symbols[at : at + 14]
        if run >= 14 or at + run == len(symbols):
            yield symbols[at] << 13 | run
            at += run
        elif max(ones) < 2:
            yield 0x8000 | sum(symbol << 13 - i for i, symbol in enumerate(ones))
            at += 14
        elif run >= 7:
            yield symbols[at] << 13 | run
            at += run
        else:
            yield 0xC000 | sum(symbol << 12 - 2 * i for i, symbol in enumerate(symbols[at : at + 7]))
            at += 7
