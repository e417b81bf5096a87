"""No raw identifier reaches the screen: whatever is written into the audit trail has a name there."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from hub import models
from hub.case_clocks import ClockState
from hub.likeness import Likeness
from hub.results import Ground
from web.kept_words import kept
from web.labels import LABELS, seat_name
from web.translate import catalogue

ROOT = Path(__file__).parents[2]


ACTION_AT = {"audit.record": 2, "_audit": 2, "_open": 4}
"""Where the action stands among the arguments: of ``audit.record``, and of modules' own functions around it."""


def recorded_actions() -> Iterator[tuple[str, str]]:
    """``(file, action)`` for each action that the code names."""
    for path in sorted((ROOT / "hub").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            place = ACTION_AT.get(ast.unparse(node.func)) if isinstance(node, ast.Call) else None
            if place is None or len(node.args) <= place:
                continue
            action = node.args[place]
            if isinstance(action, ast.Constant) and isinstance(action.value, str):
                yield path.name, action.value


def test_every_audited_action_has_a_name() -> None:
    found = {action: file for file, action in recorded_actions()}
    assert len(found) > 20
    assert {action: file for action, file in found.items() if action not in LABELS["audit"]} == {}


def test_every_state_and_kind_has_a_name() -> None:
    kinds = {
        "case_type": models.CaseType,
        "case_state": models.CaseState,
        "complexity": models.Complexity,
        "link_kind": models.LinkKind,
        "clock_state": ClockState,
        "likeness": Likeness,
        "rule_unit": models.RuleUnit,
        "rule_direction": models.Direction,
        "certainty": models.Certainty,
        "day_kind": models.DayKind,
        "party_kind": models.PartyKind,
        "representation_kind": models.RepresentationKind,
        "scan": models.Scan,
        "identity_method": models.IdentityMethod,
        "refusal_ground": models.RefusalGround,
        "assignment_state": models.AssignmentState,
        "transfer_state": models.TransferState,
        "channel": models.Channel,
        "mail_state": models.MailState,
        "reply_ground": Ground,
        "hearing_kind": models.HearingKind,
        "ground": models.AdHocGround,
        "ground_basis": models.AdHocGround,
        "hearing_state": models.HearingState,
        "seat_kind": models.SeatKind,
        "recording_state": models.RecordingState,
        "role": models.Role,
        "unit_level": models.UnitLevel,
    }
    for kind, members in kinds.items():
        assert set(LABELS[kind]) == set(members), kind


def test_a_place_is_named_in_the_readers_language_and_people_keep_their_names() -> None:
    english, vietnamese = catalogue("en"), catalogue("vi")
    assert seat_name(english, "Phó chủ trì – Lê – Ánh") == "Deputy chair – Lê – Ánh"
    assert seat_name(english, "Thư ký – Phạm Đức Long") == "Secretary – Phạm Đức Long"
    for name in ("Điểm cầu xã Tân Tiến", "Điểm – Chủ trì", "Chủ trì"):
        assert seat_name(english, name) == name
    assert seat_name(vietnamese, "Chủ trì – Trần Quang Minh") == "Chủ trì – Trần Quang Minh"


def test_what_the_system_wrote_is_read_in_the_readers_language_and_what_people_typed_as_it_stands() -> None:
    english, vietnamese = catalogue("en"), catalogue("vi")
    for written, read in {
        "Công dân 9770": "Citizen 9770",
        "Người tố cáo 7F3A0B": "Denouncer 7F3A0B",
        "Lập văn bản: Giấy biên nhận": "A paper was made: Receipt for papers handed in",
        "Xem trước văn bản: Phiếu hẹn": "A paper was looked at: Appointment slip",
        "Biên bản được mở lại để sửa.": "The minutes were opened again to be corrected.",
        "Công dân 9770 gọi lại": "Công dân 9770 gọi lại",
        "Công dân Bình": "Công dân Bình",
        "Lập văn bản: theo yêu cầu của thanh tra": "Lập văn bản: theo yêu cầu của thanh tra",
        "": "",
    }.items():
        assert kept(english, written) == read
        assert kept(vietnamese, written) == written
