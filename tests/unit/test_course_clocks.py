"""The clocks of cases against dates counted by hand, each with its article."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.case_clocks import SPECS, ClockState, clocks, next_due
from hub.case_moves import Facts, Happened, MoveCode
from hub.models import CaseState, CaseType, Complexity, RuleUnit
from hub.services.law_loading import shipped_book

BOOK = shipped_book()
M, S, T = MoveCode, CaseState, CaseType


def day(text: str) -> date:
    """``"2/11"`` is in 2026."""
    number, month = text.split("/")
    return date(2026, int(month), int(number))


def course(**steps: str) -> list[Happened]:
    """``register="2/11", accept="12/11"``: by name of the move; a second of one kind is written ``extend_2``."""
    found = []
    for name, when in steps.items():
        code = next(code for code in M if name in (code, f"{code}_2"))
        found.append(Happened(code=code, day=day(when), document_number="1/QĐ"))
    return found


def clock(code: str, steps: list[Happened], today: str, **facts: object):
    kind = T.DENUNCIATION if "denunciation" in code or code == "acceptance_notice" else T.COMPLAINT
    given = {"type": kind, "state": S.VERIFYING} | facts
    return next((one for one in clocks(Facts(**given), steps, BOOK, day(today)) if one.spec.code == code), None)


DATED = [
    # Law on Citizen Reception Art 28.1: 10 working days from Mon 2/11.
    ("reply", {"register": "2/11"}, {}, "16/11"),
    # Law on Complaints Art 27: 10 days from Wed 4/11 end on Sat 14/11, so Mon 16/11.
    ("acceptance_complaint", {"register": "4/11"}, {}, "16/11"),
    # Art 28: 30 days from acceptance on Mon 5/10; complex 45; remote 45; both 60.
    ("settlement_complaint", {"register": "28/9", "accept": "5/10"}, {}, "4/11"),
    ("settlement_complaint", {"register": "28/9", "accept": "5/10"}, {"complexity": Complexity.COMPLEX}, "19/11"),
    ("settlement_complaint", {"register": "28/9", "accept": "5/10"}, {"remote": True}, "19/11"),
    (
        "settlement_complaint",
        {"register": "28/9", "accept": "5/10"},
        {"remote": True, "complexity": Complexity.COMPLEX},
        "4/12",
    ),
    # Art 37: a second complaint 45 days, remote and complex 70.
    ("settlement_complaint", {"register": "28/9", "accept": "5/10"}, {"level": 2}, "19/11"),
    (
        "settlement_complaint",
        {"register": "28/9", "accept": "5/10"},
        {"level": 2, "remote": True, "complexity": Complexity.COMPLEX},
        "14/12",
    ),
    # Suspended Mon 12/10 (day 7 counts), resumed Thu 22/10: ten days later than 4/11, on Sat 14/11, so Mon 16/11.
    (
        "settlement_complaint",
        {"register": "28/9", "accept": "5/10", "suspend": "12/10", "resume": "22/10"},
        {},
        "16/11",
    ),
    # Withdrawn 12/10 under threat, reconsidered 15/10: three days later, on Sat 7/11, so Mon 9/11.
    (
        "settlement_complaint",
        {"register": "28/9", "accept": "5/10", "withdraw": "12/10", "reconsider": "15/10"},
        {},
        "9/11",
    ),
    # Law on Denunciations Art 24.1: 7 working days from Mon 2/11, in several places 10.
    ("check_denunciation", {"register": "2/11"}, {}, "11/11"),
    ("check_denunciation", {"register": "2/11"}, {"several_places": True}, "16/11"),
    # Art 24.2: for another body, 5 working days.
    ("transfer_denunciation", {"register": "2/11"}, {"competent": False}, "9/11"),
    # Art 29: notice within 5 working days of acceptance on Wed 11/11.
    ("acceptance_notice", {"register": "2/11", "accept": "11/11"}, {}, "18/11"),
    # Art 30: 30 days from Mon 5/10; extended once 60, twice 90: Wed 4/11, Fri 4/12, Sun 3/1/2027 (see below).
    ("settlement_denunciation", {"register": "28/9", "accept": "5/10"}, {}, "4/11"),
    ("settlement_denunciation", {"register": "28/9", "accept": "5/10", "extend": "3/11"}, {}, "4/12"),
    # Law on Citizen Reception Art 27.2: a forwarded case's result within 7 working days of the decision on Thu 5/11.
    ("forwarded_result", {"register": "28/9", "accept": "5/10", "decide": "5/11"}, {"forwarded": True}, "16/11"),
    # Law on Complaints Art 33: 30 days after the outcome was sent on Thu 1/10 is Sat 31/10, so Mon 2/11; remote 45.
    ("second_filing", {"register": "1/9", "notify": "1/10"}, {}, "2/11"),
    ("second_filing", {"register": "1/9", "notify": "1/10"}, {"remote": True}, "16/11"),
]


@pytest.mark.parametrize(("code", "steps", "facts", "due"), DATED)
def test_a_clock_counted_by_hand_comes_out(code, steps, facts, due):
    found = clock(code, course(**steps), "1/11", **facts)
    assert found.due == day(due)


def test_every_clock_has_a_date_counted_by_hand():
    told = clocks(
        Facts(type=T.FEEDBACK, state=S.TRANSFERRED),
        course(register="2/11", transfer="3/11", result_received="6/11"),
        BOOK,
        day("9/11"),
    )
    # Art 28.2: the citizen is told within 5 working days of Fri 6/11.
    assert {one.spec.code: one.due for one in told} == {"reply": day("16/11"), "result_to_citizen": day("13/11")}
    assert {spec.code for spec in SPECS} == {code for code, *_ in DATED} | {"result_to_citizen"}


def test_two_extensions_add_up_and_name_their_decisions():
    """90 days from Mon 5/10/2026 end on Sun 3/1/2027, so on Mon 4/1."""
    found = clock(
        "settlement_denunciation", course(register="28/9", accept="5/10", extend="3/11", extend_2="3/12"), "4/12"
    )
    assert found.due == date(2027, 1, 4)
    assert len(found.extensions) == 2


STEPS = {"register": "28/9", "accept": "5/10"}


@pytest.mark.parametrize(
    ("steps", "today", "case_state", "state", "left"),
    [
        (STEPS, "20/10", S.VERIFYING, ClockState.RUNNING, 11),
        (STEPS, "2/11", S.VERIFYING, ClockState.SOON, 2),
        (STEPS, "4/11", S.VERIFYING, ClockState.SOON, 0),
        (STEPS, "5/11", S.VERIFYING, ClockState.OVERDUE, -1),
        (STEPS | {"decide": "4/11"}, "20/11", S.DECIDED, ClockState.MET, None),
        (STEPS | {"decide": "5/11"}, "20/11", S.DECIDED, ClockState.MET_LATE, None),
        (STEPS | {"suspend": "12/10"}, "20/11", S.SUSPENDED, ClockState.PAUSED, None),
        (STEPS | {"withdraw": "12/10"}, "20/11", S.WITHDRAWN, ClockState.CANCELLED, None),
        (STEPS | {"discontinue": "12/10"}, "20/11", S.DISCONTINUED, ClockState.CANCELLED, None),
    ],
)
def test_how_a_clock_stands_follows_from_today_and_from_what_happened(steps, today, case_state, state, left):
    found = clock("settlement_complaint", course(**steps), today, state=case_state)
    assert (found.state, found.left) == (state, left)


def test_the_citizens_own_time_is_nobodys_delay():
    found = clocks(
        Facts(type=T.COMPLAINT, state=S.NOTIFIED),
        course(register="1/6", accept="8/6", decide="1/7", notify="3/7"),
        BOOK,
        day("20/11"),
    )
    assert next(one for one in found if one.spec.citizens).state is ClockState.OVERDUE
    assert next_due(found) is None


def test_what_is_due_first_is_named_first():
    found = clocks(Facts(type=T.DENUNCIATION), course(register="2/11"), BOOK, day("3/11"))
    assert next_due(found).spec.code == "check_denunciation"


def test_a_rule_is_chosen_by_the_day_on_which_its_clock_starts():
    """A version from 1/11/2026 counts for what begins then; what began before keeps the old one."""
    rules = []
    for rule in BOOK.rules:
        if rule.code == "reception_reply":
            rules += [replace(rule, valid_to=day("31/10")), replace(rule, value=5, valid_from=day("1/11"))]
        else:
            rules.append(rule)
    book = replace(BOOK, rules=tuple(rules))
    old, new = (
        next(
            c
            for c in clocks(Facts(type=T.PETITION), course(register=when), book, day("3/11"))
            if c.spec.code == "reply"
        )
        for when in ("30/10", "2/11")
    )
    assert (old.due, new.due) == (day("13/11"), day("9/11"))


@given(st.sampled_from(T), st.integers(0, 60), st.integers(0, 40), st.integers(0, 40))
def test_a_pause_never_shortens_a_clock_and_a_clock_that_ran_is_never_lost(case_type, accepted, first, length):
    start = day("1/6")
    at = [start + timedelta(days) for days in (accepted, accepted + first, accepted + first + length)]
    plain = [Happened(code=M.REGISTER, day=start), Happened(code=M.ACCEPT, day=at[0])]
    paused = [*plain, Happened(code=M.SUSPEND, day=at[1]), Happened(code=M.RESUME, day=at[2])]
    facts = Facts(type=case_type, state=S.VERIFYING)
    for without, with_pause in zip(
        clocks(facts, plain, BOOK, day("1/12")), clocks(facts, paused, BOOK, day("1/12")), strict=True
    ):
        assert without.spec is with_pause.spec
        assert with_pause.due >= without.due


def test_a_rule_that_somebody_made_a_number_of_people_gives_no_clock_and_stops_nothing():
    rules = tuple(replace(one, unit=RuleUnit.PEOPLE) if one.code == "reception_reply" else one for one in BOOK.rules)
    steps = course(register="2/11")
    found = clocks(Facts(type=T.COMPLAINT, state=S.RECEIVED), steps, replace(BOOK, rules=rules), day("3/11"))
    assert "reply" not in {one.spec.code for one in found}
    assert found
