"""What a reception room's board says of a reception."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hub.models import HearingKind, HearingState
from hub.services.boards import BoardSession
from web.pages import boards

AT = datetime(2026, 12, 1, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("state", "minutes", "mark", "said"),
    [
        (HearingState.SCHEDULED, -1, "scheduled", "Not begun"),
        (HearingState.SCHEDULED, 0, "late", "Due now, not yet open"),
        (HearingState.SCHEDULED, 119, "late", "Due now, not yet open"),
        (HearingState.SCHEDULED, 120, "missed", "Past its time, not opened"),
        (HearingState.OPEN, 180, "open", "In progress"),
        (HearingState.CLOSED, 60, "closed", "Finished"),
    ],
)
def test_a_reception_that_nobody_opened_at_its_hour_is_not_said_to_be_ahead(state, minutes, mark, said):
    one = BoardSession(AT, AT + timedelta(hours=2), HearingKind.REGULAR, state, leader="", content="")
    shown = boards._session(one, AT + timedelta(minutes=minutes), boards._say(("en",)))
    assert (shown["state"], shown["said"]) == (mark, [said])
    assert shown["what"] == ["Regular reception"]


def test_two_languages_are_both_said_and_once_where_they_are_the_same():
    assert boards._say(("vi", "en"))("Đang chờ") == ["Đang chờ", "Waiting"]
    assert boards._say(("vi", "en"))("Điểm cầu xã Tân Tiến?") == ["Điểm cầu xã Tân Tiến?"]
