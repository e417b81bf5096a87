"""Large hearings: who may send, whose pictures each seat is sent, and what is given up before anything is lost."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.auth import Actor
from hub.models import HearingState, SeatKind
from signaling import effects as fx
from signaling import events as ev
from signaling import overload
from signaling import protocol as p
from signaling.hearing import Facts, Hearing, Seat, apply, decide, fold, permitted, wishes
from signaling.media.control import ProducerInfo
from signaling.offered import Offered
from signaling.placement import Carrier, choose, must_move
from signaling.selection import EVERYONE_SEES, NOTHING_RECEIVED, Limits, Reception, Selection, View
from signaling.state import Publishing, may_send
from signaling.wishes import Receptions, Shown

T0 = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
SMALL, LARGE = 5, 197


def booked(points: int) -> Hearing:
    officials = [("chair", SeatKind.CHAIR), ("deputy", SeatKind.DEPUTY), ("secretary", SeatKind.SECRETARY)]
    places = [*officials, *((f"p{number}", SeatKind.POINT) for number in range(points))]
    seats = tuple(Seat(seat_id=name, kind=kind, label=name) for name, kind in places)
    return Hearing(hearing_id="h", number="1", title="Tiếp dân", seats=seats, chair="chair")


def person(seat_id: str) -> Actor:
    return Actor(account_id=f"a-{seat_id}", name=seat_id, unit_id="u", unit_path="/u/", grants=frozenset())


def facts(seat_id: str = "chair", *, listen_above: int = 12) -> Facts:
    return Facts(actor=person(seat_id), now=T0, recording=("r", 7), listen_above_points=listen_above)


def keep(hearing: Hearing, *events: ev.AnyEvent) -> Hearing:
    return fold(hearing, [(event, T0) for event in events])


def joined(hearing: Hearing) -> Hearing:
    for seat in hearing.seats:
        hearing = keep(hearing, ev.Joined(seat_id=seat.seat_id, account_id=f"a-{seat.seat_id}", name=seat.seat_id))
    return hearing


def opened(points: int, *, listen_above: int = 12) -> Hearing:
    hearing = joined(booked(points))
    hearing = keep(hearing, *decide(hearing, "chair", p.Open(), facts(listen_above=listen_above)).events)
    return keep(hearing, *decide(hearing, "chair", p.Admit(), facts()).events)


def send(hearing: Hearing, seat_id: str, message: p.FromBrowser) -> Hearing:
    decision = decide(hearing, seat_id, message, facts(seat_id))
    assert decision.refusal is None, decision.refusal
    return keep(hearing, *decision.events)


def seat(hearing: Hearing, seat_id: str) -> Seat:
    found = hearing.find(seat_id)
    assert found is not None
    return found


def senders(hearing: Hearing) -> set[str]:
    return {seat_id for seat_id, sources in wishes(hearing).publish.items() if sources}


# Who may send --------------------------------------------------------------------------------------------------------


def test_in_a_small_hearing_all_who_are_admitted_send() -> None:
    hearing = opened(SMALL)
    assert hearing.publishing is Publishing.ALL
    assert senders(hearing) == {one.seat_id for one in hearing.seats}


def test_a_large_hearing_opens_with_its_points_listening_and_the_record_says_so() -> None:
    hearing = joined(booked(LARGE))
    events = decide(hearing, "chair", p.Open(), facts()).events
    assert ev.PublishingSet(policy="invited") in events
    assert senders(opened(LARGE)) == {"chair", "deputy", "secretary"}


def test_who_has_the_floor_sends_for_as_long_as_he_has_it() -> None:
    hearing = opened(LARGE)
    assert "publish" not in permitted(hearing, seat(hearing, "p7"), person("p7"))
    assert "subscribe" in permitted(hearing, seat(hearing, "p7"), person("p7"))
    given_floor = send(hearing, "chair", p.GiveFloor(seat_id="p7"))
    assert "publish" in permitted(given_floor, seat(given_floor, "p7"), person("p7"))
    taken = send(given_floor, "chair", p.TakeFloor())
    assert "publish" not in permitted(taken, seat(taken, "p7"), person("p7"))


def test_whom_the_chair_allows_sends_until_it_is_withdrawn() -> None:
    hearing = send(opened(LARGE), "chair", p.AllowPublishing(seat_id="p3"))
    assert "p3" in senders(hearing)
    assert decide(hearing, "chair", p.AllowPublishing(seat_id="p3"), facts()).events == ()
    assert "p3" not in senders(send(hearing, "chair", p.WithdrawPublishing(seat_id="p3")))


def test_a_listener_who_publishes_or_shares_all_the_same_is_refused_and_told_why() -> None:
    hearing = opened(LARGE)
    for message in (
        p.Publish(generation=1, sdp="v=0", sources={"0": "camera"}),
        p.SetMedia(microphone=True, camera=True, screen=True),
    ):
        refusal = decide(hearing, "p1", message, facts("p1")).refusal
        assert refusal is not None
        assert refusal.code == "forbidden"


def test_only_the_chair_decides_who_sends() -> None:
    hearing = opened(LARGE)
    for message in (p.SetPublishing(policy="all"), p.AllowPublishing(seat_id="p1"), p.WithdrawPublishing(seat_id="p1")):
        for who in ("p1", "deputy", "secretary"):
            assert decide(hearing, who, message, facts(who)).refusal is not None


def test_the_policy_can_be_changed_and_nonsense_is_refused() -> None:
    hearing = opened(LARGE)
    assert len(senders(send(hearing, "chair", p.SetPublishing(policy="all")))) == LARGE + 3
    assert decide(hearing, "chair", p.SetPublishing(policy="invited"), facts()).events == ()
    refusal = decide(hearing, "chair", p.SetPublishing(policy="nobody"), facts()).refusal
    assert refusal is not None
    assert refusal.code == "bad_input"


def test_the_floor_alone_speaks_when_a_former_chair_is_back() -> None:
    hearing = replace(opened(LARGE), chair="deputy")
    assert may_send(hearing, seat(hearing, "chair"))  # a former chair is a deputy, not a point


# Whose pictures ------------------------------------------------------------------------------------------------------


def view(*tiles: tuple[str, int], pinned: Iterable[str] = ()) -> View:
    return View({(seat_id, "camera"): height for seat_id, height in tiles}, tuple(pinned))


def all_send(points: int) -> Hearing:
    return send(opened(points), "chair", p.SetPublishing(policy="all")) if points > 12 else opened(points)


def pictures(hearing: Hearing, seat_id: str, shown: View | None, limits: Limits = Limits()) -> list[str]:  # noqa: B008
    views = {} if shown is None else {seat_id: shown}
    return [one for one, _ in wishes(hearing, shown=Shown(views, limits)).consume[seat_id].pictures]


def test_in_a_small_hearing_everybody_sees_everybody_without_asking() -> None:
    hearing = all_send(SMALL)
    everyone = {one.seat_id for one in hearing.seats}
    for one in everyone:
        assert set(pictures(hearing, one, None)) == everyone - {one}
        assert set(pictures(hearing, one, view(("p1", 90)))) == everyone - {one}


def test_in_a_large_hearing_a_seat_is_sent_what_it_shows_and_never_itself() -> None:
    hearing = send(all_send(LARGE), "chair", p.GiveFloor(seat_id="p50"))
    shown = view(("p1", 180), ("p9", 180), ("p2", 180), pinned=["p77"])
    assert pictures(hearing, "p9", shown) == ["p50", "chair", "p77", "p1", "p2"]


def test_the_most_important_come_first_and_the_rest_falls_away() -> None:
    hearing = send(all_send(LARGE), "chair", p.GiveFloor(seat_id="p50"))
    shown = view(*((f"p{number}", 180) for number in range(40)))
    assert pictures(hearing, "p90", shown, Limits(4)) == ["p50", "chair", "p0", "p1"]
    assert len(pictures(hearing, "p90", None, Limits(16))) == 16


def test_a_shared_screen_comes_before_everything() -> None:
    hearing = send(all_send(SMALL), "p2", p.SetMedia(microphone=True, camera=True, screen=True))
    assert wishes(hearing).consume["p1"].pictures[0] == ("p2", "screen")
    assert ("p2", "screen") not in wishes(hearing).consume["p2"].pictures


def test_what_a_browser_receives_is_worked_out_once_and_only_when_asked_for() -> None:
    asked: list[str] = []
    receptions = Receptions(["p1", "p2", "p3"], lambda peer: asked.append(peer) or NOTHING_RECEIVED)  # type: ignore[func-returns-value]
    assert set(receptions) == {"p1", "p2", "p3"}
    assert asked == []
    assert receptions["p2"] is receptions["p2"]
    assert asked == ["p2"]
    assert receptions.get("p4") is None


def test_sound_is_heard_from_everyone_who_sends_whatever_is_shown() -> None:
    hearing = all_send(LARGE)
    received = wishes(hearing, shown=Shown({"p1": view(("p2", 90))})).consume["p1"]
    assert len(received.seats) == LARGE + 2


def test_heights_are_those_told_and_limited_but_for_the_stage() -> None:
    hearing = send(all_send(LARGE), "chair", p.GiveFloor(seat_id="p50"))
    shown = Shown({"p1": view(("p50", 720), ("p2", 360))}, Limits(16, 180))
    heights = wishes(hearing, shown=shown).consume["p1"].heights
    assert heights["p50", "camera"] == 720
    assert heights["p2", "camera"] == 180
    assert heights["chair", "camera"] == 180


@given(st.integers(1, 30), st.lists(st.integers(0, 40), max_size=30), st.lists(st.integers(0, 40), max_size=5))
def test_no_view_whatever_brings_more_than_the_limit_or_a_picture_twice(
    most: int, tiles: list[int], pinned: list[int]
) -> None:
    hearing = all_send(20)
    message = p.View(
        tiles=[p.TileView(seat_id=f"p{number}", height=number * 1000 - 5) for number in tiles],
        pinned=[f"p{number}" for number in pinned],
    )
    (effect,) = decide(hearing, "p1", message, facts("p1")).effects
    assert isinstance(effect, fx.KeepView)
    chosen = wishes(hearing, shown=Shown({"p1": effect.view}, Limits(most))).consume["p1"].pictures
    assert len(chosen) == len(set(chosen)) <= most
    assert all(one != "p1" and hearing.find(one) is not None for one, _ in chosen)
    assert all(height >= 1 for height in effect.view.heights.values())


def test_who_may_not_send_is_nobodys_picture() -> None:
    hearing = opened(LARGE)
    everyone = [one.seat_id for one in hearing.seats if may_send(hearing, one)]
    chosen = Selection(hearing, everyone, Limits()).reception("p1", view(("p2", 90), ("deputy", 90)))
    assert [one for one, _ in chosen.pictures] == ["chair", "deputy", "secretary"]
    assert len(everyone) <= EVERYONE_SEES


# From seats to producers ---------------------------------------------------------------------------------------------


def producer(seat_id: str, source: str, peer: str = "") -> ProducerInfo:
    kind = "audio" if source == "microphone" else "video"
    return ProducerInfo(
        producer_id=f"{peer or seat_id}/{source}", peer_id=peer or seat_id, source=source, kind=kind, paused=""
    )


def test_wishes_become_producers_sound_first_and_in_order() -> None:
    known = [producer(one, source) for one in ("a", "b", "c") for source in ("microphone", "camera")]
    reception = Reception(
        frozenset({"b", "c"}), (("c", "camera"), ("b", "camera"), ("d", "camera")), {("c", "camera"): 90}
    )
    wanted = Offered(known, {}).to(reception)
    assert wanted.producer_ids == ["b/microphone", "c/microphone", "c/camera", "b/camera"]
    assert wanted.heights == {"c/camera": 90}


def test_a_camera_that_a_room_encoder_replaces_is_not_offered() -> None:
    known = [producer("a", "camera"), producer("a", "camera", "device.a")]
    reception = Reception(frozenset(), (("a", "camera"),))
    assert Offered(known, {("a", "camera"): "device"}).to(reception).producer_ids == ["device.a/camera"]


def test_to_a_display_what_is_switched_off_comes_last() -> None:
    known = [producer("a", "camera"), producer("b", "camera")]
    reception = Reception(frozenset(), (("a", "camera"), ("b", "camera")))
    offered = Offered(known, {("a", "camera"): "muted"})
    assert offered.to(reception, flowing_first=True).producer_ids == ["b/camera", "a/camera"]
    assert offered.to(reception).producer_ids == ["a/camera", "b/camera"]


# Overload ------------------------------------------------------------------------------------------------------------

BUSY, EASY, STEADY = overload.Sample(0.95), overload.Sample(0.3), overload.Sample(0.75)


def follow(governor: overload.Governor, samples: Iterable[tuple[float, overload.Sample]]) -> list[int]:
    return [governor.observe(sample, at) for at, sample in samples]


def every(seconds: float, begin: float, until: float, sample: overload.Sample) -> list[tuple[float, overload.Sample]]:
    return [(begin + seconds * step, sample) for step in range(int((until - begin) / seconds))]


def test_limits_come_step_by_step_and_end_at_the_highest() -> None:
    levels = follow(overload.Governor(), every(2, 0, 40, BUSY))
    assert levels[0] == 1
    assert all(later - earlier in (0, 1) for earlier, later in pairwise(levels))
    assert levels[-1] == overload.HIGHEST


def test_between_busy_and_idle_nothing_changes() -> None:
    governor = overload.Governor(2)
    assert set(follow(governor, every(2, 0, 600, STEADY))) == {2}


def test_limits_go_only_after_a_calm_time() -> None:
    governor = overload.Governor(1)
    levels = follow(governor, every(1, 0, 40, EASY))
    assert levels[int(overload.LOWER_AFTER_S) - 1] == 1
    assert levels[-1] == 0


def test_what_was_given_back_too_early_is_given_back_later_the_next_time() -> None:
    governor = overload.Governor(1)
    waits, at = [], 0.0
    for _ in range(3):
        begin = at
        while governor.observe(EASY, at):
            at += 1
        waits.append(at - begin)
        while not governor.observe(BUSY, at):
            at += 1
        at += 1
    assert waits == sorted(waits)
    assert waits[-1] >= 2 * waits[0]


@pytest.mark.parametrize(
    "sample", [overload.Sample(0.1, dropped=5), overload.Sample(0.1, backlog=overload.BACKLOG)], ids=["lost", "backlog"]
)
def test_loss_and_a_recorder_that_is_kept_waiting_count_as_overload(sample: overload.Sample) -> None:
    governor = overload.Governor()
    governor.observe(EASY, 0)
    assert governor.observe(sample, 2) == 1


def test_each_level_gives_less_and_the_floor_and_the_chair_are_always_sent() -> None:
    given_at = [overload.limits(level, 16) for level in range(overload.HIGHEST + 3)]
    assert [one.pictures for one in given_at] == sorted((one.pictures for one in given_at), reverse=True)
    assert given_at[0].height is None
    assert given_at[-1].pictures >= overload.FEWEST
    assert overload.limits(overload.HIGHEST, 1).pictures == 1


def test_a_limit_is_an_event_of_the_hearing_told_once() -> None:
    from signaling.hearing import Observed, tick

    hearing = opened(SMALL)
    seen = Observed(connected=None, recorder_up=None, worker_up=None, chair_lost_s=60, picture_level=2)
    (event,) = tick(hearing, T0 + timedelta(seconds=1), seen)
    assert event == ev.PicturesLimited(level=2)
    hearing = apply(hearing, event, T0)
    assert hearing.picture_level == 2
    assert tick(hearing, T0, seen) == ()
    assert hearing.state is HearingState.OPEN


# Placement -----------------------------------------------------------------------------------------------------------


def carrier(index: int, **more: object) -> Carrier:
    return Carrier(**({"index": index, "up": True} | more))  # type: ignore[arg-type]


def test_a_hearing_goes_where_the_fewest_seats_are_not_the_fewest_hearings() -> None:
    assert choose([carrier(0, seats=200), carrier(1, seats=12)]) == 1
    assert choose([carrier(0), carrier(1)]) == 0


def test_a_busy_worker_gets_nothing_new_while_another_has_time() -> None:
    assert choose([carrier(0, load=0.9), carrier(1, load=0.2, seats=300)]) == 1
    assert choose([carrier(0, load=0.9, seats=5), carrier(1, load=0.8, seats=9)]) == 0


def test_a_drained_worker_gets_a_hearing_only_when_there_is_no_other() -> None:
    assert choose([carrier(0, draining=True), carrier(1, load=0.99)]) == 1
    assert choose([carrier(0, draining=True), carrier(1, up=False)]) == 0
    assert choose([carrier(0, up=False)]) is None


def test_a_hearing_moves_only_when_it_must() -> None:
    assert not must_move(0, [carrier(0, load=1.0, seats=500), carrier(1)])
    assert must_move(0, [carrier(0, up=False), carrier(1)])
    assert must_move(0, [carrier(0, draining=True), carrier(1)])
    assert not must_move(0, [carrier(0, draining=True), carrier(1, draining=True)])
    assert not must_move(0, [carrier(0, draining=True), carrier(1, up=False)])
