"""What must hold in a live hearing whatever anybody sends, in whatever order: random histories."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.models import HearingState, SeatKind
from signaling import events as ev
from signaling import protocol as p
from signaling.events import snake
from signaling.hearing import (
    Hearing,
    Seat,
    effective_kind,
    fold,
    permitted,
    tick,
    wishes,
)
from signaling.state import may_send
from tests.support.hearing_room import NUMBER, SEATS, Room, booked, observed, person

seat_ids = st.sampled_from(SEATS)
maybe_seat = st.none() | seat_ids
booleans = st.booleans()
messages = st.one_of(
    st.builds(p.Join, version=st.just(1), seat_id=seat_ids, take_over=booleans),
    st.just(p.Leave()),
    st.builds(p.Publish, generation=st.integers(-1, 3), sdp=st.text(max_size=3), sources=st.just({"0": "camera"})),
    st.builds(p.Subscribe, generation=st.integers(0, 3)),
    st.builds(p.SetMedia, microphone=booleans, camera=booleans, screen=booleans),
    st.just(p.RaiseHand()),
    st.builds(p.LowerHand, seat_id=maybe_seat),
    st.builds(p.Say, text=st.text(max_size=5)),
    st.builds(p.Note, text=st.text(max_size=5)),
    st.just(p.Open()),
    st.builds(p.Admit, seat_id=maybe_seat),
    st.builds(p.Remove, seat_id=seat_ids),
    st.builds(p.Mute, seat_id=maybe_seat, lock=booleans),
    st.builds(p.Unmute, seat_id=maybe_seat),
    st.builds(p.GiveFloor, seat_id=seat_ids),
    st.just(p.TakeFloor()),
    st.just(p.Recess()),
    st.just(p.Resume()),
    st.just(p.TakeChair()),
    st.builds(p.End, confirm=st.sampled_from(["", NUMBER])),
    st.builds(p.Ping, at=st.just(0.0), quality=st.none() | st.integers(-9, 9)),
)
chaired = st.one_of(
    st.builds(p.SetPublishing, policy=st.sampled_from(["all", "invited", "nobody"])),
    st.builds(p.AllowPublishing, seat_id=seat_ids),
    st.builds(p.WithdrawPublishing, seat_id=seat_ids),
    st.just(p.Recess()),
    st.just(p.Resume()),
    st.just(p.TakeFloor()),
    st.builds(p.GiveFloor, seat_id=seat_ids),
    st.builds(p.Admit, seat_id=maybe_seat),
    st.builds(p.Remove, seat_id=seat_ids),
    st.builds(p.Mute, seat_id=maybe_seat, lock=booleans),
)
steps = st.lists(
    st.tuples(seat_ids, messages)
    | st.tuples(st.just("chair"), chaired)  # or most commands would come from those who may not give them
    | st.tuples(seat_ids, st.just("lost"))
    | st.tuples(st.integers(1, 90), st.just("wait"))
    | st.tuples(booleans, st.just("recorder")),
    max_size=60,
)


def play(history: list[tuple[object, object]], room: Room | None = None) -> Room:
    room = room or Room()
    for who, what in history:
        room.now += timedelta(seconds=1)
        check(room, who, what)
    return room


def check(room: Room, who: object, what: object) -> None:
    """One step, and everything that must be true of it."""
    before = room.state
    if what == "wait":
        room.now += timedelta(seconds=float(str(who)))
        room.keep(*tick(before, room.now, observed()))
    elif what == "lost":
        seat = before.find(str(who))
        if seat is not None and seat.connected:
            room.lose(str(who))
    elif what == "recorder":
        room.keep(*tick(before, room.now, observed(recorder_up=bool(who))))
    else:
        one_message(room, before, str(who), what)  # type: ignore[arg-type]
    after = room.state
    if before.state is HearingState.CLOSED:
        assert after.state is HearingState.CLOSED
    if after.floor is not None:
        holder = after.find(after.floor)
        assert holder is not None
        assert holder.admitted
    chair = after.find(after.chair)
    assert chair is not None
    media = wishes(after)
    assert set(media.publish) == {one.seat_id for one in after.seats if one.admitted and one.here and after.live}
    senders = {seat_id for seat_id, sources in media.publish.items() if sources}
    for seat_id, received in media.consume.items():
        assert received.seats == senders - {seat_id}
        assert {one for one, source in received.pictures if source == "camera"} == senders - {seat_id}
    for one in after.seats:
        assert (one.seat_id in senders) == ("publish" in permitted(after, one, person("x")) or lost_sender(after, one))
        if one.muted and one.seat_id in media.publish:
            assert media.paused[one.seat_id, "microphone"]


def lost_sender(hearing: Hearing, seat: Seat) -> bool:
    """Its media goes on though nobody can ask for anything."""
    return hearing.live and seat.here and seat.admitted and not seat.connected and may_send(hearing, seat)


def one_message(room: Room, before: Hearing, seat_id: str, message: p.FromBrowser) -> None:
    if isinstance(message, p.Join):
        seat_id = message.seat_id
    decision = room.send(seat_id, message)
    seat = before.find(seat_id)
    assert seat is not None
    if decision.refusal is not None:
        assert decision.events == ()
        assert decision.effects == ()
    if type(message) in CHAIRED and decision.events:
        assert effective_kind(before, seat) is SeatKind.CHAIR
    if not isinstance(message, p.Join) and snake(type(message).__name__) not in permitted(before, seat, person("x")):
        assert decision.refusal is not None
    if seat.muted and seat.locked and type(message) is p.SetMedia:
        now = room.state.find(seat_id)
        assert now is not None
        assert now.muted
    assert not any(isinstance(event, ev.Removed) and event.seat_id == before.chair for event in decision.events)


CHAIRED = {
    p.Open, p.Admit, p.Remove, p.Mute, p.Unmute, p.GiveFloor, p.TakeFloor, p.Recess, p.Resume, p.End,
    p.SetPublishing, p.AllowPublishing, p.WithdrawPublishing,
}  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(steps)
def test_whatever_is_sent_the_rules_hold_and_the_events_alone_give_the_same_state(history: list) -> None:
    room = play(history)
    assert fold(booked(), room.log) == room.state
    rows = [(ev.from_row(*ev.to_row(event)), at) for event, at in room.log]
    assert fold(booked(), rows) == room.state


@settings(max_examples=200, deadline=None)
@given(steps)
def test_the_rules_hold_in_an_open_hearing_too(history: list) -> None:
    room = Room().open("xa1", "xa2", "deputy", "secretary")
    assert room.state.state is HearingState.OPEN
    play(history, room)
    assert fold(booked(), room.log) == room.state
