"""The pure core of a live hearing: what must hold whatever anybody sends, in whatever order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.auth import Actor
from hub.i18n import Text
from hub.models import HearingState, SeatKind
from signaling import effects as fx
from signaling import events as ev
from signaling import protocol as p
from signaling.decide import OFFICIALS
from signaling.events import snake
from signaling.hearing import (
    Decision,
    Facts,
    Hearing,
    Observed,
    Presence,
    Seat,
    apply,
    decide,
    effective_kind,
    fold,
    permitted,
    tick,
    wishes,
)
from signaling.state import may_send

T0 = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
NUMBER = "TCD-2026-0001"
SEATS = ("chair", "deputy", "secretary", "xa1", "xa2")
KINDS = (SeatKind.CHAIR, SeatKind.DEPUTY, SeatKind.SECRETARY, SeatKind.POINT, SeatKind.POINT)


def booked() -> Hearing:
    seats = tuple(Seat(seat_id=name, kind=kind, label=name) for name, kind in zip(SEATS, KINDS, strict=True))
    return Hearing(hearing_id="h", number=NUMBER, title="Tiếp dân", seats=seats, chair="chair")


def person(seat_id: str) -> Actor:
    return Actor(account_id=f"a-{seat_id}", name=seat_id, unit_id="u", unit_path="/u/", grants=frozenset())


def facts(seat_id: str, **more: object) -> Facts:
    given: dict[str, object] = {"actor": person(seat_id), "now": T0, "may_take": frozenset({seat_id})}
    return Facts(**(given | more))  # type: ignore[arg-type]


class Room:
    """A hearing driven by messages, remembering its events, as ``signaling.live_hearing`` does with a database."""

    def __init__(self) -> None:
        self.state = booked()
        self.log: list[tuple[ev.AnyEvent, datetime]] = []
        self.now = T0

    def keep(self, *events: ev.AnyEvent) -> None:
        for event in events:
            self.log.append((event, self.now))
            self.state = apply(self.state, event, self.now)

    def send(self, seat_id: str, message: p.FromBrowser, **more: object) -> Decision:
        decision = decide(self.state, seat_id, message, facts(seat_id, **more))
        if fx.StartRecording() in decision.effects:
            decision = decide(self.state, seat_id, message, facts(seat_id, recording=("r", 7), **more))
        self.keep(*decision.events)
        return decision

    def join(self, *seats: str) -> Room:
        for seat_id in seats:
            self.send(seat_id, p.Join(version=1, seat_id=seat_id))
        return self

    def open(self, *points: str) -> Room:
        self.join("chair", *points)
        self.send("chair", p.Open())
        for point in points:
            self.send("chair", p.Admit(seat_id=point))
        return self

    def lose(self, seat_id: str) -> None:
        self.keep(ev.Lost(seat_id=seat_id))

    def seat(self, seat_id: str) -> Seat:
        found = self.state.find(seat_id)
        assert found is not None
        return found


# Properties over random histories -----------------------------------------------------------------------------------

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


def observed(**more: object) -> Observed:
    given: dict[str, object] = {"connected": None, "recorder_up": None, "worker_up": None, "chair_lost_s": 60}
    return Observed(**(given | more))  # type: ignore[arg-type]


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


# The rules one by one -----------------------------------------------------------------------------------------------


def test_a_closed_hearing_never_reopens() -> None:
    room = Room().open("xa1")
    room.send("chair", p.End(confirm=NUMBER))
    for message in (p.Open(), p.Resume(), p.Admit(), p.End(confirm=NUMBER), p.Join(version=1, seat_id="chair")):
        assert room.send("chair", message).refusal is not None
    closed = room.state
    assert apply(closed, ev.Opened(recording_id="r2", epoch_ns=1), T0) == closed
    assert apply(closed, ev.Resumed(), T0) == closed


def test_nobody_is_lost_by_the_end() -> None:
    room = Room().open("xa1")
    room.send("chair", p.End(confirm=NUMBER))
    assert tick(room.state, T0, observed(connected=frozenset())) == ()


def test_opening_waits_for_the_recorder() -> None:
    room = Room().join("chair")
    refused = decide(room.state, "chair", p.Open(), facts("chair", recorder_refuses=Text("máy ghi tắt")))
    assert refused.refusal is not None
    assert refused.refusal.code == "not_ready"
    assert str(refused.refusal.text) == "máy ghi tắt"
    first = decide(room.state, "chair", p.Open(), facts("chair"))
    assert first.events == ()
    assert first.effects == (fx.StartRecording(),)
    assert decide(room.state, "chair", p.Open(), facts("chair", media_ready=False)).refusal is not None


def test_officials_are_admitted_by_the_opening_and_points_only_by_the_chair() -> None:
    room = Room().join("chair", "secretary", "xa1")
    room.send("chair", p.Open())
    assert {one.seat_id for one in room.state.seats if one.admitted} == {"chair", "secretary"}
    assert room.seat("xa1").presence is Presence.WAITING
    room.join("deputy")
    assert room.seat("deputy").presence is Presence.ADMITTED
    assert all(kind in OFFICIALS for kind in KINDS[:3])


def test_admitting_all_lets_in_all_that_wait() -> None:
    room = Room().join("chair", "xa1", "xa2")
    room.send("chair", p.Open())
    room.lose("xa2")
    room.send("chair", p.Admit())
    assert room.seat("xa1").admitted
    assert not room.seat("xa2").admitted
    absent = Room().open()
    assert absent.send("chair", p.Admit(seat_id="xa1")).refusal is not None


def test_a_lost_seat_keeps_its_place() -> None:
    room = Room().open("xa1")
    room.send("chair", p.Mute(seat_id="xa1"))
    room.send("chair", p.GiveFloor(seat_id="xa1"))
    room.lose("xa1")
    assert room.seat("xa1").presence is Presence.LOST
    assert room.state.floor == "xa1"
    assert "xa1" in wishes(room.state).publish
    room.join("xa1")
    assert room.seat("xa1").presence is Presence.ADMITTED


def test_who_leaves_must_be_admitted_again_and_loses_the_floor_but_not_the_mute() -> None:
    room = Room().open("xa1")
    room.send("chair", p.GiveFloor(seat_id="xa1"))
    room.send("chair", p.Mute(seat_id="xa1"))
    left = room.send("xa1", p.Leave())
    assert left.events == (ev.FloorTaken(seat_id="xa1"), ev.Left(seat_id="xa1"))
    assert fx.Dismiss("xa1", "left", drop_media=True) in left.effects
    room.join("xa1")
    assert room.seat("xa1").presence is Presence.WAITING
    assert room.seat("xa1").locked


def test_a_muted_and_locked_seat_cannot_unmute_but_may_change_its_camera() -> None:
    room = Room().open("xa1")
    room.send("chair", p.Mute(seat_id="xa1", lock=True))
    assert room.send("xa1", p.SetMedia(microphone=True, camera=True)).refusal is not None
    assert room.send("xa1", p.SetMedia(microphone=True, camera=False)).refusal is None
    assert room.seat("xa1").muted
    assert not room.seat("xa1").camera
    room.send("xa1", p.SetMedia(microphone=False, camera=False))
    assert room.send("xa1", p.SetMedia(microphone=True, camera=False)).refusal is None
    assert room.seat("xa1").muted
    assert wishes(room.state).paused["xa1", "microphone"] == "muted"
    room.send("chair", p.Unmute(seat_id="xa1"))
    assert wishes(room.state).paused == {
        ("chair", "screen"): "muted", ("chair", "screen_audio"): "muted",
        ("xa1", "screen"): "muted", ("xa1", "screen_audio"): "muted", ("xa1", "camera"): "muted",
    }  # fmt: skip


def test_a_muted_seat_that_is_not_locked_unmutes_itself() -> None:
    room = Room().open("xa1")
    room.send("chair", p.Mute(seat_id="xa1", lock=False))
    assert room.send("xa1", p.SetMedia(microphone=True, camera=True)).events == (ev.Unmuted(seat_id="xa1"),)


def test_mute_all_spares_the_chair_and_is_said_once() -> None:
    room = Room().open("xa1", "xa2")
    assert [event.seat_id for event in room.send("chair", p.Mute()).events] == ["xa1", "xa2"]  # type: ignore[union-attr]
    assert room.send("chair", p.Mute()).events == ()
    assert room.send("chair", p.Mute(seat_id="chair")).refusal is not None


def test_the_floor_goes_only_to_an_admitted_seat_and_lowers_its_hand() -> None:
    room = Room().open("xa1").join("xa2")
    assert room.send("chair", p.GiveFloor(seat_id="xa2")).refusal is not None
    room.send("xa1", p.RaiseHand())
    assert room.seat("xa1").hand_raised_at == T0
    room.send("chair", p.GiveFloor(seat_id="xa1"))
    assert room.state.floor == "xa1"
    assert room.seat("xa1").hand_raised_at is None
    room.send("chair", p.Remove(seat_id="xa1"))
    assert room.state.floor is None


def test_only_one_shares_the_screen_unless_it_is_the_chair() -> None:
    room = Room().open("xa1", "xa2")
    share = p.SetMedia(microphone=True, camera=True, screen=True)
    assert room.send("xa1", share).refusal is None
    assert room.send("xa2", share).refusal is not None
    assert room.send("chair", share).refusal is None
    assert ("xa1", "screen") not in wishes(room.state).paused


def test_a_chair_lost_for_a_minute_interrupts_and_the_deputy_may_take_over() -> None:
    room = Room().open("deputy", "xa1")
    room.lose("chair")
    room.now += timedelta(seconds=59)
    assert tick(room.state, room.now, observed()) == ()
    assert room.send("deputy", p.TakeChair()).refusal is not None
    room.now += timedelta(seconds=1)
    room.keep(*tick(room.state, room.now, observed()))
    assert room.state.state is HearingState.INTERRUPTED
    assert room.send("xa1", p.TakeChair()).refusal is not None
    assert room.send("deputy", p.TakeChair()).events == (ev.ChairTaken(seat_id="deputy"), ev.Resumed())
    assert room.state.chair == "deputy"
    assert room.send("deputy", p.Mute()).refusal is None
    room.join("chair")
    assert room.send("chair", p.Recess()).refusal is not None
    assert room.state.state is HearingState.OPEN


def test_a_chair_that_comes_back_resumes_an_interrupted_hearing() -> None:
    room = Room().open("xa1")
    room.lose("chair")
    room.now += timedelta(seconds=30)
    assert room.join("chair").log[-1][0] == ev.Joined(seat_id="chair", account_id="a-chair", name="chair")
    room.lose("chair")
    room.now += timedelta(seconds=61)
    room.keep(*tick(room.state, room.now, observed()))
    room.join("chair")
    assert room.log[-1][0] == ev.Resumed()
    assert room.state.state is HearingState.OPEN


def test_a_recess_is_not_interrupted_but_the_chair_may_be_taken_in_it() -> None:
    room = Room().open("secretary")
    room.send("chair", p.Recess())
    assert room.send("secretary", p.TakeChair()).refusal is not None
    room.lose("chair")
    room.now += timedelta(hours=1)
    assert tick(room.state, room.now, observed()) == ()
    assert room.send("secretary", p.TakeChair()).events == (ev.ChairTaken(seat_id="secretary"),)
    assert room.state.state is HearingState.RECESS
    assert set(wishes(room.state).paused.values()) == {"recess"}


def test_a_second_browser_must_ask_to_take_over() -> None:
    room = Room().join("xa1")
    asked = decide(room.state, "xa1", p.Join(version=1, seat_id="xa1"), facts("xa1", held_by="Bà B"))
    assert asked.reply == p.SeatTaken(name="Bà B")
    taken = decide(room.state, "xa1", p.Join(version=1, seat_id="xa1", take_over=True), facts("xa1", held_by="Bà B"))
    assert [type(event) for event in taken.events] == [ev.Displaced, ev.Joined]
    assert fx.Dismiss("xa1", "displaced", drop_media=True) in taken.effects


def test_a_browser_that_comes_back_after_a_restart_was_never_away() -> None:
    room = Room().open("xa1")
    assert decide(room.state, "xa1", p.Join(version=1, seat_id="xa1"), facts("xa1")).events == ()
    other = facts("xa1", actor=person("someone else"))
    assert [type(one) for one in decide(room.state, "xa1", p.Join(version=1, seat_id="xa1"), other).events] == [
        ev.Joined
    ]


def test_what_was_not_observed_leads_to_nothing_and_what_was_is_said_once() -> None:
    room = Room().open("xa1")
    assert tick(room.state, T0, observed()) == ()
    down = observed(connected=frozenset({"chair"}), recorder_up=False, worker_up=False)
    room.keep(*tick(room.state, T0, down))
    assert [type(event) for event, _ in room.log[-3:]] == [ev.Lost, ev.RecorderLost, ev.WorkerLost]
    assert tick(room.state, T0, down) == ()
    up = observed(connected=frozenset({"chair"}), recorder_up=True, worker_up=True)
    assert tick(room.state, T0, up) == (ev.RecorderBack(), ev.WorkerBack())


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (p.Say(text=" \n "), "bad_input"),
        (p.Say(text="x" * (p.MAX_TEXT_CHARACTERS + 1)), "too_large"),
        (p.Publish(generation=-1, sdp="", sources={}), "bad_input"),
        (p.Publish(generation=1, sdp="", sources={"0": "hologram"}), "bad_input"),
        (p.Subscribe(generation=2**60), "bad_input"),
        (p.LowerHand(seat_id="nobody"), "not_found"),
        (p.Remove(seat_id="nobody"), "not_found"),
        (p.Remove(seat_id="xa1", reason="x" * 501), "too_large"),
        (p.End(confirm="TCD"), "bad_input"),
    ],
)
def test_nonsense_is_refused(message: p.FromBrowser, code: str) -> None:
    refused = Room().open("xa1").send("chair", message).refusal
    assert refused is not None
    assert refused.code == code


def test_an_old_page_is_told_to_reload() -> None:
    refused = Room().send("xa1", p.Join(version=0, seat_id="xa1")).refusal
    assert refused is not None
    assert refused.code == "protocol_error"
    assert Room().send("nobody", p.Leave()).refusal is not None


def test_a_point_may_only_lower_its_own_hand() -> None:
    room = Room().open("xa1", "xa2")
    room.send("xa2", p.RaiseHand())
    assert room.send("xa1", p.LowerHand(seat_id="xa2")).refusal is not None
    assert room.send("chair", p.LowerHand(seat_id="xa2")).events == (ev.HandLowered(seat_id="xa2"),)


def test_quality_is_kept_within_its_bounds() -> None:
    decision = Room().open().send("chair", p.Ping(at=1.0, quality=99))
    assert decision.effects == (fx.KeepQuality("chair", 4),)
    assert decision.reply == p.Pong(at=1.0)
