"""The media side of one live hearing: negotiation with browsers, what the worker reports, line quality."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import structlog

from signaling import effects as fx
from signaling import protocol as p
from signaling.context import Connection, Context
from signaling.hearing import wishes
from signaling.media import control
from signaling.media_link import MediaLink
from signaling.quality import combined, from_stats
from signaling.state import Presence

if TYPE_CHECKING:
    from signaling.live_hearing import LiveHearing

log = structlog.get_logger(__name__)


class LiveMedia:
    def __init__(self, context: Context, hearing: LiveHearing) -> None:
        self.link = MediaLink(
            hearing.state.hearing_id,
            context.pool,
            wishes=lambda: wishes(hearing.state),
            on_reset=self._on_reset,
            on_placed=context.wake,
            adopt=hearing.state.live,
        )
        self.reset = False
        """Media began anew in another worker, and the record does not show it yet."""
        self.told: dict[str, int] = {}
        """The browsers' own view of their lines."""
        self.stats: dict[str, control.PeerStats] = {}
        self._hearing = hearing
        self._silent: set[str] = set()

    async def negotiate(self, connection: Connection, effects: Iterable[fx.Effect]) -> None:
        """Carry a browser's media requests to the worker. Raises ``HubError``."""
        seat_id = connection.seat_id
        if seat_id is None:
            return
        for effect in effects:
            match effect:
                case fx.NegotiatePublish():
                    sdp = await self.link.publish(seat_id, effect)
                    connection.send(p.Published(generation=effect.generation, sdp=sdp))
                case fx.NegotiateSubscribe():
                    await self.link.subscribe(seat_id, effect)
                case fx.AcceptAnswer():
                    await self.link.answer(seat_id, effect)
                case _:
                    raise AssertionError(effect)

    def quality(self) -> dict[str, int]:
        """seat → 0–4, for seats with a browser."""
        found = {}
        for seat_id in self._hearing.audience.seats:
            stats = self.stats.get(seat_id)
            measured = 0 if seat_id in self._silent else (from_stats(stats) if stats else None)
            score = combined(measured, self.told.get(seat_id))
            if score is not None:
                found[seat_id] = score
        return found

    def worker_says(self, index: int, event: object) -> None:
        """An event of the worker that carries this hearing; what another one says of it is history."""
        if self.link.placement is None or self.link.placement.index != index:
            return
        match event:
            case control.SubscribeOffer():
                self._offer(event)
            case control.Voices():
                self._voices(event)
            case control.TransportState():
                self._transport(event)
            case control.ProducerEnded():
                self.link.producer_ended(event.producer_id)
            case control.RouterStats():
                self.stats = {one.peer_id: one for one in event.peers}
            case _:
                log.warning("unexpected event of a media worker", name=type(event).__name__)

    def _offer(self, event: control.SubscribeOffer) -> None:
        connection = self._hearing.audience.get(event.peer_id)
        if connection is None:
            return  # sent again when the browser is back
        streams = [
            p.StreamView(mid=one.mid, seat_id=one.peer_id, source=one.source, producer_id=one.producer_id)
            for one in event.streams
        ]
        connection.send(p.Offer(generation=event.generation, revision=event.revision, sdp=event.sdp, streams=streams))

    def _voices(self, event: control.Voices) -> None:
        message = p.Speaking(seat_ids=event.peer_ids)
        for seat_id, connection in self._hearing.audience:
            seat = self._hearing.state.find(seat_id)
            if seat is not None and seat.presence is Presence.ADMITTED:
                connection.send(message)

    def _transport(self, event: control.TransportState) -> None:
        if event.state == "silent":
            self._silent.add(event.peer_id)
        else:
            self._silent.discard(event.peer_id)
        self.link.transport_closed(event)

    def _on_reset(self) -> None:
        self.reset = True
        self.stats, self._silent = {}, set()
        for _, connection in self._hearing.audience:
            connection.send(p.MediaReset())
