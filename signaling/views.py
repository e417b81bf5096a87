"""What a browser is shown of a hearing: ``Welcome``, ``State`` and who may see which event. PURE."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec

from hub import auth
from hub.auth import Action, Actor, Target
from hub.lines import Figures, Trouble
from hub.models import SeatKind
from hub.services.live import SeatLive
from hub.turn import IceServer
from signaling import events as ev
from signaling import protocol as p
from signaling.codec import encode
from signaling.events import AnyEvent
from signaling.permits import permitted
from signaling.state import Device, Hearing, Seat, effective_kind


@dataclass(frozen=True, slots=True)
class Entry:
    """An event as it was kept."""

    seq: int
    at: datetime
    event: AnyEvent


def may_see(hearing: Hearing, seat: Seat, event: AnyEvent) -> bool:
    """Notes are the secretary's and the chair's; what is said at the table is for those who sit at it."""
    match event:
        case ev.Noted():
            return _may_note(hearing, seat)
        case ev.Said():
            return seat.here and seat.admitted
        case _:
            return True


def shown(hearing: Hearing, seat: Seat, event: AnyEvent) -> AnyEvent | None:
    """The event as this seat may see it; None: not at all. A point is told that a case is heard, not whose."""
    if isinstance(event, ev.CaseCalled) and event.case_id and not knows_case(hearing, seat, event.case_id):
        return ev.CaseCalled(case_id="")
    return event if may_see(hearing, seat, event) else None


def knows_case(hearing: Hearing, seat: Seat, case_id: str | None) -> bool:
    """Chair, deputy and secretary know all cases, a point those of its own unit and of units below."""
    if seat.kind is not SeatKind.POINT:
        return True
    return any(case.case_id == case_id and seat.seat_id in case.known_to for case in hearing.cases)


def _may_note(hearing: Hearing, seat: Seat) -> bool:
    """Who may write notes may read them; the permission depends on the seat alone."""
    return auth.may(_NOBODY, Action.WRITE_NOTE, Target(seat_kind=str(effective_kind(hearing, seat))))


_NOBODY = Actor(account_id="", name="", unit_id="", unit_path="", grants=frozenset())


def happened(hearing: Hearing, entry: Entry) -> p.Happened:
    elapsed_ms = None
    if hearing.opened_at is not None and entry.at >= hearing.opened_at:
        elapsed_ms = (entry.at - hearing.opened_at) // timedelta(milliseconds=1)
    return p.Happened(seq=entry.seq, at=_iso(entry.at), elapsed_ms=elapsed_ms, event=entry.event)


def welcome(
    hearing: Hearing,
    seat: Seat,
    actor: Actor,
    *,
    elapsed_ms: int | None,
    recorder_ready: bool,
    recorder_reason: str,
    media: p.MediaView,
    seats: Sequence[p.SeatView | msgspec.Raw],
    ice_servers: list[IceServer],
    log: Iterable[Entry],
    chair_lost_s: int,
    most_pictures: int,
) -> p.Welcome:
    return p.Welcome(
        hearing_id=hearing.hearing_id,
        number=hearing.number,
        title=hearing.title,
        state=str(hearing.state),
        you=seat.seat_id,
        chair=hearing.chair,
        floor=hearing.floor,
        seats=seats,
        recording=hearing.live and not hearing.recorder_lost,
        elapsed_ms=elapsed_ms,
        recorder_ready=recorder_ready,
        recorder_reason=recorder_reason,
        may=permitted(hearing, seat, actor),
        media=media,
        ice_servers=ice_servers,
        messages=_written(hearing, seat, log),
        chair_lost_after_s=chair_lost_s,
        publishing=str(hearing.publishing),
        picture_level=hearing.picture_level,
        most_pictures=most_pictures,
        case_id=hearing.case_id if not hearing.case_id or knows_case(hearing, seat, hearing.case_id) else "",
        heard=[case_id for case_id in sorted(hearing.heard) if knows_case(hearing, seat, case_id)],
    )


def _written(hearing: Hearing, seat: Seat, log: Iterable[Entry]) -> list[p.Happened]:
    """Messages and notes so far, as far as the seat may see them."""
    written = (entry for entry in log if isinstance(entry.event, ev.Said | ev.Noted))
    return [happened(hearing, entry) for entry in written if may_see(hearing, seat, entry.event)]


class Plates:
    """All seats as ``Welcome`` shows them. Encoded anew only where something changed: everyone who comes asks, and two
    hundred come at once."""

    def __init__(self) -> None:
        self._encoded: dict[str, tuple[Seat, int | None, msgspec.Raw]] = {}

    def all(self, hearing: Hearing, quality: Mapping[str, int]) -> list[msgspec.Raw]:
        return [self._one(seat, quality.get(seat.seat_id)) for seat in hearing.seats]

    def _one(self, seat: Seat, quality: int | None) -> msgspec.Raw:
        known = self._encoded.get(seat.seat_id)
        if known is not None and known[0] is seat and known[1] == quality:
            return known[2]
        encoded = msgspec.Raw(encode(seat_view(seat, quality)))
        self._encoded[seat.seat_id] = seat, quality, encoded
        return encoded


def seat_view(seat: Seat, quality: int | None) -> p.SeatView:
    return p.SeatView(
        seat_id=seat.seat_id,
        seat_kind=str(seat.kind),
        label=seat.label,
        name=seat.name if seat.here else None,
        presence=str(seat.presence),
        admitted=seat.admitted,
        microphone=seat.microphone,
        camera=seat.camera,
        screen=seat.screen,
        muted=seat.muted,
        locked=seat.locked,
        allowed=seat.allowed,
        hand_raised_at=_iso(seat.hand_raised_at) if seat.hand_raised_at else None,
        quality=quality,
        device=seat.device is Device.ON,
        browser=("here" if seat.connected else "lost") if seat.here else "absent",
    )


def seat_live(seat: Seat, quality: int | None, line: Figures | None, troubles: Iterable[Trouble]) -> SeatLive:
    return SeatLive(
        seat_id=seat.seat_id,
        presence=str(seat.presence),
        name=seat.name if seat.here else None,
        muted=seat.muted,
        microphone=seat.microphone,
        camera=seat.camera,
        screen=seat.screen,
        quality=quality,
        line=line,
        troubles=tuple(troubles),
        lost_at=seat.lost_at,
    )


def _iso(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
