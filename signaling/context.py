"""What every live hearing shares: the database, the links to other processes, the clock; and the browser's side."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from hub import models, turn
from hub.auth import Actor
from hub.config import Config
from hub.db import Database
from hub.errors import HubError
from hub.i18n import Text
from hub.ids import utc_now
from hub.turn import IceServer
from signaling.clock import Clock
from signaling.codec import Prepared
from signaling.line_minutes import LineKeeper
from signaling.metrics import Metrics
from signaling.permits import Refusal
from signaling.protocol import FromHub
from signaling.recording import RecorderLink
from signaling.workers import WorkerPool

SeatsFor = Callable[[Actor, models.Hearing], list[models.Seat]]
"""``hub.services.hearings.seats_for``: the seats this person may take."""

Discreet = Callable[[Actor, str, str], Awaitable[None]]
"""``hub.services.hearings.require_discreet``: raises ``BadInput`` when what this person typed in this hearing names a
denouncer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    config: Config
    database: Database
    seats_for: SeatsFor
    pool: WorkerPool
    recorder: RecorderLink
    clock: Clock
    metrics: Metrics
    wake: Callable[[], None]
    """Observe the hearings now rather than at the next tick."""
    keeper: LineKeeper
    """Keeps how the lines were, minute by minute."""
    discreet: Discreet | None = None

    def ice_servers(self, name: str) -> list[IceServer]:
        """The relays for a browser; ``name`` is a seat's or an account's identifier."""
        return turn.ice_servers(self.config.turn_urls, self.config.turn_secret, name, utc_now())


class Connection(Protocol):
    """One browser's socket. Sending never blocks: a browser that reads too slowly is cut off."""

    actor: Actor
    seat_id: str | None
    client: str
    """The browser tab's own name, kept over reloads and reconnections; '' for none."""

    def send(self, message: FromHub | Prepared) -> None: ...

    def say(self, text: Text | None) -> str:
        """The text in the person's language; '' for None."""
        ...

    def dismiss(self, reason: str) -> None:
        """``Goodbye`` and close."""
        ...


class Refused(HubError):
    """A decision's refusal on its way to the browser."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.text.message, **refusal.text.params)
        self.refusal = refusal


def code_of(error: HubError) -> str:
    return error.refusal.code if isinstance(error, Refused) else error.code
