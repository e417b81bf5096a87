"""What a scan that was entered by mistake is no more: offered as a signed paper, transferred, opened unasked."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.errors import BadInput, Forbidden
from hub.i18n import N_, Text
from hub.models import MinutesScan, ScanMark


async def of_attachments(db: AsyncSession, ids: Iterable[str]) -> dict[str, ScanMark]:
    """By document of a case: the mark on the scan of signed minutes that it holds, where a denouncer signed them."""
    wanted = select(MinutesScan).where(MinutesScan.attachment_id.in_(list(ids)))
    return {row.attachment_id: row.mistake for row in await db.scalars(wanted) if row.attachment_id and row.mistake}


def require_openable(mark: ScanMark | None, reason: str, *, by_transfer: bool) -> None:
    """What was entered by mistake may be another case's: who knows of this one by a transfer may not open it, all
    others say why. Raises ``Forbidden``, ``BadInput``."""
    if mark is None:
        return
    if by_transfer:
        raise Forbidden(N_("Bản quét này đã bị đánh dấu thêm nhầm nên không được chuyển cùng vụ việc."))
    if not reason.strip():
        text = Text(N_("Bản quét này đã bị đánh dấu thêm nhầm. Hãy ghi lý do xem."))
        raise BadInput(text.message, fields={"reason": text})
