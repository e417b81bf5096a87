"""Which messages a seat may send now: ``hub.auth`` decides by the seat, the hearing's state decides the rest. PURE."""

from __future__ import annotations

from dataclasses import dataclass

from hub import auth
from hub.auth import Action, Actor, Target
from hub.i18n import N_, Text
from hub.models import LIVE_STATES, OVER_STATES, HearingState
from signaling import protocol as p
from signaling.events import snake
from signaling.state import Hearing, Presence, Seat, effective_kind


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
    p.Recess: Rule(_OPEN, Action.CHAIR_HEARING),
    p.Resume: Rule(frozenset({HearingState.RECESS, HearingState.INTERRUPTED}), Action.CHAIR_HEARING),
    p.TakeChair: Rule(frozenset({HearingState.RECESS, HearingState.INTERRUPTED}), Action.TAKE_CHAIR),
    p.End: Rule(LIVE_STATES, Action.CHAIR_HEARING),
}


def refusal(hearing: Hearing, seat: Seat, kind: type[p.Message], actor: Actor) -> Refusal | None:
    """Why this seat may not send a message of this type now; None when it may."""
    rule = RULES[kind]
    target = Target(seat_kind=str(effective_kind(hearing, seat)))
    if rule.action is not None and not auth.may(actor, rule.action, target):
        return refuse("forbidden", N_("Bạn không có quyền làm việc này."))
    if kind is not p.Join and not (seat.here and seat.connected):
        return refuse("forbidden", N_("Hãy vào chỗ trước."))
    if hearing.state not in rule.states:
        return _wrong_state(hearing.state)
    if rule.admitted and seat.presence is not Presence.ADMITTED:
        return refuse("forbidden", N_("Chủ trì chưa mời bạn vào buổi tiếp."))
    if kind is p.TakeChair and hearing.state is HearingState.RECESS and chair_present(hearing):
        return refuse("conflict", N_("Chủ trì đang có mặt."))
    return None


def chair_present(hearing: Hearing) -> bool:
    chair = hearing.find(hearing.chair)
    return chair is not None and chair.connected


def permitted(hearing: Hearing, seat: Seat, actor: Actor) -> list[str]:
    """The types for ``Welcome.may`` and ``State.may``."""
    return [snake(kind.__name__) for kind in RULES if kind is not p.Join and not refusal(hearing, seat, kind, actor)]


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
