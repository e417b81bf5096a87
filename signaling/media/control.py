"""What the web process and a media worker say to each other over ``run/worker-N.sock`` (see ``hub.rpc``).

Nouns are mediasoup's: a *router* is one hearing's media, a *transport* one browser peer connection, a *producer* one
published track, a *consumer* one producer forwarded to one subscriber. A *peer* is a seat; it has at most one
transport to publish and one to subscribe. Requests are declarative and idempotent, so that a restarted web process
may simply say again what it wants.
"""

from __future__ import annotations

import msgspec

from hub.lines import SourceFigures, Way


class Struct(msgspec.Struct, tag=True, frozen=True, kw_only=True):
    """The base of all control messages."""


# Requests, web to worker -----------------------------------------------------------------------------------------


class OpenRouter(Struct):
    """Make the router, or set its recording. Packets of its producers go to the tap while ``recording_id`` is set."""

    router_id: str
    recording_id: str | None


class CloseRouter(Struct):
    router_id: str


class Publish(Struct):
    """Answer a browser's offer to publish (new, renegotiated or ICE restart). Answered by ``Published``.

    ``sources`` maps an SDP mid to ``camera``, ``microphone``, ``screen`` or ``screen_audio``; a mid that is not
    listed, or that ``allowed`` does not grant, is answered ``inactive``. ``generation`` is the client's number for
    its peer connection: another one than last time means a new peer connection, and the old transport is closed.
    ``paused`` maps a source to the cause for which its producer is born paused, so that not one packet of a muted
    microphone slips through between ``Publish`` and ``Pause``; it is not consulted for producers that exist.
    """

    router_id: str
    peer_id: str
    generation: int
    sdp: str
    sources: dict[str, str]
    allowed: list[str]
    paused: dict[str, str] = {}


class Subscribe(Struct):
    """Make the peer's subscribing transport (a new ``generation`` closes the old). Offers follow as events.

    The same ``generation`` again changes nothing, but an offer that still waits for its answer is sent again: the
    web process or the browser's socket may have gone away with it. With ``restart`` an offer with new ICE credentials
    follows: the browser's network has changed.
    """

    router_id: str
    peer_id: str
    generation: int
    restart: bool = False


class Watch(Struct):
    """Answer a display's offer to receive (a new ``generation`` closes the old). Answered by ``Watched``.

    Its lines stay as they are; of what ``Consume`` lists they carry the first pictures and the loudest voices.
    """

    router_id: str
    peer_id: str
    generation: int
    sdp: str


class RestartIce(Struct):
    """New ICE credentials of the other side, by PATCH (RFC 9725). ``IceRestarted``; ``Ok`` when they are not new."""

    router_id: str
    peer_id: str
    generation: int
    ufrag: str
    password: str


class Consume(Struct):
    """The complete list of producers the peer is to receive from now on; what differs is started or stopped.

    Most important first: a weak line gives up from the end. ``heights`` maps a video's producer to the height in
    device pixels at which the peer shows it; one that is not named is sent as well as the line allows. Of more than
    ``MOST_VOICES`` microphones the worker forwards the loudest, so list all that the peer may hear.
    """

    router_id: str
    peer_id: str
    producer_ids: list[str]
    heights: dict[str, int] = {}


class ConsumeMany(Struct):
    """``Consume`` for many peers at once: a floor that passes concerns all of a large hearing."""

    router_id: str
    peers: list[Consume]


class SubscribeAnswer(Struct):
    """The browser's answer to ``SubscribeOffer`` number ``revision``."""

    router_id: str
    peer_id: str
    generation: int
    revision: int
    sdp: str


class Pause(Struct):
    """Stop (or resume, with cause ``''``) forwarding and recording of a producer: ``muted`` or ``recess``."""

    router_id: str
    producer_id: str
    cause: str


class EndProducer(Struct):
    """The peer may not publish this any more: nothing of it is taken from now on. Its connection stays."""

    router_id: str
    producer_id: str


class ClosePeer(Struct):
    """Close both transports of a peer and end its producers."""

    router_id: str
    peer_id: str


class Probe(Struct):
    """Answer a device check's offer: a transport that only proves that media can reach this worker. ``Probed``.
    ``owner`` is whose check it is."""

    probe_id: str
    owner: str
    sdp: str


class AskState(Struct):
    """Answered by ``WorkerState``; ``kept``: with the sizes of its tables."""

    kept: bool = False


WorkerReceives = (
    OpenRouter
    | CloseRouter
    | Publish
    | Subscribe
    | Watch
    | RestartIce
    | Consume
    | ConsumeMany
    | SubscribeAnswer
    | Pause
    | EndProducer
    | ClosePeer
    | Probe
    | AskState
)

# Replies and events, worker to web ---------------------------------------------------------------------------------


class Ok(Struct):
    pass


class Refused(Struct):
    """The request makes no sense to the worker: SDP that does not parse, unknown router or peer. For the client."""

    reason: str


class ProducerInfo(Struct):
    producer_id: str
    peer_id: str
    source: str
    kind: str
    paused: str
    """The cause, or ''."""


class Published(Struct):
    sdp: str
    producers: list[ProducerInfo]


class Watched(Struct):
    sdp: str


class IceRestarted(Struct):
    ufrag: str
    password: str
    candidates: list[str]
    """SDP lines."""


class Probed(Struct):
    sdp: str


class Stream(Struct):
    """What one m-line of a subscribing connection carries now."""

    mid: str
    producer_id: str
    peer_id: str
    source: str
    timestamp: int | None = None
    """RTP timestamp, as the browser sees it, of the first picture of this producer on the line: what is shown of an
    earlier timestamp is somebody else. None while nothing of it has been sent."""
    codec: str = ""
    """VP8, H264 or opus. H.264 is not sent to who did not accept it."""


class SubscribeOffer(Struct):
    """Event: the subscriber must answer this offer. Only one is outstanding per transport."""

    router_id: str
    peer_id: str
    generation: int
    revision: int
    sdp: str
    streams: list[Stream]


class PeerSlots(Struct):
    """All lines of a peer that carry something; a mid that is missing carries nothing now."""

    peer_id: str
    generation: int
    streams: list[Stream]


class Slots(Struct):
    """Event: lines were given to other producers without negotiation. Peers that are not named have kept theirs."""

    router_id: str
    peers: list[PeerSlots]


class Frozen(Struct):
    """Event: the pictures that stand still for a peer because its line carries none of them; sound goes on.

    ``pictures`` is complete: (peer, source) of each.
    """

    router_id: str
    peer_id: str
    generation: int
    pictures: list[tuple[str, str]]


class LayersWanted(Struct):
    """Event: these layers (rids) of a peer's track are needed by somebody; the others need not be sent."""

    router_id: str
    peer_id: str
    generation: int
    source: str
    rids: list[str]


class TransportState(Struct):
    """Event: ``direction`` publish or subscribe; ``state`` connected, silent or closed.

    Silent: no packet or consent check for 5 s (8 s where the browser only receives, and says nothing but its checks).
    Closed is told when the browser hung up or DTLS failed, not for what the web process itself closed or replaced.
    """

    router_id: str
    peer_id: str
    generation: int
    direction: str
    state: str


class ProducerEnded(Struct):
    """Event: the browser stopped publishing this track."""

    router_id: str
    producer_id: str


class Voices(Struct):
    """Event, at most every 100 ms when it changed: seats speaking now, loudest first (RFC 6464 levels)."""

    router_id: str
    peer_ids: list[str]


class PeerStats(Struct):
    """One peer's line over the last interval; see ``hub.lines`` for the units."""

    peer_id: str
    up: Way | None
    """What it publishes; None: nothing."""
    down: Way | None
    """What it receives; None: nothing."""
    sources: list[SourceFigures] = []
    estimate_bps: int | None = None
    """What its line carries to it, while that is less than its pictures would need; else None."""
    microphone_silent: bool = False
    """Its microphone is not paused and has sent digital silence for long."""


class RouterStats(Struct):
    """Event, every 2 s per router with transports."""

    router_id: str
    peers: list[PeerStats]


class RouterInfo(Struct):
    router_id: str
    recording_id: str | None
    peers: list[str]
    generations: dict[str, list[int]]
    """peer_id to [publish generation or -1, subscribe generation or -1]"""
    producers: list[ProducerInfo]


class WorkerState(Struct):
    """``start_id`` changes when the worker process is another one: then everything must be set up anew."""

    worker: int
    start_id: str
    udp_port: int
    addresses: list[str]
    routers: list[RouterInfo]
    packets_in: int
    packets_out: int
    tap_connected: bool
    tap_waiting: int
    load: float = 0.0
    """Share of one core that the worker has used since the last second, 0–1."""
    dropped: int = 0
    """Packets that the kernel would not take, since the worker began."""
    kept: dict[str, int] = {}
    """Entries in its tables, see ``inventory``; only when asked for."""


WorkerSends = (
    Ok
    | Refused
    | Published
    | Watched
    | IceRestarted
    | Probed
    | SubscribeOffer
    | Slots
    | Frozen
    | LayersWanted
    | TransportState
    | ProducerEnded
    | Voices
    | RouterStats
    | WorkerState
)
