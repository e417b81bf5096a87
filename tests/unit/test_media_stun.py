"""Checks read cheaply: what aioice makes is understood, what is not whole or not signed is nobody's."""

from __future__ import annotations

import ipaddress

import pytest
from aioice import stun as reference
from hypothesis import given
from hypothesis import strategies as st

from signaling.media import stun
from signaling.media.ice import Credentials, IceAgent

OURS = Credentials("0123456789abcdef", "a-password-of-ours-0001")
ADDRESS = ("192.0.2.7", 40_000)


def check(username: str = f"{OURS.ufrag}:theirs", password: str = OURS.password, *, nominate: bool = False) -> bytes:
    message = reference.Message(reference.Method.BINDING, reference.Class.REQUEST)
    message.attributes["USERNAME"] = username
    message.attributes["ICE-CONTROLLING"] = 7
    if nominate:
        message.attributes["USE-CANDIDATE"] = None
    message.attributes["PRIORITY"] = 1
    message.add_message_integrity(password.encode())
    return bytes(message)


def agent() -> IceAgent[str]:
    made: IceAgent[str] = IceAgent()
    made.add("somebody", OURS)
    return made


@given(st.text(alphabet="abcdefABCDEF0123456789+/", min_size=4, max_size=60), st.booleans())
def test_what_another_implementation_signs_is_understood(theirs: str, nominate: bool) -> None:
    found = stun.parse(check(f"{OURS.ufrag}:{theirs}", nominate=nominate))
    assert found is not None
    assert (found.ufrag, found.nominates) == (OURS.ufrag, nominate)
    assert stun.signed(found, OURS.password.encode())
    assert not stun.signed(found, b"another password")


@given(
    st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)), st.integers(1, 65_535), st.binary(min_size=12, max_size=12)
)
def test_our_answer_is_to_the_byte_what_another_implementation_makes(
    host: ipaddress.IPv4Address | ipaddress.IPv6Address, port: int, transaction: bytes
) -> None:
    message = reference.Message(reference.Method.BINDING, reference.Class.RESPONSE, transaction)
    message.attributes["XOR-MAPPED-ADDRESS"] = (str(host), port)
    message.add_message_integrity(b"secret")
    assert stun.success(transaction, str(host), port, b"secret") == bytes(message)


@given(st.data())
def test_a_check_that_was_changed_anywhere_is_not_answered(data: st.DataObject) -> None:
    whole = check()
    mutated = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 4))):
        mutated[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    if bytes(mutated) != whole:
        assert agent().check(bytes(mutated), ADDRESS) is None


@given(st.binary(max_size=700))
def test_any_bytes_may_come(datagram: bytes) -> None:
    for head in (b"", b"\x00\x01", b"\x00\x01" + len(datagram).to_bytes(2) + stun.COOKIE):
        assert agent().check(head + datagram, ADDRESS) is None


@given(st.integers(0, 200))
def test_a_check_that_was_cut_is_not_answered(length: int) -> None:
    whole = check()
    if length < len(whole):
        assert agent().check(whole[:length], ADDRESS) is None


@pytest.mark.parametrize(
    "datagram",
    [
        bytes(100),
        check("nobody:theirs"),
        check()[:-8],
        check() + bytes(4),
        b"\x00\x01" + (600).to_bytes(2) + stun.COOKIE + bytes(612),
        b"\x00\x11" + check()[2:],
    ],
    ids=["zeros", "unknown fragment", "no fingerprint", "longer", "too long", "an indication"],
)
def test_no_signature_is_computed_for_what_names_nobody(datagram: bytes) -> None:
    """A flood of it costs a look at the frame and one in a table."""
    made = agent()
    assert made.check(datagram, ADDRESS) is None
    assert made.judged == 0


def test_what_follows_the_signature_is_not_believed() -> None:
    """``USE-CANDIDATE`` behind it would be anybody's word."""
    whole = check()
    added = whole[:-8] + b"\x00\x25\x00\x00"
    forged = added[:2] + (len(added) + 8 - 20).to_bytes(2) + added[4:]
    crc = reference.message_fingerprint(forged)
    assert agent().check(forged + b"\x80\x28\x00\x04" + crc.to_bytes(4), ADDRESS) is None


def test_an_answer_is_no_longer_than_what_asked_for_it() -> None:
    asked = check()
    found = agent().check(asked, ADDRESS)
    assert found is not None
    assert len(found.reply) <= len(asked)
