"""The shipped law against dates counted by hand, each with its article; and the reader of its files."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from hub import retention
from hub.case_clocks import rule_codes
from hub.errors import NotFound, Unacceptable
from hub.law import Rule, RuleBook, uncovered
from hub.law_files import HOLIDAY_COLUMNS, RULE_COLUMNS, LawFileError, read_holidays, read_rules
from hub.models import Certainty, DayKind, RuleUnit
from hub.services.law_loading import shipped_book
from hub.working_days import WorkCalendar

BOOK = shipped_book()

# Counted by hand on a wall calendar. Weekends and days off in the span are named, to be checked again.
DATED = [
    # No law: three working days before Mon 16/11/2026 and two after it. Weekend 14–15/11.
    ("reminder_before", "2026-11-16", "2026-11-11"),
    ("reminder_superior", "2026-11-16", "2026-11-18"),
    # Law on Citizen Reception 42/2013 Art 28.1: 10 working days. Mon 2/11/2026; weekends 7–8, 14–15/11.
    ("reception_reply", "2026-11-02", "2026-11-16"),
    # The same over 24/11/2026, whose enactment is not verified: it counts. Mon 23/11; weekends 28–29/11, 5–6/12.
    ("reception_reply", "2026-11-23", "2026-12-07"),
    # Received on a Saturday: Mon 9/11 is day 1. Weekend 14–15/11.
    ("reception_reply", "2026-11-07", "2026-11-20"),
    # Over Tết 2026 (off Mon 16/2–Fri 20/2). Tue 10/2: 11, 12, 13/2 are 1–3; Mon 23–Fri 27/2 are 4–8; 2, 3/3 are 9, 10.
    ("reception_reply", "2026-02-10", "2026-03-03"),
    # Over National Day 2026: Sat 22/8 is worked for Mon 31/8; Tue 1/9, Wed 2/9 off. Wed 19/8: 20, 21, 22, 24–28 are
    # 1–8; Thu 3/9 and Fri 4/9 are 9, 10.
    ("reception_reply", "2026-08-19", "2026-09-04"),
    # Over Hung Kings' Day (Sun 26/4, compensated Mon 27/4), 30/4, 1/5. Wed 22/4: 23, 24, 28, 29/4 are 1–4; 4–8/5 are
    # 5–9; Mon 11/5 is 10.
    ("reception_reply", "2026-04-22", "2026-05-11"),
    # Over 2025: 30/4, 1/5 off, Fri 2/5 off for Sat 26/4 worked. Thu 24/4: 25, 26, 28, 29/4 are 1–4; 5–9/5 are 5–9;
    # 12/5 is 10.
    ("reception_reply", "2025-04-24", "2025-05-12"),
    # Art 27.2: 7 working days. Thu 5/11: 6, 9–13, 16/11.
    ("reception_forwarded_result", "2026-11-05", "2026-11-16"),
    # Art 28.2: 5 working days. Fri 6/11: 9–13/11.
    ("reception_result_to_citizen", "2026-11-06", "2026-11-13"),
    # Art 24: posted at least 5 working days before. Reception on Fri 8/5/2026: 7, 6, 5, 4/5 and 29/4 (30/4–3/5 off).
    ("schedule_posting", "2026-05-08", "2026-04-29"),
    # Art 21.1: deputies are told 10 working days ahead, and report absence 5 ahead. Reception on Mon 23/11/2026.
    ("deputy_schedule_notice", "2026-11-23", "2026-11-09"),
    ("deputy_absence_notice", "2026-11-23", "2026-11-16"),
    # Law on Complaints 02/2011 Art 9: 90 days. 1/9/2026 + 90 = 30/11/2026, a Monday.
    ("complaint_first_filing", "2026-09-01", "2026-11-30"),
    # Art 33: 30 days, remote 45. Thu 1/10/2026 + 30 = Sat 31/10, so Mon 2/11; + 45 = Sun 15/11, so Mon 16/11.
    ("complaint_second_filing", "2026-10-01", "2026-11-02"),
    ("complaint_second_filing_remote", "2026-10-01", "2026-11-16"),
    # Art 27: 10 days, not working days. Mon 2/11 + 10 = Thu 12/11. Wed 4/11 + 10 = Sat 14/11, moved to Mon 16/11.
    ("complaint_acceptance_notice", "2026-11-02", "2026-11-12"),
    ("complaint_acceptance_notice", "2026-11-04", "2026-11-16"),
    # Art 36, the same for a second complaint: 1/9 + 10 = Fri 11/9.
    ("complaint_second_acceptance_notice", "2026-09-01", "2026-09-11"),
    # Art 28: 30; complex 45; remote 45, complex there 60. Mon 5/10/2026: 4/11 Wed; 19/11 Thu; 4/12 Fri.
    ("complaint_first_settlement", "2026-10-05", "2026-11-04"),
    ("complaint_first_settlement_complex", "2026-10-05", "2026-11-19"),
    ("complaint_first_settlement_remote", "2026-10-05", "2026-11-19"),
    ("complaint_first_settlement_remote_complex", "2026-10-05", "2026-12-04"),
    # Ends within Tết: Tue 20/1/2026 + 30 = Thu 19/2, moved over Fri 20/2 and the weekend to Mon 23/2.
    ("complaint_first_settlement", "2026-01-20", "2026-02-23"),
    # Art 37: 45; complex 60; remote 60, complex there 70. Mon 5/10: 19/11; 4/12; 14/12 Mon.
    ("complaint_second_settlement", "2026-10-05", "2026-11-19"),
    ("complaint_second_settlement_complex", "2026-10-05", "2026-12-04"),
    ("complaint_second_settlement_remote", "2026-10-05", "2026-12-04"),
    ("complaint_second_settlement_remote_complex", "2026-10-05", "2026-12-14"),
    # Law on Denunciations 25/2018 Art 24.1: 7 working days, or 10. Mon 2/11: 3–6, 9–11/11; and 12, 13, 16.
    ("denunciation_check", "2026-11-02", "2026-11-11"),
    ("denunciation_check_extended", "2026-11-02", "2026-11-16"),
    # Art 24.2 and 29: 5 working days. Mon 2/11: 3–6, 9/11.
    ("denunciation_transfer", "2026-11-02", "2026-11-09"),
    ("denunciation_acceptance_notice", "2026-11-02", "2026-11-09"),
    # Art 30: 30 days, each extension 30 more. Wed 28/10/2026 + 30 = Fri 27/11.
    ("denunciation_settlement", "2026-10-28", "2026-11-27"),
    ("denunciation_extension", "2026-10-28", "2026-11-27"),
    # Art 11.5, 12.5, 18.2: one day a month; 13.5: two, until districts ended on 1/7/2025.
    ("reception_inspector_general", "2026-11-22", "2026-11-30"),
    ("reception_province_chair", "2026-02-10", "2026-02-28"),
    ("reception_agency_head", "2026-11-01", "2026-11-30"),
    ("reception_district_chair", "2025-06-10", "2025-06-30"),
    # Art 15.2.d: a day a week until 30/6/2026 (Mon 29/6–Sun 5/7); two a month from 1/7/2026 (Law 136/2025).
    ("reception_commune_chair", "2026-06-30", "2026-07-05"),
    ("reception_commune_chair", "2026-07-01", "2026-07-31"),
]
LIMITS = {
    "denunciation_extensions_complex": 1,
    "denunciation_extensions_special": 2,
    "group_counted_from": 5,
    "group_large_above": 10,
    "group_representatives_small": 2,
    "group_representatives_large": 5,
}
"""Art 30.2, 30.3: how often the time for a denunciation may be extended; Art 29: representatives of groups."""
KEPT = {
    "retention_recording": "2031-06-30",
    "retention_recording_complaint": "2041-06-30",
    "retention_recording_denunciation": "2041-06-30",
    "retention_recording_petition": "2031-06-30",
    "retention_recording_feedback": "2031-06-30",
    "retention_destruction_papers": "2046-06-30",
}
"""Of 30/6/2026. No law that names a period was found: 5, 15 and 20 years are guesses, and marked so."""


@pytest.mark.parametrize(("code", "event", "due"), DATED)
def test_a_date_counted_by_hand_comes_out(code, event, due):
    day = date.fromisoformat(event)
    assert BOOK.explain(BOOK.rule(code, day), day).due == date.fromisoformat(due)


def test_every_shipped_rule_has_a_date_counted_by_hand():
    assert {rule.code for rule in BOOK.rules} == {code for code, _, _ in DATED} | set(LIMITS) | set(KEPT)


@pytest.mark.parametrize(("code", "until"), KEPT.items())
def test_what_is_kept_is_kept_so_many_years_from_its_day(code, until):
    day = date(2026, 6, 30)
    assert retention.rule_of(BOOK.rule(code, day)).until(day) == date.fromisoformat(until)


def test_of_several_kinds_of_cases_the_longest_period_counts_and_for_ever_is_the_longest():
    day = date(2026, 6, 30)
    chosen = retention.choose(BOOK, ["feedback", "complaint"], day)
    assert (chosen.case_type, chosen.years) == ("complaint", 15)
    assert retention.choose(BOOK, [], day).case_type == ""
    for_ever = replace(BOOK.rule("retention_recording_feedback", day), unit=RuleUnit.FOREVER)
    others = tuple(rule for rule in BOOK.rules if rule.code != for_ever.code)
    book = RuleBook((*others, for_ever), BOOK.days)
    assert retention.choose(book, ["feedback", "complaint"], day).years is None
    assert retention.choose(RuleBook((), BOOK.days), ["complaint"], day) is None


@pytest.mark.parametrize(("code", "times"), LIMITS.items())
def test_a_number_of_times_or_people_is_no_deadline(code, times):
    rule = BOOK.rule(code, date(2026, 11, 2))
    assert rule.value == times
    with pytest.raises(Unacceptable):
        BOOK.explain(rule, date(2026, 11, 2))


def test_the_first_of_july_2026_comes_out_right_on_both_sides():
    before, after = (BOOK.rule("reception_commune_chair", date(2026, *day)) for day in ((6, 30), (7, 1)))
    assert (before.value, before.unit) == (1, RuleUnit.DAYS_PER_WEEK)
    assert (after.value, after.unit) == (2, RuleUnit.DAYS_PER_MONTH)
    assert "136/2025" in after.legal_basis


def test_a_rule_ends_when_its_level_of_government_ends():
    with pytest.raises(NotFound, match="không có hiệu lực"):
        BOOK.rule("reception_district_chair", date(2025, 7, 1))
    with pytest.raises(NotFound, match="Không có quy tắc"):
        BOOK.rule("no_such_rule", date(2025, 7, 1))


def test_a_day_whose_enactment_is_not_verified_is_worked_and_told_of():
    assert BOOK.days.is_working(date(2026, 11, 24))
    day = date(2026, 11, 23)
    told = BOOK.explain(BOOK.rule("reception_reply", day), day).cautions
    assert any("24/11/2026" in str(text) and "chưa được xác nhận" in str(text) for text in told)


def test_every_shipped_row_names_its_basis_and_what_was_not_read_is_marked():
    assert all(rule.legal_basis and rule.name_en for rule in BOOK.rules)
    unsure = {rule.code for rule in BOOK.rules if rule.certainty is Certainty.UNVERIFIED}
    own = {"reminder_before", "reminder_superior"}  # each agency's own, no law
    assert unsure == {"complaint_second_acceptance_notice", "denunciation_acceptance_notice"} | own | set(KEPT)


def test_weekends_worked_in_exchange_have_their_weekday_off():
    special = BOOK.days.days.values()
    kinds = [one.kind for one in special]
    assert kinds.count(DayKind.SWAPPED_OFF) == kinds.count(DayKind.SWAPPED_WORKING) == 4
    assert all(BOOK.days.is_working(one.day) for one in special if one.kind is DayKind.SWAPPED_WORKING)


RULE = "a_rule,10,working_days,after,2026-07-01,,text,Tên,Name,Điều 1,"
DAY = "2026-09-02,holiday,yes,text,Quốc khánh,National Day,Điều 112,"


def rules_file(*lines):
    return "\n".join(("# a comment", ",".join(RULE_COLUMNS), *lines))


def test_a_line_of_the_rules_is_read_as_it_stands():
    (rule,) = read_rules(rules_file(RULE))
    assert rule == Rule(
        code="a_rule",
        value=10,
        unit=RuleUnit.WORKING_DAYS,
        valid_from=date(2026, 7, 1),
        name="Tên",
        name_en="Name",
        legal_basis="Điều 1",
    )


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (RULE.replace("10,", "ten,"), "line 4: value 'ten' is not a whole number from 1 to 3660"),
        (RULE.replace("10,", "0,"), "line 4: value '0'"),
        (RULE.replace("10,", f"{'9' * 5000},"), "line 4: value '999"),
        (RULE.replace("working_days", "weeks"), "line 4: unit 'weeks' is not one of working_days"),
        (RULE.replace("2026-07-01", "1/7/2026"), "line 4: valid_from '1/7/2026' is not a day such as 2026-07-01"),
        (RULE.replace("01,,", "01,2026-06-30,"), "line 4: valid_to lies before valid_from"),
        (RULE.replace("Điều 1", ""), "line 4: legal_basis is empty"),
        (RULE.replace("Tên", "x" * 201), "line 4: name is longer than 200 characters"),
        (RULE.replace(",text", ""), "line 4: 10 cells instead of 11"),
        (RULE, "a_rule: the rows from 2026-07-01 and from 2026-07-01 overlap"),
    ],
)
def test_a_fault_of_the_rules_is_told_with_its_line(line, fault):
    with pytest.raises(LawFileError) as refused:
        read_rules(rules_file(RULE, line))
    assert fault in str(refused.value)


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (DAY.replace("holiday", "feast"), "line 3: kind 'feast'"),
        (DAY.replace("yes", "maybe"), "line 3: active 'maybe' is neither yes nor no"),
        (DAY.replace("holiday", "swapped_working"), "line 3: 2026-09-02 is a weekday"),
        (DAY.replace("2026-09-02", "2026-02-30"), "line 3: day '2026-02-30'"),
        (DAY, "2026-09-02 comes twice"),
    ],
)
def test_a_fault_of_the_holidays_is_told_with_its_line(line, fault):
    with pytest.raises(LawFileError) as refused:
        read_holidays("\n".join((",".join(HOLIDAY_COLUMNS), DAY, line)))
    assert fault in str(refused.value)


def test_all_faults_are_told_at_once_and_a_missing_heading_is_one():
    with pytest.raises(LawFileError) as refused:
        read_rules(rules_file(RULE.replace("10", "x"), RULE.replace("after", "beside")))
    assert len(refused.value.faults) == 2
    with pytest.raises(LawFileError, match="the first line must be the heading"):
        read_rules(RULE)


def test_a_book_finds_nothing_where_nothing_holds():
    assert RuleBook((), WorkCalendar()).find("a_rule", date(2026, 1, 1)) is None


def test_a_day_that_no_version_covers_is_found_and_an_event_beyond_all_calendars_is_refused():
    now, later = BOOK.find("reception_reply", date(2026, 11, 2)), date(2027, 1, 1)
    assert now is not None
    ends, follows = replace(now, valid_to=date(2026, 12, 31)), replace(now, valid_from=later)
    codes = ["reception_reply", "nothing"]
    for rules, first in (((now,), None), ((ends, follows), None), ((ends,), later), ((follows,), date(2026, 11, 2))):
        found = dict(uncovered(RuleBook(rules, BOOK.days), codes, date(2026, 11, 2)))
        assert found == {"nothing": date(2026, 11, 2)} | ({"reception_reply": first} if first else {})
    assert uncovered(BOOK, rule_codes(), date(2026, 11, 2)) == []
    with pytest.raises(Unacceptable):
        BOOK.explain(now, date.max)
