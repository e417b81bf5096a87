"""One case for one editor at a time: who comes second is told who was first and what they did, and nothing is lost."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub import calendar
from hub.auth import Action, Actor, Target, require
from hub.case_moves import MOVE_NAMES, MoveCode
from hub.errors import NotFound, Stale
from hub.i18n import N_, Text
from hub.models import Account, AuditEvent, Case
from hub.services.case_access import require_here

CHANGES = {
    "case_edited": N_("sửa nội dung"),
    "case_moved": N_("ghi bước “%(move)s”"),
    "case_assessed": N_("ghi đặc điểm vụ việc"),
    "case_linked": N_("liên kết vụ việc"),
    "case_split": N_("tách vụ việc"),
}
"""What raises a case's version, as the audit trail calls it."""
MOST_TOLD = 10


async def locked(db: AsyncSession, actor: Actor, case_id: str, version: int, action: Action) -> Case:
    """The case as it stands, until this transaction ends. Raises ``NotFound``, ``Forbidden``, ``Stale``."""
    wanted = select(Case).where(Case.id == case_id).with_for_update(of=Case)
    found = (await db.execute(wanted.execution_options(populate_existing=True))).unique().scalar_one_or_none()
    if found is None:
        raise NotFound(N_("Không tìm thấy vụ việc."))
    require(actor, action, Target(paths=(found.unit.path,)))
    require_here(found)
    if found.version != version:
        raise await _stale(db, found)
    return found


async def _stale(db: AsyncSession, found: Case) -> Stale:
    last = (
        select(Account.full_name, AuditEvent)
        .join(Account, Account.id == AuditEvent.account_id)
        .where(AuditEvent.object_type == "case", AuditEvent.object_id == found.id, AuditEvent.action.in_(CHANGES))
        .order_by(AuditEvent.at.desc(), AuditEvent.id.desc())
    )
    row = (await db.execute(last.limit(1))).first()
    name, event = row or ("", None)
    if event is None or event.action == "case_edited":
        return Stale(
            N_("%(name)s đã sửa vụ việc này lúc %(time)s, sau khi bạn mở. Hãy xem bản mới rồi sửa lại."),
            name=name,
            time=calendar.stamp(event.at if event else found.received_at),
        )
    return Stale(
        N_("Sau khi bạn mở vụ việc này, %(name)s đã %(what)s lúc %(time)s. Hãy xem lại rồi làm tiếp."),
        name=name,
        what=_what(event),
        time=calendar.stamp(event.at),
    )


async def since(db: AsyncSession, found: Case, version: int) -> list[Text]:
    """Who did what to a case that the actor may read, since it had that version; the oldest first."""
    if not 0 < version < found.version:
        return []
    done = (
        select(Account.full_name, AuditEvent)
        .join(Account, Account.id == AuditEvent.account_id)
        .where(AuditEvent.object_type == "case", AuditEvent.object_id == found.id, AuditEvent.action.in_(CHANGES))
        .order_by(AuditEvent.at.desc(), AuditEvent.id.desc())
        .limit(min(found.version - version, MOST_TOLD))
    )
    said = N_("%(name)s đã %(what)s lúc %(time)s.")
    rows = reversed((await db.execute(done)).all())
    return [Text(said, {"name": name, "what": _what(event), "time": calendar.stamp(event.at)}) for name, event in rows]


def _what(event: AuditEvent) -> Text:
    move = event.detail.get("move")
    return Text(CHANGES[event.action], {"move": Text(MOVE_NAMES[MoveCode(move)])} if move else {})
