"""Accounts, units and points, on both databases."""

from __future__ import annotations

import pytest

from hub.errors import BadInput, Conflict, Forbidden
from hub.models import Role, UnitLevel
from hub.services import audit, people
from hub.services.people import AccountEdit, GrantInput, NewAccount, NewPoint, NewUnit
from tests.support.domain import cheap_passwords, make_world

pytestmark = pytest.mark.asyncio


@pytest.fixture(autouse=True)
def _cheap(monkeypatch):
    cheap_passwords(monkeypatch)


def new_account(world, unit="XA1", **changes):
    given = {
        "username": "canbo.moi",
        "full_name": "Cán bộ mới",
        "unit_id": world.units[unit].id,
        "password": "đủ mười ký tự",
        "grants": (GrantInput(Role.OFFICER, world.units[unit].id),),
    }
    return NewAccount(**(given | changes))


def as_edit(account, **changes):
    given = {
        "full_name": account.full_name,
        "unit_id": account.unit_id,
        "grants": tuple(GrantInput(Role(g.role), g.unit_id) for g in account.grants),
    }
    return AccountEdit(**(given | changes))


async def test_an_administrator_adds_an_official_in_his_own_province(database):
    world = await make_world(database)
    async with database.transaction() as db:
        made = await people.create_account(db, world.actor("administrator.TINH1"), new_account(world))
        assert people.actor_of(made).holds(Role.OFFICER, world.units["XA1"].path)
        listed = await people.list_accounts(db, world.actor("administrator.TINH1"), text="can bo moi")
        assert [a.username for a in listed] == ["canbo.moi"]


@pytest.mark.parametrize("unit", ["XA9", "TW"])
async def test_he_adds_none_elsewhere_and_gives_no_role_over_what_he_does_not_administer(database, unit):
    world = await make_world(database)
    actor = world.actor("administrator.TINH1")
    async with database.transaction() as db:
        with pytest.raises(Forbidden):
            await people.create_account(db, actor, new_account(world, unit))
        grants = (GrantInput(Role.AUDITOR, world.units[unit].id),)
        with pytest.raises(Forbidden):
            await people.create_account(db, actor, new_account(world, grants=grants))
        mine = world.accounts["administrator.TINH1"]
        with pytest.raises(Forbidden):
            await people.update_account(db, actor, mine.id, as_edit(mine, grants=grants))


async def test_nobody_else_manages_accounts(database):
    world = await make_world(database)
    for name in ("officer.TINH1", "leader.TW", "auditor.TW", "technician.TW", "secretary.TINH1"):
        async with database.transaction() as db:
            with pytest.raises(Forbidden):
                await people.create_account(db, world.actor(name), new_account(world))
            with pytest.raises(Forbidden):
                await people.list_accounts(db, world.actor(name))


async def test_a_username_is_given_once(database):
    world = await make_world(database)
    async with database.transaction() as db:
        await people.create_account(db, world.actor("administrator.TW"), new_account(world))
        with pytest.raises(Conflict, match="đã có người dùng"):
            await people.create_account(db, world.actor("administrator.TW"), new_account(world, username="CANBO.moi"))
        assert len(await people.list_accounts(db, world.actor("administrator.TW"), text="canbo.moi")) == 1


async def test_every_fault_of_an_account_is_told_at_once(database):
    world = await make_world(database)
    wrong = new_account(world, username="Ông Hai", full_name=" ", password="x", unit_id="nowhere", grants=())
    async with database.transaction() as db:
        with pytest.raises(BadInput) as refused:
            await people.create_account(db, world.actor("administrator.TW"), wrong)
    assert set(refused.value.fields) == {"username", "full_name", "password", "unit_id"}


async def test_roles_given_by_a_higher_administrator_survive_an_edit_by_a_lower_one(database):
    world = await make_world(database)
    central, provincial = world.actor("administrator.TW"), world.actor("administrator.TINH1")
    both = (GrantInput(Role.OFFICER, world.units["XA1"].id), GrantInput(Role.AUDITOR, world.units["TW"].id))
    async with database.transaction() as db:
        made = await people.create_account(db, central, new_account(world, grants=both))
    async with database.transaction() as db:
        grants = (GrantInput(Role.SECRETARY, world.units["XA1"].id),)
        edited = await people.update_account(db, provincial, made.id, as_edit(made, full_name="Tên mới", grants=grants))
    assert edited.full_name == "Tên mới"
    assert {(g.role, g.unit.code) for g in edited.grants} == {("secretary", "XA1"), ("auditor", "TW")}


async def test_an_administrator_cannot_lock_himself_out(database):
    world = await make_world(database)
    actor, mine = world.actor("administrator.TINH1"), world.accounts["administrator.TINH1"]
    async with database.transaction() as db:
        with pytest.raises(BadInput):
            await people.disable_account(db, actor, mine.id)
        with pytest.raises(BadInput):
            await people.update_account(db, actor, mine.id, as_edit(mine, grants=()))


async def test_a_unit_is_placed_below_its_parent_for_good(database):
    world = await make_world(database)
    actor = world.actor("administrator.TINH1")
    new = NewUnit(code="xa3", name="UBND xã Ba", level=UnitLevel.COMMUNE, parent_id=world.units["TINH1"].id)
    async with database.transaction() as db:
        made = await people.create_unit(db, actor, new)
        assert made.code == "XA3"
        assert made.path == f"{world.units['TINH1'].path}{made.id}/"
        moved = NewUnit(code="XA3", name="x", level=UnitLevel.COMMUNE, parent_id=world.units["TINH2"].id)
        with pytest.raises(BadInput):
            await people.update_unit(db, actor, made.id, moved)
        with pytest.raises(Conflict):
            await people.create_unit(db, actor, new)
        above = NewUnit(code="TINH7", name="x", level=UnitLevel.PROVINCE, parent_id=made.id)
        with pytest.raises(BadInput):
            await people.create_unit(db, actor, above)
        root = NewUnit(code="GOC", name="x", level=UnitLevel.CENTRAL)
        with pytest.raises(Forbidden):
            await people.create_unit(db, actor, root)
        assert [u.code for u in await people.list_units(db, world.actor("officer.XA1"))] == ["XA1"]


async def test_a_point_is_made_moved_and_closed_within_ones_scope(database):
    world = await make_world(database)
    actor = world.actor("administrator.TINH1")
    new = NewPoint(code="p1", name="Điểm cầu mới", unit_id=world.units["XA1"].id, phone="0203 123")
    async with database.transaction() as db:
        made = await people.create_point(db, actor, new)
        moved = NewPoint(code="P1", name="Điểm cầu mới", unit_id=world.units["XA2"].id, active=False)
        made = await people.update_point(db, actor, made.id, moved)
        assert made.unit.code == "XA2"
        assert made.id not in {p.id for p in await people.list_points(db, actor)}
        assert made.id in {p.id for p in await people.list_points(db, actor, closed=True)}
        elsewhere = NewPoint(code="P2", name="x", unit_id=world.units["XA9"].id)
        with pytest.raises(Forbidden):
            await people.create_point(db, actor, elsewhere)
        with pytest.raises(Forbidden):
            await people.update_point(db, actor, world.points["XA9"].id, new)
        with pytest.raises(BadInput) as refused:
            await people.create_point(db, actor, NewPoint(code="có dấu", name="", unit_id="nowhere"))
        assert set(refused.value.fields) == {"code", "name", "unit_id"}


async def test_all_of_it_is_in_the_audit_trail_for_auditors_of_that_unit_alone(database):
    world = await make_world(database)
    async with database.transaction() as db:
        made = await people.create_account(db, world.actor("administrator.TINH1"), new_account(world, "XA2"))
        await people.disable_account(db, world.actor("administrator.TINH1"), made.id, "nghỉ hưu")
    query = audit.AuditQuery(object_type="account", object_id=made.id)
    async with database.reading() as db:
        seen = await audit.list_events(db, world.actor("auditor.TINH1"), query)
        assert [(row.action, row.reason) for row in seen] == [("account_disabled", "nghỉ hưu"), ("account_created", "")]
        assert {row.who for row in seen} == {"Ông administrator.TINH1"}
        assert await audit.list_events(db, world.actor("auditor.XA1"), query) == []
        with pytest.raises(Forbidden):
            await audit.list_events(db, world.actor("officer.TINH1"), query)
