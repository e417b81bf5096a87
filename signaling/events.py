"""What happens in a hearing, as facts in the past tense, committed in order before anything follows from them.

Each is stored as a ``hearing_event`` row (its tag and its other fields) and broadcast to the hearing's browsers; the
same list appears as chapters beside the recording.
"""

from __future__ import annotations

from typing import Any

import msgspec


def snake(name: str) -> str:
    """``FloorGiven`` → ``floor_given``: how a struct's name becomes its tag."""
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag=snake):
    """The base of all events."""


class Opened(Event):
    """The recorder confirmed and the hearing began. ``epoch_ns``: CLOCK_MONOTONIC at position 0 of the recording."""

    recording_id: str
    epoch_ns: int


class Joined(Event):
    """A browser took the seat (the waiting room, or its place again after a loss)."""

    seat_id: str
    account_id: str
    name: str


class Left(Event):
    """The browser left on purpose, or stayed away too long."""

    seat_id: str


class Lost(Event):
    """The browser's connection broke; its place is kept."""

    seat_id: str


class Displaced(Event):
    """Another browser took over the seat."""

    seat_id: str


class Admitted(Event):
    seat_id: str


class Removed(Event):
    """The chair sent the seat back to the waiting room."""

    seat_id: str
    reason: str = ""


class Muted(Event):
    """The chair muted the seat; ``locked`` seats cannot unmute themselves."""

    seat_id: str
    locked: bool


class Unmuted(Event):
    """The chair allowed the seat to speak again."""

    seat_id: str


class MediaChanged(Event):
    """What the seat itself sends: microphone and camera on or off, screen shared or not."""

    seat_id: str
    microphone: bool
    camera: bool
    screen: bool


class HandRaised(Event):
    seat_id: str


class HandLowered(Event):
    seat_id: str


class DeviceJoined(Event):
    """A room encoder sends the seat's picture and sound (WHIP)."""

    seat_id: str


class DeviceLeft(Event):
    """The room encoder hung up, or its token is no longer valid."""

    seat_id: str


class DeviceLost(Event):
    """The room encoder's connection broke; the seat's place is kept."""

    seat_id: str


class FloorGiven(Event):
    seat_id: str


class FloorTaken(Event):
    seat_id: str


class PublishingSet(Event):
    """Who may send picture and sound: ``all`` who are admitted, or only who is ``invited`` (chair, deputy, secretary,
    who has the floor, and whom the chair allows)."""

    policy: str


class PublishingAllowed(Event):
    """The chair lets the seat send although others only listen."""

    seat_id: str


class PublishingWithdrawn(Event):
    seat_id: str


class PicturesLimited(Event):
    """The media worker is short of time: fewer and smaller pictures until it is not. 0: no limit any more."""

    level: int


class RecessCalled(Event):
    pass


class Resumed(Event):
    pass


class Interrupted(Event):
    """The chair was away for longer than allowed."""


class ChairTaken(Event):
    """The deputy or the secretary took the chair; from now on this seat chairs."""

    seat_id: str


class CaseCalled(Event):
    """From now on this case is heard; None: the one before is over. ``number`` is for who reads the record."""

    case_id: str | None = None
    number: str = ""


class Said(Event):
    """A text message to all."""

    seat_id: str
    text: str


class Noted(Event):
    """The secretary's note."""

    seat_id: str
    text: str


class RecorderLost(Event):
    """The recorder stopped answering while the hearing ran; everyone is told."""


class RecorderBack(Event):
    pass


class WorkerLost(Event):
    """The media worker died; media resumes as soon as another has taken over."""


class WorkerBack(Event):
    pass


class Ended(Event):
    """Irreversible."""


AnyEvent = (
    Opened
    | Joined
    | Left
    | Lost
    | Displaced
    | Admitted
    | Removed
    | Muted
    | Unmuted
    | MediaChanged
    | HandRaised
    | HandLowered
    | DeviceJoined
    | DeviceLeft
    | DeviceLost
    | FloorGiven
    | FloorTaken
    | PublishingSet
    | PublishingAllowed
    | PublishingWithdrawn
    | PicturesLimited
    | RecessCalled
    | Resumed
    | Interrupted
    | ChairTaken
    | CaseCalled
    | Said
    | Noted
    | RecorderLost
    | RecorderBack
    | WorkerLost
    | WorkerBack
    | Ended
)


def to_row(event: AnyEvent) -> tuple[str, str | None, dict[str, Any]]:
    """``(kind, seat_id, payload)`` for a ``hearing_event`` row."""
    payload = msgspec.to_builtins(event)
    return payload.pop("kind"), payload.pop("seat_id", None), payload


def from_row(kind: str, seat_id: str | None, payload: dict[str, Any]) -> AnyEvent:
    """The event of a row. Raises ``msgspec.ValidationError`` when a row is not one of ours."""
    fields = {**payload, "kind": kind}
    if seat_id is not None:
        fields["seat_id"] = seat_id
    event: AnyEvent = msgspec.convert(fields, AnyEvent)
    return event
