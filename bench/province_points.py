"""A hearing with a province's points in it: they come, they receive, some speak, and the floor passes among those."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from bench.crowd import Crowd
from bench.hub_seats import Message, Seat, SignIns, close_seats, open_seat
from bench.load import sdp
from bench.load.dtls import Identity
from bench.load.peer import Peer
from bench.load.publisher import Load, Publisher
from bench.load.wire import Wire
from bench.world import Booked, Place

TILE_HEIGHT = 720
SPEAKING, SILENT = 20, 127
LOUD = 3
ADMIT_EVERY_S = 0.5
IN_LIMIT_S = 120.0
CHAIR = 0
"""Who the chair is in the packets' trailers; points count from 1."""


def camera(level: int) -> Load:
    """720p at 1.1 Mbit/s, a keyframe eight times as large as another picture, and sound of this level (-dBov)."""
    return Load(pictures_per_s=25, packets_per_picture=5, packet_bytes=1100, keyframe_packets=40, level=level)


@dataclass(slots=True)
class Pass:
    """One passing of the floor: milliseconds from the chair's message until a point had the new picture.

    ``missing`` points did not have it when ``limit_ms`` were over.
    """

    points_ms: list[float]
    missing: int = 0
    limit_ms: float = 0.0

    @property
    def everybody_ms(self) -> float:
        return self.limit_ms if self.missing else max(self.points_ms, default=0.0)


@dataclass(slots=True)
class Tally:
    video_expected: int = 0
    video_lost: int = 0
    audio_expected: int = 0
    audio_lost: int = 0
    forwarded: int = 0


@dataclass(slots=True)
class Point:
    """One point: its seat, its subscribing connection and, when it speaks, what it sends."""

    who: int
    place: Place
    peer: Peer
    seat: Seat | None = None
    publisher: Publisher | None = None
    in_at: float = 0.0
    """When its first keyframe was whole, on the monotonic clock."""
    counted: dict[int, tuple[int, int]] = field(default_factory=dict)
    """SSRC to packets and expected packets when the stretch began."""


class Hall:
    """``points`` all have a subscribing peer; ``speakers`` publish too."""

    def __init__(
        self, sign_ins: SignIns, booked: Booked, crowd: Crowd, wire: Wire, identity: Identity, address: str
    ) -> None:
        self.points: list[Point] = []
        self.speakers: list[Point] = []
        self.publishers: list[Publisher] = []
        self.limited = 0
        """How far the hub gave up pictures to have time for the rest."""
        self._sign_ins, self._booked = sign_ins, booked
        self._crowd, self._wire, self._identity, self._address = crowd, wire, identity, address
        self._chair: Seat
        self._floor: Point | None = None
        self._sending: list[asyncio.Task[None]] = []
        self._sent: dict[int, int] = {}

    async def close(self) -> None:
        for task in self._sending:
            task.cancel()
        await asyncio.gather(*self._sending, return_exceptions=True)
        await close_seats(point.seat for point in self.points if point.seat)
        await close_seats([self._chair])
        for peer in self._crowd.peers:
            peer.close()

    @property
    def offers(self) -> int:
        """Negotiations so far."""
        return sum(point.seat.offers for point in self.points if point.seat)

    def _peer(self, *, checks: bool = False) -> Peer:
        peer = Peer(self._wire, self._identity, self._address, checks=checks)
        self._crowd.peers.append(peer)
        return peer

    # Coming in -------------------------------------------------------------------------------------------------------

    async def open_by_chair(self) -> None:
        self._chair = await open_seat(self._sign_ins, self._booked.hearing_id, self._booked.chair)
        await self._chair.join()
        await self._chair.send("open")
        await self._chair.event("opened")
        await self._publish(self._chair, CHAIR, SILENT)

    async def _publish(self, seat: Seat, who: int, level: int) -> Publisher:
        publisher = await seat.publish(self._peer(), camera(level), who)
        self.publishers.append(publisher)
        self._sending.append(asyncio.create_task(publisher.run()))
        return publisher

    async def let_in(self, publishers: int, samples: int) -> None:
        """All come at the same moment; the chair lets in whoever waits. Returns when each has a whole keyframe."""
        self.points = [
            Point(n, place, self._peer(checks=n <= samples)) for n, place in enumerate(self._booked.points, start=1)
        ]
        # Spread over the points, so that some of them check what they receive and some do not.
        step = max(1, len(self.points) // publishers)
        self.speakers = self.points[step - 1 :: step][:publishers]
        admitting = asyncio.create_task(self._keep_admitting())
        try:
            async with asyncio.timeout(IN_LIMIT_S):
                await asyncio.gather(*map(self._come_in, self.points))
        finally:
            admitting.cancel()

    async def let_speak(self) -> None:
        """In a hearing of so many the others only listen: the chair allows each speaker to send."""
        for number, point in enumerate(self.speakers):
            assert point.seat is not None
            await self._chair.send("allow_publishing", seat_id=point.place.seat_id)
            await point.seat.event("publishing_allowed", point.place.seat_id)
            level = SPEAKING if number < LOUD else SILENT
            point.publisher = await self._publish(point.seat, point.who, level)

    async def _keep_admitting(self) -> None:
        while True:
            await self._chair.send("admit")
            await asyncio.sleep(ADMIT_EVERY_S)

    async def _come_in(self, point: Point) -> None:
        point.seat = seat = await open_seat(self._sign_ins, self._booked.hearing_id, point.place)
        seat.on_event = lambda event: self._happened(point, event)
        await seat.join()
        await seat.event("admitted", point.place.seat_id)
        await self._view(point)
        await self._receive(point, seat)

    async def _receive(self, point: Point, seat: Seat) -> None:
        """Returns with the first whole keyframe."""
        whole = asyncio.Event()

        def found() -> None:
            point.in_at = time.monotonic()
            whole.set()

        point.peer.watch(None, found)
        await seat.subscribe(point.peer)
        await whole.wait()

    # Losing the media worker -----------------------------------------------------------------------------------------

    async def come_back(self, lost: int) -> None:
        """After the media worker died for the ``lost``-th time: all negotiate anew, as the page does."""
        for task in self._sending:
            task.cancel()
        for publisher in self.publishers:
            self._leave(publisher.peer)
        self.publishers, self._sending = [], []
        async with asyncio.timeout(IN_LIMIT_S):
            await asyncio.gather(self._publish_again(self._chair, CHAIR, SILENT, lost), *self._points_back(lost))

    async def all_told(self, lost: int) -> float:
        """When the last point was told, on the monotonic clock."""
        await asyncio.gather(*(point.seat.reset(lost) for point in self.points if point.seat))
        return time.monotonic()

    def _points_back(self, lost: int) -> Iterator[Awaitable[object]]:
        for point in self.points:
            assert point.seat is not None
            self._leave(point.peer)
            point.peer, point.in_at = self._peer(), 0.0
            yield self._receive_again(point, point.seat, lost)
            if point in self.speakers:
                level = SPEAKING if self.speakers.index(point) < LOUD else SILENT
                yield self._publish_again(point.seat, point.who, level, lost)

    async def _publish_again(self, seat: Seat, who: int, level: int, lost: int) -> None:
        await seat.reset(lost)
        await self._publish(seat, who, level)

    async def _receive_again(self, point: Point, seat: Seat, lost: int) -> None:
        await seat.reset(lost)
        await self._receive(point, seat)

    def _leave(self, peer: Peer) -> None:
        self._crowd.peers.remove(peer)
        peer.close()

    # Seeing ----------------------------------------------------------------------------------------------------------

    def _happened(self, point: Point, event: Message) -> None:
        """As the page does: another floor is another tile on its stage."""
        if event["kind"] == "pictures_limited":
            self.limited = max(self.limited, int(event["level"]))
        if event["kind"] == "floor_given":
            task = asyncio.ensure_future(self._view(point, event["seat_id"]))
            self._sending.append(task)
            task.add_done_callback(self._sending.remove)

    async def _view(self, point: Point, floor: str | None = None) -> None:
        assert point.seat is not None
        shown = dict.fromkeys(
            seat_id for seat_id in (floor, self._booked.chair.seat_id) if seat_id and seat_id != point.place.seat_id
        )
        tiles = [{"seat_id": seat_id, "source": "camera", "height": TILE_HEIGHT} for seat_id in shown]
        await point.seat.send("view", tiles=tiles, pinned=[])

    async def pass_floor(self, to: Point, limit_s: float) -> Pass:
        """Give the floor and wait until every other point could show the new speaker's picture."""
        watching = [point for point in self.points if point is not to]
        arrived: list[float] = []
        everybody = asyncio.Event()

        def found() -> None:
            arrived.append(time.monotonic())
            if len(arrived) == len(watching):
                everybody.set()

        for point in watching:
            point.peer.watch(to.who, found)
        began = time.monotonic()
        await self._chair.send("give_floor", seat_id=to.place.seat_id)
        with suppress(TimeoutError):
            await asyncio.wait_for(everybody.wait(), limit_s)
        self._floor = to
        return Pass([(at - began) * 1000 for at in arrived], len(watching) - len(arrived), limit_s * 1000)

    # Counting --------------------------------------------------------------------------------------------------------

    def mark(self) -> None:
        """The stretch that ``tally`` counts begins; nothing is on its way."""
        self._sent = {publisher.who: publisher.video.sent for publisher in self.publishers if publisher.video}
        for point in self.points:
            point.counted = {ssrc: (one.packets, one.expected) for ssrc, one in point.peer.streams.items()}

    def tally(self) -> Tally:
        """Pictures by what the two publishers sent, sound by its sequence numbers: a voice may change its line."""
        assert self._floor is not None
        sent = {p.who: p.video.sent - self._sent[p.who] for p in self.publishers if p.video}
        tally = Tally()
        for point in self.points:
            video = audio = 0
            for ssrc, one in point.peer.streams.items():
                packets, expected = point.counted.get(ssrc, (0, 0))
                if one.payload_type == sdp.VIDEO:
                    video += one.packets - packets
                elif one.payload_type == sdp.AUDIO:
                    audio += one.packets - packets
                    tally.audio_expected += one.expected - expected
                    tally.audio_lost += one.expected - expected - (one.packets - packets)
            tally.forwarded += video + audio
            wanted = sent[CHAIR] + (sent[self._floor.who] if point is not self._floor else 0)
            tally.video_expected += wanted
            tally.video_lost += wanted - video
        return tally


class Noise:
    """What two hundred lines that are not perfect ask for: each second some NACKs, now and then a keyframe."""

    def __init__(self, hall: Hall, seed: int = 1) -> None:
        self._hall, self._random = hall, random.Random(seed)

    async def run(self) -> None:
        for second in range(1_000_000):
            await asyncio.sleep(1)
            for point in self._random.sample(self._hall.points, len(self._hall.points) // 20):
                for ssrc in pictures(point.peer):
                    point.peer.nack(ssrc, (point.peer.streams[ssrc].highest - 3) & 0xFFFF)
            if second % 2:
                point = self._random.choice(self._hall.points)
                for ssrc in pictures(point.peer):
                    point.peer.ask_keyframe(ssrc)


def pictures(peer: Peer) -> Iterable[int]:
    """SSRCs of the pictures that it has received so far."""
    return [ssrc for ssrc, stream in peer.streams.items() if stream.payload_type == sdp.VIDEO]
