"""A chair in a whole hub's hearing whose pictures and sounds are numbered, and who comes back as a browser does."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import aiohttp

from bench.crowd import Crowd, background
from bench.hub_seats import Refused, Seat, SignIns, close_seats, open_seat
from bench.hub_server import Hub
from bench.load.dtls import Identity
from bench.load.peer import Peer
from bench.load.publisher import AUDIO_EVERY_S, Load, Publisher
from bench.load.wire import Wire
from bench.world import Booked
from tests.support import counted
from tests.support.fake_worker import OpusEncoder, Vp8Encoder
from tests.support.points import CHAIR, FRAMES_PER_S

LOAD = Load(pictures_per_s=FRAMES_PER_S, packet_bytes=600)
BACK_S = 60
ADDRESS = "127.0.0.1"


class CountedChair:
    """``begin`` opens the hearing and sends; ``web_is_back`` and ``worker_is_back`` follow a death."""

    def __init__(self, sign_ins: SignIns, booked: Booked, crowd: Crowd, wire: Wire) -> None:
        self.log = counted.SentLog()
        self.epoch_ns = 0
        self.recording_id = ""
        self._sign_ins, self._booked, self._crowd, self._wire = sign_ins, booked, crowd, wire
        self._client = secrets.token_urlsafe(12)
        self._identity = Identity("SRTP_AEAD_AES_128_GCM")
        self._seat: Seat | None = None
        self._resets: list[Any] = []
        self._pictures = self._sounds = 0
        self._sending: asyncio.Task[None] | None = None
        self._peer: Peer | None = None

    @property
    def seat_id(self) -> str:
        return self._booked.chair.seat_id

    async def begin(self) -> None:
        seat = await self._sit()
        await seat.send("open")
        opened = (await seat.event("opened"))["event"]
        self.epoch_ns, self.recording_id = opened["epoch_ns"], opened["recording_id"]
        await self._publish()

    async def end(self) -> None:
        assert self._seat is not None
        await self._stop()
        await self._seat.send("end", confirm=self._booked.number)
        await self._seat.event("ended")
        await close_seats([self._seat])

    async def web_is_back(self) -> None:
        """A new socket; media has never ceased to flow."""
        deadline = time.monotonic() + BACK_S
        while True:
            try:
                await self._sit()
                return
            except (aiohttp.ClientError, Refused, TimeoutError, OSError):
                if time.monotonic() > deadline:
                    raise
                await asyncio.sleep(0.2)

    async def worker_is_back(self, resets: int) -> None:
        """The hub says that another worker carries the hearing, for the ``resets``-th time; negotiate anew."""
        assert self._seat is not None
        seat = self._seat
        async with asyncio.timeout(BACK_S):
            while sum(one["type"] == "media_reset" for one in seat._inbox) < resets:  # noqa: ASYNC110 - the seat has no event
                await asyncio.sleep(0.02)
        await self._stop()
        await self._publish()

    async def _sit(self) -> Seat:
        if self._seat is not None:
            await close_seats([self._seat])
            self._seat = None
        seat = await open_seat(self._sign_ins, self._booked.hearing_id, self._booked.chair)
        self._seat = seat
        await seat.send("join", version=1, seat_id=self.seat_id, client=self._client)
        await seat.until(lambda message: message["type"] == "welcome")
        return seat

    async def _publish(self) -> None:
        assert self._seat is not None
        self._peer = Peer(self._wire, self._identity, ADDRESS)
        self._crowd.peers.append(self._peer)
        publisher = await self._seat.publish(self._peer, LOAD)
        self._number(publisher)
        self._sending = asyncio.create_task(publisher.run())

    async def _stop(self) -> None:
        if self._sending is not None:
            self._sending.cancel()
            await asyncio.gather(self._sending, return_exceptions=True)
        if self._peer is not None:
            self._crowd.peers.remove(self._peer)
            self._peer.close()
        self._sending = self._peer = None

    def _number(self, publisher: Publisher) -> None:
        pictures, sounds = Vp8Encoder(CHAIR), OpusEncoder(CHAIR)
        before, first_s = self._sounds, 0.0

        def picture(keyframe: bool) -> bytes:
            self.log.add(self.seat_id, "camera", self._pictures, time.monotonic_ns())
            self._pictures += 1
            return pictures.next(self._pictures - 1, keyframe=keyframe)

        def sound() -> None:
            """A microphone goes on while this process stands still; what it took then only leaves late."""
            nonlocal first_s
            track = publisher.audio
            assert track is not None
            first_s = first_s or time.monotonic()
            captured_s = first_s + (self._sounds - before) * AUDIO_EVERY_S
            self.log.add(self.seat_id, "microphone", self._sounds, round(captured_s * 1e9))
            head = publisher._head(track, track.at(captured_s - publisher._began), marker=False)
            packet = head + counted.stamp(sounds.next(), self._sounds)
            publisher.peer.send_datagram(publisher._protect(track, packet))
            self._sounds += 1

        publisher.encode = picture
        publisher._sound = sound  # type: ignore[method-assign]


@asynccontextmanager
async def chairs(hub: Hub) -> AsyncIterator[list[CountedChair]]:
    """Somebody for each hearing of the hub, signed in."""
    async with SignIns(hub.address) as sign_ins:
        await sign_ins.all([booked.chair.username for booked in hub.hearings])
        with Wire() as wire:
            crowd = Crowd()
            async with background(crowd.run()):
                yield [CountedChair(sign_ins, booked, crowd, wire) for booked in hub.hearings]
            for peer in list(crowd.peers):
                with suppress(OSError):
                    peer.close()
