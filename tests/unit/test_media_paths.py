"""The ways to one peer: which is sent to, and until when (consent, RFC 7675)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.tap import Hello
from signaling.media.ice import Address, Check
from signaling.media.paths import CONSENT_NS, MOST_ADOPTED, MOST_PATHS, Paths
from signaling.media.plane import Plane
from signaling.media.sdp import Description
from signaling.media.tap import TapBuffer
from signaling.media.transport import Transport
from signaling.media.wire import Receiver

SECOND_NS = 1_000_000_000


class FakeWire:
    """Remembers what was sent."""

    def __init__(self) -> None:
        self.owners: dict[Address, Receiver] = {}
        self.congested = False
        self.sent: list[tuple[bytes, Address]] = []

    def send(self, datagram: bytes | memoryview, address: Address) -> None:
        self.sent.append((bytes(datagram), address))

    def send_run(self, run: memoryview, size: int, address: Address) -> None:
        for at in range(0, len(run), size):
            self.send(run[at : at + size], address)


class Nobody:
    address: Address | None = None

    def receive_media(self, datagram: bytes) -> bool:
        return True

    def sends_from(self, wire: Any, address: Address) -> None: ...
    def receive_dtls(self, datagram: bytes) -> None: ...
    def path_lost(self, wire: Any, address: Address) -> None: ...


def at(port: int) -> Address:
    return ("192.0.2.7", port)


def test_the_first_way_is_taken_and_another_only_when_it_is_chosen() -> None:
    wire, paths = FakeWire(), Paths(Nobody())
    paths.proved((wire, at(1)), 0, chosen=False)
    paths.proved((wire, at(2)), 1, chosen=False)
    assert paths.current == (wire, at(1))
    paths.proved((wire, at(2)), 2, chosen=True)
    assert paths.current == (wire, at(2))
    assert set(wire.owners) == {at(1), at(2)}


def test_when_the_current_way_is_lost_the_one_that_proved_itself_last_is_taken() -> None:
    udp, tcp, paths = FakeWire(), FakeWire(), Paths(Nobody())
    paths.proved((udp, at(1)), 0, chosen=False)
    paths.proved((udp, at(2)), 5, chosen=False)
    paths.proved((tcp, at(3)), 9, chosen=True)
    paths.lost((tcp, at(3)))
    assert paths.current == (udp, at(2))
    assert tcp.owners == {}
    paths.lost((udp, at(2)))
    paths.lost((udp, at(1)))
    assert paths.current is None


def test_consent_ends_for_each_way_by_itself() -> None:
    wire, paths = FakeWire(), Paths(Nobody())
    paths.proved((wire, at(1)), 0, chosen=True)
    paths.proved((wire, at(2)), 20 * SECOND_NS, chosen=False)
    paths.expire(CONSENT_NS)
    assert paths.current == (wire, at(1))
    paths.expire(CONSENT_NS + 1)
    assert paths.current == (wire, at(2)), "the other has consented since"
    paths.expire(20 * SECOND_NS + CONSENT_NS + 1)
    assert paths.current is None
    assert wire.owners == {}


def test_media_is_consent_to_the_current_way_alone() -> None:
    wire, paths = FakeWire(), Paths(Nobody())
    paths.proved((wire, at(1)), 0, chosen=True)
    paths.proved((wire, at(2)), 0, chosen=False)
    paths.heard(CONSENT_NS)
    paths.expire(CONSENT_NS + 1)
    assert paths.current == (wire, at(1))
    assert len(paths) == 1


def test_an_address_that_another_owner_proved_since_stays_his() -> None:
    wire, other = FakeWire(), Nobody()
    paths = Paths(Nobody())
    paths.proved((wire, at(1)), 0, chosen=True)
    Paths(other).proved((wire, at(1)), 1, chosen=True)
    paths.clear()
    assert wire.owners == {at(1): other}


def test_an_adopted_way_is_received_from_but_not_sent_to_until_it_proves_itself() -> None:
    wire, paths = FakeWire(), Paths(Nobody())
    paths.proved((wire, at(1)), 0, chosen=True)
    paths.adopted((wire, at(2)), 1)
    assert set(wire.owners) == {at(1), at(2)}
    paths.lost((wire, at(1)))
    assert paths.current is None
    paths.proved((wire, at(2)), 2, chosen=True)
    assert paths.current == (wire, at(2))


def test_adopted_ways_are_few_and_end_like_the_others() -> None:
    wire, paths = FakeWire(), Paths(Nobody())
    for port in range(9):
        paths.adopted((wire, at(port)), port)
    assert len(wire.owners) == MOST_ADOPTED
    paths.expire(CONSENT_NS + 9)
    assert wire.owners == {}
    paths.adopted((wire, at(1)), 0)
    paths.clear()
    assert wire.owners == {}


@given(
    st.lists(
        st.tuples(st.integers(0, 20), st.booleans(), st.integers(0, 20 * SECOND_NS), st.sampled_from("plhe")),
        max_size=60,
    )
)
def test_they_are_few_and_the_wires_know_exactly_those(steps: list[tuple[int, bool, int, str]]) -> None:
    wire, paths, now_ns = FakeWire(), Paths(Nobody()), 0
    for port, chosen, pause_ns, what in steps:
        now_ns += pause_ns
        match what:
            case "p":
                paths.proved((wire, at(port)), now_ns, chosen=chosen)
                assert not chosen or paths.current == (wire, at(port))
            case "l":
                paths.lost((wire, at(port)))
            case "h":
                paths.heard(now_ns)
            case _:
                paths.expire(now_ns)
        assert len(paths) == len(wire.owners) <= MOST_PATHS
        assert (paths.current is None) == (len(paths) == 0)
        assert paths.current is None or paths.current in paths


# One transport, with a clock of ours ----------------------------------------------------------------------------------


def transport() -> Transport:
    """It protects nothing, so that what it sends can be read."""
    made = Transport(Plane(["192.0.2.1"], TapBuffer(Hello(worker=0, start_id="x")), lambda _: None), lambda *_: None)

    class Plain:
        def seal_one(self, packet: bytes) -> bytes:
            return packet

    made.outbound, made.connected = Plain(), True  # type: ignore[assignment]
    return made


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Its only element is the time in nanoseconds."""
    now = [time.monotonic_ns()]
    with monkeypatch.context() as patch:
        patch.setattr("signaling.media.transport.time.monotonic_ns", lambda: now[0])
        yield now


def check(transport: Transport, *, nominated: bool) -> Check[Transport]:
    return Check(transport, "ours", nominated, b"")


@pytest.mark.asyncio
async def test_who_vanished_is_sent_nothing_once_his_consent_has_run_out(clock: list[int]) -> None:
    made, wire = transport(), FakeWire()
    began = clock[0]
    made.checked(check(made, nominated=True), at(1), wire)
    for passed_s in range(40):
        clock[0] = began + passed_s * SECOND_NS
        made.watch(clock[0])
        made.send_rtp(bytes([0x80, passed_s]))
    assert [datagram[1] for datagram, _ in wire.sent] == list(range(31))
    assert wire.owners == {}
    made.checked(check(made, nominated=False), at(2), wire)
    made.send_rtp(b"\x80\xff")
    assert wire.sent[-1] == (b"\x80\xff", at(2)), "a new check is new consent"
    made.close()


@pytest.mark.asyncio
async def test_checks_on_another_way_keep_no_dead_way_alive(clock: list[int]) -> None:
    made, wire = transport(), FakeWire()
    began = clock[0]
    made.checked(check(made, nominated=True), at(1), wire)
    for passed_s in range(0, 40, 5):
        clock[0] = began + passed_s * SECOND_NS
        made.checked(check(made, nominated=False), at(2), wire)
        made.watch(clock[0])
    made.send_rtp(b"\x80\x01")
    assert wire.sent == [(b"\x80\x01", at(2))]
    made.close()


@pytest.mark.asyncio
async def test_who_begins_to_send_by_another_way_is_sent_to_there() -> None:
    made, udp, tcp = transport(), FakeWire(), FakeWire()
    made.connected = False  # as before the handshake, when every signed check is taken
    made.checked(check(made, nominated=True), at(1), udp)
    made.checked(check(made, nominated=False), at(2), tcp)
    made.connected = True
    made.sends_from(tcp, at(3))
    made.send_rtp(b"\x80\x01")
    assert tcp.sent == [], "that way has not proved itself"
    made.sends_from(tcp, at(2))
    made.send_rtp(b"\x80\x02")
    assert udp.sent == [(b"\x80\x01", at(1))]
    assert tcp.sent == [(b"\x80\x02", at(2))]
    made.close()


@pytest.mark.asyncio
async def test_a_check_from_somebody_elses_address_takes_it_from_nobody(clock: list[int]) -> None:
    """On the way one can send from any address, and repeat what was signed for another."""
    owner, other, wire = transport(), transport(), FakeWire()
    owner.checked(check(owner, nominated=True), at(1), wire)
    for connected in (True, False):
        other.connected, other.remote = connected, Description("theirs", "their password", [], "active", [])
        other.checked(check(other, nominated=True), at(1), wire)
        assert wire.owners[at(1)] is owner
        assert other.address is None
    owner.close()
    other.close()
