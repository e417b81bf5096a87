"""Units, points and accounts from a table: tried first, then all of it in one transaction or nothing."""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from hub.auth import Action, Actor, Target, require, scopes
from hub.db import Database
from hub.errors import BadInput, Stale
from hub.i18n import N_, Text
from hub.import_columns import COLUMNS, Fault, bind, zero_notes
from hub.import_kinds import ImportKind
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
    changes, faults = await asyncio.to_thread(plan, actor, kind, entries, await known(db, kind))
    notes = (*table.notes, *zero_notes(entries))
    return Plan(kind, tuple(changes), tuple(faults), len(entries), notes)


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


def _stale() -> Stale:
    return Stale(N_("Dữ liệu đã thay đổi sau khi bạn kiểm tra thử. Chưa nhập dòng nào; hãy xem lại rồi nhập."))


def one_time_password() -> str:
    """Four groups of four, 79 bits; must be changed at the first sign-in."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))


def heading_of(kind: ImportKind, key: str) -> str:
    """The Vietnamese heading of a column, to be translated; empty for a fault of the whole row."""
    return next((column.heading for column in COLUMNS[kind] if column.key == key), "")
