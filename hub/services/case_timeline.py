"""One line of time for a case: what was done to it, the hearings about it, their recordings and who replayed them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.auth import Actor
from hub.case_moves import MOVE_NAMES, MoveCode
from hub.i18n import N_, Text
from hub.models import Account, Assignment, AuditEvent, CaseEvent, Document, Hearing, Recording, Replay, ScanMark
from hub.services.case_access import get, hearings_about

CASE_TEXTS = {
    "case_registered": N_("Đăng ký vụ việc"),
    "case_edited": N_("Sửa vụ việc"),
    "case_assessed": N_("Ghi đặc điểm vụ việc"),
    "case_linked": N_("Liên kết vụ việc"),
    "attachment_added": N_("Thêm tài liệu vào vụ việc"),
    "attachment_opened": N_("Mở tài liệu"),
    "attachment_refused": N_("Từ chối tài liệu có vi-rút"),
    "receipt_made": N_("Lập giấy biên nhận"),
    "needs_recorded": N_("Ghi nhu cầu hỗ trợ"),
    "representative_added": N_("Ghi người đại diện"),
    "representative_ended": N_("Người đại diện thôi đại diện"),
    "case_split": N_("Tách vụ việc"),
    "document_made": N_("Lập văn bản"),
    "document_opened": N_("Mở văn bản"),
    "document_exported": N_("Tải văn bản dạng Word"),
    "document_scanned": N_("Thêm bản ký của văn bản"),
    "document_scan_mistaken": N_("Đánh dấu bản ký thêm nhầm"),
    "document_scan_restored": N_("Bỏ đánh dấu bản ký thêm nhầm"),
    "document_voided": N_("Hủy văn bản"),
    "identity_read": N_("Xem danh tính"),
    "identity_handed_over": N_("Giao danh tính cho cơ quan giải quyết"),
    "case_assigned": N_("Giao xử lý"),
    "case_handed_over": N_("Bàn giao cho người khác"),
    "assignment_accepted": N_("Nhận xử lý"),
    "assignment_returned": N_("Trả lại việc được giao"),
    "assignment_done": N_("Làm xong việc được giao"),
    "citizen_told": N_("Báo công dân"),
    "notice_delivered": N_("Ghi ngày công dân nhận"),
    "notice_proved": N_("Thêm bằng chứng đã nhận"),
    "visit_recorded": N_("Ghi một lượt tiếp"),
    "visit_refused": N_("Từ chối tiếp"),
    "vault_opened": N_("Mở kho danh tính người tố cáo"),
}
WORDS = {
    "case_assigned": "instruction",
    "case_handed_over": "answer",
    "assignment_returned": "answer",
    "assignment_done": "answer",
}
"""Which words of a turn each entry tells."""
HEARING_TEXTS = {
    "hearing_booked": N_("Đặt lịch buổi tiếp %(number)s"),
    "hearing_changed": N_("Thay đổi buổi tiếp %(number)s"),
    "hearing_postponed": N_("Hoãn buổi tiếp %(number)s"),
    "hearing_cancelled": N_("Hủy buổi tiếp %(number)s"),
}


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """``kind`` is the audit action, or ``hearing_opened``, ``hearing_closed``, ``recording``, ``replay``."""

    at: datetime
    kind: str
    text: Text
    who: str = ""
    reason: str = ""
    hearing_id: str | None = None
    recording_id: str | None = None
    detail: dict[str, object] = field(default_factory=dict)


async def timeline(db: AsyncSession, actor: Actor, case_id: str) -> list[TimelineEntry]:
    """Everything about a case, oldest first. Raises ``NotFound`` or ``Forbidden`` as reading the case does."""
    await get(db, actor, case_id)
    hearings = {hearing.id: hearing for hearing in await hearings_about(db, case_id)}
    entries = await _with_words(db, case_id, await _audited(db, "case", [case_id], CASE_TEXTS, {}))
    entries += await _course(db, case_id)
    entries += await _audited(db, "hearing", hearings, HEARING_TEXTS, {h.id: h.number for h in hearings.values()})
    for hearing in hearings.values():
        entries += _held(hearing)
    entries += await _recorded(db, hearings)
    return sorted(entries, key=lambda entry: entry.at)


def gathered(entries: Sequence[TimelineEntry]) -> list[tuple[TimelineEntry, int]]:
    """The latest first, each with how often it was done: twelve documents added one after another are one line."""
    found: list[tuple[TimelineEntry, int]] = []
    for entry in reversed(entries):
        last, times = found[-1] if found else (None, 0)
        if last is not None and _alike(last, entry):
            found[-1] = (last, times + 1)
        else:
            found.append((entry, 1))
    return found


def _alike(one: TimelineEntry, other: TimelineEntry) -> bool:
    """Nothing tells them apart but the instant, and that by no more than an hour. A step is a line of its own."""
    if one.kind != other.kind or one.kind in ("case_moved", "recording", "replay") or one.reason or other.reason:
        return False
    return (one.text, one.who, one.hearing_id) == (other.text, other.who, other.hearing_id) and (
        one.at - other.at < timedelta(hours=1)
    )


async def _with_words(db: AsyncSession, case_id: str, entries: list[TimelineEntry]) -> list[TimelineEntry]:
    """What was said when the case was given to somebody, and when it came back; why a signed copy does not count. The
    audit trail names only the turn, the mark or the paper."""
    turns = {one.id: one for one in await db.scalars(select(Assignment).where(Assignment.case_id == case_id))}
    ids = [str(entry.detail["mark"]) for entry in entries if "mark" in entry.detail]
    marks = {one.id: one for one in await db.scalars(select(ScanMark).where(ScanMark.id.in_(ids)))}
    voided = select(Document.id, Document.void_reason).where(Document.case_id == case_id, Document.void_reason != "")
    reasons = {row.id: row.void_reason for row in await db.execute(voided)}
    return [_worded(entry, turns, marks, reasons) for entry in entries]


def _worded(
    entry: TimelineEntry, turns: Mapping[str, Assignment], marks: Mapping[str, ScanMark], voided: Mapping[str, str]
) -> TimelineEntry:
    if mark := marks.get(str(entry.detail.get("mark", ""))):
        return replace(entry, reason=mark.reason)
    if entry.kind == "document_voided":
        return replace(entry, reason=entry.reason or voided.get(str(entry.detail.get("document_id", "")), ""))
    turn = turns.get(str(entry.detail.get("assignment", "")))
    return replace(entry, reason=str(getattr(turn, WORDS[entry.kind]))) if turn and entry.kind in WORDS else entry


async def _audited(
    db: AsyncSession, object_type: str, ids: Iterable[str], texts: dict[str, str], numbers: dict[str, str]
) -> list[TimelineEntry]:
    wanted = (
        select(AuditEvent, Account.full_name)
        .outerjoin(Account, Account.id == AuditEvent.account_id)
        .where(AuditEvent.object_type == object_type, AuditEvent.object_id.in_(list(ids)))
        .where(AuditEvent.action.in_(texts))
        .order_by(AuditEvent.at, AuditEvent.id)
    )
    return [
        TimelineEntry(
            at=event.at,
            kind=event.action,
            text=Text(texts[event.action], {"number": numbers[event.object_id]} if numbers else {}),
            who=name or "",
            reason=event.reason,
            hearing_id=event.object_id if numbers else None,
            detail=event.detail,
        )
        for event, name in (await db.execute(wanted)).all()
    ]


async def _course(db: AsyncSession, case_id: str) -> list[TimelineEntry]:
    """The steps of the case: in the detail, when they happened and by which document."""
    wanted = (
        select(CaseEvent, Account.full_name)
        .join(Account, Account.id == CaseEvent.account_id)
        .where(CaseEvent.case_id == case_id)
        .order_by(CaseEvent.seq)
    )
    return [
        TimelineEntry(
            at=event.at,
            kind="case_moved",
            text=Text(MOVE_NAMES[MoveCode(event.code)]),
            who=name,
            reason=event.reason,
            detail={"day": event.day, "document": event.document_number, "document_day": event.document_day},
        )
        for event, name in (await db.execute(wanted)).all()
    ]


def _held(hearing: Hearing) -> list[TimelineEntry]:
    entries = []
    if hearing.opened_at:
        text = Text(N_("Mở buổi tiếp %(number)s"), {"number": hearing.number})
        entries.append(TimelineEntry(hearing.opened_at, "hearing_opened", text, hearing_id=hearing.id))
    if hearing.closed_at:
        text = Text(N_("Kết thúc buổi tiếp %(number)s"), {"number": hearing.number})
        entries.append(TimelineEntry(hearing.closed_at, "hearing_closed", text, hearing_id=hearing.id))
    return entries


async def _recorded(db: AsyncSession, hearings: dict[str, Hearing]) -> list[TimelineEntry]:
    entries = []
    recorded = select(Recording).where(Recording.hearing_id.in_(list(hearings)))
    for recording in (await db.execute(recorded)).scalars():
        number = hearings[recording.hearing_id].number
        entries.append(
            TimelineEntry(
                at=recording.started_at,
                kind="recording",
                text=Text(N_("Bản ghi buổi tiếp %(number)s"), {"number": number}),
                hearing_id=recording.hearing_id,
                recording_id=recording.id,
                detail={"state": str(recording.state), "duration_ms": recording.duration_ms},
            )
        )
    replays = (
        select(Replay, Recording.hearing_id, Account.full_name)
        .join(Recording, Recording.id == Replay.recording_id)
        .join(Account, Account.id == Replay.account_id)
        .where(Recording.hearing_id.in_(list(hearings)))
    )
    for replay, hearing_id, name in (await db.execute(replays)).all():
        entries.append(
            TimelineEntry(
                at=replay.started_at,
                kind="replay",
                text=Text(N_("Xem lại bản ghi buổi tiếp %(number)s"), {"number": hearings[hearing_id].number}),
                who=name,
                reason=replay.reason,
                hearing_id=hearing_id,
                recording_id=replay.recording_id,
            )
        )
    return entries
