"""Envelopes: whatever is recorded comes back, in whole and in parts, and nothing else ever does."""

import hashlib
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub import config as configuration
from hub import envelope
from hub.envelope import HEADER_BYTES, Header, Undecipherable
from hub.errors import ConfigError
from hub.services.packages import Package

KEY, NAME = b"k" * 32, "recordings/r/t/000001.webm"


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


def opened(stored: bytes, key: bytes = KEY, name: str = NAME) -> bytes:
    return b"".join(envelope.decrypt(key, name, pieces(stored, 7)))


class Source:
    """Stored bytes that count what is fetched of them."""

    def __init__(self, stored: bytes) -> None:
        self.stored, self.fetched = stored, 0

    def __call__(self, start: int, length: int | None) -> Iterator[bytes]:
        data = self.stored[start : None if length is None else start + length]
        self.fetched += len(data)
        return pieces(data, 50)


@settings(deadline=None)
@given(st.binary(max_size=300), st.integers(1, 100))
def test_what_was_encrypted_comes_back(data: bytes, chunk_bytes: int) -> None:
    stored = envelope.encrypt(KEY, NAME, data, chunk_bytes=chunk_bytes)
    assert opened(stored) == data
    assert stored == envelope.encrypt(KEY, NAME, data, chunk_bytes=chunk_bytes), "an upload may be repeated"


@settings(deadline=None)
@given(st.binary(max_size=300), st.integers(1, 40), st.integers(0, 310), st.none() | st.integers(0, 310))
def test_any_stretch_can_be_read_by_itself(data: bytes, chunk_bytes: int, start: int, length: int | None) -> None:
    source = Source(envelope.encrypt(KEY, NAME, data, chunk_bytes=chunk_bytes))
    wanted = data[start : None if length is None else start + length]
    assert b"".join(envelope.read(KEY, NAME, source, start, length)) == wanted


def test_a_stretch_fetches_only_the_chunks_that_hold_it() -> None:
    data = bytes(range(256)) * 4000
    source = Source(envelope.encrypt(KEY, NAME, data))
    assert b"".join(envelope.read(KEY, NAME, source, 70_000, 10)) == data[70_000:70_010]
    assert source.fetched == HEADER_BYTES + envelope.CHUNK_BYTES + envelope.TAG_BYTES


@settings(deadline=None)
@given(st.binary(min_size=1, max_size=200), st.integers(1, 40), st.data())
def test_no_changed_byte_goes_unnoticed(data: bytes, chunk_bytes: int, draw: st.DataObject) -> None:
    stored = bytearray(envelope.encrypt(KEY, NAME, data, chunk_bytes=chunk_bytes))
    stored[draw.draw(st.integers(0, len(stored) - 1))] ^= draw.draw(st.integers(1, 255))
    with pytest.raises(Undecipherable):
        opened(bytes(stored))


@settings(deadline=None)
@given(st.binary(max_size=200), st.integers(1, 40), st.data())
def test_nothing_may_be_cut_off_or_added(data: bytes, chunk_bytes: int, draw: st.DataObject) -> None:
    stored = envelope.encrypt(KEY, NAME, data, chunk_bytes=chunk_bytes)
    for wrong in (stored[: draw.draw(st.integers(0, len(stored) - 1))], stored + b"x"):
        with pytest.raises(Undecipherable):
            opened(wrong)


def test_chunks_cannot_change_places() -> None:
    stored = envelope.encrypt(KEY, NAME, b"a" * 10 + b"b" * 10, chunk_bytes=10)
    one, two = stored[HEADER_BYTES : HEADER_BYTES + 26], stored[HEADER_BYTES + 26 :]
    with pytest.raises(Undecipherable):
        opened(stored[:HEADER_BYTES] + two + one)


def test_neither_another_key_nor_another_name_opens_it() -> None:
    stored = envelope.encrypt(KEY, NAME, b"data")
    for key, name in ((b"x" * 32, NAME), (KEY, NAME.replace("1", "2"))):
        with pytest.raises(Undecipherable):
            opened(stored, key, name)


def test_two_files_under_one_name_have_different_keys() -> None:
    one, two = envelope.encrypt(KEY, NAME, b"\0" * 64), envelope.encrypt(KEY, NAME, b"\0" * 63 + b"\1")
    assert one[HEADER_BYTES : HEADER_BYTES + 63] != two[HEADER_BYTES : HEADER_BYTES + 63]


def test_a_header_that_would_take_all_memory_is_not_believed() -> None:
    with pytest.raises(Undecipherable):
        opened(Header(1 << 31, 1 << 40, hashlib.sha256().digest()).pack() + b"x" * 100)


def test_a_wrapped_key_opens_for_its_own_recording_and_master_key_only() -> None:
    wrapped = envelope.wrap(b"m" * 32, b"n" * 12, KEY, "r1")
    assert envelope.unwrap(b"m" * 32, wrapped, "r1") == KEY
    for master, recording in ((b"M" * 32, "r1"), (b"m" * 32, "r2")):
        with pytest.raises(Undecipherable):
            envelope.unwrap(master, wrapped, recording)


def test_keys_and_servers_that_cannot_be_are_refused_at_start() -> None:
    with pytest.raises(ConfigError) as caught:
        configuration.load({"HUB_MASTER_KEYS": "abc", "HUB_S3_ENCRYPTION": "rot13"})
    assert [fault.split(":")[0] for fault in caught.value.faults] == ["s3_encryption", "master_keys"]


def test_packages_say_nothing_of_their_key() -> None:
    assert "data_key" not in repr(Package("n", None, {}, [], [], b"secret"))  # type: ignore[arg-type]
