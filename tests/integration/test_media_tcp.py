"""The worker's TCP side with real sockets: who is let in, who is hung up on, and that a slow peer holds up nobody."""

from __future__ import annotations

import asyncio
import itertools
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

import pytest
from aioice import stun

from hub.tap import Hello
from signaling.media import tcp
from signaling.media.framing import Deframer, frame
from signaling.media.ice import Address, Credentials, IceAgent
from signaling.media.plane import Plane
from signaling.media.sdp_write import OPUS, VP8
from signaling.media.tap import TapBuffer
from signaling.media.tcp import READ_BYTES, TcpPort, TcpWire
from signaling.media.wire import Wire
from tests.support.waiting import Stopwatch

pytestmark = [pytest.mark.asyncio, pytest.mark.media]

OURS = Credentials("ours", "a-password-of-ours-0001")
SECOND_NS = 1_000_000_000


def check(password: str = OURS.password, username: str = "ours:theirs") -> bytes:
    message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    message.attributes["USERNAME"] = username
    message.attributes["PRIORITY"] = 1
    message.add_message_integrity(password.encode())
    return bytes(message)


class Seat:
    """Stands in for a transport."""

    def __init__(self) -> None:
        self.media: list[bytes] = []
        self.dtls: list[bytes] = []
        self.wire: TcpWire | None = None
        self.lost = 0

    address: Address | None = None

    def receive_media(self, datagram: bytes) -> bool:
        self.media.append(datagram)
        return True

    def sends_from(self, _wire: Wire, address: Address) -> None:
        self.address = address

    def receive_dtls(self, datagram: bytes) -> None:
        self.dtls.append(datagram)

    def path_lost(self, _wire: Wire, _address: Address) -> None:
        self.lost += 1


class World:
    """A port with one seat behind it, wired as the plane does it."""

    def __init__(self) -> None:
        self.seat = Seat()
        self.ice: IceAgent[Seat] = IceAgent()
        self.ice.add(self.seat, OURS)
        self.faults: list[str] = []
        self.port = TcpPort(self._stun, lambda: None, lambda doing, error: self.faults.append(f"{doing}: {error!r}"))
        self.number = 0
        self._peers: list[Peer] = []

    async def connect(self, host: str = "127.0.0.1") -> Peer:
        self._peers.append(Peer(*await asyncio.open_connection(host, self.number)))
        return self._peers[-1]

    async def close(self) -> None:
        self.port.close()
        for peer in self._peers:
            await peer.close()

    def _stun(self, datagram: bytes, address: Address, wire: Wire) -> None:
        found = self.ice.check(datagram, address)
        if found is not None:
            wire.send(found.reply, address)
            found.owner.wire = wire  # type: ignore[assignment]
            wire.owners[address] = found.owner


@asynccontextmanager
async def serving(*addresses: str) -> AsyncIterator[World]:
    world = World()
    for address in addresses or ("127.0.0.1",):
        with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as free:
            free.bind((address, world.number))
            world.number = free.getsockname()[1]
    world.port.open(world.number, addresses or ("127.0.0.1",))
    try:
        yield world
        assert world.faults == []
    finally:
        await world.close()


class Peer:
    """A browser's half."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    def send(self, datagram: bytes) -> None:
        self.writer.write(frame(datagram))

    async def receive(self) -> bytes:
        async with asyncio.timeout(30):
            size = int.from_bytes(await self.reader.readexactly(2))
            return await self.reader.readexactly(size)

    async def prove(self) -> None:
        self.send(check())
        assert stun.parse_message(await self.receive()).message_class == stun.Class.RESPONSE

    async def is_hung_up_on(self) -> bool:
        try:
            async with asyncio.timeout(30):
                while await self.reader.read(65_536):
                    pass
                return True
        except ConnectionResetError:
            return True

    async def close(self) -> None:
        self.writer.close()
        with suppress(ConnectionError):
            await self.writer.wait_closed()


@contextmanager
def limits(monkeypatch: pytest.MonkeyPatch, **values: int) -> Iterator[None]:
    with monkeypatch.context() as patch:
        for name, value in values.items():
            patch.setattr(tcp, name, value)
        yield


async def soon(what: object) -> None:
    async with asyncio.timeout(30):
        while not what():  # type: ignore[operator]  # noqa: ASYNC110 - sockets are waited for
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_a_check_opens_the_way_for_handshake_and_media(host: str) -> None:
    async with serving(host) as world:
        peer = await world.connect(host)
        await peer.prove()
        for datagram in (bytes([22]) + b"hello", b"\x80" + bytes(40), b"\x90" + bytes(1200)):
            peer.send(datagram)
        await soon(lambda: len(world.seat.media) == 2)
        assert world.seat.dtls == [bytes([22]) + b"hello"]
        assert world.seat.media[1] == b"\x90" + bytes(1200)
        assert world.seat.address == peer.writer.get_extra_info("sockname"), "it is told by which way media came"
        assert world.seat.wire is not None
        buffer = b"".join(b"\x80\x60" + bytes([number]) * 98 for number in range(3))
        world.seat.wire.send_run(memoryview(buffer), 100, world.seat.wire.address)
        assert [(await peer.receive())[2] for _ in range(3)] == [0, 1, 2]
        await peer.close()
        await soon(lambda: world.seat.lost == 1)
        assert world.port.wires == {}


async def test_the_answer_names_the_address_that_was_seen() -> None:
    async with serving() as world:
        peer = await world.connect()
        peer.send(check())
        reply = stun.parse_message(await peer.receive())
        assert reply.attributes["XOR-MAPPED-ADDRESS"] == peer.writer.get_extra_info("sockname")


@pytest.mark.parametrize(
    "stream",
    [
        frame(check(password="somebody else's")),
        frame(check(username="nobody:theirs")),
        frame(bytes([22]) + bytes(60)),
        frame(b"\x80" + bytes(60)),
        frame(b""),
        frame(bytes(500)),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/1.1\r\nHost: hub\r\n\r\n",
        b"\xff\xff",
    ],
    ids=["password", "fragment", "dtls", "media", "empty", "zeros", "tls", "http", "large"],
)
async def test_what_does_not_begin_with_a_check_of_ours_is_hung_up_on(stream: bytes) -> None:
    async with serving() as world:
        peer = await world.connect()
        peer.writer.write(stream)
        assert await peer.is_hung_up_on()
        assert world.port.wires == {}
        assert world.seat.media == world.seat.dtls == []


async def test_a_proven_peer_that_breaks_the_framing_is_hung_up_on() -> None:
    async with serving() as world:
        peer = await world.connect()
        await peer.prove()
        peer.writer.write(b"\xff\xff")
        assert await peer.is_hung_up_on()
        assert world.seat.lost == 1


async def test_who_never_proves_himself_or_falls_silent_is_hung_up_on() -> None:
    async with serving() as world:
        idle, proven = await world.connect(), await world.connect()
        await proven.prove()
        await soon(lambda: len(world.port.wires) == 2)
        now_ns = time.monotonic_ns()
        world.port.watch(now_ns + 5 * SECOND_NS)
        assert len(world.port.wires) == 2
        world.port.watch(now_ns + 11 * SECOND_NS)
        assert await idle.is_hung_up_on()
        assert len(world.port.wires) == 1
        world.port.watch(now_ns + 31 * SECOND_NS)
        assert await proven.is_hung_up_on()
        assert world.seat.lost == 1


async def test_a_connection_whose_transport_has_gone_is_closed() -> None:
    async with serving() as world:
        peer = await world.connect()
        await peer.prove()
        assert world.seat.wire is not None
        world.seat.wire.owners.clear()
        world.port.watch(time.monotonic_ns())
        assert await peer.is_hung_up_on()
        assert world.seat.lost == 0


async def test_one_host_has_only_so_many_connections_that_prove_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with limits(monkeypatch, MOST_UNPROVEN_PER_HOST=3):
        async with serving("127.0.0.1", "::1") as world:
            for _ in range(5):
                await (await world.connect()).prove()
            for _ in range(3):
                await world.connect()
            await soon(lambda: len(world.port.wires) == 8)
            extra = await world.connect()
            assert await extra.is_hung_up_on()
            assert world.port.refused == 1
            other = await world.connect("::1")
            await other.prove()


async def test_among_too_many_strangers_the_oldest_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    with limits(monkeypatch, MOST_UNPROVEN=4):
        async with serving() as world:
            strangers = [await world.connect() for _ in range(4)]
            await soon(lambda: len(world.port.wires) == 4)
            peer = await world.connect()
            await peer.prove()
            assert await strangers[0].is_hung_up_on()
            assert len(world.port.wires) == 4


async def test_a_peer_that_does_not_read_loses_picture_first_and_holds_up_nobody() -> None:
    async with serving() as world:
        slow = socket.socket()
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.setblocking(False)
        await asyncio.get_running_loop().sock_connect(slow, ("127.0.0.1", world.number))
        await asyncio.get_running_loop().sock_sendall(slow, frame(check()))
        await soon(lambda: world.seat.wire)
        wire, world.seat.wire = world.seat.wire, None
        assert wire is not None
        quick = await world.connect()
        await quick.prove()
        quick_wire = world.seat.wire
        assert quick_wire is not None
        worst_s = 0.0
        for number in range(1500):
            watch = Stopwatch()
            picture, sound = (bytes([0x80, kind]) + number.to_bytes(2) + bytes(996) for kind in (VP8, OPUS))
            for each in (wire, quick_wire):
                each.send(picture, each.address)
            wire.send(sound[:80], wire.address)
            worst_s = max(worst_s, watch.passed_s())
            assert int.from_bytes((await quick.receive())[2:4]) == number
        assert worst_s < 1
        assert wire.congested
        assert wire.queue.dropped > 500
        assert not quick_wire.congested
        assert quick_wire.queue.dropped == 0
        # Once he reads, sound comes first, and nothing is torn in the middle.
        deframer, came = Deframer(2048), []
        async with asyncio.timeout(60):
            while wire.queue.waiting_bytes or not came or deframer.waiting_bytes:
                piece = await asyncio.get_running_loop().sock_recv(slow, 65_536)
                came += deframer.feed(piece)
        assert not wire.congested
        sounds = [int.from_bytes(each[2:4]) for each in came[1:] if each[1] == OPUS]
        assert sounds == sorted(sounds)
        assert len(sounds) > 500
        slow.close()


async def test_one_connection_has_only_so_much_of_a_turn() -> None:
    """Frames of nothing are the most that fit into one read; others' media must not wait for thousands of them."""
    async with serving() as world:
        peer = await world.connect()
        await peer.prove()
        counts = [world.port.packets_in]
        world.port.drained = lambda: counts.append(world.port.packets_in)
        frames = 100_000
        peer.writer.write(frame(b"") * frames)
        await soon(lambda: world.port.packets_in == counts[0] + frames)
        steps = [after - before for before, after in itertools.pairwise(counts)]
        assert max(steps) <= READ_BYTES // 2 <= 10_000


async def test_a_port_that_is_taken_is_told() -> None:
    async with serving() as world:
        other = World()
        with pytest.raises(OSError, match="in use"):
            other.port.open(world.number, ("127.0.0.1",))


async def test_where_the_announced_address_is_a_routers_it_listens_on_all() -> None:
    async with serving() as world:
        number = world.number
    world.port.open(number, ("192.0.2.77",))
    peer = await world.connect()
    await peer.prove()
    await world.close()


async def test_where_another_program_has_the_port_for_tcp_media_goes_by_udp_alone() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        plane = Plane(["127.0.0.1"], TapBuffer(Hello(worker=0, start_id="x")), lambda _: None)
        plane.open(port)
        assert plane.port == port
        assert plane.tcp is None, "and so no description names it"
        await plane.close()


async def test_a_free_port_is_free_for_both() -> None:
    plane = Plane(["127.0.0.1", "::1"], TapBuffer(Hello(worker=0, start_id="x")), lambda _: None)
    plane.open(0)
    for host in plane.addresses:
        _, writer = await asyncio.open_connection(host, plane.port)
        writer.close()
        await writer.wait_closed()
    await plane.close()
