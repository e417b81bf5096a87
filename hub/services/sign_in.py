"""Signing in and staying so: lockout after wrong passwords, and sessions of which only a digest is stored."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from hub.auth import Actor, Grant
from hub.calendar import local
from hub.config import Config
from hub.db import Database
from hub.errors import BadInput, TooManyAttempts
from hub.i18n import N_
from hub.ids import utc_now
from hub.models import Account, Role, SignInSession
from hub.services import audit
from hub.services.passwords import hash_password, needs_rehash, verify_password
from hub.services.strangers import Strangers

TOKEN_BYTES = 32
_BY_TOKEN = (
    select(SignInSession)
    .where(SignInSession.token_sha256 == bindparam("digest"))
    .options(joinedload(SignInSession.account).joinedload(Account.grants))
)
"""Asked at every page: one statement for all that an ``Actor`` needs, put together once."""
EXTEND_EVERY = timedelta(minutes=5)
"""A session in use is prolonged at most this often, so that reading pages does not mean writing rows."""


async def sign_in(
    database: Database,
    config: Config,
    username: str,
    password: str,
    *,
    address: str,
    user_agent: str,
    strangers: Strangers | None = None,
) -> tuple[str, SignInSession]:
    """The token for the cookie and its session. Raises ``BadInput`` or ``TooManyAttempts``.

    A wrong password is counted in a transaction that commits although the sign-in fails. An unknown user, a disabled
    one and a wrong password take as long as each other and read the same; with ``strangers`` unknown names are locked
    as known ones are.
    """
    strangers = Strangers() if strangers is None else strangers
    async with database.reading() as db:
        account = await _by_username(db, username)
    _refuse_if_locked(account.locked_until if account else strangers.locked_until(username))
    right = await verify_password(account.password_hash if account else None, password)
    better = await hash_password(password) if right and account and needs_rehash(account.password_hash) else None
    async with database.transaction() as db:
        account = await _by_username(db, username, lock=True)
        # Guesses sent all at once were all verified before the first was counted; here they come one by one.
        _refuse_if_locked(account.locked_until if account else strangers.locked_until(username))
        if account is not None and right and _welcome(account, config):
            account.password_hash = better or account.password_hash
            return await _start_session(db, config, account, address, user_agent)
        if account is None:
            strangers.count(username, utc_now(), attempts=config.lockout_attempts, minutes=config.lockout_minutes)
        await _count_failure(db, config, account, address, wrong=not right)
    raise BadInput(N_("Tên đăng nhập hoặc mật khẩu không đúng."))


async def actor_for_token(
    db: AsyncSession, token: str, address: str, *, allow_demo: bool = False
) -> tuple[Actor, SignInSession] | None:
    """Who a cookie's token stands for, or None when it is unknown, expired, or its account may no longer come in.

    ``allow_demo`` is ``config.demo``: a demo account's old session ends when the hub starts without it.
    """
    session = (await db.execute(_BY_TOKEN, {"digest": digest(token)})).unique().scalar_one_or_none()
    if session is None or session.expires_at <= utc_now():
        return None
    account = session.account
    if account.disabled_at is not None or (account.is_demo and not allow_demo):
        return None
    return actor_of(account, address), session


async def extend_session(database: Database, config: Config, session: SignInSession) -> None:
    """Prolong a session that is in use. Writes at most once in five minutes."""
    now = utc_now()
    expires_at = now + timedelta(hours=config.session_hours)
    if expires_at - session.expires_at < min(EXTEND_EVERY, timedelta(hours=config.session_hours) / 2):
        return
    async with database.transaction() as db:
        mine = SignInSession.token_sha256 == session.token_sha256
        await db.execute(
            update(SignInSession).where(mine, SignInSession.expires_at > now).values(expires_at=expires_at)
        )
    session.expires_at = expires_at


async def sign_out(db: AsyncSession, token: str) -> None:
    session = await db.get(SignInSession, digest(token))
    if session is not None:
        await audit.record(db, actor_of(session.account, session.address), "signed_out", "account", session.account_id)
        await db.delete(session)


async def end_sessions(db: AsyncSession, account_id: str, *, but: str = "") -> None:
    """Sign an account out everywhere, except in the session whose digest is ``but``."""
    await db.execute(
        delete(SignInSession).where(SignInSession.account_id == account_id, SignInSession.token_sha256 != but)
    )


def actor_of(account: Account, address: str = "") -> Actor:
    """The account as the permission function sees it. Roles over units that were closed still count for the past."""
    return Actor(
        account_id=account.id,
        name=account.full_name,
        unit_id=account.unit_id,
        unit_path=account.unit.path,
        grants=frozenset(Grant(Role(grant.role), grant.unit.path) for grant in account.grants),
        language=account.language,
        address=address,
    )


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _welcome(account: Account, config: Config) -> bool:
    return account.disabled_at is None and (config.demo or not account.is_demo)


async def _start_session(
    db: AsyncSession, config: Config, account: Account, address: str, user_agent: str
) -> tuple[str, SignInSession]:
    now = utc_now()
    account.failed_attempts, account.locked_until = 0, None
    await db.execute(delete(SignInSession).where(SignInSession.expires_at < now))
    token = secrets.token_urlsafe(TOKEN_BYTES)
    session = SignInSession(
        token_sha256=digest(token),
        account=account,
        csrf_token=secrets.token_urlsafe(TOKEN_BYTES),
        expires_at=now + timedelta(hours=config.session_hours),
        address=address[:64],
        user_agent=user_agent[:200],
    )
    db.add(session)
    await audit.record(db, actor_of(account, address), "signed_in", "account", account.id)
    return token, session


async def _count_failure(
    db: AsyncSession, config: Config, account: Account | None, address: str, *, wrong: bool
) -> None:
    """The username typed is not written down for an unknown account: people type passwords into that field."""
    if account is None:
        return
    if wrong:
        account.failed_attempts += 1
        if account.failed_attempts >= config.lockout_attempts:
            account.failed_attempts = 0
            account.locked_until = utc_now() + timedelta(minutes=config.lockout_minutes)
    event = await audit.record(
        db, actor_of(account, address), "sign_in_failed", "account", account.id, locked=_is_locked(account.locked_until)
    )
    event.account_id = None  # somebody tried; we do not know that it was they


def _is_locked(until: datetime | None) -> bool:
    return until is not None and until > utc_now()


def _refuse_if_locked(until: datetime | None) -> None:
    if until is not None and _is_locked(until):
        raise TooManyAttempts(
            N_("Tài khoản tạm khóa vì nhập sai mật khẩu nhiều lần. Hãy thử lại sau %(time)s."),
            time=f"{local(until + timedelta(minutes=1)):%H:%M}",
        )


async def _by_username(db: AsyncSession, username: str, *, lock: bool = False) -> Account | None:
    wanted = select(Account).where(Account.username == username.strip().lower())
    if lock:
        wanted = wanted.with_for_update(of=Account, key_share=True).execution_options(populate_existing=True)
    return (await db.execute(wanted)).unique().scalar_one_or_none()
