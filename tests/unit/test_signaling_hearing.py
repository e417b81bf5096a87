"""The rules of a live hearing's pure core, one by one."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hub.i18n import Text
from hub.models import HearingState
from signaling import effects as fx
from signaling import events as ev
from signaling import protocol as p
from signaling.decide import OFFICIALS
from signaling.hearing import (
    Presence,
    apply,
    decide,
    tick,
    wishes,
)
from tests.support.hearing_room import KINDS, NUMBER, T0, Room, facts, observed, person


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
