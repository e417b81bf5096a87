"""Units, points and accounts from tables: every fault by row, then all or nothing."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import func, select

from hub import tables
from hub.auth import command_line
from hub.config import Config
from hub.db import Database
from hub.errors import Forbidden, Stale
from hub.import_kinds import ImportKind
from hub.models import Account, AuditEvent, OrgUnit, Point, Role, UnitLevel
from hub.services import import_writing, imports, people
from hub.services.imports import Imported, Plan, Refused
from hub.services.passwords import verify_password
from hub.services.people import NewPoint, NewUnit
from tests.support.domain import World, cheap_passwords, make_world

asynchronous = pytest.mark.asyncio
UNITS, POINTS, ACCOUNTS = ImportKind.UNITS, ImportKind.POINTS, ImportKind.ACCOUNTS

HEADS = {
    UNITS: "Mã cơ quan;Tên cơ quan;Cấp;Mã cơ quan cấp trên;Đang dùng",
    POINTS: "Mã điểm cầu;Tên điểm cầu;Mã cơ quan;Địa chỉ;Điện thoại;Điểm cầu trung tâm;Đang dùng",
    ACCOUNTS: "Tên đăng nhập;Họ tên;Mã cơ quan;Chức vụ;Điện thoại;Thư điện tử;Ngôn ngữ;Vai trò",
}


def table(kind: ImportKind, *rows: str) -> tables.Table:
    return tables.read("\n".join([HEADS[kind], *rows]).encode())


async def tried(world: World, kind: ImportKind, *rows: str, by: str = "administrator.TINH1") -> Plan:
    async with world.database.reading() as db:
        return await imports.try_out(db, world.actor(by), kind, table(kind, *rows))


async def imported(world: World, kind: ImportKind, *rows: str, by: str = "administrator.TINH1") -> Imported:
    plan = await tried(world, kind, *rows, by=by)
    assert [(f.row, f.heading, str(f.text)) for f in plan.faults] == []
    return await imports.carry_out(world.database, world.actor(by), kind, table(kind, *rows), plan)


def where(plan: Plan) -> list[tuple[int, str, str]]:
    return [(fault.row, fault.column, fault.heading) for fault in plan.faults]


async def count(database: Database, kind: type[OrgUnit | Point | Account]) -> int:
    async with database.reading() as db:
        return int(await db.scalar(select(func.count()).select_from(kind)) or 0)


@asynchronous
async def test_units_come_in_whatever_order_their_rows_stand(database: Database) -> None:
    world = await make_world(database)
    done = await imported(
        world,
        UNITS,
        "XA32;Tổ hai;xã;XA31",
        "XA31;UBND xã Ba Mốt;Cấp xã;TINH1",
        "XA1;UBND xã Đổi Tên;;",
        "XA2;UBND XA2;;",
    )
    assert (done.created, done.changed) == (2, 1)
    async with database.reading() as db:
        units = {unit.code: unit for unit in await db.scalars(select(OrgUnit))}
        told = list(await db.scalars(select(AuditEvent.action)))
    assert units["XA32"].path.startswith(units["XA31"].path)
    assert units["XA31"].path.startswith(units["TINH1"].path)
    assert units["XA1"].name == "UBND xã Đổi Tên"
    assert told.count("unit_created") == 2
    assert "units_imported" in told


@asynchronous
async def test_every_fault_of_every_row_is_told_by_row_and_column(database: Database) -> None:
    world = await make_world(database)
    plan = await tried(
        world,
        UNITS,
        "XA31;;xã;TINH1",
        "xã 32;Tên;xã;TINH1",
        "XA33;Tên;huyện;KHONGCO",
        "XA34;Tên;xã;TINH1",
        "XA34;Tên;xã;TINH1;có lẽ",
        "XA1;UBND XA1;tỉnh;TINH2",
        "XA35;Tên;trung ương;TINH1",
        "XA9;Tên khác;;",
        "A;Tên;xã;B",
        "B;Tên;xã;A",
        "GOC;Tên;trung ương;",
        f"XA36;{'x' * 201};xã;TINH1",
    )
    assert where(plan) == [
        (2, "B", "name"),
        (3, "A", "code"),
        (4, "C", "level"),
        (4, "D", "parent"),
        (6, "A", "code"),
        (6, "E", "active"),
        (7, "C", "level"),
        (7, "D", "parent"),
        (8, "C", "level"),
        (9, "A", "code"),
        (10, "D", "parent"),
        (11, "D", "parent"),
        (12, "D", "parent"),
        (13, "B", "name"),
    ]
    assert await count(database, OrgUnit) == 6
    with pytest.raises(Refused):
        await imports.carry_out(database, world.actor("administrator.TINH1"), UNITS, table(UNITS, "X;Y;xã;TINH1"), plan)


@asynchronous
async def test_headings_that_lack_repeat_or_are_unknown_are_told_first(database: Database) -> None:
    world = await make_world(database)
    async with database.reading() as db:
        found = tables.read("Mã cơ quan;Mã cơ quan;Màu;Cấp\nXA1;XA1;đỏ;xã".encode())
        plan = await imports.try_out(db, world.actor("administrator.TW"), UNITS, found)
    assert [(fault.row, fault.column) for fault in plan.faults] == [(1, "B"), (1, "C"), (1, "")]


@asynchronous
async def test_points_and_accounts_are_checked_against_what_is_there(database: Database) -> None:
    world = await make_world(database)
    plan = await tried(world, POINTS, "DC1;Điểm;XA1;;;có", "DC2;Điểm;XA9", "DC3;Điểm;KHONGCO", "XA2;;XA2;;;chắc")
    assert where(plan) == [(3, "C", "unit"), (4, "C", "unit"), (5, "B", "name"), (5, "F", "bridge")]
    plan = await tried(
        world,
        ACCOUNTS,
        "Nguyễn A;Nguyễn A;XA1",
        'nguyen.a;Nguyễn A;XA1;;;không phải;fr;"Vua; Lãnh đạo @ TINH2"',
        "officer.xa9;Người khác;XA9",
    )
    assert where(plan)[:1] == [(2, "A", "username")]
    assert {(3, "F", "email"), (3, "G", "language"), (3, "H", "roles")} <= set(where(plan))
    assert {(4, "A", "username"), (4, "C", "unit")} <= set(where(plan))


@asynchronous
async def test_new_accounts_get_passwords_that_must_be_changed_and_old_ones_keep_theirs(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    cheap_passwords(monkeypatch)
    world = await make_world(database)
    roles = '"Cán bộ tiếp công dân; Lãnh đạo @ XA2"'
    rows = (f"le.van.a;Lê Văn A;XA1;Công chức;;a@xa1.vn;;{roles}", "officer.xa1;Ông Mới;XA1")
    done = await imported(world, ACCOUNTS, *rows)
    assert set(done.passwords) == {"le.van.a"}
    assert done.passwords["le.van.a"] not in repr(done)
    async with database.reading() as db:
        new = (await db.execute(select(Account).where(Account.username == "le.van.a"))).unique().scalar_one()
        old = (await db.execute(select(Account).where(Account.username == "officer.xa1"))).unique().scalar_one()
        told = [json.dumps(event.detail) for event in await db.scalars(select(AuditEvent))]
    assert {(grant.role, grant.unit.code) for grant in new.grants} == {(Role.OFFICER, "XA1"), (Role.LEADER, "XA2")}
    assert new.must_change_password
    assert await verify_password(new.password_hash, done.passwords["le.van.a"])
    assert old.full_name == "Ông Mới"
    assert [grant.role for grant in old.grants] == [Role.OFFICER]
    assert not any(done.passwords["le.van.a"] in detail for detail in told)


@asynchronous
async def test_a_fault_in_the_last_of_three_thousand_rows_imports_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = await make_world(database)
    before = await count(database, Point)
    rows = [f"P{n};Điểm cầu {n};XA1" for n in range(2999)]
    plan = await tried(world, POINTS, *rows, "P9999;Điểm cầu;KHONGCO")
    assert where(plan) == [(3001, "C", "unit")]
    # And when only the database itself refuses the last row.
    found = table(POINTS, *rows[:40], "P9999;Điểm cầu;XA1")
    plan = await tried(world, POINTS, *rows[:40], "P9999;Điểm cầu;XA1")
    made = import_writing.made_point

    def refuse_the_last(new: NewPoint, unit: OrgUnit) -> Point:
        if new.code == "P9999":
            raise Forbidden("no")
        return made(new, unit)

    monkeypatch.setattr(import_writing, "made_point", refuse_the_last)
    with pytest.raises(Refused) as refused:
        await imports.carry_out(database, world.actor("administrator.TINH1"), POINTS, found, plan)
    assert [fault.row for fault in refused.value.faults] == [42]
    assert await count(database, Point) == before


@asynchronous
async def test_a_change_between_trying_and_importing_is_noticed(database: Database) -> None:
    world = await make_world(database)
    rows = ("XA31;UBND xã Ba Mốt;xã;TINH1",)
    plan = await tried(world, UNITS, *rows)
    async with database.transaction() as db:
        new = NewUnit(code="XA31", name="Khác", level=UnitLevel.COMMUNE, parent_id=world.units["TINH1"].id)
        await people.create_unit(db, command_line(), new)
    with pytest.raises(Stale):
        await imports.carry_out(database, world.actor("administrator.TINH1"), UNITS, table(UNITS, *rows), plan)
    async with database.reading() as db:
        assert (await db.scalar(select(OrgUnit.name).where(OrgUnit.code == "XA31"))) == "Khác"


@asynchronous
async def test_only_administrators_import(database: Database) -> None:
    world = await make_world(database)
    for name in ("officer.TINH1", "leader.TINH1", "auditor.TW", "technician.TW", "secretary.TINH1"):
        for kind in ImportKind:
            with pytest.raises(Forbidden):
                await tried(world, kind, "A;B;C", by=name)


def test_the_command_tries_imports_and_tells_in_json(config: Config, sqlite_url: str, tmp_path: Path) -> None:
    async def fill() -> None:
        database = Database(sqlite_url)
        await make_world(database)
        await database.close()

    asyncio.run(fill())
    env = {"HUB_DATABASE_URL": sqlite_url, "HUB_DATA_DIR": str(config.data_dir), "PATH": "/usr/bin:/bin", "LANG": "vi"}
    good, bad = tmp_path / "units.csv", tmp_path / "bad.csv"
    good.write_text(f"{HEADS[UNITS]}\nXA31;UBND xã Ba Mốt;xã;TINH1\n", encoding="utf-8")
    bad.write_text(f"{HEADS[UNITS]}\nXA31;UBND xã Ba Mốt;xã;NHAM\n", encoding="utf-8")

    def run(*arguments: str) -> tuple[int, dict[str, object]]:
        command = [sys.executable, "-m", "hub", "import", "units", *arguments, "--json"]
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=300, check=False)
        assert not done.stderr, done.stderr
        return done.returncode, json.loads(done.stdout)

    status, body = run(str(bad), "--dry-run")
    assert (status, body["ok"], body["imported"]) == (1, False, False)
    assert body["faults"] == [
        {
            "row": 2,
            "column": "D",
            "field": "parent",
            "text": "Không có cơ quan nào mang mã NHAM, cả trong bảng này.",
        }
    ]
    status, body = run(str(good), "--dry-run")
    assert (status, body["created"], body["imported"]) == (0, 1, False)
    status, body = run(str(good))
    assert (status, body["created"], body["imported"]) == (0, 1, True)
    status, body = run(str(good))
    assert (status, body["created"], body["same"]) == (0, 0, 1)


@asynchronous
async def test_a_title_above_the_heading_is_not_counted_as_a_row_that_stays_the_same(database: Database) -> None:
    world = await make_world(database)
    sent = tables.read("\n".join(["DANH SÁCH CƠ QUAN;;", HEADS[UNITS], "XA31;UBND xã Ba Mốt;xã;TINH1"]).encode())
    async with world.database.reading() as db:
        plan = await imports.try_out(db, world.actor("administrator.TINH1"), UNITS, sent)
    assert (plan.created, plan.changed, plan.same) == (1, 0, 0)
