"""Who may read and make the papers of a hearing: as the minutes or the conclusion that they set out, and no less."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from hub.auth import Action, Actor, require, require_known
from hub.errors import Forbidden
from hub.forms.hearing import CONCLUSION
from hub.i18n import N_
from hub.models import Case, Document, Hearing
from hub.services import conclusions, hearing_lists, minutes
from hub.services.case_access import require_readable as require_case


async def require_readable(db: AsyncSession, actor: Actor, row: Document) -> None:
    """A paper of minutes says all that they say, so a reader from whom a part is withheld may not open it.

    Raises ``Forbidden``, ``NotFound``.
    """
    if row.form_code == CONCLUSION:
        await conclusions.get(db, actor, row.source_id or "")
        return
    hearing = await hearing_lists.get(db, actor, row.hearing_id or "")
    require_known(actor, Action.READ_MINUTES, minutes.target(actor, hearing))
    for case in secret_cases(hearing):
        try:
            await require_case(db, actor, case)
        except Forbidden as error:
            raise Forbidden(
                N_("Biên bản có phần về tố cáo mà bạn không được đọc. Hãy dùng bản in trên trang biên bản.")
            ) from error


async def require_writable(db: AsyncSession, actor: Actor, row: Document) -> None:
    """Who writes the minutes or the conclusion makes its paper, and adds the signed scan. Raises ``Forbidden``."""
    await require_readable(db, actor, row)
    hearing = await db.get_one(Hearing, row.hearing_id)
    action = Action.WRITE_CONCLUSION if row.form_code == CONCLUSION else Action.WRITE_MINUTES
    require(actor, action, minutes.target(actor, hearing))


async def signed_by_denouncers(db: AsyncSession, row: Document) -> list[Case]:
    """Denunciations whose people sign this paper by hand: a scan of it shows their writing."""
    if row.hearing_id is None or row.form_code == CONCLUSION:
        return []
    return secret_cases(await db.get_one(Hearing, row.hearing_id))


def secret_cases(hearing: Hearing) -> list[Case]:
    return [case for case in hearing.cases if case.party.secret]
