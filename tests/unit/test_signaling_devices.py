"""Room encoders and displays in the hearing's own terms: when they wait, whose place they take, what they may see."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from hub.models import HearingState, SeatKind
from signaling import events as ev
from signaling.hearing import Observed, device_left, fold, tick
from signaling.media import peers
from signaling.state import Device, Hearing, Presence, Seat
from signaling.wishes import REPLACED, WAITING, Guests, wishes

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
BOTH = frozenset({"camera", "microphone"})
DEVICE = Guests(devices={"xa1": BOTH})


def hearing(state: HearingState = HearingState.OPEN, **xa1: object) -> Hearing:
    chair = Seat(seat_id="chair", kind=SeatKind.CHAIR, label="Chủ trì", here=True, connected=True, admitted=True)
    point = Seat(seat_id="xa1", kind=SeatKind.POINT, label="Xã 1")
    return Hearing(
        hearing_id="h",
        number="1",
        title="",
        chair="chair",
        state=state,
        recording_id="r" if state is not HearingState.SCHEDULED else None,
        seats=(chair, replace(point, **xa1)),  # type: ignore[arg-type]
    )


def happened(before: Hearing, *events: ev.AnyEvent) -> Seat:
    seat = fold(before, [(event, NOW) for event in events]).find("xa1")
    assert seat is not None
    return seat


def test_before_the_opening_a_device_is_connected_and_nothing_of_it_goes_anywhere() -> None:
    wished = wishes(hearing(HearingState.SCHEDULED), DEVICE)
    assert (wished.media, wished.recording_id) == (True, None)
    assert wished.publish == {"device.xa1": BOTH}
    assert {wished.paused["device.xa1", source] for source in BOTH} == {WAITING}
    assert wishes(hearing(HearingState.SCHEDULED)).media is False


@pytest.mark.parametrize("state", [HearingState.CLOSED, HearingState.CANCELLED, HearingState.POSTPONED])
def test_a_hearing_that_is_off_keeps_no_device(state: HearingState) -> None:
    assert not wishes(hearing(state), DEVICE).peers


def test_a_device_is_heard_only_once_the_chair_has_let_its_seat_in() -> None:
    waiting = hearing(device=Device.ON)
    assert wishes(waiting, DEVICE).paused["device.xa1", "camera"] == WAITING
    admitted = hearing(device=Device.ON, admitted=True)
    wished = wishes(admitted, DEVICE)
    assert ("device.xa1", "camera") not in wished.paused
    assert wished.consume["chair"].seats == {"xa1"}


def test_what_the_device_sends_rests_in_the_browser_and_what_it_does_not_send_stays() -> None:
    both = hearing(here=True, connected=True, admitted=True, device=Device.ON)
    wished = wishes(both, Guests(devices={"xa1": frozenset({"camera"})}))
    assert wished.paused["xa1", "camera"] == REPLACED
    assert ("xa1", "microphone") not in wished.paused
    assert ("xa1", "camera") not in wishes(both, Guests(devices={"xa1": frozenset()})).paused


def test_the_chair_s_mute_holds_for_the_device_and_the_browser_s_switches_do_not() -> None:
    off = hearing(here=True, connected=True, admitted=True, device=Device.ON, camera=False, microphone=False)
    assert not {key for key in wishes(off, DEVICE).paused if key[0] == "device.xa1"}
    muted = hearing(device=Device.ON, admitted=True, muted=True)
    paused = wishes(muted, DEVICE).paused
    assert paused["device.xa1", "microphone"] == "muted"
    assert ("device.xa1", "camera") not in paused


def test_in_a_recess_a_device_is_paused_as_everybody() -> None:
    wished = wishes(hearing(HearingState.RECESS, device=Device.ON, admitted=True), DEVICE)
    assert {cause for (peer, _), cause in wished.paused.items() if peer == "device.xa1"} == {"recess"}


def test_a_display_sees_nothing_until_its_seat_is_let_in_and_then_all_others() -> None:
    display = peers.display("t", "xa1")
    guests = Guests(displays=frozenset({display}))
    assert wishes(hearing(here=True, connected=True), guests).consume[display].seats == frozenset()
    assert wishes(hearing(here=True, connected=True, admitted=True), guests).consume[display].seats == {"chair"}


def test_devices_come_and_go_by_what_is_observed() -> None:
    def seen(*seats: str) -> Observed:
        return Observed(connected=None, recorder_up=None, worker_up=None, chair_lost_s=60, devices=frozenset(seats))

    assert tick(hearing(), NOW, seen("xa1")) == (ev.DeviceJoined(seat_id="xa1"),)
    assert tick(hearing(device=Device.ON), NOW, seen("xa1")) == ()
    assert tick(hearing(device=Device.ON), NOW, seen()) == (ev.DeviceLost(seat_id="xa1"),)
    assert tick(hearing(HearingState.CLOSED, device=Device.ON), NOW, seen()) == ()


def test_a_room_without_a_browser_waits_is_let_in_is_lost_and_leaves() -> None:
    joined = ev.DeviceJoined(seat_id="xa1")
    assert happened(hearing(), joined).presence is Presence.WAITING
    admitted = (joined, ev.Admitted(seat_id="xa1"))
    assert happened(hearing(), *admitted).presence is Presence.ADMITTED
    lost = happened(hearing(), *admitted, ev.DeviceLost(seat_id="xa1"))
    assert (lost.presence, lost.admitted) == (Presence.LOST, True)
    left = happened(hearing(), *admitted, ev.DeviceLeft(seat_id="xa1"))
    assert (left.presence, left.admitted) == (Presence.ABSENT, False)


def test_a_device_that_leaves_changes_nothing_for_the_officer_beside_it() -> None:
    seat = happened(hearing(here=True, connected=True, admitted=True, device=Device.ON), ev.DeviceLeft(seat_id="xa1"))
    assert (seat.presence, seat.device) == (Presence.ADMITTED, Device.NONE)


def test_an_empty_seat_gives_the_floor_back_when_its_device_leaves() -> None:
    with_floor = replace(hearing(device=Device.ON, admitted=True), floor="xa1")
    assert device_left(with_floor, "xa1") == (ev.FloorTaken(seat_id="xa1"), ev.DeviceLeft(seat_id="xa1"))
    assert device_left(hearing(), "xa1") == ()
