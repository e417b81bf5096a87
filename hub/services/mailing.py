"""Letters are queued in the transaction that does what they tell of; ``mail_sending`` sends them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.auth import Action, Actor, Target, require, scopes
from hub.errors import BadInput, Conflict, NotFound
from hub.i18n import N_, Text
from hub.ids import utc_now
from hub.mail import Notice, is_address, packed, packed_files, unpacked
from hub.models import Account, MailState, OutgoingMail
from hub.services import audit

KEPT = timedelta(days=3)
"""How long a letter without a time of its own is tried."""
PAGE = 50


async def queue(db: AsyncSession, notice: Notice, account_ids: Iterable[str]) -> None:
    """To accounts that are in use, each once for this notice, in the language that each has at the time of sending."""
    wanted = select(Account).where(Account.id.in_(set(account_ids)), Account.disabled_at.is_(None))
    accounts = {account.id: account for account in (await db.execute(wanted)).unique().scalars()}
    for account in await _not_told(db, notice.key, accounts):
        db.add(
            _row(
                notice,
                recipient=account.id,
                account_id=account.id,
                name=account.full_name,
                language=account.language,
                unit_path=account.unit.path,
                state=MailState.WAITING if account.email else MailState.NO_ADDRESS,
                address=account.email,
            )
        )
    await db.flush()


async def queue_to(
    db: AsyncSession, notice: Notice, *, address: str, name: str = "", language: str = "vi", unit_path: str = ""
) -> None:
    """To somebody without an account. Raises ``BadInput`` for what is no address."""
    if not is_address(address):
        raise BadInput(N_("Hãy ghi địa chỉ thư điện tử như ten@coquan.gov.vn."))
    same = select(OutgoingMail.id).where(
        OutgoingMail.notice_key == notice.key, OutgoingMail.recipient == address.lower()
    )
    if (await db.execute(same)).first() is None:
        row = _row(
            notice, recipient=address.lower(), address=address, name=name, language=language, unit_path=unit_path
        )
        db.add(row)
        await db.flush()


async def _not_told(db: AsyncSession, key: str, accounts: Mapping[str, Account]) -> list[Account]:
    told = select(OutgoingMail.recipient).where(
        OutgoingMail.notice_key == key, OutgoingMail.recipient.in_(list(accounts))
    )
    already = set((await db.execute(told)).scalars())
    return [account for account_id, account in accounts.items() if account_id not in already]


def _row(notice: Notice, **to: object) -> OutgoingMail:
    return OutgoingMail(
        notice_key=notice.key,
        subject=packed(notice.subject),
        lines=[packed(line) for line in notice.lines],
        path=notice.path,
        files=packed_files(notice.files),
        expires_at=notice.expires_at or utc_now() + KEPT,
        **to,
    )


@dataclass(frozen=True, slots=True)
class MailRow:
    id: str
    subject: Text
    name: str
    address: str
    state: MailState
    attempts: int
    fault: str
    created_at: datetime
    next_at: datetime
    sent_at: datetime | None
    account_id: str | None


async def find(
    db: AsyncSession, actor: Actor, state: MailState | None = None, *, limit: int = PAGE, offset: int = 0
) -> list[MailRow]:
    """The newest first, to accounts in the units that the actor administers. Raises ``Forbidden``."""
    wanted = select(OutgoingMail).where(_within(actor))
    if state is not None:
        wanted = wanted.where(OutgoingMail.state == state)
    wanted = wanted.order_by(OutgoingMail.created_at.desc(), OutgoingMail.id.desc()).limit(limit).offset(offset)
    return [
        MailRow(
            id=row.id,
            subject=unpacked(row.subject),
            name=row.name,
            address=row.address,
            state=MailState(row.state),
            attempts=row.attempts,
            fault=row.fault,
            created_at=row.created_at,
            next_at=row.next_at,
            sent_at=row.sent_at,
            account_id=row.account_id,
        )
        for row in (await db.execute(wanted)).unique().scalars()
    ]


async def counts(db: AsyncSession, actor: Actor) -> dict[MailState, int]:
    wanted = select(OutgoingMail.state, func.count()).where(_within(actor)).group_by(OutgoingMail.state)
    found = {MailState(state): int(count) for state, count in (await db.execute(wanted)).all()}
    return {state: found.get(state, 0) for state in MailState}


async def retry(db: AsyncSession, actor: Actor, mail_id: str) -> None:
    """Send what has failed once more, now. Raises ``NotFound``, ``Conflict``, ``Forbidden``."""
    row = await db.get(OutgoingMail, mail_id)
    if row is None:
        raise NotFound(N_("Không có thư này."))
    require(actor, Action.MANAGE_MAIL, Target(paths=(row.unit_path or "/",)))
    if row.state not in (MailState.FAILED, MailState.EXPIRED, MailState.WAITING):
        raise Conflict(N_("Thư này đã gửi hoặc người nhận chưa có địa chỉ."))
    row.state, row.next_at, row.fault = MailState.WAITING, utc_now(), ""
    row.expires_at = max(row.expires_at, utc_now() + KEPT)
    await db.flush()
    await audit.record(db, actor, "mail_retried", "mail", row.id, unit_path=row.unit_path)


def _within(actor: Actor) -> ColumnElement[bool]:
    paths = scopes(actor, Action.MANAGE_MAIL)
    require(actor, Action.MANAGE_MAIL, Target(paths=tuple(paths)))
    return audit.within(OutgoingMail.unit_path, paths)
