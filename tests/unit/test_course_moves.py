"""What may follow what: the table of moves, by type and state."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.case_moves import MOVES, Facts, Happened, MoveCode, Need, offered, target_of
from hub.errors import Conflict
from hub.models import CaseState, CaseType

M, S, T = MoveCode, CaseState, CaseType
DAY = date(2026, 11, 2)

WHOLE = {
    T.COMPLAINT: [M.CLASSIFY, M.ACCEPT, M.VERIFY, M.DIALOGUE, M.DECIDE, M.NOTIFY, M.ENFORCE, M.CLOSE],
    T.DENUNCIATION: [M.CLASSIFY, M.ACCEPT, M.NOTIFY_ACCEPTANCE, M.VERIFY, M.EXTEND, M.CONCLUDE, M.NOTIFY, M.CLOSE],
    T.PETITION: [M.CLASSIFY, M.ASK_INFO, M.INFO_RECEIVED, M.ACCEPT, M.ANSWER, M.NOTIFY, M.CLOSE],
    T.FEEDBACK: [M.CLASSIFY, M.TRANSFER, M.RESULT_RECEIVED, M.TELL_CITIZEN, M.CLOSE],
}


def walk(case_type, codes, state=S.RECEIVED):
    """The course after these moves, as the table leads."""
    course = [Happened(code=M.REGISTER, day=DAY)]
    for n, code in enumerate(codes):
        target = target_of(MOVES[code], Facts(type=case_type, state=state), course)
        course.append(Happened(code=code, day=DAY + n * timedelta(1), from_state=state, to_state=target))
        state = target
    return state, course


@pytest.mark.parametrize(("case_type", "codes"), WHOLE.items())
def test_each_type_has_its_way_from_reception_to_the_end(case_type, codes):
    assert walk(case_type, codes)[0] is S.CLOSED


@pytest.mark.parametrize(
    ("case_type", "before", "code"),
    [
        (T.COMPLAINT, [], M.ACCEPT),  # not before it is classified
        (T.COMPLAINT, [M.CLASSIFY], M.TRANSFER),  # a complainant is guided (Law on Citizen Reception Art 26)
        (T.PETITION, [M.CLASSIFY], M.GUIDE),  # petitions are transferred
        (T.DENUNCIATION, [M.CLASSIFY, M.ACCEPT, M.VERIFY], M.DIALOGUE),
        (T.DENUNCIATION, [M.CLASSIFY, M.ACCEPT, M.VERIFY], M.DECIDE),
        (T.COMPLAINT, [M.CLASSIFY, M.ACCEPT, M.VERIFY], M.CONCLUDE),
        (T.COMPLAINT, [M.CLASSIFY, M.ACCEPT], M.EXTEND),  # a decision of its own only for denunciations
        (T.PETITION, [M.CLASSIFY, M.ACCEPT], M.SUSPEND),
        (T.COMPLAINT, [M.CLASSIFY, M.ACCEPT], M.NOTIFY),  # nothing to send before a decision
        (T.COMPLAINT, [*WHOLE[T.COMPLAINT][:-1]], M.WITHDRAW),  # settled: nothing is left to withdraw
        (T.FEEDBACK, [M.CLASSIFY, M.TRANSFER], M.TELL_CITIZEN),  # not before the result has come
        (T.DENUNCIATION, [M.CLASSIFY, M.TRANSFER], M.TRANSFER),  # the same content once only
        (T.DENUNCIATION, [M.CLASSIFY, M.ACCEPT, M.NOTIFY_ACCEPTANCE], M.NOTIFY_ACCEPTANCE),
        (T.COMPLAINT, WHOLE[T.COMPLAINT], M.CLASSIFY),  # a closed case cannot be reopened
    ],
)
def test_what_the_law_does_not_know_is_refused(case_type, before, code):
    state, course = walk(case_type, before)
    with pytest.raises(Conflict):
        target_of(MOVES[code], Facts(type=case_type, state=state), course)


def test_what_is_transferred_names_the_law_on_its_kind_of_case():
    """Law on Denunciations 25/2018 Art 24 for those, Law on Citizen Reception 42/2013 Art 26 for requests."""
    transfer = MOVES[M.TRANSFER]
    assert transfer.basis_for(T.DENUNCIATION) == "Luật Tố cáo, Điều 24"
    assert {transfer.basis_for(kind) for kind in (T.PETITION, T.FEEDBACK)} == {"Luật Tiếp công dân, Điều 26"}


@pytest.mark.parametrize("before", [[M.CLASSIFY, M.ACCEPT], [M.CLASSIFY, M.ACCEPT, M.VERIFY]])
def test_what_was_suspended_or_withdrawn_under_threat_goes_on_where_it_stood(before):
    was, _ = walk(T.COMPLAINT, before)
    assert walk(T.COMPLAINT, [*before, M.SUSPEND, M.RESUME])[0] is was
    assert walk(T.COMPLAINT, [*before, M.WITHDRAW, M.RECONSIDER])[0] is was
    assert walk(T.COMPLAINT, [*before, M.SUSPEND, M.WITHDRAW, M.RECONSIDER, M.RESUME])[0] is was


def test_part_of_a_case_is_withdrawn_and_the_rest_goes_on():
    state, _ = walk(T.COMPLAINT, [M.CLASSIFY, M.ACCEPT, M.WITHDRAW_PART, M.WITHDRAW_PART])
    assert state is S.ACCEPTED


def test_what_is_for_another_body_is_not_accepted():
    facts = Facts(type=T.DENUNCIATION, state=S.CLASSIFIED, competent=False)
    codes = {move.code for move in offered(facts, walk(T.DENUNCIATION, [M.CLASSIFY])[1])}
    assert M.ACCEPT not in codes
    assert M.TRANSFER in codes


def test_decisions_need_a_document_and_refusals_a_reason():
    for code in (M.ACCEPT, M.REFUSE, M.EXTEND, M.SUSPEND, M.DISCONTINUE, M.DECIDE, M.CONCLUDE, M.ANSWER, M.TRANSFER):
        assert Need.DOCUMENT in MOVES[code].needs, code
    for code in (M.REFUSE, M.FILE, M.EXTEND, M.SUSPEND, M.DISCONTINUE, M.WITHDRAW, M.WITHDRAW_PART, M.RECONSIDER):
        assert Need.REASON in MOVES[code].needs, code


@given(st.sampled_from(T), st.lists(st.integers(0, 30), max_size=25))
def test_however_a_case_goes_it_can_always_be_ended_and_then_stays_so(case_type, choices):
    state, course = S.RECEIVED, [Happened(code=M.REGISTER, day=DAY)]
    for choice in choices:
        moves = offered(Facts(type=case_type, state=state), course)
        if not moves:
            assert state is S.CLOSED
            return
        move = moves[choice % len(moves)]
        target = target_of(move, Facts(type=case_type, state=state), course)
        course.append(Happened(code=move.code, day=DAY, from_state=state, to_state=target))
        state = target
    seen, waiting = {state}, [state]
    while waiting:
        now = waiting.pop()
        for move in MOVES.values():
            if now in move.sources and case_type in move.types and move.target and move.target not in seen:
                seen.add(move.target)
                waiting.append(move.target)
    assert S.CLOSED in seen


def test_every_state_is_reached_and_every_move_can_be_made_by_some_case():
    reached = {S.RECEIVED} | {move.target for move in MOVES.values() if move.target}
    assert reached == set(S) - {S.STATE_SECRET}  # that one is no step of the course but its end here
    assert all(any(move.types & {kind} for kind in T) and move.sources <= reached for move in MOVES.values())
