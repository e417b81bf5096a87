"""One producer (or several in turn) made one unbroken stream for one consumer, by changing headers only.

The consumer's decoder must see: sequence numbers without holes where packets were left out on purpose but with holes
where they were lost (so that it asks again), timestamps that only go forward across a switch of source, and VP8
picture ids, TL0PICIDX and KEYIDX that go on counting (RFC 3550, RFC 7741). Like galene's packet map, what was left
out is remembered as ranges, so that a packet that comes late, or again, finds the number it would have had.
"""

from __future__ import annotations

from bisect import bisect_right
from secrets import randbelow

from hub import rtp
from signaling.media import vp8
from signaling.media.shape import Batch
from signaling.media.srtp import Offsets

_RANGES = 256
_RESTARTED = 3_000
"""A packet this far behind is not late: the source counts anew."""
_UNSETTLED = 256
"""Batches after which VP8's 15-bit numbers must be looked at, lest they turn around unseen."""
_SWITCH_LEAST_MS = 1
"""A switch moves the timestamp on by at least this."""
_ALIGNED_MS = 1_000
"""Clocks that disagree by more with what the steady clock says are not believed."""


class OffsetMap:
    """Numbers of the source to numbers of the output: ``output = source + offset``, dropped ones left out.

    Numbers are unwrapped. ``_firsts`` begin the ranges that share an offset; numbers between a range's last and the
    next range's first were dropped.
    """

    __slots__ = ("_firsts", "_lasts", "_offsets", "highest")

    def __init__(self, first: int, output: int) -> None:
        self._firsts = [first]
        self._lasts = [first - 1]
        self._offsets = [output - first]
        self.highest = first - 1
        """The highest number seen, forwarded or dropped."""

    @property
    def next_output(self) -> int:
        return self._lasts[-1] + self._offsets[-1] + 1

    def forward(self, number: int) -> int | None:
        """The output number; None for one that was dropped or lies before everything remembered."""
        if number > self.highest:
            self.highest = self._lasts[-1] = number
            return number + self._offsets[-1]
        place = bisect_right(self._firsts, number) - 1
        if place < 0 or number > self._lasts[place]:
            return None
        return number + self._offsets[place]

    @property
    def offset(self) -> int:
        """Of numbers newer than ``highest``."""
        return self._offsets[-1]

    def advance(self, number: int) -> None:
        """Forward everything up to ``number``, which is newer than ``highest``, with ``offset``."""
        self.highest = self._lasts[-1] = number

    def drop(self, number: int) -> None:
        """Leave ``number`` out. Too late for one below ``highest``: its hole stays, as if it had been lost."""
        if number <= self.highest:
            return
        offset = self._offsets[-1]
        if self.highest < self._firsts[-1] and number == self._firsts[-1]:
            # Nothing was forwarded in this range yet: move its beginning instead of adding one.
            self._firsts[-1] = number + 1
            self._offsets[-1] = offset - 1
        else:
            # What is missing in between was lost, not dropped: it keeps its place in this range.
            self._lasts[-1] = number - 1
            self._firsts.append(number + 1)
            self._offsets.append(offset - 1)
            self._lasts.append(number)
        self._lasts[-1] = self.highest = number
        if len(self._firsts) > _RANGES:
            del self._firsts[0], self._lasts[0], self._offsets[0]

    def source_of(self, output: int) -> int | None:
        """The source number that became ``output``, None when that is not remembered (or never was)."""
        for place in range(len(self._firsts) - 1, -1, -1):
            number = output - self._offsets[place]
            if number >= self._firsts[place]:
                return number if number <= self._lasts[place] else None
        return None


class _Source:
    """What is known of the source being forwarded since the last switch."""

    __slots__ = (
        "_pictures",
        "key_offset",
        "numbers",
        "pictures",
        "sequence",
        "settle_every",
        "steady",
        "timestamp_offset",
        "tl0_offset",
        "unsettled",
        "unsettled_batches",
    )

    def __init__(self, seq: int, output: int, timestamp_offset: int) -> None:
        self.sequence = rtp.Unwrapper()
        self.numbers = OffsetMap(self.sequence.unwrap(seq), output)
        self.timestamp_offset = timestamp_offset
        self._pictures = rtp.Unwrapper(15)
        self.pictures: OffsetMap | None = None
        self.tl0_offset = 0
        self.key_offset = 0
        self.steady: Offsets | None = None
        """What batches have been given since the last packet that was left out."""
        self.unsettled: Batch | None = None
        self.unsettled_batches = 0
        self.settle_every = _UNSETTLED

    def picture(self, descriptor: vp8.Descriptor) -> int | None:
        """The unwrapped picture id of a packet, None when it has none."""
        if descriptor.picture_id is None:
            return None
        if self._pictures.highest is None and descriptor.picture_id_bits == 7:
            self._pictures = rtp.Unwrapper(7)
            self.settle_every = 1
        return self._pictures.unwrap(descriptor.picture_id)


class Rewriter:
    """One per consumer.

    ``forward`` may be given a packet again (a retransmission): it comes out with the same numbers. Whether
    to forward or to ``drop`` is decided for whole frames; a frame's packets must share one fate.
    """

    __slots__ = (
        "_aligned",
        "_highest_output",
        "_key",
        "_last_ms",
        "_picture",
        "_source",
        "_timestamp",
        "_tl0",
        "clock_rate",
        "octets",
        "packets",
        "payload_type",
        "ssrc",
    )

    def __init__(self, *, ssrc: int, payload_type: int, clock_rate: int) -> None:
        self.ssrc = ssrc
        self.payload_type = payload_type
        self.clock_rate = clock_rate
        self.packets = 0
        """Forwarded so far, for sender reports; ``octets`` are their payload bytes."""
        self.octets = 0
        self._source: _Source | None = None
        self._highest_output = randbelow(1 << 15)
        self._timestamp: int | None = None
        self._aligned: int | None = None
        self._last_ms = 0.0
        # VP8's numbers stay the first source's own: nobody can mistake them, and there is nothing to rewrite.
        self._picture: int | None = None
        self._tl0 = self._key = 0

    @property
    def timestamp_offset(self) -> int:
        """What is added to the source's timestamps now; modulo 2^32."""
        return self._source.timestamp_offset if self._source else 0

    @property
    def timestamp(self) -> int:
        """The newest that went out, 0 before the first."""
        return self._timestamp or 0

    def switch(self, timestamp_offset: int | None = None) -> None:
        """The next forwarded packet is the first of another source, or of the same after its numbers jumped.

        ``timestamp_offset`` is what should be added to its timestamps, where that is known: two qualities of one
        picture then keep one clock. The timestamp goes forward in any case.
        """
        self._aligned = timestamp_offset
        if self._source is not None:
            self._settle(self._source)
            self._highest_output = max(self._highest_output, self._source.numbers.next_output - 1)
            if self._source.pictures is not None:
                self._picture = self._source.pictures.next_output - 1
        self._source = None

    def forward(
        self, packet: rtp.Packet, now_ms: float, descriptor: vp8.Descriptor | None = None, *, again: bool = False
    ) -> bytearray | None:
        """A copy with this consumer's numbers; None when it was dropped before or is older than the last switch.

        ``descriptor`` is what ``vp8.parse`` found in ``packet``; header extensions are left as they are. ``again``
        for a retransmission, which sender reports do not count.
        """
        seq, timestamp = rtp.sequence(packet), rtp.timestamp(packet)
        source = self._source or self._begin(seq, timestamp, now_ms)
        self._settle(source)
        unwrapped = source.sequence.unwrap(seq)
        if unwrapped < source.numbers.highest - _RESTARTED:
            self.switch()
            source, unwrapped = self._begin(seq, timestamp, now_ms), seq
        number = source.numbers.forward(unwrapped)
        if number is None:
            return None
        out = bytearray(packet)
        sent_timestamp = (timestamp + source.timestamp_offset) & 0xFFFFFFFF
        rtp.set_header(out, number, sent_timestamp, self.ssrc, self.payload_type)
        if descriptor is not None and not self._rewrite_vp8(out, source, descriptor):
            return None
        if self._timestamp is None or rtp.newer(sent_timestamp, self._timestamp, bits=32):
            self._timestamp, self._last_ms = sent_timestamp, now_ms
        if not again:
            self.packets += 1
            self.octets += len(out) - rtp.header_length(out) - rtp.padding_length(out)
        return out

    def steady(self, batch: Batch, now_ms: float) -> Offsets | None:
        """What to add to the numbers of a whole batch; None when each packet must be looked at (``forward``).

        The way of nearly all packets: newer than everything before, in order, from the source that is forwarded
        already. They count as forwarded. What only matters at the next change is worked out then (``_settle``).
        """
        source = self._source
        if source is None or not batch.in_order:
            return None
        numbers = source.numbers
        ahead = batch.packets[0].sequence - numbers.highest & 0xFFFF
        if not 0 < ahead < 0x8000:
            return None
        offsets = source.steady or self._steady_offsets(source, batch)
        if offsets is None:
            return None
        source.sequence.highest = numbers.highest + ahead + batch.span
        numbers.advance(source.sequence.highest)
        source.unsettled = batch
        source.unsettled_batches += 1
        if source.unsettled_batches >= source.settle_every:
            self._settle(source)
        self._last_ms = now_ms
        self.packets += len(batch.packets)
        self.octets += batch.octets
        return offsets

    def _steady_offsets(self, source: _Source, batch: Batch) -> Offsets | None:
        """The offsets until a packet is left out or the source changes; None when VP8's are not known yet."""
        pictures = None
        if batch.packets[0].descriptor is not None:
            if source.pictures is None:
                return None
            moved = vp8.Offsets(source.pictures.offset, source.tl0_offset, source.key_offset)
            pictures = moved if any(moved) else None
        source.steady = Offsets(source.numbers.offset, source.timestamp_offset, pictures)
        return source.steady

    def _settle(self, source: _Source) -> None:
        """Bring up to date what ``steady`` left: where timestamps and VP8's numbers stand."""
        batch, source.unsettled, source.unsettled_batches = source.unsettled, None, 0
        if batch is None:
            return
        last = batch.packets[-1]
        self._timestamp = last.timestamp + source.timestamp_offset & 0xFFFFFFFF
        if last.descriptor is not None and source.pictures is not None:
            number = source.picture(last.descriptor)
            if number is not None and number > source.pictures.highest:
                source.pictures.advance(number)
                self._picture = number + source.pictures.offset
            self._keep_indexes(source, last.descriptor)

    def drop(self, packet: rtp.Packet, descriptor: vp8.Descriptor | None = None) -> None:
        """Leave a packet of the current source out, so that the receiver does not miss it."""
        if self._source is None:
            return
        self._settle(self._source)
        self._source.steady = None
        self._source.numbers.drop(self._source.sequence.unwrap(rtp.sequence(packet)))
        if descriptor is not None and self._source.pictures is not None:
            picture = self._source.picture(descriptor)
            if picture is not None:
                self._source.pictures.drop(picture)

    def source_sequence(self, output: int) -> int | None:
        """The current source's number of the packet that went out as ``output``, for answering a NACK."""
        if self._source is None:
            return None
        numbers = self._source.numbers
        newest = numbers.next_output - 1
        number = numbers.source_of(newest + rtp.distance(output, newest & 0xFFFF))
        return None if number is None else number & 0xFFFF

    def _begin(self, seq: int, timestamp: int, now_ms: float) -> _Source:
        if self._timestamp is None:
            wanted = timestamp
        else:
            # The receiver's clock went on while nothing came, so the stream goes on where it would be by now.
            per_ms = self.clock_rate // 1000
            wanted = self._timestamp + int(max(_SWITCH_LEAST_MS, now_ms - self._last_ms) * per_ms)
            if self._aligned is not None:
                ahead = rtp.distance(timestamp + self._aligned & 0xFFFFFFFF, wanted & 0xFFFFFFFF, bits=32)
                if abs(ahead) <= _ALIGNED_MS * per_ms:
                    wanted = max(wanted + ahead, self._timestamp + _SWITCH_LEAST_MS * per_ms)
        self._source = _Source(seq, self._highest_output + 1, (wanted - timestamp) & 0xFFFFFFFF)
        return self._source

    def _rewrite_vp8(self, out: bytearray, source: _Source, descriptor: vp8.Descriptor) -> bool:
        picture = source.picture(descriptor)
        if source.pictures is None:
            first = picture or 0
            if self._picture is None:
                source.pictures = OffsetMap(first, first)
                self._tl0, self._key = descriptor.tl0_index or 0, descriptor.key_index or 0
            else:
                source.pictures = OffsetMap(first, self._picture + 1)
                source.tl0_offset = self._tl0 + 1 - (descriptor.tl0_index or 0)
                source.key_offset = self._key + 1 - (descriptor.key_index or 0)
        if picture is not None:
            sent = source.pictures.forward(picture)
            if sent is None:
                return False
            vp8.write_picture_id(out, descriptor, sent)
        self._picture = source.pictures.next_output - 1
        self._keep_indexes(source, descriptor)
        if descriptor.tl0_index is not None:
            vp8.write_tl0_index(out, descriptor, descriptor.tl0_index + source.tl0_offset)
        if descriptor.key_index is not None:
            vp8.write_key_index(out, descriptor, descriptor.key_index + source.key_offset)
        return True

    def _keep_indexes(self, source: _Source, descriptor: vp8.Descriptor) -> None:
        """The newest TL0PICIDX and KEYIDX that went out: where the next source goes on."""
        if descriptor.tl0_index is not None:
            self._tl0 = _later(descriptor.tl0_index + source.tl0_offset, self._tl0, 8)
        if descriptor.key_index is not None:
            self._key = _later(descriptor.key_index + source.key_offset, self._key, 5)


def _later(a: int, b: int, bits: int) -> int:
    return (a if rtp.newer(a, b, bits) else b) & ((1 << bits) - 1)
