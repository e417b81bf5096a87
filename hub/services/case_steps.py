"""A step of a case with what follows from it elsewhere: the body that sent it here is told its result."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from hub.auth import Actor
from hub.case_moves import MoveCode
from hub.models import Case
from hub.services import case_course, transfers
from hub.services.case_course import WantedMove
from hub.services.identity import Vault


async def take(db: AsyncSession, vault: Vault, actor: Actor, case_id: str, version: int, wanted: WantedMove) -> Case:
    """Raises as ``case_course.make``."""
    case = await case_course.make(db, vault, actor, case_id, version, wanted)
    if wanted.code is MoveCode.REPORT_RESULT:
        await transfers.report(db, actor, case, wanted)
    return case
