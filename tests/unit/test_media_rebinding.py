"""A peer that turns up at another address: who is believed, what is asked, and what strangers can cost."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import aioice.stun
import pytest

from signaling.media import ice, rebinding
from signaling.media.ice import Address
from signaling.media.paths import Path
from signaling.media.rebinding import Rebinding
from signaling.media.sdp import Description

pytestmark = pytest.mark.asyncio

OLD, NEW, OTHER = ("192.0.2.7", 1), ("192.0.2.7", 2), ("203.0.113.9", 3)
SECOND_NS = 1_000_000_000
PASSWORD = "the browser's own password"
MEDIA = bytes([0x80, 111]) + bytes(98)


class Wire:
    def __init__(self) -> None:
        self.sent: list[tuple[bytes, Address]] = []

    def send(self, datagram: bytes, address: Address) -> None:
        self.sent.append((datagram, address))


class Peer:
    """Stands in for a transport that protects its packets with ``key`` for a first payload byte."""

    connected, ufrag = True, "ours"

    def __init__(self, key: int, address: Address = OLD) -> None:
        self.key, self.address, self.heard_ns = key, address, -SECOND_NS
        self.remote = Description("theirs", PASSWORD, [], "active", [])
        self.tried = 0
        self.moved_to: Path | None = None

    def may_have_sent(self, _datagram: bytes) -> bool:
        return True

    def receive_from(self, datagram: bytes, _path: Path, _now_ns: int) -> bool:
        self.tried += 1
        return datagram[12] == self.key

    def proved(self, path: Path, *, chosen: bool) -> None:
        self.moved_to = path if chosen else None


class World:
    def __init__(self, *peers: Peer) -> None:
        self.wire, self.tasks = Wire(), set[asyncio.Task[Any]]()
        self.rebinding = Rebinding(lambda: peers, self._spawn)  # type: ignore[arg-type, return-value]

    def _spawn(self, work: Coroutine[Any, Any, object]) -> None:
        self.tasks.add(asyncio.create_task(work))

    def media(self, key: int, address: Address = NEW, now_ns: int = 0) -> None:
        self.rebinding.stranger(MEDIA[:12] + bytes([key]) + MEDIA[13:], address, self.wire, now_ns)  # type: ignore[arg-type]

    async def asked(self) -> aioice.stun.Message:
        await asyncio.sleep(0)
        return aioice.stun.parse_message(self.wire.sent[-1][0])

    def answer(self, request: aioice.stun.Message, address: Address = NEW, password: str = PASSWORD) -> None:
        reply = aioice.stun.Message(
            aioice.stun.Method.BINDING, aioice.stun.Class.RESPONSE, transaction_id=request.transaction_id
        )
        reply.attributes["XOR-MAPPED-ADDRESS"] = ("192.0.2.1", 40_000)
        reply.add_message_integrity(password.encode())
        assert ice.is_response(bytes(reply))
        self.rebinding.answered(bytes(reply), address, self.wire)  # type: ignore[arg-type]

    async def end(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


async def test_who_can_have_protected_a_packet_is_asked_and_his_answer_moves_him() -> None:
    peer = Peer(7)
    world = World(Peer(1), peer)
    world.media(7)
    request = await world.asked()
    assert world.wire.sent[-1][1] == NEW
    assert request.attributes["USERNAME"] == "theirs:ours"
    assert "ICE-CONTROLLED" in request.attributes
    assert request.check_message_integrity(PASSWORD.encode())
    assert peer.moved_to is None, "nothing is sent to where nobody has consented"
    world.answer(request)
    assert peer.moved_to == (world.wire, NEW)
    assert world.rebinding.moved == 1
    await world.end()


async def test_a_packet_that_nobodys_keys_open_is_answered_by_nothing() -> None:
    world = World(Peer(1), Peer(2))
    world.media(9)
    await asyncio.sleep(0)
    assert world.wire.sent == []


@pytest.mark.parametrize("changed", [{"address": OTHER}, {"password": "somebody else's"}])
async def test_only_the_address_that_was_asked_may_answer_and_only_signed(changed: dict[str, Any]) -> None:
    peer = Peer(7)
    world = World(peer)
    world.media(7)
    request = await world.asked()
    world.answer(request, **changed)
    assert peer.moved_to is None
    world.answer(request)
    assert peer.moved_to is not None
    await world.end()


@pytest.mark.parametrize("nominated", [True, False])
async def test_a_check_from_a_new_address_is_asked_back_once(nominated: bool) -> None:
    """Whoever caught it can send it again, but not answer."""
    peer = Peer(7)
    world = World(peer)
    for _ in range(5):
        world.rebinding.ask_back(peer, (world.wire, NEW), chosen=nominated)  # type: ignore[arg-type]
    request = await world.asked()
    assert len(world.wire.sent) == 1
    assert peer.moved_to is None
    world.answer(request)
    assert (peer.moved_to is not None) == nominated
    await world.end()


async def test_it_is_asked_again_a_few_times_and_then_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rebinding, "ASK_AGAIN_S", (0.0, 0.0, 0.0))
    peer = Peer(7)
    world = World(peer)
    world.media(7)
    request = await world.asked()
    await asyncio.gather(*world.tasks)
    assert len(world.wire.sent) == 3
    assert len({datagram for datagram, _ in world.wire.sent}) == 1, "one transaction"
    world.answer(request)
    assert peer.moved_to is None


async def test_whoever_was_heard_just_now_has_not_moved_and_is_not_tried() -> None:
    lively, quiet = Peer(1), Peer(2)
    lively.heard_ns = 0
    World(lively, quiet).media(9, now_ns=1)
    assert (lively.tried, quiet.tried) == (0, 1)


async def test_those_known_by_the_same_host_are_tried_first() -> None:
    peers = [Peer(1, OTHER), Peer(2, OTHER), Peer(7)]
    world = World(*peers)
    world.media(7)
    assert [peer.tried for peer in peers] == [0, 0, 1]
    await world.end()


async def test_strangers_cost_a_bounded_number_of_trials_however_many_packets_they_send() -> None:
    peers = [Peer(number) for number in range(100)]
    world = World(*peers)
    for number in range(20_000):
        world.media(200, now_ns=number * SECOND_NS // 20_000)
    assert sum(peer.tried for peer in peers) <= 2 * rebinding.TRIALS_PER_S
    # And a second later one who did move is found.
    world.media(99, now_ns=2 * SECOND_NS)
    assert (await world.asked()).attributes["USERNAME"] == "theirs:ours"
    await world.end()


async def test_what_is_too_short_to_be_protected_is_not_tried() -> None:
    peer = Peer(0)
    World(peer).rebinding.stranger(bytes([0x80, 111]) + bytes(5), NEW, Wire(), 0)  # type: ignore[arg-type]
    assert peer.tried == 0
