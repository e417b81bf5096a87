"""The order of cases in a hearing: who calls, who may know, and which seconds are whose."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hub.agenda import Called, Turn, next_case, turns
from hub.models import SeatKind
from signaling import events as ev
from signaling import protocol as p
from signaling.state import ListedCase, effective_kind
from signaling.views import knows_case, shown
from tests.unit.test_signaling_hearing import Room

T0 = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
CASES = (
    ListedCase(case_id="c1", number="KN-1", known_to=frozenset({"xa1"})),
    ListedCase(case_id="c2", number="KN-2", known_to=frozenset()),
)


def room() -> Room:
    made = Room()
    made.state = replace(made.state, cases=CASES)
    return made.open("secretary", "deputy", "xa1", "xa2")


def test_the_chair_and_the_secretary_call_cases_and_nobody_else_does() -> None:
    held = room()
    assert held.send("chair", p.CallCase(case_id="c1")).events == (ev.CaseCalled(case_id="c1", number="KN-1"),)
    assert held.send("secretary", p.CallCase(case_id="c2")).events == (ev.CaseCalled(case_id="c2", number="KN-2"),)
    for seat in ("deputy", "xa1"):
        refusal = held.send(seat, p.CallCase(case_id="c1")).refusal
        assert refusal is not None
        assert refusal.code == "forbidden"
    assert held.state.case_id == "c2"
    assert held.state.heard == {"c1", "c2"}


def test_calling_the_case_that_is_heard_changes_nothing() -> None:
    held = room()
    held.send("chair", p.CallCase(case_id="c1"))
    assert held.send("secretary", p.CallCase(case_id="c1")).events == ()


def test_a_case_of_another_hearing_cannot_be_called() -> None:
    held = room()
    refusal = held.send("chair", p.CallCase(case_id="c9")).refusal
    assert refusal is not None
    assert refusal.code == "not_found"


def test_no_case_is_called_before_the_opening() -> None:
    waiting = Room()
    waiting.state = replace(waiting.state, cases=CASES)
    waiting.join("chair", "secretary")
    assert waiting.send("chair", p.CallCase(case_id="c1")).refusal is not None


def test_after_the_last_case_none_is_heard() -> None:
    held = room()
    held.send("chair", p.CallCase(case_id="c1"))
    held.send("chair", p.CallCase())
    assert held.state.case_id is None
    assert held.state.heard == {"c1"}


def test_who_took_the_chair_calls_cases() -> None:
    held = room()
    held.keep(ev.ChairTaken(seat_id="deputy"))
    assert effective_kind(held.state, held.seat("deputy")) is SeatKind.CHAIR
    assert held.send("deputy", p.CallCase(case_id="c1")).events
    assert held.send("chair", p.CallCase(case_id="c2")).refusal is not None


def test_a_point_learns_that_a_case_is_heard_and_not_whose() -> None:
    held = room()
    event = ev.CaseCalled(case_id="c1", number="KN-1")
    assert shown(held.state, held.seat("xa1"), event) is event
    assert shown(held.state, held.seat("secretary"), event) is event
    assert shown(held.state, held.seat("xa2"), event) == ev.CaseCalled(case_id="", number="")
    assert not knows_case(held.state, held.seat("xa1"), "c2")


def test_that_a_case_is_over_everybody_may_know() -> None:
    held = room()
    over = ev.CaseCalled()
    assert all(shown(held.state, seat, over) is over for seat in held.state.seats)


def test_each_second_of_the_recording_belongs_to_the_case_that_was_heard() -> None:
    called = [Called(T0 + timedelta(seconds=at), case) for at, case in ((10, "c1"), (60, "c2"), (90, None), (95, "c1"))]
    assert turns(called, T0, T0 + timedelta(seconds=120)) == [
        Turn("c1", 10_000, 60_000),
        Turn("c2", 60_000, 90_000),
        Turn("c1", 95_000, 120_000),
    ]
    assert turns(called[:1], T0, None) == [Turn("c1", 10_000, None)]
    assert turns([], T0, None) == []


def test_the_next_case_is_the_first_after_this_that_has_not_been_heard() -> None:
    order = ["c1", "c2", "c3"]
    assert next_case(order, frozenset(), None) == "c1"
    assert next_case(order, frozenset({"c1"}), "c1") == "c2"
    assert next_case(order, frozenset({"c1", "c3"}), "c3") == "c2"
    assert next_case(order, frozenset(order), "c3") is None
