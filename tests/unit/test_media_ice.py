"""ICE-lite: who may speak to the worker, and what is answered."""

from __future__ import annotations

from aioice import stun
from hypothesis import given
from hypothesis import strategies as st

from signaling.media.ice import Credentials, IceAgent, plain_host

ADDRESS = ("192.0.2.7", 40_000)
OURS = Credentials("ours", "a-password-of-ours-0001")


def request(
    username: str = "ours:theirs", password: str = OURS.password, *, nominate: bool = False, signed: bool = True
) -> bytes:
    message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    message.attributes["USERNAME"] = username
    message.attributes["PRIORITY"] = 1
    if nominate:
        message.attributes["USE-CANDIDATE"] = None
    if signed:
        message.add_message_integrity(password.encode())
    return bytes(message)


def agent() -> IceAgent[str]:
    made: IceAgent[str] = IceAgent()
    made.add("the transport", OURS)
    return made


def test_a_signed_check_is_answered_with_the_address_it_came_from() -> None:
    check = agent().check(request(), ADDRESS)
    assert check is not None
    assert (check.owner, check.ufrag, check.nominated) == ("the transport", "ours", False)
    reply = stun.parse_message(check.reply)
    assert reply.message_class == stun.Class.RESPONSE
    assert reply.attributes["XOR-MAPPED-ADDRESS"] == ADDRESS
    assert reply.check_message_integrity(OURS.password.encode())


def test_a_nomination_is_reported() -> None:
    check = agent().check(request(nominate=True), ADDRESS)
    assert check is not None
    assert check.nominated


def test_a_check_with_another_password_is_ignored() -> None:
    assert agent().check(request(password="somebody else's"), ADDRESS) is None


def test_an_unsigned_check_is_ignored() -> None:
    assert agent().check(request(signed=False), ADDRESS) is None


def test_a_check_for_a_fragment_nobody_has_is_ignored() -> None:
    assert agent().check(request("other:theirs"), ADDRESS) is None


def test_a_changed_byte_is_noticed() -> None:
    datagram = bytearray(request())
    datagram[28] ^= 1
    assert agent().check(bytes(datagram), ADDRESS) is None


def test_a_forgotten_fragment_opens_nothing() -> None:
    made = agent()
    made.forget(OURS)
    assert made.check(request(), ADDRESS) is None


def test_during_a_restart_both_fragments_are_known() -> None:
    made, newer = agent(), Credentials("newer", "another-password-000001")
    made.add("the transport", newer)
    old = made.check(request(), ADDRESS)
    new = made.check(request("newer:theirs", newer.password), ADDRESS)
    assert old is not None
    assert new is not None
    assert new.ufrag == "newer"


@given(st.binary(max_size=200))
def test_nonsense_is_never_answered(datagram: bytes) -> None:
    assert agent().check(datagram, ADDRESS) is None


@given(st.integers(0, 100), st.binary(min_size=1, max_size=8))
def test_a_mangled_check_never_raises(place: int, noise: bytes) -> None:
    datagram = bytearray(request())
    datagram[place : place + len(noise)] = noise
    agent().check(bytes(datagram), ADDRESS)


def test_an_ipv4_address_seen_by_a_dual_stack_socket_is_answered_as_ipv4() -> None:
    assert plain_host("::ffff:192.0.2.7") == "192.0.2.7"
    assert plain_host("fe80::1%eth0") == "fe80::1"
    assert plain_host("2001:db8::1") == "2001:db8::1"


def test_credentials_are_long_and_never_the_same() -> None:
    made = {Credentials.make() for _ in range(50)}
    assert len(made) == 50
    assert all(len(each.ufrag) >= 4 and len(each.password) >= 22 for each in made)
