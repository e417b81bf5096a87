"""The VP8 payload descriptor, read and patched in place."""

import struct

from hypothesis import given
from hypothesis import strategies as st

from signaling.media import vp8

optional = st.none() | st.integers(0, 31)


@given(
    st.none() | st.tuples(st.just(15), st.integers(0, 0x7FFF)) | st.tuples(st.just(7), st.integers(0, 0x7F)),
    st.none() | st.integers(0, 255),
    st.none() | st.integers(0, 3),
    optional,
    st.booleans(),
    st.booleans(),
)
def test_every_combination_of_fields_is_found(picture, tl0, layer, key, starts, inter):
    flags, fields = 0, b""
    if picture:
        flags |= 0x80
        bits, number = picture
        fields += struct.pack("!H", 0x8000 | number) if bits == 15 else bytes([number])
    if tl0 is not None:
        flags |= 0x40
        fields += bytes([tl0])
    if layer is not None or key is not None:
        flags |= (0x20 if layer is not None else 0) | (0x10 if key is not None else 0)
        fields += bytes([(layer or 0) << 6 | (key or 0)])
    head = bytes([0x80 | starts << 4, flags]) + fields if flags else bytes([starts << 4])
    data = bytearray(b"before" + head + bytes([inter]) + b"rest")
    found = vp8.parse(data, 6, len(data))
    assert found.payload_at == 6 + len(head)
    assert found.starts_frame is starts
    assert found.keyframe is (starts and not inter)
    assert (found.picture_id_bits, found.picture_id) == (picture or (0, None))
    assert found.tl0_index == tl0
    assert found.temporal_layer == (layer or 0)
    assert found.key_index == key
    assert vp8.is_keyframe(data[6:]) is found.keyframe

    vp8.write_picture_id(data, found, 0x1234)
    vp8.write_tl0_index(data, found, 300)
    vp8.write_key_index(data, found, 33)
    patched = vp8.parse(data, 6, len(data))
    assert patched.picture_id == {15: 0x1234, 7: 0x34, 0: None}[found.picture_id_bits]
    assert patched.tl0_index == (None if tl0 is None else 44)
    assert patched.key_index == (None if key is None else 1)
    assert patched.temporal_layer == found.temporal_layer
    assert data[:6] + data[found.payload_at :] == b"before" + bytes([inter]) + b"rest"


@given(st.binary(max_size=12))
def test_garbage_never_raises(data):
    vp8.parse(data, 0, len(data))
    vp8.resolution(data)


def test_a_descriptor_cut_short_or_without_data_is_none():
    assert vp8.parse(b"", 0, 0) is None
    assert vp8.parse(b"\x10", 0, 1) is None
    assert vp8.parse(b"\x90\x80", 0, 2) is None
    assert not vp8.is_keyframe(b"\x10")


def test_a_later_partition_does_not_start_a_frame():
    assert not vp8.parse(b"\x11\x00", 0, 2).starts_frame


@given(st.integers(1, 0x3FFF), st.integers(1, 0x3FFF), st.integers(0, 3))
def test_the_resolution_is_read_from_a_keyframe_without_its_scaling_hint(width, height, scale):
    frame = b"\x50\x01\x00\x9d\x01\x2a" + struct.pack("<HH", width | scale << 14, height | scale << 14)
    assert vp8.resolution(frame) == (width, height)
    assert vp8.resolution(b"xx" + frame, 2) == (width, height)
    assert vp8.resolution(b"\x51" + frame[1:]) is None
    assert vp8.resolution(frame[:9]) is None
    assert vp8.resolution(frame[:3] + b"\0\0\0" + frame[6:]) is None
