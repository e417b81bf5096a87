"""The chair's commands: each gives events, or the reason why it cannot be done. PURE."""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from hub.i18n import N_
from hub.models import HearingState
from signaling import events as ev
from signaling import protocol as p
from signaling.events import AnyEvent
from signaling.permits import Refusal, refuse
from signaling.state import Hearing, Presence, Publishing, Seat

MAX_REASON_CHARACTERS = 500

Command = (
    p.Admit
    | p.Remove
    | p.Mute
    | p.Unmute
    | p.GiveFloor
    | p.TakeFloor
    | p.SetPublishing
    | p.AllowPublishing
    | p.WithdrawPublishing
    | p.Recess
    | p.Resume
    | p.CallCase
    | p.End
)
OfChair = p.Open | Command

Outcome = tuple[AnyEvent, ...] | Refusal


def decide_chair(hearing: Hearing, message: Command) -> Outcome:
    """``permits`` has already found that this seat may give the command and that the state allows it."""
    match message:
        case p.Admit() | p.Remove() | p.Mute() | p.Unmute() | p.GiveFloor():
            return _about_a_seat(hearing, message)
        case p.TakeFloor() | p.CallCase():
            return _turn(hearing, message)
        case p.SetPublishing() | p.AllowPublishing() | p.WithdrawPublishing():
            return decide_publishing(hearing, message)
        case p.Recess() | p.Resume():
            return (ev.RecessCalled() if isinstance(message, p.Recess) else ev.Resumed(),)
        case p.End():
            if message.confirm != hearing.number:
                return refuse(
                    "bad_input",
                    N_("Để kết thúc, hãy xác nhận đúng số của buổi tiếp; không thể mở lại."),
                )
            return (ev.Ended(),)
        case _:
            assert_never(message)


def _about_a_seat(hearing: Hearing, message: p.Admit | p.Remove | p.Mute | p.Unmute | p.GiveFloor) -> Outcome:
    seat = hearing.find(message.seat_id)
    if message.seat_id is not None and seat is None:
        return refuse("not_found", N_("Không có chỗ này trong buổi tiếp."))
    match message:
        case p.Admit():
            return _admit(hearing.seats if seat is None else (seat,), one=seat is not None)
        case p.Mute():
            return _mute(hearing, seat, lock=message.lock)
        case p.Unmute():
            chosen = hearing.seats if seat is None else (seat,)
            return tuple(ev.Unmuted(seat_id=one.seat_id) for one in chosen if one.muted)
        case p.Remove():
            assert seat is not None
            return _remove(hearing, seat, message.reason)
        case p.GiveFloor():
            assert seat is not None
            return _give_floor(hearing, seat)
        case _:
            assert_never(message)


def _turn(hearing: Hearing, message: p.TakeFloor | p.CallCase) -> Outcome:
    """A turn is over: the speaker's, or a case's, which another may follow."""
    if isinstance(message, p.TakeFloor):
        return (ev.FloorTaken(seat_id=hearing.floor),) if hearing.floor else ()
    case_id = message.case_id
    if case_id == hearing.case_id:
        return ()
    wanted = next((case for case in hearing.cases if case.case_id == case_id), None)
    if wanted is None and case_id is not None:
        return refuse("not_found", N_("Vụ việc này không có trong buổi tiếp."))
    return (ev.CaseCalled(case_id=case_id, number=wanted.number if wanted else ""),)


def _admit(seats: Iterable[Seat], *, one: bool) -> Outcome:
    waiting = [seat for seat in seats if seat.presence is Presence.WAITING]
    if one and not waiting and not any(seat.admitted for seat in seats):
        return refuse("conflict", N_("Điểm này chưa vào phòng chờ."))
    return tuple(ev.Admitted(seat_id=seat.seat_id) for seat in waiting)


def _mute(hearing: Hearing, seat: Seat | None, *, lock: bool) -> Outcome:
    if seat is not None and seat.seat_id == hearing.chair:
        return refuse("bad_input", N_("Chủ trì tự tắt micro của mình bằng nút micro."))
    chosen = hearing.seats if seat is None else (seat,)
    return tuple(
        ev.Muted(seat_id=one.seat_id, locked=lock)
        for one in chosen
        if one.admitted and one.seat_id != hearing.chair and not (one.muted and one.locked == lock)
    )


def _remove(hearing: Hearing, seat: Seat, reason: str) -> Outcome:
    if seat.seat_id == hearing.chair:
        return refuse("bad_input", N_("Không thể mời chủ trì ra khỏi buổi tiếp."))
    if len(reason) > MAX_REASON_CHARACTERS:
        return refuse("too_large", N_("Nội dung dài quá %(limit)s ký tự."), limit=MAX_REASON_CHARACTERS)
    if not seat.admitted:
        return ()
    floor = (ev.FloorTaken(seat_id=seat.seat_id),) if hearing.floor == seat.seat_id else ()
    return (*floor, ev.Removed(seat_id=seat.seat_id, reason=reason.strip().replace("\x00", "")))


def _give_floor(hearing: Hearing, seat: Seat) -> Outcome:
    """The floor to a muted seat lets it speak: a floor without a voice would mean nothing."""
    assert hearing.state is HearingState.OPEN
    if seat.presence is not Presence.ADMITTED:
        return refuse("conflict", N_("Chỉ điểm đã vào buổi tiếp mới được phát biểu."))
    if hearing.floor == seat.seat_id:
        return ()
    happening: list[AnyEvent] = []
    if seat.muted:
        happening.append(ev.Unmuted(seat_id=seat.seat_id))
    if seat.hand_raised_at is not None:
        happening.append(ev.HandLowered(seat_id=seat.seat_id))
    return (*happening, ev.FloorGiven(seat_id=seat.seat_id))


def decide_publishing(hearing: Hearing, message: p.SetPublishing | p.AllowPublishing | p.WithdrawPublishing) -> Outcome:
    if isinstance(message, p.SetPublishing):
        if message.policy not in frozenset(Publishing):
            return refuse("bad_input", N_("Chế độ phát hình không hợp lệ."))
        return () if hearing.publishing == message.policy else (ev.PublishingSet(policy=message.policy),)
    seat = hearing.find(message.seat_id)
    if seat is None:
        return refuse("not_found", N_("Không có chỗ này trong buổi tiếp."))
    if isinstance(message, p.AllowPublishing):
        return () if seat.allowed else (ev.PublishingAllowed(seat_id=seat.seat_id),)
    return (ev.PublishingWithdrawn(seat_id=seat.seat_id),) if seat.allowed else ()
