"""One hearing's media: brings the worker to what ``wishes`` says, and carries the browsers' negotiations to it.

Level-triggered: whatever changed, ``poke`` wakes ``run``, which compares the wishes with what the worker has and says
what differs. A worker that is new knows nothing and is told everything; one that has been running on while the web
process restarted is asked what it has, and browsers need not negotiate again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

import structlog

from hub.errors import BadInput, Forbidden, NotReady
from hub.i18n import N_
from signaling.effects import AcceptAnswer, NegotiatePublish, NegotiateSubscribe
from signaling.guest_link import GuestLink
from signaling.media import control, peers
from signaling.offered import Offered, Wanted
from signaling.protocol import MediaView
from signaling.selection import NOTHING_RECEIVED
from signaling.wishes import SOURCES, Guests, Wishes
from signaling.workers import Placement, WorkerPool

RETRY_S = 0.5
REST, LONGEST_REST_S = 2.0, 0.25
"""After reconciling, rest for so many times as long as it took."""
CONSUME_AT_ONCE = 50
"""Peers in one request: the largest stays far below the longest frame."""
PLACED_TIMEOUT_S = 5.0

log = structlog.get_logger(__name__)


class MediaLink(GuestLink):
    """``wishes`` is asked anew each time; ``on_reset`` is told when browsers must negotiate again,
    ``on_placed`` when a worker has all that was wished."""

    def __init__(
        self,
        hearing_id: str,
        pool: WorkerPool,
        *,
        wishes: Callable[[Guests], Wishes],
        on_reset: Callable[[], None],
        on_placed: Callable[[], None],
        adopt: bool,
        seats: int = 1,
    ) -> None:
        self.hearing_id = hearing_id
        self.placement: Placement | None = None
        self._pool, self._wishes_for, self._on_reset, self._on_placed = pool, wishes, on_reset, on_placed
        self._may_have_media = adopt
        self._seats = seats
        """Whether browsers may believe that a worker has their transports."""
        self._guests: set[str] = set()
        self._lock = asyncio.Lock()
        self._dirty = asyncio.Event()
        self._pressing = asyncio.Event()
        self._placed = asyncio.Event()
        self._forget()

    def _forget(self) -> None:
        self.placement = None
        self._placed.clear()
        self._recording: tuple[str | None] | None = None
        self._producers: dict[str, control.ProducerInfo] = {}
        self._publishing: dict[str, int] = {}
        self._subscribing: dict[str, int] = {}
        self._consuming: dict[str, Wanted] = {}
        self._unconnected: set[str] = set()
        self._silent: set[str] = set()
        self._to_drop: set[str] = set()

    @property
    def up(self) -> bool:
        return self.placement is not None and self._pool.alive(self.placement)

    @property
    def untouched(self) -> bool:
        """No worker has carried the hearing yet."""
        return not self._may_have_media

    def _wishes(self) -> Wishes:
        return self._wishes_for(self.guests())

    def media_of(self, seat_id: str) -> MediaView:
        """Which of the seat's peer connections live in the worker."""
        up = self.up
        return MediaView(
            publish_generation=self._publishing.get(seat_id) if up else None,
            subscribe_generation=self._subscribing.get(seat_id) if up else None,
        )

    async def wait_placed(self, timeout_s: float = PLACED_TIMEOUT_S) -> bool:
        """Wait until a worker carries the hearing; False when none did in time."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._placed.wait()
        except TimeoutError:
            return False
        return True

    def poke(self, *, at_once: bool = False) -> None:
        """``at_once``: without resting first, because people wait for it (the floor passes)."""
        self._dirty.set()
        if at_once:
            self._pressing.set()

    def drop(self, seat_id: str) -> None:
        """Close the seat's connections: its browser is another one now. Before anything else is negotiated."""
        if seat_id in self._publishing or seat_id in self._subscribing:
            self._to_drop.add(seat_id)
            self.poke()

    async def run(self) -> None:
        """Until cancelled: reconcile whenever poked."""
        while True:
            await self._dirty.wait()
            self._dirty.clear()
            self._pressing.clear()
            began = time.monotonic()
            try:
                async with self._lock:
                    await self._reconcile()
                # While two hundred come at once there is something new all the time: what is worth telling the
                # worker is what they have come to, a few times a second.
                with suppress(TimeoutError):
                    async with asyncio.timeout(min(LONGEST_REST_S, REST * (time.monotonic() - began))):
                        await self._pressing.wait()
            except (NotReady, BadInput) as error:
                log.warning("media not as wished yet", hearing_id=self.hearing_id, fault=str(error))
                await asyncio.sleep(RETRY_S)
                self._dirty.set()

    # Negotiation ----------------------------------------------------------------------------------------------------

    async def publish(self, seat_id: str, offer: NegotiatePublish) -> str:
        """The SDP answer. Raises ``BadInput`` for SDP the worker refuses, ``NotReady`` without a worker."""
        await self._require_placed()
        async with self._lock:
            await self._drop_peers()
            wishes = self._wishes()
            allowed = wishes.publish.get(seat_id)
            if not allowed:
                raise Forbidden(N_("Chủ trì chưa mời bạn vào buổi tiếp."))
            await self._open_router(wishes)
            reply = await self._call(
                control.Publish(
                    router_id=self.hearing_id,
                    peer_id=seat_id,
                    generation=offer.generation,
                    sdp=offer.sdp,
                    sources=offer.sources,
                    allowed=sorted(allowed),
                    paused={source: cause for (seat, source), cause in wishes.paused.items() if seat == seat_id},
                )
            )
            assert isinstance(reply, control.Published)
            if self._publishing.get(seat_id) != offer.generation:
                self._unconnected.add(seat_id)
            self._publishing[seat_id] = offer.generation
            others = {key: one for key, one in self._producers.items() if one.peer_id != seat_id}
            self._producers = others | {one.producer_id: one for one in reply.producers}
            await self._pause(self._wishes())
        self.poke()
        return reply.sdp

    async def subscribe(self, seat_id: str, wanted: NegotiateSubscribe) -> None:
        """Offers follow as the worker's events."""
        await self._require_placed()
        async with self._lock:
            await self._drop_peers()
            if seat_id not in self._wishes().publish:
                raise Forbidden(N_("Chủ trì chưa mời bạn vào buổi tiếp."))
            await self._open_router(self._wishes())
            request = control.Subscribe(
                router_id=self.hearing_id, peer_id=seat_id, generation=wanted.generation, restart=wanted.restart
            )
            await self._call(request)
            if self._subscribing.get(seat_id) != wanted.generation:
                self._subscribing[seat_id] = wanted.generation
                self._consuming.pop(seat_id, None)
            # Now, not when the next round is due: whoever comes in waits for his first picture.
            await self._consume(self._wishes(), only=seat_id)
        self.poke()

    async def answer(self, seat_id: str, answer: AcceptAnswer) -> None:
        await self._require_placed()
        await self._call(
            control.SubscribeAnswer(
                router_id=self.hearing_id,
                peer_id=seat_id,
                generation=answer.generation,
                revision=answer.revision,
                sdp=answer.sdp,
            )
        )

    async def resend_offer(self, seat_id: str) -> None:
        """After a reconnection: an offer sent to the broken socket was never answered."""
        generation = self._subscribing.get(seat_id)
        if generation is not None and self.up:
            await self.subscribe(seat_id, NegotiateSubscribe(generation))

    # What the worker tells ------------------------------------------------------------------------------------------

    def transport_closed(self, event: control.TransportState) -> None:
        side = self._publishing if event.direction == "publish" else self._subscribing
        if side.get(event.peer_id) != event.generation:
            return
        if event.state != "closed":
            (self._silent.add if event.state == "silent" else self._silent.discard)(event.peer_id)
            if event.peer_id in self._unconnected:
                self._unconnected.discard(event.peer_id)
                self.poke()
            return
        del side[event.peer_id]
        if event.direction == "publish":
            self._producers = {key: one for key, one in self._producers.items() if one.peer_id != event.peer_id}
        else:
            self._consuming.pop(event.peer_id, None)
        self.poke()

    def producer_ended(self, producer_id: str) -> None:
        if self._producers.pop(producer_id, None) is not None:
            self.poke()

    # Reconciling ----------------------------------------------------------------------------------------------------

    async def _reconcile(self) -> None:
        wishes = self._wishes()
        if not wishes.media:
            await self._close()
            return
        placement = self._pool.place(self.hearing_id, self._seats)
        if placement is None:
            if self.placement is not None and not self.up:
                self._forget()
            return
        if placement != self.placement:
            await self._move_in(placement)
        await self._open_router(wishes)
        await self._drop_peers()
        for peer_id in (self._publishing.keys() | self._subscribing.keys()) - wishes.peers:
            await self._close_peer(peer_id)
        await self._withdraw(wishes)
        await self._pause(wishes)
        await self._consume(wishes)
        if not self._placed.is_set():
            self._placed.set()
            self._on_placed()

    async def _move_in(self, placement: Placement) -> None:
        """Find the hearing in the worker as it was, or begin anew there and tell the browsers."""
        moved = self._may_have_media
        self._forget()
        router = await self._pool.router(self.hearing_id, placement)
        self.placement = placement
        self._may_have_media = True
        if router is None:
            if moved:
                log.warning("media begins anew", hearing_id=self.hearing_id, worker=placement.index)
                self._on_reset()
            return
        log.info("media found in its worker", hearing_id=self.hearing_id, worker=placement.index)
        for peer_id, (publish, subscribe) in router.generations.items():
            if publish >= 0:
                self._publishing[peer_id] = publish
            if subscribe >= 0:
                self._subscribing[peer_id] = subscribe
            if peers.is_guest(peer_id):
                self._guests.add(peer_id)
        self._producers = {one.producer_id: one for one in router.producers}

    async def _open_router(self, wishes: Wishes) -> None:
        if self._recording != (wishes.recording_id,):
            await self._call(control.OpenRouter(router_id=self.hearing_id, recording_id=wishes.recording_id))
            self._recording = (wishes.recording_id,)

    async def _close(self) -> None:
        if self.up:
            await self._call(control.CloseRouter(router_id=self.hearing_id))
        self._forget()
        self._guests.clear()
        self._may_have_media = False
        self._pool.release(self.hearing_id)

    async def _drop_peers(self) -> None:
        for seat_id in sorted(self._to_drop):
            await self._close_peer(seat_id)

    async def _close_peer(self, seat_id: str) -> None:
        with suppress(BadInput):  # the worker does not know the peer: then it is as we want it
            await self._call(control.ClosePeer(router_id=self.hearing_id, peer_id=seat_id))
        self._to_drop.discard(seat_id)
        self._publishing.pop(seat_id, None)
        self._subscribing.pop(seat_id, None)
        self._consuming.pop(seat_id, None)
        self._producers = {key: one for key, one in self._producers.items() if one.peer_id != seat_id}

    async def _pause(self, wishes: Wishes) -> None:
        for producer in list(self._producers.values()):
            cause = wishes.paused.get((producer.peer_id, producer.source), "")
            if cause == producer.paused:
                continue
            try:
                await self._call(
                    control.Pause(router_id=self.hearing_id, producer_id=producer.producer_id, cause=cause)
                )
            except BadInput:  # it ended meanwhile; the event is on its way
                self._producers.pop(producer.producer_id, None)
                continue
            if producer.producer_id in self._producers:
                self._producers[producer.producer_id] = control.ProducerInfo(
                    producer_id=producer.producer_id,
                    peer_id=producer.peer_id,
                    source=producer.source,
                    kind=producer.kind,
                    paused=cause,
                )

    async def _withdraw(self, wishes: Wishes) -> None:
        """End what may not be sent any more."""
        for producer in list(self._producers.values()):
            if producer.source not in wishes.publish.get(producer.peer_id, SOURCES):
                await self._call(control.EndProducer(router_id=self.hearing_id, producer_id=producer.producer_id))
                self._producers.pop(producer.producer_id, None)

    async def _consume(self, wishes: Wishes, *, only: str | None = None) -> None:
        """Say who receives what where that differs from what was said last, all in a few requests."""
        offered = Offered(self._producers.values(), wishes.paused)
        changed: list[control.Consume] = []
        for peer_id in self._subscribing if only is None else (only,):
            reception = wishes.consume.get(peer_id, NOTHING_RECEIVED)
            wanted = offered.to(reception, flowing_first=peers.is_display(peer_id))
            if self._consuming.get(peer_id) != wanted:
                changed.append(
                    control.Consume(
                        router_id=self.hearing_id,
                        peer_id=peer_id,
                        producer_ids=wanted.producer_ids,
                        heights=wanted.heights,
                    )
                )
                self._consuming[peer_id] = wanted
        parts = [changed[at : at + CONSUME_AT_ONCE] for at in range(0, len(changed), CONSUME_AT_ONCE)]
        # All at once: a busy worker reads its requests together, and one after the other would wait for each answer.
        told = await asyncio.gather(
            *(self._call(control.ConsumeMany(router_id=self.hearing_id, peers=part)) for part in parts),
            return_exceptions=True,
        )
        faults = [each for each in told if isinstance(each, BaseException)]
        if faults:
            for one in changed:
                self._consuming.pop(one.peer_id, None)
            raise faults[0]

    async def _require_placed(self) -> None:
        if not await self.wait_placed():
            raise NotReady(N_("Máy chủ truyền hình đang khởi động lại; hình và tiếng sẽ trở lại ngay."))

    async def _call(self, body: control.WorkerReceives) -> object:
        if self.placement is None:
            raise NotReady(N_("Máy chủ truyền hình đang khởi động lại; hình và tiếng sẽ trở lại ngay."))
        return await self._pool.call(self.placement, body)
