"""Units, points and accounts from a table: tried first, then all of it in one transaction or nothing."""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from hub.auth import Action, Actor, Target, may, require, scopes
from hub.db import Database
from hub.errors import BadInput, Stale
from hub.i18n import N_, Text
from hub.import_columns import COLUMNS, Fault, bind, zero_notes
from hub.import_kinds import ImportKind
from hub.models import Account, SignInSession
from hub.services import audit, import_writing
from hub.services.import_plans import Change, plan
from hub.services.import_writing import RowRefused, known
from hub.services.passwords import hash_random
from hub.tables import Table

ACTION = {
    ImportKind.UNITS: Action.MANAGE_UNITS,
    ImportKind.POINTS: Action.MANAGE_UNITS,
    ImportKind.ACCOUNTS: Action.MANAGE_ACCOUNTS,
}
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without those that are read as others: one-time passwords are copied from paper."""

Progress = Callable[[int, int], None]
"""Done, of how many."""


@dataclass(frozen=True, slots=True)
class Plan:
    """``fingerprint`` names the changes and what they change, so that a difference by the time of the import shows."""

    kind: ImportKind
    changes: tuple[Change, ...]
    faults: tuple[Fault, ...]
    rows: int
    notes: tuple[Text, ...] = ()
    waiting: tuple[str, ...] = ()
    """Usernames of the table whose owners have not chosen a password yet: they may be given a new one-time password."""

    @property
    def created(self) -> int:
        return sum(change.new for change in self.changes)

    @property
    def changed(self) -> int:
        return len(self.changes) - self.created

    @property
    def same(self) -> int:
        return self.rows - len(self.changes)

    @property
    def fingerprint(self) -> str:
        told = [[c.row, c.key, c.id, dict(c.before), dict(c.after)] for c in self.changes]
        return hashlib.sha256(json.dumps([str(self.kind), told], sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Imported:
    created: int
    changed: int
    passwords: dict[str, str] = field(repr=False, default_factory=dict)
    """One-time passwords of new accounts, by username; they are kept nowhere else."""


class Refused(BadInput):
    """Nothing was imported; ``faults`` say why, by row."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__(N_("Bảng còn lỗi nên chưa nhập dòng nào."))
        self.faults = faults


def require_import(actor: Actor, kind: ImportKind) -> None:
    """Raise ``Forbidden`` for who manages nothing of this kind anywhere."""
    require(actor, ACTION[kind], Target(paths=tuple(scopes(actor, ACTION[kind]))))


async def try_out(db: AsyncSession, actor: Actor, kind: ImportKind, table: Table) -> Plan:
    """What the import would do, and every fault. Nothing is written."""
    require_import(actor, kind)
    entries, faults = await asyncio.to_thread(bind, kind, table)  # thousands of rows; the loop has hearings to serve
    if faults:
        return Plan(kind, (), tuple(faults), len(table.rows), table.notes)
    there = await known(db, kind)
    changes, faults = await asyncio.to_thread(plan, actor, kind, entries, there)
    waiting = [entry["username"] for entry in entries if _waits(actor, there.accounts.get(entry["username"]))]
    notes = (*table.notes, *zero_notes(entries))
    return Plan(kind, tuple(changes), tuple(faults), len(entries), notes, tuple(waiting))


async def carry_out(
    database: Database,
    actor: Actor,
    kind: ImportKind,
    table: Table,
    tried: Plan,
    progress: Progress = lambda _done, _total: None,
) -> Imported:
    """All or nothing. Raises ``Stale`` when something has changed since it was tried, ``Refused``, ``Forbidden``."""
    if tried.faults:
        raise Refused(tried.faults)
    new = [change.key for change in tried.changes if change.new] if kind is ImportKind.ACCOUNTS else []
    passwords = {username: one_time_password() for username in new}
    total = len(tried.changes)
    progress(0, total)
    hashes = await asyncio.to_thread(lambda: {name: hash_random(secret) for name, secret in passwords.items()})
    try:
        async with database.transaction() as db:
            again = await try_out(db, actor, kind, table)
            if again.fingerprint != tried.fingerprint or again.faults:
                raise _stale()
            await import_writing.write(db, actor, kind, again.changes, hashes, lambda done: progress(done, total))
            await audit.record(
                db, actor, f"{kind}_imported", "import", "", created=again.created, changed=again.changed
            )
    except RowRefused as error:
        raise Refused((error.fault,)) from error
    except IntegrityError as error:  # somebody else made one of them in this very moment
        raise _stale() from error
    return Imported(again.created, again.changed, passwords)


async def renew(database: Database, actor: Actor, usernames: Sequence[str]) -> dict[str, str]:
    """New one-time passwords, by username, for who still has the one of an import: its list was lost before it was
    handed out. Whoever has chosen a password meanwhile keeps it. Raises ``Forbidden``."""
    require_import(actor, ImportKind.ACCOUNTS)
    passwords = {username: one_time_password() for username in usernames}
    hashes = await asyncio.to_thread(lambda: {name: hash_random(secret) for name, secret in passwords.items()})
    async with database.transaction() as db:
        wanted = select(Account).where(Account.username.in_(list(passwords))).order_by(Account.username)
        found = (await db.execute(wanted.with_for_update(of=Account))).unique().scalars()
        accounts = [one for one in found if _waits(actor, one)]
        ids = [one.id for one in accounts]
        await db.execute(delete(SignInSession).where(SignInSession.account_id.in_(ids)))
        for one in accounts:
            one.password_hash, one.failed_attempts, one.locked_until = hashes[one.username], 0, None
            told = {"unit_path": one.unit.path, "username": one.username}
            db.add(audit.made(actor, "password_set", "account", one.id, **told))
    return {one.username: passwords[one.username] for one in accounts}


def _waits(actor: Actor, account: Account | None) -> bool:
    """Whether somebody has not chosen a password yet, and every role of theirs is in the administrator's scope: who
    sets a password can sign in with it."""
    if account is None or not account.must_change_password or account.disabled_at is not None:
        return False
    paths = [account.unit.path, *(grant.unit.path for grant in account.grants)]
    return all(may(actor, Action.MANAGE_ACCOUNTS, Target(paths=(path,))) for path in paths)


def _stale() -> Stale:
    return Stale(N_("Dữ liệu đã thay đổi sau khi bạn kiểm tra thử. Chưa nhập dòng nào; hãy xem lại rồi nhập."))


def one_time_password() -> str:
    """Four groups of four, 79 bits; must be changed at the first sign-in."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))


def heading_of(kind: ImportKind, key: str) -> str:
    """The Vietnamese heading of a column, to be translated; empty for a fault of the whole row."""
    return next((column.heading for column in COLUMNS[kind] if column.key == key), "")
