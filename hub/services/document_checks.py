"""Whether a paper is one of ours: what the verify page may tell anybody who holds it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub import seals
from hub.auth import Actor
from hub.errors import Forbidden, NotFound
from hub.form_registry import registry
from hub.i18n import N_, Named
from hub.models import Document, DocumentScan, MinutesScan
from hub.seals import PublicKey
from hub.services import case_access
from hub.services.documents import signed_facts

TOKEN_MAX = 32


@dataclass(frozen=True, slots=True)
class Verdict:
    """All that is told: nothing of the case, the person or what the paper says."""

    form: Named
    number: str
    day: date
    unit: str
    sha256: str
    genuine: bool
    """The row is what the hub signed when the paper was made."""
    voided_at: datetime | None
    """Since when it no longer counts."""
    text_sha256: str
    """Of the minutes or conclusion that it sets out."""
    signed: tuple[str, ...]
    """SHA-256 of its signed copies."""
    mistaken: tuple[tuple[str, datetime], ...]
    """SHA-256 of what was added as a signed copy by mistake, and since when it is known."""


async def check(db: AsyncSession, keys: Mapping[str, PublicKey], token: str) -> Verdict:
    """Raises ``NotFound`` for a token that no finished paper carries."""
    row = await _find(db, token)
    if row is None or row.sha256 is None:
        raise NotFound(N_("Không có văn bản nào mang mã này."))
    edition = registry().edition(row.form_code, row.edition)
    scans: list[DocumentScan | MinutesScan] = [*row.scans, *await _of_minutes(db, row)]
    return Verdict(
        edition.title,
        row.number,
        row.day,
        row.unit.name,
        row.sha256,
        genuine(keys, row),
        row.voided_at,
        row.text_sha256,
        tuple(one.sha256 for one in scans if not one.mistake),
        tuple((one.sha256, one.mistake.created_at) for one in scans if one.mistake),
    )


async def _of_minutes(db: AsyncSession, row: Document) -> list[MinutesScan]:
    """Signed minutes are added where they are locked, not at their paper."""
    if row.hearing_id is None:
        return []
    wanted = select(MinutesScan).where(MinutesScan.version_id == row.source_id)
    return list(await db.scalars(wanted.order_by(MinutesScan.created_at)))


async def own_case(db: AsyncSession, actor: Actor, token: str) -> str:
    """The paper's case, for a reader of that case only; else empty."""
    row = await _find(db, token)
    if row is None or not row.case_id:
        return ""
    try:
        return (await case_access.get(db, actor, row.case_id)).id
    except (Forbidden, NotFound):
        return ""


def genuine(keys: Mapping[str, PublicKey], row: Document) -> bool:
    """Whether the signature is one of this hub's over the row as it stands."""
    key = keys.get(row.signed_with or "")
    if key is None or row.signature is None:
        return False
    try:
        return seals.signed(key.key, signed_facts(row), bytes.fromhex(row.signature))
    except ValueError:
        return False


async def _find(db: AsyncSession, token: str) -> Document | None:
    if not token or len(token) > TOKEN_MAX:
        return None
    found: Document | None = (
        (await db.execute(select(Document).where(Document.token == token))).unique().scalar_one_or_none()
    )
    return found
