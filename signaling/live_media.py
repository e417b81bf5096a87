"""The media side of one live hearing: negotiation with browsers, what the worker reports, line quality."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import structlog

from signaling import effects as fx
from signaling import overload
from signaling import protocol as p
from signaling.codec import prepare
from signaling.context import Connection, Context
from signaling.hearing import wishes
from signaling.line_news import LineNews
from signaling.line_watch import LineWatch
from signaling.media import control, peers
from signaling.media_link import MediaLink
from signaling.selection import Limits, View
from signaling.state import Hearing, Presence
from signaling.wishes import Guests, Shown, Wishes

if TYPE_CHECKING:
    from signaling.live_hearing import LiveHearing

log = structlog.get_logger(__name__)


class LiveMedia:
    def __init__(self, context: Context, hearing: LiveHearing) -> None:
        self.link = MediaLink(
            hearing.state.hearing_id,
            context.pool,
            wishes=self._wishes,
            on_reset=self._on_reset,
            on_placed=context.wake,
            adopt=hearing.state.live,
            seats=len(hearing.state.seats),
        )
        self.views: dict[str, View] = {}
        """What the pages show."""
        self._wished: tuple[Hearing, Guests, Limits, Wishes] | None = None
        self.reset = False
        """Media began anew in another worker, and the record does not show it yet."""
        self.lines = LineWatch()
        self._news = LineNews(hearing, self.lines)
        self._keeper, self._metrics = context.keeper, context.metrics
        self._hearing = hearing
        self._config = context.config

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

    def _wishes(self, guests: Guests) -> Wishes:
        """The same as last time while nothing has changed: everybody who comes asks several times."""
        state = self._hearing.state
        limits = overload.limits(state.picture_level, self._config.media_last_n)
        if self._wished is None or self._wished[0] is not state or self._wished[1:3] != (guests, limits):
            self._wished = (state, guests, limits, wishes(state, guests, Shown(dict(self.views), limits)))
        return self._wished[3]

    def show(self, seat_id: str, view: View) -> None:
        if self.views.get(seat_id) != view:
            self.views[seat_id] = view
            self._wished = None
            self.link.poke()

    def forget(self, seat_id: str) -> None:
        """The browser is another one, or gone: what it said of itself says nothing about the next."""
        self.lines.forget(seat_id)
        self.views.pop(seat_id, None)
        self._wished = None

    def quality(self) -> dict[str, int]:
        """seat → 0–4, for seats with a browser or with media."""
        return self.lines.quality(self._hearing.audience.seats | self.lines.figures.keys())

    def watch(self, seat_id: str, watched: str | None) -> None:
        """The browser in ``seat_id`` is told the figures of another seat's line from now on; None: of none."""
        self._news.watch(seat_id, watched)

    def worker_says(self, index: int, event: object) -> None:
        """An event of the worker that carries this hearing; what another one says of it is history."""
        if self.link.placement is None or self.link.placement.index != index:
            return
        match event:
            case control.SubscribeOffer():
                self._offer(event)
            case control.Slots():
                self._slots(event)
            case control.Voices():
                self._voices(event)
            case control.LayersWanted() | control.Frozen():
                self._adapted(event)
            case control.TransportState():
                self._transport(event)
            case control.ProducerEnded():
                self.link.producer_ended(event.producer_id)
            case control.RouterStats():
                self._measured(event)
            case _:
                log.warning("unexpected event of a media worker", name=type(event).__name__)

    def _offer(self, event: control.SubscribeOffer) -> None:
        connection = self._hearing.audience.get(event.peer_id)
        if connection is None:
            return  # sent again when the browser is back
        connection.send(
            p.Offer(
                generation=event.generation, revision=event.revision, sdp=event.sdp, streams=_streams(event.streams)
            )
        )

    def _slots(self, event: control.Slots) -> None:
        for one in event.peers:
            connection = self._hearing.audience.get(one.peer_id)
            if connection is not None:
                connection.send(p.Slots(generation=one.generation, streams=_streams(one.streams)))

    def _adapted(self, event: control.LayersWanted | control.Frozen) -> None:
        connection = self._hearing.audience.get(event.peer_id)
        if connection is None:
            return  # a room encoder or a display, or a browser that is told when it is back
        message: p.Layers | p.Frozen
        if isinstance(event, control.LayersWanted):
            message = p.Layers(generation=event.generation, source=event.source, rids=event.rids)
        else:
            pictures = [p.Picture(seat_id=peers.seat_of(peer), source=source) for peer, source in event.pictures]
            message = p.Frozen(generation=event.generation, pictures=pictures)
        connection.send(message)

    def _voices(self, event: control.Voices) -> None:
        message = prepare(p.Speaking(seat_ids=list(dict.fromkeys(map(peers.seat_of, event.peer_ids)))))
        for seat_id, connection in self._hearing.audience:
            seat = self._hearing.state.find(seat_id)
            if seat is not None and seat.presence is Presence.ADMITTED:
                connection.send(message)

    def _measured(self, event: control.RouterStats) -> None:
        freezes = self.lines.measured(event.peers)
        self._count(freezes)
        if self._hearing.state.live:
            self._keeper.add(self._hearing.state.hearing_id, self.lines.figures, freezes)
        self._news.tell()

    def _count(self, freezes: Mapping[str, int]) -> None:
        lines, metrics = list(self.lines.figures.values()), self._metrics
        for direction, ways in (("up", [one.up for one in lines]), ("down", [one.down for one in lines])):
            found = [way for way in ways if way is not None]
            metrics.nacks.labels(direction).inc(max(0, sum(way.nacks for way in found)))
            metrics.keyframe_requests.labels(direction).inc(max(0, sum(way.keyframe_requests for way in found)))
        metrics.freezes.inc(sum(freezes.values()))

    def _transport(self, event: control.TransportState) -> None:
        self.lines.transport(event.peer_id, event.direction, silent=event.state == "silent")
        self.link.transport_closed(event)

    def _on_reset(self) -> None:
        self.reset = True
        self.lines.reset()
        message = prepare(p.MediaReset())
        for _, connection in self._hearing.audience:
            connection.send(message)


def _streams(streams: Iterable[control.Stream]) -> list[p.StreamView]:
    return [
        p.StreamView(
            mid=one.mid,
            seat_id=peers.seat_of(one.peer_id),
            source=one.source,
            producer_id=one.producer_id,
            timestamp=one.timestamp,
            codec=one.codec,
        )
        for one in streams
    ]
