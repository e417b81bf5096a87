"""Accounts, roles, units and points. Sign-in is in ``hub.services.sign_in``; its functions are offered here too."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from hub.auth import Action, Actor, Grant, Target, may, require, scopes
from hub.errors import BadInput, Conflict, Forbidden, NotFound
from hub.i18n import N_, Text
from hub.ids import new_id, utc_now
from hub.mail import is_address
from hub.models import Account, OrgUnit, Role, RoleGrant, SignInSession
from hub.services import audit, handing_over
from hub.services.passwords import hash_password, password_fault, verify_password
from hub.services.sign_in import actor_for_token, actor_of, end_sessions, extend_session, sign_in, sign_out
from hub.services.units import (
    NewPoint,
    NewUnit,
    create_point,
    create_unit,
    get_point,
    get_unit,
    list_points,
    list_units,
    update_point,
    update_unit,
)
from hub.text import clean, fold

__all__ = [
    "AccountEdit",
    "GrantInput",
    "NewAccount",
    "NewPoint",
    "NewUnit",
    "actor_for_token",
    "actor_of",
    "change_own_password",
    "create_account",
    "create_point",
    "create_unit",
    "disable_account",
    "enable_account",
    "extend_session",
    "get_account",
    "get_account_by_username",
    "get_point",
    "get_unit",
    "list_accounts",
    "list_points",
    "list_units",
    "set_language",
    "set_password",
    "sign_in",
    "sign_out",
    "update_account",
    "update_point",
    "update_unit",
]

_USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,63}")


def username_fault(username: str) -> Text | None:
    if _USERNAME.fullmatch(username):
        return None
    return Text(N_("Tên đăng nhập gồm 2 đến 64 chữ thường không dấu, chữ số, dấu chấm hoặc gạch."))


@dataclass(frozen=True, slots=True)
class GrantInput:
    role: Role
    unit_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccount:
    username: str
    full_name: str
    unit_id: str
    password: str
    grants: tuple[GrantInput, ...] = ()
    title: str = ""
    phone: str = ""
    email: str = ""
    language: str = "vi"
    is_demo: bool = False
    must_change_password: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountEdit:
    """Everything of an account that may be changed; the username stays, because the record names it."""

    full_name: str
    unit_id: str
    grants: tuple[GrantInput, ...] = ()
    title: str = ""
    phone: str = ""
    email: str = ""
    language: str = "vi"


async def list_accounts(db: AsyncSession, actor: Actor, *, text: str = "", disabled: bool = True) -> list[Account]:
    """The accounts in the units the actor administers, by name. Raises ``Forbidden`` for who administers nothing."""
    paths = scopes(actor, Action.MANAGE_ACCOUNTS)
    require(actor, Action.MANAGE_ACCOUNTS, Target(paths=tuple(paths)))
    wanted = select(Account).join(OrgUnit, OrgUnit.id == Account.unit_id).where(audit.within(OrgUnit.path, paths))
    if not disabled:
        wanted = wanted.where(Account.disabled_at.is_(None))
    found = (await db.execute(wanted.order_by(Account.full_name, Account.username))).unique().scalars().all()
    sought = fold(text)
    return [a for a in found if sought in fold(f"{a.full_name} {a.username} {a.title} {a.unit.name}")]


async def get_account(db: AsyncSession, actor: Actor, account_id: str) -> Account:
    """Raises ``NotFound``, or ``Forbidden`` when the account is neither one's own nor in one's scope."""
    account = await _account(db, account_id)
    if account.id != actor.account_id:
        require(actor, Action.MANAGE_ACCOUNTS, Target(paths=(account.unit.path,)))
    return account


async def get_account_by_username(db: AsyncSession, actor: Actor, username: str) -> Account:
    found = await db.execute(select(Account.id).where(Account.username == username.strip().lower()))
    account_id = found.scalar_one_or_none()
    if account_id is None:
        raise NotFound(N_("Không có tài khoản này."))
    return await get_account(db, actor, account_id)


async def create_account(db: AsyncSession, actor: Actor, new: NewAccount) -> Account:
    """Raises ``BadInput`` with every fault by field, ``Conflict`` when the username is taken, ``Forbidden``."""
    username = new.username.strip().lower()
    faults: dict[str, Text] = {}
    if (bad_name := username_fault(username)) is not None:
        faults["username"] = bad_name
    fault = password_fault(new.password, username)
    if fault is not None:
        faults["password"] = fault
    unit = await _checked_unit(db, actor, new.unit_id, faults)
    grants = await _checked_grants(db, actor, new.grants, faults)
    _check_names(new, faults)
    _raise(faults)
    assert unit is not None
    account = made_account(new, await hash_password(new.password), grants)
    try:
        async with db.begin_nested():
            db.add(account)
    except IntegrityError as error:
        taken = Text(N_("Tên đăng nhập này đã có người dùng."))
        raise Conflict(taken.message, field="username") from error
    await _audit(db, actor, "account_created", account, unit.path, roles=_roles(grants))
    return await _account(db, account.id)


def made_account(new: NewAccount, password_hash: str, grants: Iterable[tuple[Role, str]]) -> Account:
    """A row of what has been checked."""
    return Account(
        id=new_id(),
        username=new.username.strip().lower(),
        full_name=clean(new.full_name),
        title=clean(new.title),
        phone=clean(new.phone),
        email=clean(new.email),
        unit_id=new.unit_id,
        password_hash=password_hash,
        language=new.language,
        is_demo=new.is_demo,
        must_change_password=new.must_change_password,
        grants=[RoleGrant(role=role, unit_id=unit_id) for role, unit_id in grants],
    )


async def update_account(db: AsyncSession, actor: Actor, account_id: str, edit: AccountEdit) -> Account:
    """Raises as ``create_account``; roles over units outside one's own scope are kept, neither given nor taken."""
    account = await get_account(db, actor, account_id)
    require(actor, Action.MANAGE_ACCOUNTS, Target(paths=(account.unit.path,)))
    faults: dict[str, Text] = {}
    unit = await _checked_unit(db, actor, edit.unit_id, faults)
    wanted = await _checked_grants(db, actor, edit.grants, faults, held=_held(account))
    _check_names(edit, faults)
    _raise(faults)
    assert unit is not None
    managed = scopes(actor, Action.MANAGE_ACCOUNTS)
    wanted |= {(g.role, g.unit_id) for g in account.grants if not any(g.unit.path.startswith(p) for p in managed)}
    _keep_own_administration(actor, account, wanted)
    account.full_name, account.title, account.phone = clean(edit.full_name), clean(edit.title), clean(edit.phone)
    account.unit_id, account.language, account.email = unit.id, edit.language, clean(edit.email)
    for grant in [g for g in account.grants if (g.role, g.unit_id) not in wanted]:
        account.grants.remove(grant)
    for role, unit_id in wanted - _held(account):
        account.grants.append(RoleGrant(role=role, unit_id=unit_id))
    await db.flush()
    await _audit(db, actor, "account_changed", account, unit.path, roles=_roles(wanted))
    return await _account(db, account.id)


async def disable_account(db: AsyncSession, actor: Actor, account_id: str, reason: str = "") -> Account:
    """Sign it out everywhere and for good. One cannot disable oneself: somebody must be left to undo it."""
    account = await _managed(db, actor, account_id)
    if account.id == actor.account_id:
        raise BadInput(N_("Bạn không thể tự khóa tài khoản của mình."))
    if account.disabled_at is None:
        account.disabled_at = utc_now()
        await end_sessions(db, account.id)
        await _audit(db, actor, "account_disabled", account, account.unit.path, reason)
        await handing_over.tell_heads(db, account)
    return account


async def enable_account(db: AsyncSession, actor: Actor, account_id: str) -> Account:
    """Let a disabled or locked account sign in again."""
    account = await _managed(db, actor, account_id)
    account.disabled_at = account.locked_until = None
    account.failed_attempts = 0
    await _audit(db, actor, "account_enabled", account, account.unit.path)
    return account


async def set_password(db: AsyncSession, actor: Actor, account_id: str, password: str) -> None:
    """An administrator gives a new password; the owner must change it at the next sign-in. Ends all its sessions.

    Who sets a password can sign in with it, so every role of the account must be in the administrator's own scope.
    """
    account = await _managed(db, actor, account_id)
    for grant in account.grants:
        require(actor, Action.MANAGE_ACCOUNTS, Target(paths=(grant.unit.path,)))
    await _store_password(account, password, field="password")
    account.must_change_password = account.id != actor.account_id
    account.failed_attempts, account.locked_until = 0, None
    await end_sessions(db, account.id)
    await _audit(db, actor, "password_set", account, account.unit.path)


async def change_own_password(
    db: AsyncSession, actor: Actor, current: str, wanted: str, *, keep: SignInSession | None = None
) -> None:
    """Raises ``BadInput`` naming the field at fault. Ends every other session but ``keep``."""
    account = await _account(db, actor.account_id)
    if not await verify_password(account.password_hash, current):
        wrong = Text(N_("Mật khẩu hiện tại không đúng."))
        raise BadInput(wrong.message, fields={"current": wrong})
    await _store_password(account, wanted, field="wanted")
    account.must_change_password = False
    await end_sessions(db, account.id, but=keep.token_sha256 if keep else "")
    await _audit(db, actor, "password_changed", account, account.unit.path)


async def set_language(db: AsyncSession, actor: Actor, language: str) -> None:
    (await _account(db, actor.account_id)).language = language


async def _store_password(account: Account, password: str, *, field: str) -> None:
    fault = password_fault(password, account.username)
    if fault is not None:
        raise BadInput(N_("Mật khẩu chưa đạt yêu cầu."), fields={field: fault})
    account.password_hash = await hash_password(password)


async def _account(db: AsyncSession, account_id: str) -> Account:
    wanted = select(Account).where(Account.id == account_id).execution_options(populate_existing=True)
    account = (await db.execute(wanted)).unique().scalar_one_or_none()
    if account is None:
        raise NotFound(N_("Không có tài khoản này."))
    return account


async def _managed(db: AsyncSession, actor: Actor, account_id: str) -> Account:
    account = await _account(db, account_id)
    require(actor, Action.MANAGE_ACCOUNTS, Target(paths=(account.unit.path,)))
    return account


async def _checked_unit(db: AsyncSession, actor: Actor, unit_id: str, faults: dict[str, Text]) -> OrgUnit | None:
    unit = await db.get(OrgUnit, unit_id)
    if unit is None or not unit.active:
        faults["unit_id"] = Text(N_("Hãy chọn cơ quan."))
        return None
    require(actor, Action.MANAGE_ACCOUNTS, Target(paths=(unit.path,)))
    return unit


async def _checked_grants(
    db: AsyncSession,
    actor: Actor,
    grants: tuple[GrantInput, ...],
    faults: dict[str, Text],
    held: frozenset[tuple[Role, str]] = frozenset(),
) -> set[tuple[Role, str]]:
    """What is wanted, each once; nobody gives away a role over a unit that they do not administer themselves."""
    wanted = {(grant.role, grant.unit_id) for grant in grants}
    for _role, unit_id in wanted - held:
        unit = await db.get(OrgUnit, unit_id)
        if unit is None:
            faults["grants"] = Text(N_("Hãy chọn cơ quan cho từng vai trò."))
        elif not may(actor, Action.MANAGE_ACCOUNTS, Target(paths=(unit.path,))):
            raise Forbidden(N_("Bạn chỉ được trao vai trò trong phạm vi bạn quản trị."))
    return wanted


def _check_names(given: NewAccount | AccountEdit, faults: dict[str, Text]) -> None:
    if not clean(given.full_name):
        faults["full_name"] = Text(N_("Hãy ghi họ tên cán bộ."))
    if clean(given.email) and not is_address(clean(given.email)):
        faults["email"] = Text(N_("Hãy ghi địa chỉ thư điện tử như ten@coquan.gov.vn."))
    lengths = (("full_name", given.full_name, 120), ("title", given.title, 120), ("phone", given.phone, 40))
    for field, value, longest in lengths:
        if len(clean(value)) > longest:
            faults[field] = Text(N_("Dài quá %(longest)d ký tự."), {"longest": longest})


def _keep_own_administration(actor: Actor, account: Account, wanted: set[tuple[Role, str]]) -> None:
    if account.id == actor.account_id and not any(role == Role.ADMINISTRATOR for role, _ in wanted):
        raise BadInput(N_("Bạn không thể tự bỏ quyền quản trị của mình."))


def _held(account: Account) -> frozenset[tuple[Role, str]]:
    return frozenset((Role(grant.role), grant.unit_id) for grant in account.grants)


def _roles(grants: set[tuple[Role, str]]) -> list[list[str]]:
    return sorted([str(role), unit_id] for role, unit_id in grants)


def _raise(faults: dict[str, Text]) -> None:
    if faults:
        raise BadInput(N_("Một số mục chưa đúng. Hãy xem lại."), fields=faults)


async def _audit(
    db: AsyncSession, actor: Actor, action: str, account: Account, path: str, reason: str = "", **detail: object
) -> None:
    await audit.record(
        db, actor, action, "account", account.id, reason, unit_path=path, username=account.username, **detail
    )


async def count_accounts(db: AsyncSession) -> int:
    """How many accounts there are at all: none means a hub that nobody has set up yet."""
    return int((await db.execute(select(func.count()).select_from(Account))).scalar_one())


async def purge_expired_sessions(db: AsyncSession) -> None:
    await db.execute(delete(SignInSession).where(SignInSession.expires_at < utc_now()))


def grants_of(account: Account) -> frozenset[Grant]:
    return actor_of(account).grants
