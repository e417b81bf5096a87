"""``hub user``: what an administrator of the machine may do with accounts, the first of all included."""

from __future__ import annotations

import asyncio
import getpass
import sys
from collections.abc import Awaitable, Callable

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub import cli
from hub.auth import command_line
from hub.config import Config
from hub.db import Database
from hub.errors import BadInput, HubError
from hub.models import OrgUnit, Role, UnitLevel
from hub.services import people
from hub.services.people import GrantInput, NewAccount, NewUnit

OPERATOR = command_line()


def add(config: Config, username: str, *, name: str, unit: str, unit_name: str, roles: list[str], title: str) -> None:
    wanted = [_role(text, unit) for text in roles]
    password = read_password(f"Password for {username}: ")

    async def act(db: AsyncSession) -> None:
        own = await _unit(db, unit, unit_name)
        grants = tuple([GrantInput(role, (await _unit(db, code)).id) for role, code in wanted])
        new = NewAccount(
            username=username,
            full_name=name,
            unit_id=own.id,
            password=password,
            grants=grants,
            title=title,
            must_change_password=True,
        )
        await people.create_account(db, OPERATOR, new)

    run(config, act)
    cli.say(f"Account {username} added; the password must be changed at the first sign-in.")


def disable(config: Config, username: str, reason: str) -> None:
    async def act(db: AsyncSession) -> None:
        account = await people.get_account_by_username(db, OPERATOR, username)
        await people.disable_account(db, OPERATOR, account.id, reason)

    run(config, act)
    cli.say(f"Account {username} disabled and signed out everywhere.")


def set_password(config: Config, username: str) -> None:
    password = read_password(f"New password for {username}: ")

    async def act(db: AsyncSession) -> None:
        account = await people.get_account_by_username(db, OPERATOR, username)
        await people.set_password(db, OPERATOR, account.id, password)

    run(config, act)
    cli.say(f"Password of {username} set; it must be changed at the next sign-in.")


def read_password(prompt: str) -> str:
    """Asked for twice on a terminal, one line from a pipe; never an option, which other users could read in ``ps``."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    first = getpass.getpass(prompt)
    if getpass.getpass("Again: ") != first:
        cli.fail(["the two passwords differ"], status=1)
    return first


def run(config: Config, act: Callable[[AsyncSession], Awaitable[None]]) -> None:
    """One transaction; a fault is told with each of its fields and ends with status 1."""

    async def main() -> None:
        database = Database(config.database)
        try:
            async with database.transaction() as db:
                await act(db)
        finally:
            await database.close()

    try:
        asyncio.run(main())
    except BadInput as error:
        fields = [f"{name}: {cli.in_words(text)}" for name, text in error.fields.items()]
        cli.fail([cli.in_words(error.text), *fields], status=1)
    except HubError as error:
        cli.fail([cli.in_words(error.text)], status=1)


def _role(text: str, unit: str) -> tuple[Role, str]:
    """``ROLE`` or ``ROLE:UNIT-CODE``."""
    name, _, code = text.partition(":")
    try:
        return Role(name), code or unit
    except ValueError:
        cli.fail([f"--role {text}: is not one of {', '.join(Role)}"], status=1)


async def _unit(db: AsyncSession, code: str, name: str = "") -> OrgUnit:
    found = await db.scalar(select(OrgUnit).where(OrgUnit.code == code.strip().upper()))
    if found is not None:
        return found
    if name and await db.scalar(select(func.count()).select_from(OrgUnit)) == 0:
        return await people.create_unit(db, OPERATOR, NewUnit(code=code, name=name, level=UnitLevel.CENTRAL))
    return cli.fail([f"unit {code}: no such unit; on an empty hub add --unit-name to make the first one"], status=1)
