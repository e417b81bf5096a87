"""One place decides who may do what, and no right can be turned into a larger one."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from sqlalchemy import select

from hub.auth import command_line
from hub.db import Database
from hub.errors import Forbidden
from hub.models import Account, CaseType, Hearing, HearingState, Role
from hub.services import cases, hearings, people
from hub.services.occupied import occupied
from hub.services.people import GrantInput, NewAccount
from tests.support.domain import World, cheap_passwords, make_world, new_case

ROOT = Path(__file__).parents[2]
asynchronous = pytest.mark.asyncio

ELIGIBILITY = tuple(f"hub/services/{name}.py" for name in ("bookings", "booking_staff", "visits", "minimums"))
"""They ask whether *another* account could chair, receive or decide; what it may do is decided elsewhere."""


def test_roles_are_looked_at_in_one_module_only() -> None:
    """Everything else asks ``may``, ``require``, ``may_somewhere`` or ``scopes``."""
    found = []
    for folder in ("hub", "web", "signaling", "recorder"):
        for path in (ROOT / folder).rglob("*.py"):
            where = path.relative_to(ROOT).as_posix()
            if where in ("hub/auth.py", *ELIGIBILITY):
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Attribute) and node.attr in ("holds", "has_role"):
                    found.append(f"{where}:{node.lineno}")
    assert found == []


async def with_roles(world: World, *grants: tuple[Role, str], unit: str) -> Account:
    """A new account with roles over units by code."""
    async with world.database.transaction() as db:
        new = NewAccount(
            username="nguoi.moi",
            full_name="Người mới",
            unit_id=world.units[unit].id,
            password="đủ mười ký tự",
            grants=tuple(GrantInput(role, world.units[code].id) for role, code in grants),
        )
        return await people.create_account(db, command_line(), new)


@asynchronous
async def test_an_administrator_cannot_take_over_an_account_that_may_more_than_he_administers(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its unit is his, one of its roles reaches above: with a new password he would sign in as it."""
    cheap_passwords(monkeypatch)
    world = await make_world(database)
    account = await with_roles(world, (Role.OFFICER, "TINH1"), (Role.AUDITOR, "TW"), unit="TINH1")
    async with database.transaction() as db:
        with pytest.raises(Forbidden):
            await people.set_password(db, world.actor("administrator.TINH1"), account.id, "mật khẩu mới tinh")
        await people.set_password(db, world.actor("administrator.TW"), account.id, "mật khẩu mới tinh")


@asynchronous
async def test_a_cancelled_hearing_no_longer_opens_its_case_to_whoever_would_have_chaired(database: Database) -> None:
    world = await make_world(database)
    officer, deputy = world.actor("officer.TINH1"), world.actor("leader.TINH1")
    async with database.transaction() as db:
        found = await cases.register(db, world.vault, officer, new_case())
        hearing = await hearings.book(db, world.vault, officer, world.booking(case_ids=(found.id,)))
        # The chair loses his role meanwhile; the seat is what lets him read.
        chair = (await db.execute(select(Account).where(Account.id == deputy.account_id))).unique().scalar_one()
        chair.grants = []
    without = people.actor_of(chair)
    async with database.transaction() as db:
        assert await cases.get(db, without, found.id)
        await hearings.cancel(db, world.vault, officer, hearing.id, 1, "mưa lũ")
        assert (await db.get_one(Hearing, hearing.id)).state == HearingState.CANCELLED
        with pytest.raises(Forbidden):
            await cases.get(db, without, found.id)


@asynchronous
async def test_an_officer_above_edits_a_denunciation_without_ever_learning_the_name(database: Database) -> None:
    world = await make_world(database)
    async with database.transaction() as db:
        new = new_case(type=CaseType.DENUNCIATION, summary="Tố cáo")
        found = await cases.register(db, world.vault, world.actor("officer.XA1"), new)
    for who in ("officer.TINH1", "leader.TINH1", "auditor.TW", "auditor.XA1", "administrator.TW", "officer.XA2"):
        async with database.transaction() as db:
            with pytest.raises(Forbidden):
                await people_identity(db, world, who, found.party_id)


async def people_identity(db: object, world: World, who: str, party_id: str) -> None:
    from hub.services import identity

    await identity.read_identity(db, world.vault, world.actor(who), party_id, "tò mò")  # type: ignore[arg-type]


@asynchronous
async def test_who_books_elsewhere_sees_that_somebody_is_taken_and_not_for_what(database: Database) -> None:
    world = await make_world(database)
    booking = world.booking(title="Gặp gia đình bà Hoa")
    async with database.transaction() as db:
        await hearings.book(db, world.vault, world.actor("officer.TINH1"), booking)
    async with database.reading() as db:
        for who, title in (("officer.TINH1", booking.title), ("officer.XA1", booking.title), ("officer.XA9", "")):
            taken = await occupied(db, world.actor(who), booking.starts_at, booking.ends_at)
            assert {one.title for one in taken} == {title}, who
