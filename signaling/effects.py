"""What is to be done about a decision: small values that ``signaling.live`` carries out after the events are kept.

Media needs no effects of its own but the answers to a browser's negotiation: what may flow is derived from the
state (``signaling.wishes``).
"""

from __future__ import annotations

from dataclasses import dataclass

from hub.lines import Seen
from signaling.selection import View


@dataclass(frozen=True, slots=True)
class StartRecording:
    """Before anything is kept: let the recorder confirm, then decide again with ``Facts.recording``."""


@dataclass(frozen=True, slots=True)
class StopRecording:
    recording_id: str


@dataclass(frozen=True, slots=True)
class NegotiatePublish:
    generation: int
    sdp: str
    sources: dict[str, str]


@dataclass(frozen=True, slots=True)
class NegotiateSubscribe:
    generation: int
    restart: bool = False


@dataclass(frozen=True, slots=True)
class AcceptAnswer:
    generation: int
    revision: int
    sdp: str


@dataclass(frozen=True, slots=True)
class Dismiss:
    """Say goodbye to the browser now in the seat, and close it; ``drop_media`` ends what it publishes too."""

    seat_id: str
    reason: str
    drop_media: bool = False


@dataclass(frozen=True, slots=True)
class DismissAll:
    reason: str


@dataclass(frozen=True, slots=True)
class KeepQuality:
    """The browser's own view of its line, 0–4."""

    seat_id: str
    quality: int


@dataclass(frozen=True, slots=True)
class KeepLine:
    """What the browser says of its own line."""

    seat_id: str
    seen: Seen


@dataclass(frozen=True, slots=True)
class WatchLine:
    """Tell the browser in ``seat_id`` the figures of another seat's line from now on; None: of none."""

    seat_id: str
    watched: str | None


@dataclass(frozen=True, slots=True)
class KeepView:
    """What the page shows."""

    seat_id: str
    view: View


Effect = (
    StartRecording
    | StopRecording
    | NegotiatePublish
    | NegotiateSubscribe
    | AcceptAnswer
    | Dismiss
    | DismissAll
    | KeepQuality
    | KeepView
    | KeepLine
    | WatchLine
)
