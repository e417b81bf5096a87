"""Messages between a browser and the hub: JSON text frames on ``/ws/hearings/{hearing_id}``, tagged by ``type``.

``PROTOCOL.md`` describes each for people who write another client; a test fails when a type is not named there.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from hub.lines import Figures, Seen, Trouble
from hub.turn import IceServer
from signaling.commands import (
    Admit,
    AllowPublishing,
    CallCase,
    End,
    GiveFloor,
    Mute,
    Open,
    Recess,
    Remove,
    Resume,
    SetPublishing,
    TakeChair,
    TakeFloor,
    Unmute,
    WithdrawPublishing,
)
from signaling.events import AnyEvent
from signaling.message import Message
from signaling.negotiation import (
    Frozen,
    Layers,
    MediaReset,
    Offer,
    Picture,
    Published,
    Slots,
    StreamView,
)

# What is defined elsewhere and read from here.
__all__ = [
    "Admit",
    "AllowPublishing",
    "CallCase",
    "End",
    "Frozen",
    "GiveFloor",
    "Layers",
    "MediaReset",
    "Message",
    "Mute",
    "Offer",
    "Open",
    "Picture",
    "Published",
    "Recess",
    "Remove",
    "Resume",
    "SetPublishing",
    "Slots",
    "StreamView",
    "TakeChair",
    "TakeFloor",
    "Unmute",
    "WithdrawPublishing",
]

PROTOCOL_VERSION = 1
MAX_TEXT_CHARACTERS = 2_000


# Browser to hub ----------------------------------------------------------------------------------------------------


class Join(Message):
    """First message: take a seat. ``take_over`` displaces another browser in the same seat.

    ``client`` is a random name that a browser's tab keeps over reloads and reconnections. Whoever comes with the
    name (and account) of the browser already in the seat *is* that browser, whose old socket is merely not known to
    be dead yet: it is not asked to take over, nothing is announced as displaced, and its media flows on.
    """

    version: int
    seat_id: str
    take_over: bool = False
    client: str = ""


class Leave(Message):
    pass


class Publish(Message):
    """An SDP offer for the publishing connection; ``sources`` maps mid to camera, microphone, screen, screen_audio.

    ``generation`` numbers the browser's peer connection: the same number renegotiates it, a higher one replaces it.
    It must differ from that of an earlier page in the same seat (milliseconds since 1970 will do).
    """

    generation: int
    sdp: str
    sources: dict[str, str]


class Subscribe(Message):
    """Ask for the subscribing connection; the hub sends ``offer`` messages from then on.

    The same ``generation`` again: the offer that still waits for an answer, if any, is sent again. With ``restart``
    an offer with new ICE credentials follows: the browser's network has changed.
    """

    generation: int
    restart: bool = False


class Answer(Message):
    """The browser's SDP answer to the ``offer`` of the same ``revision``."""

    generation: int
    revision: int
    sdp: str


class SetMedia(Message):
    """What the seat wants to send; until it says otherwise, microphone and camera on and no screen."""

    microphone: bool
    camera: bool
    screen: bool = False


class TileView(msgspec.Struct, frozen=True, kw_only=True):
    """A picture that the page shows; ``height`` in device pixels."""

    seat_id: str
    source: str = "camera"
    height: int = 0


class View(Message):
    """What the page shows now, in its order; sent when it has changed, at most twice a second."""

    tiles: list[TileView]
    pinned: list[str] = msgspec.field(default_factory=list)


class RaiseHand(Message):
    pass


class LowerHand(Message):
    """One's own hand, or as chair the hand of ``seat_id``."""

    seat_id: str | None = None


class Say(Message):
    text: str


class Note(Message):
    text: str


class Ping(Message):
    """``at`` comes back in ``pong``; ``quality`` is the browser's own view of its line, 0 (bad) to 4."""

    at: float
    quality: int | None = None


class Line(Message):
    """How this browser sees its own line, every few seconds. Shown to those who help, and believed no further."""

    seen: Seen


class WatchLine(Message):
    """Chair, deputy, secretary: send ``line_figures`` of this seat from now on; null ends it."""

    seat_id: str | None


FromBrowser = (
    Join
    | Leave
    | Publish
    | Subscribe
    | Answer
    | SetMedia
    | View
    | RaiseHand
    | LowerHand
    | Say
    | Note
    | Open
    | Admit
    | Remove
    | Mute
    | Unmute
    | GiveFloor
    | TakeFloor
    | SetPublishing
    | AllowPublishing
    | WithdrawPublishing
    | Recess
    | Resume
    | TakeChair
    | CallCase
    | End
    | Ping
    | Line
    | WatchLine
)

# Hub to browser ----------------------------------------------------------------------------------------------------


class SeatView(msgspec.Struct, frozen=True, kw_only=True):
    """A seat as every browser in the hearing sees it."""

    seat_id: str
    seat_kind: str
    label: str
    name: str | None
    presence: str
    """absent, waiting, admitted or lost"""
    admitted: bool
    """Let in by the chair; stays so while the seat's line is lost."""
    microphone: bool
    camera: bool
    screen: bool
    muted: bool
    locked: bool
    allowed: bool
    """Allowed by the chair to send while others only listen."""
    hand_raised_at: str | None
    quality: int | None
    device: bool
    """A room encoder sends the seat's picture and sound."""
    browser: str
    """absent, here or lost: ``presence`` without the room encoder"""


class MediaView(msgspec.Struct, frozen=True, kw_only=True):
    """This seat's peer connections that still live in the media worker, by ``generation``; None: there is none.

    A page that reconnects and finds its own generation here need not negotiate again: media has been flowing on.
    """

    publish_generation: int | None
    subscribe_generation: int | None


class Welcome(Message):
    """The whole state, first after ``join`` and again after every reconnection."""

    hearing_id: str
    number: str
    title: str
    state: str
    you: str
    chair: str
    """The seat that chairs now."""
    floor: str | None
    seats: Sequence[SeatView | msgspec.Raw]
    """As ``SeatView``, some of them encoded already."""
    recording: bool
    elapsed_ms: int | None
    """Position on the recording's clock; None before the opening."""
    recorder_ready: bool
    recorder_reason: str
    may: Sequence[str]
    """Message types this seat may send now; ``publish`` is among them exactly while it may send media."""
    media: MediaView
    ice_servers: list[IceServer]
    """For new peer connections; none in most networks."""
    messages: list[Happened]
    """Texts and, for who may read them, notes so far."""
    chair_lost_after_s: int
    publishing: str
    """Who may send picture and sound: all, or invited."""
    picture_level: int
    """How far pictures are limited now, 0: not at all."""
    most_pictures: int
    """Most pictures that a browser is sent at once when nothing is limited."""
    case_id: str | None
    """The case that is heard now; "" for one that this seat may not know."""
    heard: list[str]
    """Cases that have been called so far, as far as this seat may know them."""


class Happened(Message):
    """Something happened; see ``signaling.events``. ``seq`` rises; a hole is an event that this seat may not see."""

    seq: int
    at: str
    elapsed_ms: int | None
    event: AnyEvent


class State(Message):
    """What changes too often, or not by an event: sent when it changed, at most once a second."""

    recorder_ready: bool
    recorder_reason: str
    quality: dict[str, int]
    """seat_id to 0–4, of those that have changed"""
    may: Sequence[str]


class Troubles(Message):
    """Which lines are bad now, and why: a seat that is not named has none. When it changed, at most every 2 s.

    Chair, deputy and secretary are told of all seats, the others of their own.
    """

    seats: dict[str, list[Trouble]]


class LineFigures(Message):
    """All that is known of the line of the seat that this browser watches, every 2 s."""

    seat_id: str
    quality: int | None
    figures: Figures


class Speaking(Message):
    """Seats speaking now, loudest first."""

    seat_ids: list[str]


class SeatTaken(Message):
    """Another browser sits there; join again with ``take_over`` to displace it."""

    name: str


class MinutesChanged(Message):
    """The minutes were frozen, answered, opened again or locked: read them again."""


class Goodbye(Message):
    """The last message before the hub closes: ``displaced``, ``ended``, ``signed_out``, ``left``, ``cancelled``.

    A socket that closes without one may be opened again at once.
    """

    reason: str


class Pong(Message):
    at: float


class Error(Message):
    """The last request failed; ``code`` for programs, ``text`` in the user's language. The connection stays."""

    code: str
    text: str
    about: str | None = None
    """The type of the message it answers."""


FromHub = (
    Welcome
    | Happened
    | State
    | Troubles
    | LineFigures
    | Speaking
    | Published
    | Offer
    | Slots
    | Layers
    | Frozen
    | MediaReset
    | SeatTaken
    | MinutesChanged
    | Goodbye
    | Pong
    | Error
)
