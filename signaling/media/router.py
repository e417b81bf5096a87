"""One hearing's media: who publishes, who receives what, who speaks, and how their lines are."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

import structlog

from signaling.media import control, peers, sdp_write
from signaling.media.audio_level import Voices
from signaling.media.display import DisplayTransport
from signaling.media.grants import granted
from signaling.media.producer import Producer
from signaling.media.publisher import PublishTransport
from signaling.media.sdp import SdpError, parse, taking_h264
from signaling.media.speakers import MOST_VOICES, Speakers
from signaling.media.stats import Meters
from signaling.media.subscriber import SubscribeTransport
from signaling.media.transport import Presence, Transport

if TYPE_CHECKING:
    from signaling.media.plane import Plane

log = structlog.get_logger(__name__)


class Unknown(LookupError):
    """A peer or transport that does not exist here; the text is for the web process."""


class Router:
    def __init__(self, plane: Plane, router_id: str) -> None:
        self.router_id = router_id
        self.recording_id: str | None = None
        self.publishers: dict[str, PublishTransport] = {}
        self.subscribers: dict[str, SubscribeTransport] = {}
        self._plane = plane
        self._voices = Voices()
        self._speakers = Speakers(MOST_VOICES + 1)
        self._lead = Speakers(1)
        """For displays with room for one voice."""
        self._speaking: list[str] = []
        self.hurried = False
        """Whether something waits that ``tick`` should look at again within 20 ms."""
        self._wishes: dict[str, control.Consume] = {}
        self._moved: set[SubscribeTransport] = set()
        self._producers: dict[str, Producer] | None = None
        self._meters = Meters()

    @property
    def producers(self) -> dict[str, Producer]:
        if self._producers is None:
            self._producers = {
                producer.producer_id: producer
                for publisher in self.publishers.values()
                for producer in publisher.producers.values()
            }
        return self._producers

    def transports(self) -> list[Transport]:
        return [*self.publishers.values(), *self.subscribers.values()]

    # Requests --------------------------------------------------------------------------------------------------------

    def record(self, recording_id: str | None) -> None:
        if recording_id == self.recording_id:
            return
        self.recording_id = recording_id
        now_ns = time.monotonic_ns()
        for producer in self.producers.values():
            producer.record(recording_id, now_ns)

    def publish(self, request: control.Publish) -> control.Published:
        """Answer an offer. Raises ``SdpError``."""
        offer = parse(request.sdp)
        if peers.is_device(request.peer_id):
            offer = taking_h264(offer)
        now_ns = time.monotonic_ns()
        publisher = self.publishers.get(request.peer_id)
        if publisher is not None and (
            publisher.generation != request.generation
            or publisher.presence is Presence.CLOSED
            or not publisher.same_browser(offer)
        ):
            self._close_publisher(request.peer_id, now_ns)
            publisher = None
        if publisher is None:
            publisher = PublishTransport(
                self._plane, request.peer_id, request.generation, self._observe, self._presence, self._ended
            )
        sources = granted(offer, request.sources, request.allowed)
        try:
            answer = publisher.negotiate(
                offer, sources, recording_id=self.recording_id, paused=request.paused, now_ns=now_ns
            )
        except SdpError:
            if request.peer_id not in self.publishers:
                publisher.close()
            raise
        self.publishers[request.peer_id] = publisher
        self._producers = None
        return control.Published(sdp=answer, producers=[each.info() for each in publisher.producers.values()])

    def subscribe(self, peer_id: str, generation: int, *, restart: bool = False) -> None:
        subscriber = self.subscribers.get(peer_id)
        if (
            subscriber is not None
            and subscriber.generation == generation
            and subscriber.presence is not Presence.CLOSED
        ):
            if restart:
                subscriber.restart()
            else:
                subscriber.offer_again()
            return
        if subscriber is not None:
            subscriber.close()

        def tell(revision: int, sdp: str, streams: list[control.Stream]) -> None:
            self._plane.emit(
                control.SubscribeOffer(
                    router_id=self.router_id,
                    peer_id=peer_id,
                    generation=generation,
                    revision=revision,
                    sdp=sdp,
                    streams=streams,
                )
            )

        self.subscribers[peer_id] = SubscribeTransport(
            self._plane, peer_id, generation, self._presence, tell, self._line_moved
        )
        self._fulfil(peer_id)

    def watch_stage(self, request: control.Watch) -> control.Watched:
        """Answer a display's offer. Raises ``SdpError``."""
        offer, now_ns = parse(request.sdp), time.monotonic_ns()
        display = DisplayTransport(self._plane, request.peer_id, request.generation, self._presence)
        try:
            answer = display.negotiate(offer, now_ns)
        except SdpError:
            display.close()
            raise
        before = self.subscribers.pop(request.peer_id, None)
        if before is not None:
            before.close()
        self.subscribers[request.peer_id] = display
        self._fulfil(request.peer_id)
        return control.Watched(sdp=answer)

    def restart_ice(self, request: control.RestartIce) -> control.IceRestarted | control.Ok:
        """New credentials for an answered transport. Raises ``Unknown``."""
        found: Transport | None = self.publishers.get(request.peer_id) or self.subscribers.get(request.peer_id)
        if found is None or getattr(found, "generation", None) != request.generation:
            raise Unknown("no such transport")
        if not found.restart_ice(request.ufrag, request.password):
            return control.Ok()
        ours = found.local()
        return control.IceRestarted(
            ufrag=ours.credentials.ufrag,
            password=ours.credentials.password,
            candidates=sdp_write.candidates(ours.addresses, ours.port, tcp=ours.tcp),
        )

    def follow(self, publisher: Transport, since_ns: int) -> None:
        """A browser that sends has moved to another address. Its other connection only receives, so it may say nothing
        for seconds: unless it was heard since, it is asked to look for its way anew."""
        for peer_id, each in self.publishers.items():
            subscriber = self.subscribers.get(peer_id)
            moved = each is publisher and subscriber is not None and subscriber.connected
            if moved and subscriber is not None and subscriber.last_sign_ns < since_ns:
                subscriber.restart()

    def consume(self, wish: control.Consume) -> None:
        """Remembered until the peer has a subscribing transport, and across new ones."""
        self._wishes[wish.peer_id] = wish
        self._fulfil(wish.peer_id)

    def answered(self, request: control.SubscribeAnswer) -> None:
        """Take a subscriber's answer. Raises ``Unknown`` or ``SdpError``."""
        subscriber = self.subscribers.get(request.peer_id)
        if subscriber is None or subscriber.generation != request.generation:
            raise Unknown("no such subscribing transport")
        subscriber.answered(request.revision, parse(request.sdp), time.monotonic_ns())

    def pause(self, producer_id: str, cause: str) -> None:
        """Raises ``Unknown``."""
        producer = self.producers.get(producer_id)
        if producer is None:
            raise Unknown("no such producer")
        producer.pause(cause, time.monotonic_ns())
        if cause and producer.source == "microphone":
            self._fall_silent(producer)

    def end_producer(self, producer_id: str) -> None:
        """Idempotent."""
        producer = self.producers.get(producer_id)
        if producer is not None:
            self.publishers[producer.peer_id].end(producer, time.monotonic_ns())

    def close_peer(self, peer_id: str) -> None:
        """Idempotent: a peer that is not there is as wished."""
        self._wishes.pop(peer_id, None)
        self._meters.forget(peer_id)
        subscriber = self.subscribers.pop(peer_id, None)
        if subscriber is not None:
            subscriber.close()
        self._close_publisher(peer_id, time.monotonic_ns())

    def close(self) -> None:
        for peer_id in {*self.publishers, *self.subscribers}:
            self.close_peer(peer_id)

    # What follows ----------------------------------------------------------------------------------------------------

    def _fulfil(self, peer_id: str) -> None:
        subscriber, wish = self.subscribers.get(peer_id), self._wishes.get(peer_id)
        if subscriber is None or wish is None:
            return
        known = self.producers
        wished = [known[producer_id] for producer_id in wish.producer_ids if producer_id in known]
        microphones = [producer for producer in wished if producer.source == "microphone"]
        if len(microphones) > subscriber.voices:
            heard = self._heard_by(subscriber, microphones)
            wished = [producer for producer in wished if producer.source != "microphone" or producer in heard]
        subscriber.receive_all(wished, wish.heights, time.monotonic_ns())

    def _heard_by(self, subscriber: SubscribeTransport, microphones: list[Producer]) -> list[Producer]:
        """The loudest of those it may hear; places that nobody claims stay as they are."""
        allowed = {producer.producer_id: producer for producer in microphones}
        lead = self._lead.chosen if subscriber.voices < MOST_VOICES else []
        speaking = [allowed[one] for one in (*lead, *self._speakers.chosen) if one in allowed]
        # A room encoder may not say how loud it is; the most important one is heard all the same.
        unmeasured = [one for one in microphones[:1] if not self._speakers.knows(one.producer_id)]
        before = [
            consumer.producer
            for consumer in subscriber.consumers
            if consumer.producer is not None and consumer.producer.producer_id in allowed
        ]
        return list(dict.fromkeys([*unmeasured, *speaking, *before, *microphones]))[: subscriber.voices]

    def _observe(self, producer: Producer, level: int, now_ms: float) -> None:
        """A microphone's packet said how loud it is."""
        self._voices.observe(producer.peer_id, level, now_ms)
        self._speakers.observe(producer.producer_id, level, now_ms)
        self._lead.observe(producer.producer_id, level, now_ms)

    def _fall_silent(self, producer: Producer) -> None:
        self._voices.forget(producer.peer_id)
        self._speakers.forget(producer.producer_id)
        self._lead.forget(producer.producer_id)

    def _hear_speakers(self) -> None:
        """Other microphones are to be heard: where there are more than places."""
        for peer_id, wish in self._wishes.items():
            if len(wish.producer_ids) > MOST_VOICES or peers.is_display(peer_id):
                self._fulfil(peer_id)

    def _close_publisher(self, peer_id: str, now_ns: int) -> None:
        publisher = self.publishers.pop(peer_id, None)
        if publisher is not None:
            self._producers = None
            publisher.end_all(now_ns)
            publisher.close()

    def _ended(self, producer: Producer) -> None:
        self._producers = None
        self._plane.emit(control.ProducerEnded(router_id=self.router_id, producer_id=producer.producer_id))
        if producer.source == "microphone":
            self._fall_silent(producer)
        for peer_id, wish in self._wishes.items():
            if producer.producer_id in wish.producer_ids:
                self._fulfil(peer_id)

    def _presence(self, transport: Transport, presence: Presence) -> None:
        assert isinstance(transport, PublishTransport | SubscribeTransport)
        publishes = isinstance(transport, PublishTransport)
        self._plane.emit(
            control.TransportState(
                router_id=self.router_id,
                peer_id=transport.peer_id,
                generation=transport.generation,
                direction="publish" if publishes else "subscribe",
                state=presence.value,
            )
        )
        if presence is Presence.CLOSED:
            if publishes and self.publishers.get(transport.peer_id) is transport:
                self._close_publisher(transport.peer_id, time.monotonic_ns())
            elif self.subscribers.get(transport.peer_id) is transport:
                del self.subscribers[transport.peer_id]
                transport.close()

    # Timers ----------------------------------------------------------------------------------------------------------

    def tick(self, now_ns: int) -> None:
        """Every 20 ms or, while nothing comes and nobody is ``hurried``, less often."""
        hurried = False
        for publisher in self.publishers.values():
            hurried = publisher.tick(now_ns) or hurried
        for subscriber in self.subscribers.values():
            hurried = subscriber.adaptation.tick(now_ns) or hurried
        self.hurried = hurried
        lead_changed = self._lead.choose(now_ns / 1e6)
        if self._speakers.choose(now_ns / 1e6) or lead_changed:
            self._hear_speakers()
        self.tell_slots()

    def look(self, now_ns: int) -> None:
        """Every half second: how what is published is, which layers of it nobody needs, and what stands still."""
        wanted: dict[str, set[int]] = {}
        for subscriber in self.subscribers.values():
            self._tell_frozen(subscriber)
            for consumer in subscriber.consumers:
                if consumer.producer is not None and consumer.wanted_layer is not None:
                    wanted.setdefault(consumer.producer.producer_id, set()).add(consumer.wanted_layer)
        for peer_id, publisher in self.publishers.items():
            for producer in publisher.producers.values():
                producer.look(now_ns)
                if len(producer.streams) == 1:
                    continue
                rids = producer.wanted(wanted.get(producer.producer_id, set()), now_ns)
                if rids is not None:
                    self._plane.emit(
                        control.LayersWanted(
                            router_id=self.router_id,
                            peer_id=peer_id,
                            generation=publisher.generation,
                            source=producer.source,
                            rids=rids,
                        )
                    )

    def _tell_frozen(self, subscriber: SubscribeTransport) -> None:
        frozen = subscriber.frozen()
        if frozen != subscriber.told_frozen:
            subscriber.told_frozen = frozen
            self._plane.emit(
                control.Frozen(
                    router_id=self.router_id,
                    peer_id=subscriber.peer_id,
                    generation=subscriber.generation,
                    pictures=frozen,
                )
            )

    def _line_moved(self, subscriber: SubscribeTransport) -> None:
        self._moved.add(subscriber)

    def tell_slots(self) -> None:
        """What lines carry now, where that changed without an offer."""
        moved, self._moved = self._moved, set()
        peers = [
            control.PeerSlots(peer_id=one.peer_id, generation=one.generation, streams=one.streams())
            for one in moved
            if self.subscribers.get(one.peer_id) is one
        ]
        if peers:
            self._plane.emit(control.Slots(router_id=self.router_id, peers=peers))

    def tell_voices(self, now_ns: int) -> None:
        """Every 100 ms: an event when it changed."""
        speaking = self._voices.speaking(now_ns / 1e6)
        if speaking != self._speaking:
            self._speaking = speaking
            self._plane.emit(control.Voices(router_id=self.router_id, peer_ids=speaking))

    def watch(self, now_ns: int) -> None:
        """Every second."""
        for transport in self.transports():
            transport.watch(now_ns)

    def tell_stats(self, now_ns: int) -> None:
        """Every 2 s, when there is anybody."""
        silent = partial(self._voices.silent, now_ms=now_ns / 1e6)
        measured = self._meters.measure(self.publishers, self.subscribers, silent, now_ns)
        if measured:
            self._plane.emit(control.RouterStats(router_id=self.router_id, peers=measured))

    def info(self) -> control.RouterInfo:
        peers = sorted({*self.publishers, *self.subscribers})
        return control.RouterInfo(
            router_id=self.router_id,
            recording_id=self.recording_id,
            peers=peers,
            generations={
                peer_id: [
                    self.publishers[peer_id].generation if peer_id in self.publishers else -1,
                    self.subscribers[peer_id].generation if peer_id in self.subscribers else -1,
                ]
                for peer_id in peers
            },
            producers=[producer.info() for producer in self.producers.values()],
        )
