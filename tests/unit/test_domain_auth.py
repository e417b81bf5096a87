from __future__ import annotations

from itertools import product

import pytest

from hub.auth import IN_THE_VERY_UNIT, Action, Actor, Grant, Target, command_line, may, may_somewhere, require, scopes
from hub.errors import Forbidden
from hub.models import Role

OWN, BELOW, ABOVE, ELSEWHERE = "/tw/t1/", "/tw/t1/x1/", "/tw/", "/tw/t2/"
RELATIONS = {"own": OWN, "below": BELOW, "above": ABOVE, "elsewhere": ELSEWHERE}
SEATS = ("chair", "deputy", "secretary", "point")

BY_ROLE = {
    Action.MANAGE_ACCOUNTS: {Role.ADMINISTRATOR},
    Action.MANAGE_UNITS: {Role.ADMINISTRATOR},
    Action.SET_ABSENCE: {Role.LEADER, Role.ADMINISTRATOR},
    Action.MANAGE_MAIL: {Role.ADMINISTRATOR},
    Action.READ_AUDIT: {Role.AUDITOR, Role.ADMINISTRATOR},
    Action.REGISTER_CASE: {Role.OFFICER},
    Action.READ_CASE: {Role.OFFICER, Role.LEADER, Role.SECRETARY, Role.AUDITOR},
    Action.EDIT_CASE: {Role.OFFICER},
    Action.HANDLE_CASE: {Role.OFFICER},
    Action.DECIDE_CASE: {Role.OFFICER, Role.LEADER},
    Action.ASSIGN_CASE: {Role.LEADER},
    Action.ANSWER_ASSIGNMENT: set(),
    Action.RECEIVE_TRANSFER: {Role.OFFICER},
    Action.READ_RULES: set(Role),
    Action.MANAGE_RULES: {Role.ADMINISTRATOR},
    Action.READ_REGISTER: {Role.OFFICER, Role.LEADER, Role.AUDITOR},
    Action.CLOSE_REGISTER: {Role.LEADER},
    Action.MAKE_DOCUMENT: {Role.OFFICER, Role.LEADER},
    Action.READ_IDENTITY: {Role.OFFICER, Role.LEADER},
    Action.OPEN_VAULT: {Role.OFFICER, Role.LEADER},
    Action.BOOK_HEARING: {Role.OFFICER, Role.SECRETARY},
    Action.CONNECT_DEVICE: {Role.OFFICER, Role.SECRETARY},
    Action.READ_HEARING: {Role.OFFICER, Role.LEADER, Role.SECRETARY, Role.AUDITOR, Role.TECHNICIAN},
    Action.TAKE_SEAT: set(),
    Action.CHAIR_HEARING: set(),
    Action.TAKE_CHAIR: set(),
    Action.WRITE_NOTE: set(),
    Action.CALL_CASE: set(),
    Action.WRITE_MINUTES: set(),
    Action.READ_MINUTES: {Role.OFFICER, Role.LEADER, Role.SECRETARY, Role.AUDITOR},
    Action.ANSWER_MINUTES: set(),
    Action.WRITE_CONCLUSION: set(),
    Action.ISSUE_CONCLUSION: set(),
    Action.FOLLOW_CONCLUSION: {Role.LEADER, Role.SECRETARY},
    Action.REPORT_TASK: {Role.OFFICER, Role.LEADER},
    Action.WATCH_HELP_DESK: {Role.TECHNICIAN, Role.ADMINISTRATOR},
    Action.READ_LINES: {Role.OFFICER, Role.LEADER, Role.SECRETARY, Role.AUDITOR, Role.TECHNICIAN, Role.ADMINISTRATOR},
    Action.REPLAY_RECORDING: {Role.AUDITOR, Role.LEADER},
    Action.VERIFY_RECORDING: {Role.AUDITOR},
    Action.DOWNLOAD_RECORDING: {Role.AUDITOR, Role.LEADER},
    Action.WITHHOLD_RECORDING: {Role.AUDITOR, Role.LEADER},
    Action.READ_WITHHELD: {Role.LEADER},
    Action.READ_RULES: set(Role),
    Action.MANAGE_RULES: {Role.ADMINISTRATOR},
    Action.KEEP_RECORDING: {Role.AUDITOR, Role.LEADER},
    Action.DESTROY_RECORDING: {Role.AUDITOR, Role.LEADER},
    Action.APPROVE_DESTRUCTION: {Role.LEADER},
    Action.WATCH_ARCHIVE: {Role.AUDITOR, Role.LEADER, Role.ADMINISTRATOR},
}
BY_SEAT = {
    Action.READ_HEARING: {"chair", "deputy", "secretary", "point"},
    Action.READ_CASE: {"chair", "deputy", "secretary"},
    Action.CHAIR_HEARING: {"chair"},
    Action.TAKE_CHAIR: {"deputy", "secretary"},
    Action.WRITE_NOTE: {"secretary", "chair"},
    Action.READ_LINES: {"chair", "deputy", "secretary"},
    Action.CALL_CASE: {"chair", "secretary"},
    Action.WRITE_MINUTES: {"chair", "deputy", "secretary"},
    Action.READ_MINUTES: {"chair", "deputy", "secretary"},
    Action.WRITE_CONCLUSION: {"chair", "deputy", "secretary"},
    Action.ISSUE_CONCLUSION: {"chair"},
    Action.FOLLOW_CONCLUSION: {"chair", "deputy", "secretary"},
}
OF_ONES_OWN = {Action.REPORT_TASK, Action.SET_ABSENCE}
"""What anybody may do of a task that is theirs, or of themselves."""
OF_SEATS = {Action.TAKE_SEAT, Action.ANSWER_MINUTES}
"""Asked of a seat wanted, not by a seat held."""


def official(*roles: Role, path: str = OWN) -> Actor:
    return Actor("a1", "Ông A", "t1", path, frozenset(Grant(role, path) for role in roles))


def test_the_matrix_names_every_action():
    assert set(BY_ROLE) == set(Action)


@pytest.mark.parametrize(("role", "action", "relation"), list(product(Role, Action, RELATIONS)))
def test_a_role_reaches_its_unit_and_those_below_and_nothing_else(role, action, relation):
    reach = ("own",) if action in IN_THE_VERY_UNIT else ("own", "below")
    allowed = role in BY_ROLE[action] and relation in reach
    assert may(official(role), action, Target(paths=(RELATIONS[relation],))) is allowed


@pytest.mark.parametrize(("action", "seat"), list(product(sorted(set(Action) - OF_SEATS), SEATS)))
def test_a_seat_in_the_hearing_gives_what_belongs_to_it_and_no_more(action, seat):
    assert may(official(), action, Target(seat_kind=seat)) is (seat in BY_SEAT.get(action, set()))


@pytest.mark.parametrize("action", sorted(OF_ONES_OWN))
def test_a_task_is_reported_by_whom_it_was_given_to_and_an_absence_said_by_whose_it_is(action):
    assert may(official(), action, Target(paths=(ELSEWHERE,), own=True))
    assert not may(official(), action, Target(paths=(OWN,)))


@pytest.mark.parametrize("action", sorted(set(Action) - OF_ONES_OWN))
def test_nobody_without_role_or_seat_may_do_anything(action):
    assert not may(official(), action, Target(paths=tuple(RELATIONS.values()), own=True))


@pytest.mark.parametrize("action", list(Action))
def test_a_target_that_names_no_unit_is_out_of_everyones_scope(action):
    assert not may(official(*Role), action, Target())


@pytest.mark.parametrize("seat", ["chair", "deputy", "secretary"])
def test_a_named_seat_is_for_the_account_that_was_booked(seat):
    assert may(official(), Action.TAKE_SEAT, Target(seat_kind=seat, own=True))
    assert not may(official(*Role), Action.TAKE_SEAT, Target(paths=(OWN,), seat_kind=seat))


@pytest.mark.parametrize(("role", "relation"), list(product(Role, RELATIONS)))
def test_only_who_was_given_a_case_answers_and_only_while_it_is_in_their_scope(role, relation):
    allowed = role in (Role.OFFICER, Role.LEADER) and relation in ("own", "below")
    given = Target(paths=(RELATIONS[relation],), own=True)
    assert may(official(role), Action.ANSWER_ASSIGNMENT, given) is allowed


@pytest.mark.parametrize(("role", "relation"), list(product(Role, RELATIONS)))
def test_a_points_seat_is_for_officers_whose_scope_covers_the_point(role, relation):
    allowed = role is Role.OFFICER and relation in ("own", "below")
    for action in OF_SEATS:
        assert may(official(role), action, Target(paths=(RELATIONS[relation],), seat_kind="point")) is allowed


def test_a_denouncers_identity_and_what_is_withheld_stay_in_the_unit_that_received_them():
    """Law on Denunciations 2018 Art 56."""
    assert {Action.OPEN_VAULT, Action.READ_WITHHELD} == IN_THE_VERY_UNIT


def test_an_officer_of_a_higher_unit_who_registered_the_denunciation_cannot_read_it_back():
    assert not may(official(Role.OFFICER), Action.OPEN_VAULT, Target(paths=(BELOW,), own=True))


def test_one_unit_in_scope_is_enough_for_a_hearing_between_several():
    assert may(official(Role.TECHNICIAN), Action.READ_HEARING, Target(paths=(ELSEWHERE, BELOW)))


def test_a_unit_whose_path_merely_begins_alike_is_not_below():
    assert not may(official(Role.OFFICER, path="/tw/t1/"), Action.READ_CASE, Target(paths=("/tw/t10/",)))


@pytest.mark.parametrize(("role", "action"), list(product(Role, Action)))
def test_lists_are_filtered_by_the_very_scope_that_may_decides_with(role, action):
    if action is not Action.ANSWER_ASSIGNMENT:  # which depends on whom it was given to
        assert bool(scopes(official(role), action)) is (role in BY_ROLE[action])


def test_refusal_is_an_error_that_a_page_can_show():
    with pytest.raises(Forbidden, match="không có quyền"):
        require(official(), Action.EDIT_CASE, Target(paths=(OWN,)))


def test_the_command_line_administers_everything_and_reads_no_case():
    assert may(command_line(), Action.MANAGE_UNITS, Target(paths=("/",)))
    assert not may(command_line(), Action.READ_CASE, Target(paths=(OWN,)))


def test_having_a_role_somewhere_is_not_holding_it_here():
    assert may_somewhere(official(Role.AUDITOR), Action.READ_AUDIT)
    assert not may_somewhere(official(Role.AUDITOR), Action.REGISTER_CASE)
    assert not may_somewhere(official(Role.AUDITOR), Action.CHAIR_HEARING)
    assert not official(Role.AUDITOR).holds(Role.AUDITOR, ELSEWHERE)
