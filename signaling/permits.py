"""Which messages a seat may send now: ``hub.auth`` decides by the seat, the hearing's state decides the rest. PURE."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from hub import auth
from hub.auth import Action, Actor, Target
from hub.i18n import N_, Text
from hub.models import LIVE_STATES, OVER_STATES, HearingState, SeatKind
from signaling import protocol as p
from signaling.events import snake
from signaling.state import Hearing, Presence, Seat, effective_kind, may_send


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why not: ``code`` as in ``hub.errors``, and a text for the person."""

    code: str
    text: Text


def refuse(code: str, message: str, **params: object) -> Refusal:
    return Refusal(code, Text(message, params))


@dataclass(frozen=True, slots=True)
class Rule:
    states: frozenset[HearingState]
    action: Action | None = None
    admitted: bool = True
    """Whether the seat must have been let in; otherwise it must only have joined."""


_NOT_OVER = frozenset(HearingState) - OVER_STATES
_OPEN = frozenset({HearingState.OPEN})
_ANY = frozenset(HearingState)

RULES: dict[type[p.Message], Rule] = {
    p.Join: Rule(_NOT_OVER, admitted=False),
    p.Leave: Rule(_ANY, admitted=False),
    p.Ping: Rule(_ANY, admitted=False),
    p.Line: Rule(_ANY, admitted=False),
    p.WatchLine: Rule(_ANY, Action.READ_LINES, admitted=False),
    p.Publish: Rule(LIVE_STATES),
    p.Subscribe: Rule(LIVE_STATES),
    p.Answer: Rule(LIVE_STATES),
    p.SetMedia: Rule(_NOT_OVER, admitted=False),
    p.View: Rule(_ANY, admitted=False),
    p.RaiseHand: Rule(LIVE_STATES),
    p.LowerHand: Rule(LIVE_STATES),
    p.Say: Rule(LIVE_STATES),
    p.Note: Rule(LIVE_STATES, Action.WRITE_NOTE),
    p.Open: Rule(frozenset({HearingState.SCHEDULED}), Action.CHAIR_HEARING, admitted=False),
    p.Admit: Rule(LIVE_STATES, Action.CHAIR_HEARING),
    p.Remove: Rule(LIVE_STATES, Action.CHAIR_HEARING),
    p.Mute: Rule(LIVE_STATES, Action.CHAIR_HEARING),
    p.Unmute: Rule(LIVE_STATES, Action.CHAIR_HEARING),
    p.GiveFloor: Rule(_OPEN, Action.CHAIR_HEARING),
    p.TakeFloor: Rule(LIVE_STATES, Action.CHAIR_HEARING),
    p.SetPublishing: Rule(LIVE_STATES, Action.CHAIR_HEARING),
    p.AllowPublishing: Rule(LIVE_STATES, Action.CHAIR_HEARING),
    p.WithdrawPublishing: Rule(LIVE_STATES, Action.CHAIR_HEARING),
    p.Recess: Rule(_OPEN, Action.CHAIR_HEARING),
    p.Resume: Rule(frozenset({HearingState.RECESS, HearingState.INTERRUPTED}), Action.CHAIR_HEARING),
    p.TakeChair: Rule(frozenset({HearingState.RECESS, HearingState.INTERRUPTED}), Action.TAKE_CHAIR),
    p.CallCase: Rule(LIVE_STATES, Action.CALL_CASE),
    p.End: Rule(LIVE_STATES, Action.CHAIR_HEARING),
}


class Situation(NamedTuple):
    """All of a hearing that decides what a seat may send: what ``permitted`` is remembered by."""

    kind: SeatKind
    joined: bool
    presence: Presence
    state: HearingState
    chair_present: bool
    may_send: bool


def situation(hearing: Hearing, seat: Seat) -> Situation:
    return Situation(
        effective_kind(hearing, seat),
        seat.here and seat.connected,
        seat.presence,
        hearing.state,
        chair_present(hearing),
        may_send(hearing, seat),
    )


def refusal(hearing: Hearing, seat: Seat, kind: type[p.Message], actor: Actor) -> Refusal | None:
    """Why this seat may not send a message of this type now; None when it may."""
    return _refusal(situation(hearing, seat), kind, actor)


def _refusal(now: Situation, kind: type[p.Message], actor: Actor) -> Refusal | None:
    rule = RULES[kind]
    if rule.action is not None and not auth.may(actor, rule.action, Target(seat_kind=str(now.kind))):
        return refuse("forbidden", N_("Bạn không có quyền làm việc này."))
    if kind is not p.Join and not now.joined:
        return refuse("forbidden", N_("Hãy vào chỗ trước."))
    if now.state not in rule.states:
        return _wrong_state(now.state)
    if rule.admitted and now.presence is not Presence.ADMITTED:
        return refuse("forbidden", N_("Chủ trì chưa mời bạn vào buổi tiếp."))
    return _special(now, kind)


def _special(now: Situation, kind: type[p.Message]) -> Refusal | None:
    """What only one type of message must heed."""
    if kind is p.Publish and not now.may_send:
        return refuse("forbidden", N_("Điểm của bạn đang chỉ nghe và xem. Giơ tay để xin phát biểu."))
    if kind is p.TakeChair and now.state is HearingState.RECESS and now.chair_present:
        return refuse("conflict", N_("Chủ trì đang có mặt."))
    return None


def chair_present(hearing: Hearing) -> bool:
    chair = hearing.find(hearing.chair)
    return chair is not None and chair.connected


def permitted(hearing: Hearing, seat: Seat, actor: Actor) -> tuple[str, ...]:
    """The types for ``Welcome.may`` and ``State.may``."""
    return _permitted(situation(hearing, seat), actor)


@lru_cache(maxsize=16_384)
def _permitted(now: Situation, actor: Actor) -> tuple[str, ...]:
    """Asked for every browser after every event; two hundred of them are in a dozen situations."""
    return tuple(snake(kind.__name__) for kind in RULES if kind is not p.Join and not _refusal(now, kind, actor))


def _wrong_state(state: HearingState) -> Refusal:
    texts = {
        HearingState.SCHEDULED: N_("Buổi tiếp chưa bắt đầu."),
        HearingState.OPEN: N_("Buổi tiếp đang diễn ra."),
        HearingState.RECESS: N_("Buổi tiếp đang tạm nghỉ."),
        HearingState.INTERRUPTED: N_("Buổi tiếp đang gián đoạn vì vắng chủ trì."),
        HearingState.CLOSED: N_("Buổi tiếp đã kết thúc và không thể mở lại."),
        HearingState.POSTPONED: N_("Buổi tiếp đã được hoãn."),
        HearingState.CANCELLED: N_("Buổi tiếp đã bị hủy."),
    }
    return refuse("conflict", texts[state])
