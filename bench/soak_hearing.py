"""A hearing that goes on for hours: people come, go, lose their line, are muted, get the floor. All from one seed."""

from __future__ import annotations

import asyncio
import random
import secrets
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field

from bench.crowd import Crowd
from bench.hub_seats import Refused, Seat, SignIns, close_seats, open_seat
from bench.load.dtls import Identity
from bench.load.peer import Peer
from bench.load.publisher import Load, Publisher
from bench.load.wire import Wire
from bench.world import Booked, Place

LOW = Load(pictures_per_s=8, packets_per_picture=2, packet_bytes=900, keyframe_packets=4, audio_bytes=80)
"""Little: what is looked for grows with events, not with packets."""
PUBLISHERS = 3
CONNECT_S, PAUSE_S = 20.0, 0.2


@dataclass
class Person:
    """Somebody's browser, which outlives his sockets."""

    place: Place
    publishes: bool
    client: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    seat: Seat | None = None
    receiving: Peer | None = None
    publisher: Publisher | None = None
    sending: asyncio.Task[None] | None = None


class SoakHearing:
    def __init__(self, sign_ins: SignIns, booked: Booked, crowd: Crowd, wire: Wire, address: str, seed: int) -> None:
        self.done: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self._sign_ins, self._booked, self._crowd = sign_ins, booked, crowd
        self._wire, self._address, self._identity = wire, address, Identity("SRTP_AEAD_AES_128_GCM")
        self._draw = random.Random(seed)
        self._chair = Person(booked.chair, publishes=True)
        self._points = [Person(place, publishes=n < PUBLISHERS) for n, place in enumerate(booked.points)]

    async def begin(self) -> None:
        await self._sit(self._chair)
        await self._say("open")
        await self._seat(self._chair).event("opened")
        await self._say("set_publishing", policy="all")
        await self._media(self._chair)
        for person in self._points:
            await self._come(person)

    async def live(self, every_s: float) -> None:
        """Until cancelled: something happens every so often."""
        ways = (self._leave, self._lose_socket, self._renew, self._renew, self._mute, self._floor, self._switch)
        while True:
            await asyncio.sleep(self._draw.expovariate(1 / every_s))
            way = self._draw.choice(ways)
            person = self._draw.choice(self._points)
            try:
                async with asyncio.timeout(CONNECT_S):
                    await way(person)
                self.done[way.__name__.strip("_")] += 1
            except (Refused, TimeoutError, ConnectionError) as error:
                self.refused[f"{way.__name__.strip('_')}: {str(error)[:80]}"] += 1
                await self._go(person)
                with suppress(Refused, TimeoutError, ConnectionError):
                    await self._come(person)

    async def end(self) -> None:
        for person in (*self._points, self._chair):
            await self._go(person)
        for peer in list(self._crowd.peers):
            peer.close()

    # Coming and going ------------------------------------------------------------------------------------------------

    def _seat(self, person: Person) -> Seat:
        assert person.seat is not None
        return person.seat

    async def _say(self, kind: str, **fields: object) -> None:
        await self._seat(self._chair).send(kind, **fields)

    async def _sit(self, person: Person) -> None:
        person.seat = seat = await open_seat(self._sign_ins, self._booked.hearing_id, person.place)
        await seat.send("join", version=1, seat_id=person.place.seat_id, client=person.client)
        await seat.until(lambda message: message["type"] == "welcome")

    async def _come(self, person: Person) -> None:
        await self._sit(person)
        await self._say("admit", seat_id=person.place.seat_id)
        await self._seat(person).event("admitted", person.place.seat_id)
        await self._media(person)

    def _peer(self) -> Peer:
        made = Peer(self._wire, self._identity, self._address)
        self._crowd.peers.append(made)
        return made

    def _close(self, peer: Peer | None) -> None:
        if peer is not None and peer in self._crowd.peers:
            self._crowd.peers.remove(peer)
            peer.close()

    async def _media(self, person: Person) -> None:
        """New peer connections; whatever there was before is dropped without a word, as browsers do."""
        await self._hang_up(person)
        seat = self._seat(person)
        if person.publishes:
            person.publisher = await seat.publish(self._peer(), LOW)
            person.sending = asyncio.create_task(person.publisher.run())
        person.receiving = self._peer()
        await seat.subscribe(person.receiving)
        if person is not self._chair:  # who is there first receives nothing yet, and so is offered nothing
            await asyncio.wait_for(person.receiving.connected.wait(), CONNECT_S)

    async def _hang_up(self, person: Person) -> None:
        if person.sending is not None:
            person.sending.cancel()
            await asyncio.gather(person.sending, return_exceptions=True)
        self._close(person.publisher.peer if person.publisher else None)
        self._close(person.receiving)
        person.sending = person.publisher = person.receiving = None

    async def _go(self, person: Person) -> None:
        await self._hang_up(person)
        if person.seat is not None:
            await close_seats([person.seat])
            person.seat = None

    # What happens ----------------------------------------------------------------------------------------------------

    async def _leave(self, person: Person) -> None:
        await self._seat(person).send("leave")
        await asyncio.sleep(PAUSE_S)
        await self._go(person)
        await self._come(person)

    async def _lose_socket(self, person: Person) -> None:
        """The socket breaks and comes back; media flows on."""
        old, peer = self._seat(person), person.receiving
        await close_seats([old])
        await self._sit(person)
        seat = self._seat(person)
        seat.subscribing, seat._subscribe_generation = peer, old._subscribe_generation  # noqa: SLF001
        await seat.send("subscribe", generation=old._subscribe_generation)  # noqa: SLF001

    async def _renew(self, person: Person) -> None:
        """A page that was loaded again: new peer connections."""
        await self._media(person)

    async def _mute(self, person: Person) -> None:
        await self._say("mute", seat_id=person.place.seat_id)
        await asyncio.sleep(PAUSE_S)
        await self._say("unmute", seat_id=person.place.seat_id)

    async def _floor(self, person: Person) -> None:
        await self._say("give_floor", seat_id=person.place.seat_id)
        if self._draw.random() < 0.3:
            await self._say("take_floor")

    async def _switch(self, person: Person) -> None:
        seat = self._seat(person)
        await seat.send("set_media", microphone=True, camera=False)
        await asyncio.sleep(PAUSE_S)
        await seat.send("set_media", microphone=True, camera=True)
