"""What pages may ask of the live side: who is connected, how well, and whether recorder and media workers are up.

Pure views; the live side (``signaling.live``) implements ``LiveView``, ``hub.main`` hands it to the pages. It knows
only hearings somebody is connected to or that are under way: ``hearing`` answers None for all others.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from hub.i18n import Text
from hub.lines import Figures, Trouble


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatLive:
    """One seat's browser, as the help desk sees it."""

    seat_id: str
    presence: str
    """``absent``, ``waiting``, ``admitted`` or ``lost``."""
    name: str | None
    """Of the official in the seat."""
    muted: bool
    microphone: bool
    camera: bool
    screen: bool
    quality: int | None
    """0 (bad) to 4 (good); None: not measured."""
    line: Figures | None
    """None: nothing is known of it."""
    troubles: tuple[Trouble, ...]
    """What is wrong with its line, the gravest first."""
    lost_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HearingLive:
    hearing_id: str
    state: str
    """A ``models.HearingState``."""
    chair: str
    """The seat that chairs now."""
    floor: str | None
    elapsed_ms: int | None
    recorder_lost: bool
    worker: int | None
    """The media worker that carries it; None: none (not open, or the worker died and none has taken over)."""
    seats: tuple[SeatLive, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecorderLive:
    connected: bool
    ready: bool
    """Whether a hearing could open now; ``reason`` says why not, or what to worry about."""
    reason: Text | None
    spool_free_bytes: int | None
    warns: bool
    store_reachable: bool | None
    segments_waiting: int | None
    oldest_waiting_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerLive:
    index: int
    connected: bool
    udp_port: int | None
    addresses: tuple[str, ...]
    hearings: int
    packets_in: int | None
    packets_out: int | None
    tap_connected: bool | None
    load: float | None
    """Share of one core in use, 0–1."""
    draining: bool
    """It gives its hearings away and takes no new ones: it is to be maintained."""
    picture_level: int
    """How far pictures are limited because it is short of time; 0: not at all."""
    dropped: int | None
    """Packets that the kernel would not take, since the worker began."""


class LiveView(Protocol):
    def hearing(self, hearing_id: str) -> HearingLive | None: ...

    def recorder(self) -> RecorderLive: ...

    def workers(self) -> list[WorkerLive]: ...

    def account_changed(self, account_id: str) -> None:
        """To be called after a sign-out, or when an account's password, roles or state changed: its browsers in
        hearings are asked at once whether they may go on."""
        ...

    async def booking_changed(self, hearing_id: str) -> None:
        """To be called after a booking was changed, postponed or cancelled: browsers in its waiting room are told."""
        ...

    def minutes_changed(self, hearing_id: str) -> None:
        """To be called after minutes were frozen, answered, opened again or locked: browsers in the hearing read them
        again."""
        ...
