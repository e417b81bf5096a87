"""Seats of a hearing: sign-in, WebSocket and the messages of PROTOCOL.md, with load peers for the media."""

from __future__ import annotations

import asyncio
import itertools
import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import msgspec

from bench import world
from bench.load import sdp
from bench.load.content import Numbers
from bench.load.peer import Peer
from bench.load.publisher import Load, Publisher

WAIT_S = 30.0
_AWAITED = frozenset({"welcome", "published", "happened", "media_reset"})
_generations = itertools.count(int(time.time() * 1000))

Message = dict[str, Any]


class Refused(RuntimeError):
    """The hub answered with ``error`` or ``goodbye``."""


class SignIns:
    """One HTTP session per account. Use as an asynchronous context manager."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._sessions: dict[str, aiohttp.ClientSession] = {}

    async def __aenter__(self) -> SignIns:
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.gather(*(session.close() for session in self._sessions.values()))

    async def all(self, usernames: Iterable[str], at_once: int = 4) -> None:
        gate = asyncio.Semaphore(at_once)

        async def one(username: str) -> None:
            async with gate:
                await self._sign_in(username)

        await asyncio.gather(*map(one, dict.fromkeys(usernames)))

    async def _sign_in(self, username: str) -> None:
        # Loopback by number: cookies of bare addresses are kept only when told so.
        session = aiohttp.ClientSession(
            cookie_jar=aiohttp.CookieJar(unsafe=True), connector=aiohttp.TCPConnector(limit=0)
        )
        self._sessions[username] = session
        async with session.get(f"{self.address}/sign-in") as page:
            token = page.cookies["hub_csrf"].value
        form = {"username": username, "password": world.PASSWORD, "csrf_token": token, "next": "/"}
        async with session.post(f"{self.address}/sign-in", data=form, allow_redirects=False) as answer:
            if answer.status not in (302, 303):
                raise Refused(f"{username} could not sign in: {answer.status}")

    def of(self, username: str) -> aiohttp.ClientSession:
        return self._sessions[username]


class Seat:
    """One browser in a hearing. ``streams`` maps a mid of the subscribing connection to what it carries now."""

    listening: asyncio.Task[None]

    def __init__(self, place: world.Place, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.place, self.socket = place, socket
        self.streams: dict[str, Message] = {}
        self.subscribing: Peer | None = None
        self.publishing: Publisher | None = None
        self.offers = 0
        self.on_streams: Callable[[], None] = lambda: None
        self.offer: sdp.Remote | None = None
        self._subscribe_generation = 0
        self._inbox: list[Message] = []
        self._arrived = asyncio.Event()
        self._fault: Refused | None = None
        self.on_event: Callable[[Message], None] = lambda _event: None

    async def send(self, kind: str, **fields: object) -> None:
        await self.socket.send_json({"type": kind, **fields})

    async def listen(self) -> None:
        """Until the socket closes. Offers are answered here; what somebody may wait for is kept."""
        async for frame in self.socket:
            message: Message = msgspec.json.decode(frame.data)
            kind = message["type"]
            if kind == "offer":
                await self._answer(message)
            elif kind == "slots":
                self._slots(message)
            elif kind in ("error", "goodbye", "seat_taken"):
                self._fault = Refused(f"{self.place.username}: {message}")
                self._arrived.set()
            elif kind in _AWAITED:
                if kind == "happened":
                    self.on_event(message["event"])
                self._inbox.append(message)
                self._arrived.set()

    async def until(self, wanted: Callable[[Message], bool], limit_s: float = WAIT_S) -> Message:
        """The first message, past or to come, that is wanted. Raises ``Refused`` or ``TimeoutError``."""
        seen = 0
        async with asyncio.timeout(limit_s):
            while True:
                while seen < len(self._inbox):
                    seen += 1
                    if wanted(self._inbox[seen - 1]):
                        return self._inbox[seen - 1]
                if self._fault:
                    raise self._fault
                self._arrived.clear()
                await self._arrived.wait()

    async def join(self) -> Message:
        await self.send("join", version=1, seat_id=self.place.seat_id, client=secrets.token_urlsafe(12))
        return await self.until(lambda message: message["type"] == "welcome")

    async def event(self, kind: str, seat_id: str | None = None) -> Message:
        def is_it(message: Message) -> bool:
            event = message.get("event", {})
            return event.get("kind") == kind and seat_id in (None, event.get("seat_id"))

        return await self.until(is_it)

    async def reset(self, number: int) -> None:
        """Until the hub has told for the ``number``-th time that another media worker carries the hearing."""
        told = itertools.count(1)
        await self.until(lambda message: message["type"] == "media_reset" and next(told) == number)

    # Media -----------------------------------------------------------------------------------------------------------

    async def publish(self, peer: Peer, load: Load, who: int = 0) -> Publisher:
        """Negotiate camera and microphone, wait for DTLS; sending begins when the publisher is run."""
        tracks = [("0", "audio", secrets.randbits(31)), ("1", "video", secrets.randbits(31))]
        generation = next(_generations)
        offer = sdp.publish_offer(peer.local, tracks)
        sources = {mid: "camera" if kind == "video" else "microphone" for mid, kind, _ in tracks}
        await self.send("publish", generation=generation, sdp=offer, sources=sources)
        reply = await self.until(lambda message: message.get("generation") == generation)
        remote = sdp.read(reply["sdp"])
        peer.start(remote)
        await asyncio.wait_for(peer.connected.wait(), WAIT_S)
        numbers = {kind: numbers_of(remote, mid, ssrc, kind) for mid, kind, ssrc in tracks}
        self.publishing = Publisher(peer, numbers["video"], numbers["audio"], load, who)
        return self.publishing

    async def subscribe(self, peer: Peer) -> None:
        """Ask for everything; offers are answered as they come."""
        self.subscribing, self._subscribe_generation = peer, next(_generations)
        await self.send("subscribe", generation=self._subscribe_generation)

    async def _answer(self, message: Message) -> None:
        peer = self.subscribing
        if peer is None or message["generation"] != self._subscribe_generation:
            return
        self.offers += 1
        self.offer = sdp.read(message["sdp"])
        self.streams = {stream["mid"]: stream for stream in message["streams"]}
        answer = sdp.answer(peer.local, self.offer)
        await self.send("answer", generation=message["generation"], revision=message["revision"], sdp=answer)
        peer.start(self.offer)
        self.on_streams()

    def _slots(self, message: Message) -> None:
        if message["generation"] == self._subscribe_generation:
            self.streams = {stream["mid"]: stream for stream in message["streams"]}
            self.on_streams()

    def carried(self) -> dict[int, Message]:
        """SSRC of the subscribing connection to the stream it carries now."""
        if self.offer is None:
            return {}
        first = {section.mid: section.ssrcs()[:1] for section in self.offer.sections}
        return {ssrc: stream for mid, stream in self.streams.items() for ssrc in first.get(mid, [])}


def numbers_of(remote: sdp.Remote, mid: str, ssrc: int, kind: str) -> Numbers:
    """What the server agreed to for a track that we offered."""
    section = next(each for each in remote.sections if each.mid == mid)
    payload_type = sdp.VIDEO if kind == "video" else sdp.AUDIO
    return Numbers(ssrc, payload_type, section.extension(sdp.TRANSPORT_CC), section.extension(sdp.AUDIO_LEVEL))


@asynccontextmanager
async def seated(sign_ins: SignIns, hearing_id: str, places: Iterable[world.Place]) -> AsyncIterator[list[Seat]]:
    """Sockets for these places, joined; closed at the end."""
    seats: list[Seat] = []
    try:
        for place in places:
            seats.append(await open_seat(sign_ins, hearing_id, place))
        await asyncio.gather(*(seat.join() for seat in seats))
        yield seats
    finally:
        await close_seats(seats)


async def open_seat(sign_ins: SignIns, hearing_id: str, place: world.Place) -> Seat:
    """A socket that listens; nobody has joined yet."""
    session = sign_ins.of(place.username)
    socket = await session.ws_connect(f"{sign_ins.address}/ws/hearings/{hearing_id}", max_msg_size=1 << 20)
    seat = Seat(place, socket)
    seat.listening = asyncio.create_task(seat.listen())
    return seat


async def close_seats(seats: Iterable[Seat]) -> None:
    seats = list(seats)
    for seat in seats:
        seat.listening.cancel()
    await asyncio.gather(*(seat.listening for seat in seats), return_exceptions=True)
    await asyncio.gather(*(seat.socket.close() for seat in seats), return_exceptions=True)
