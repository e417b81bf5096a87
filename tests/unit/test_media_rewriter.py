"""One unbroken stream for each consumer, whatever is lost, late, left out or switched at the source."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from hub import rtp
from signaling.media import vp8
from signaling.media.rewriter import OffsetMap, Rewriter
from signaling.media.shape import Batch, Shaped, shape
from tests.support.rtp_packets import packet

u16 = st.integers(0, 0xFFFF)


def descriptor_bytes(picture: int, tl0: int, key: int, *, wide: bool = True) -> bytes:
    number = bytes([0x80 | picture >> 8 & 0x7F, picture & 0xFF]) if wide else bytes([picture & 0x7F])
    return bytes([0x90, 0xF0]) + number + bytes([tl0, key & 0x1F])


def frame(seq: int, ts: int, picture: int, tl0: int = 0, key: int = 0, *, wide: bool = True) -> bytearray:
    data = descriptor_bytes(picture, tl0, key, wide=wide) + b"\x01frame"
    return packet(seq=seq & 0xFFFF, ts=ts & 0xFFFFFFFF, payload=data)


def described(p: bytes | bytearray) -> vp8.Descriptor:
    found = vp8.parse(p, rtp.header_length(p), len(p))
    assert found is not None
    return found


def video() -> Rewriter:
    return Rewriter(ssrc=77, payload_type=100, clock_rate=90_000)


@given(u16, st.lists(st.sampled_from(["forward", "drop", "lose"]), min_size=1, max_size=200))
def test_holes_are_left_for_losses_and_none_for_what_was_dropped(first, fates):
    rewriter = video()
    start = rewriter.forward(packet(seq=first), 0)
    expected = rtp.sequence(start)
    for step, fate in enumerate(fates, 1):
        p = packet(seq=first + step & 0xFFFF)
        if fate == "drop":
            rewriter.drop(p)
            continue
        expected = expected + 1 & 0xFFFF
        if fate == "forward":
            assert rtp.sequence(rewriter.forward(p, 0)) == expected


@given(u16, st.lists(st.sampled_from(["forward", "drop", "lose"]), min_size=1, max_size=100), st.data())
def test_late_and_repeated_packets_get_the_number_that_waits_for_them(first, fates, data):
    rewriter, sent = video(), {}
    sent[first] = rtp.sequence(rewriter.forward(packet(seq=first), 0))
    fate_of = {first: "forward"}
    for step, fate in enumerate(fates, 1):
        seq = first + step & 0xFFFF
        fate_of[seq] = fate
        if fate == "forward":
            sent[seq] = rtp.sequence(rewriter.forward(packet(seq=seq), 0))
        elif fate == "drop":
            rewriter.drop(packet(seq=seq))
    last = first + len(fates) + 1 & 0xFFFF
    sent[last] = rtp.sequence(rewriter.forward(packet(seq=last), 0))
    for seq in data.draw(st.permutations(sorted(fate_of))):
        again = rewriter.forward(packet(seq=seq), 0, again=True)
        if fate_of[seq] == "drop":
            assert again is None
        else:
            number = rtp.sequence(again)
            assert sent.setdefault(seq, number) == number
            assert rewriter.source_sequence(number) == seq
    numbers = sorted(rtp.distance(number, sent[first]) for number in sent.values())
    assert numbers == list(range(len(numbers)))


def test_everything_forwarding_changes_is_changed_and_the_rest_is_kept():
    rewriter = video()
    p = packet(ssrc=5, pt=96, mark=True, ts=1234, extension=(rtp.ONE_BYTE_PROFILE, b"\x10\x01"), padding=3)
    out = rewriter.forward(p, 0)
    assert (rtp.ssrc(out), rtp.payload_type(out), rtp.marker(out)) == (77, 100, True)
    assert rtp.timestamp(out) == 1234
    assert out[12:] == p[12:]
    assert rtp.ssrc(p) == 5
    assert (rewriter.packets, rewriter.octets) == (1, len(b"payload"))
    rewriter.forward(p, 0, again=True)
    assert rewriter.packets == 1


@given(
    st.lists(
        st.tuples(u16, st.integers(0, 0xFFFFFFFF), st.integers(1, 20), st.integers(0, 5_000)), min_size=1, max_size=12
    )
)
def test_switching_sources_keeps_numbers_in_a_row_and_time_going_forward(sources):
    rewriter, now = video(), 0.0
    seen: list[tuple[int, int, float]] = []
    for first_seq, first_ts, length, pause in sources:
        rewriter.switch()
        now += pause
        for number in range(length):
            now += 66
            out = rewriter.forward(
                packet(seq=first_seq + number & 0xFFFF, ts=first_ts + 6000 * number & 0xFFFFFFFF), now
            )
            offset = rtp.timestamp(out) - (first_ts + 6000 * number)
            assert (offset - rewriter.timestamp_offset) % 2**32 == 0
            seen.append((rtp.sequence(out), rtp.timestamp(out), now))
    for (seq, ts, at), (next_seq, next_ts, next_at) in itertools.pairwise(seen):
        assert rtp.distance(next_seq, seq) == 1
        ticks = rtp.distance(next_ts, ts, bits=32)
        assert ticks > 0
        assert abs(ticks - (next_at - at) * 90) <= 90


def test_a_packet_of_the_former_source_has_no_number_any_more():
    rewriter = video()
    out = rewriter.forward(packet(seq=10), 0)
    rewriter.switch()
    rewriter.switch()
    assert rewriter.source_sequence(rtp.sequence(out)) is None
    rewriter.drop(packet(seq=11))
    new = rewriter.forward(packet(seq=500), 50)
    assert rtp.distance(rtp.sequence(new), rtp.sequence(out)) == 1
    assert rewriter.forward(packet(seq=499), 51) is None
    assert rewriter.source_sequence(rtp.sequence(out)) is None
    assert rewriter.source_sequence(rtp.sequence(new) + 9 & 0xFFFF) is None


def test_before_a_first_packet_nothing_is_added_to_timestamps():
    assert video().timestamp_offset == 0


def test_a_source_that_counts_anew_is_followed_without_a_hole():
    rewriter = video()
    out = rewriter.forward(packet(seq=20_000, ts=900_000), 0)
    again = rewriter.forward(packet(seq=3, ts=5), 40)
    assert rtp.distance(rtp.sequence(again), rtp.sequence(out)) == 1
    assert rtp.newer(rtp.timestamp(again), rtp.timestamp(out), bits=32)


@given(st.integers(0, 0x7FFF), st.lists(st.sampled_from(["forward", "drop", "lose"]), max_size=60), st.booleans())
def test_picture_ids_have_holes_only_where_pictures_were_lost(first, fates, wide):
    rewriter, turn = video(), 0x8000 if wide else 0x80
    p = frame(0, 0, first % turn, wide=wide)
    expected = described(rewriter.forward(p, 0, described(p))).picture_id
    for step, fate in enumerate(fates, 1):
        p = frame(step, step, (first + step) % turn, wide=wide)
        if fate == "drop":
            rewriter.drop(p, described(p))
            continue
        expected = (expected + 1) % turn
        if fate == "forward":
            out = rewriter.forward(p, 0, described(p))
            assert described(out).picture_id == expected
            assert out[-5:] == b"frame"


@given(st.lists(st.tuples(st.integers(0, 0x7FFF), st.integers(0, 255), st.integers(0, 31)), min_size=2, max_size=8))
def test_vp8_counters_go_on_across_switches(starts):
    rewriter, seen = video(), []
    for turn, (picture, tl0, key) in enumerate(starts):
        rewriter.switch()
        for n in range(3):
            p = frame(n, n, picture + n & 0x7FFF, tl0 + n & 0xFF, key)
            found = described(rewriter.forward(p, turn * 100.0, described(p)))
            seen.append((found.picture_id, found.tl0_index, found.key_index, turn))
    for (picture, tl0, key, turn), (next_picture, next_tl0, next_key, next_turn) in itertools.pairwise(seen):
        assert (next_picture - picture) & 0x7FFF == 1
        assert (next_tl0 - tl0) & 0xFF == 1
        assert (next_key - key) & 0x1F == next_turn - turn


def test_a_descriptor_without_counters_is_left_alone():
    rewriter = video()
    p = packet(payload=b"\x10\x01frame")
    assert rewriter.forward(p, 0, described(p))[12:] == p[12:]
    following = packet(seq=2, payload=b"\x10\x01frame")
    rewriter.drop(following, described(following))
    assert rewriter.packets == 1


def test_a_packet_of_a_dropped_picture_is_not_forwarded():
    rewriter = video()
    first = frame(1, 1, 1)
    rewriter.forward(first, 0, described(first))
    dropped = frame(2, 2, 2)
    rewriter.drop(dropped, described(dropped))
    straggler = frame(3, 2, 2)
    assert rewriter.forward(straggler, 0, described(straggler)) is None


def test_drops_before_the_first_forwarded_picture_do_not_count():
    rewriter = video()
    rewriter.forward(packet(seq=1, payload=b""), 0)
    dropped = frame(2, 2, 2)
    rewriter.drop(dropped, described(dropped))
    after = frame(3, 3, 3)
    assert rewriter.forward(after, 0, described(after)) is not None


def test_an_offset_map_forgets_its_oldest_ranges_and_ignores_late_drops():
    numbers = OffsetMap(0, 1000)
    assert numbers.forward(0) == 1000
    numbers.drop(0)
    assert numbers.forward(0) == 1000
    for n in range(1, 1200, 2):
        numbers.drop(n)
        numbers.forward(n + 1)
    assert numbers.forward(0) is None
    assert numbers.source_of(1000) is None
    assert numbers.forward(1201) == 1000 + 601
    assert numbers.source_of(1601) == 1201
    assert numbers.source_of(1602) is None


@given(u16, st.lists(st.lists(st.sampled_from(["come", "lose", "drop", "late"]), min_size=1, max_size=6), max_size=30))
def test_a_batch_gets_the_numbers_that_its_packets_would_get_one_by_one(first, batches):
    """The quick way and the careful way are the same way."""
    quick, careful = video(), video()
    careful._highest_output = quick._highest_output
    number, held = 0, []
    for fates in batches:
        taken = []
        for fate in fates:
            number += 1
            plain = frame(first + number, 3000 * number, first + number, number % 256)
            p = shape(plain, rtp.sequence(plain), 96, 0)
            if fate == "come":
                taken.append(p)
            elif fate == "late":
                held.append(p)
            elif fate == "drop" and not taken:
                quick.drop(p, described(p))
                careful.drop(p, described(p))
        if held and len(fates) % 3 == 0:
            taken.append(held.pop())
        if not taken:
            continue
        batch = Batch([Shaped(p, rtp.sequence(p), rtp.timestamp(p), described(p)) for p in taken])
        expected = [careful.forward(p.data, number, p.descriptor) for p in batch.packets]
        offsets = quick.steady(batch, number)
        if offsets is None:
            assert [quick.forward(p.data, number, p.descriptor) for p in batch.packets] == expected
            continue
        for p, out in zip(batch.packets, expected, strict=True):
            assert rtp.sequence(out) == p.sequence + offsets.sequence & 0xFFFF
            assert rtp.timestamp(out) == p.timestamp + offsets.timestamp & 0xFFFFFFFF
            moved = memoryview(bytearray(p.data))
            if offsets.pictures:
                vp8.renumber(moved, 0, p.descriptor, offsets.pictures)
            assert bytes(moved[12:]) == out[12:]
        assert (quick.packets, quick.octets) == (careful.packets, careful.octets)
