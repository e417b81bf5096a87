"""A small world for tests of the domain: two provinces' worth of units, points, and an official for each role."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from hub.auth import Actor
from hub.cases import NewCase
from hub.db import Database
from hub.ids import new_id, utc_now
from hub.key_rings import KeyRing
from hub.models import Account, CaseType, OrgUnit, Point, Role, RoleGrant, UnitLevel
from hub.services import passwords, people
from hub.services.bookings import Booking
from hub.services.identity import Vault

KEY = bytes(range(32))
RING = KeyRing(Path("/nowhere"), "denouncers", (bytes(range(32, 64)),))
"""Keys of the denouncers' vault that need no file."""


@dataclass
class World:
    """``units``: TW, TINH1 (communes XA1, XA2), TINH2 (commune XA9). Accounts: ``role.unit``, as ``officer.XA1``."""

    database: Database
    vault: Vault
    units: dict[str, OrgUnit] = field(default_factory=dict)
    points: dict[str, Point] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)

    def actor(self, name: str) -> Actor:
        return people.actor_of(self.accounts[name], "192.0.2.7")

    def booking(self, *points: str, starts_at: datetime | None = None, hours: float = 1, **changes: object) -> Booking:
        """A valid one for TINH1 tomorrow, at the points given (XA1 when none)."""
        starts_at = starts_at or utc_now().replace(microsecond=0) + timedelta(days=1)
        given: dict[str, object] = {
            "title": "Tiếp công dân định kỳ",
            "starts_at": starts_at,
            "ends_at": starts_at + timedelta(hours=hours),
            "unit_id": self.units["TINH1"].id,
            "chair_id": self.accounts["leader.TINH1"].id,
            "point_ids": tuple(self.points[code].id for code in points or ("XA1",)),
        }
        return Booking(**(given | changes))  # type: ignore[arg-type]


TREE = (
    ("TW", UnitLevel.CENTRAL, ""),
    ("TINH1", UnitLevel.PROVINCE, "TW"),
    ("XA1", UnitLevel.COMMUNE, "TINH1"),
    ("XA2", UnitLevel.COMMUNE, "TINH1"),
    ("TINH2", UnitLevel.PROVINCE, "TW"),
    ("XA9", UnitLevel.COMMUNE, "TINH2"),
)
OFFICIALS = (
    "administrator.TW",
    "administrator.TINH1",
    "leader.TW",
    "leader.TINH1",
    "leader2.TINH1",
    "leader.XA1",
    "secretary.TINH1",
    "officer.TINH1",
    "officer.XA1",
    "officer.XA2",
    "officer.XA9",
    "auditor.TW",
    "auditor.TINH1",
    "auditor.XA1",
    "technician.TW",
    "technician.TINH1",
)


async def make_world(database: Database) -> World:
    """Rows only: nobody here has a password. Tests of signing in make their own accounts."""
    world = World(database, Vault(KEY, RING))
    async with database.transaction() as db:
        for code, level, parent in TREE:
            unit_id = new_id()
            above = world.units[parent] if parent else None
            path = f"{above.path if above else '/'}{unit_id}/"
            world.units[code] = OrgUnit(
                id=unit_id,
                code=code,
                name=f"UBND {code}",
                level=level,
                parent_id=above.id if above else None,
                path=path,
            )
            db.add(world.units[code])
            await db.flush()
        for code in world.units:
            bridge = code in ("TW", "TINH1", "TINH2")
            world.points[code] = Point(code=code, name=f"Điểm cầu {code}", unit=world.units[code], is_bridge=bridge)
        world.points["TINH1B"] = Point(code="TINH1B", name="Phòng tiếp dân TINH1", unit=world.units["TINH1"])
        db.add_all(world.points.values())
        for name in OFFICIALS:
            role, _, code = name.partition(".")
            world.accounts[name] = account(name, world.units[code], Role(role.rstrip("2")))
        db.add_all(world.accounts.values())
    return world


def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Argon2id as ever, at a price that a test can pay many times."""
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "_hasher", lambda: hasher)


def account(username: str, unit: OrgUnit, *roles: Role) -> Account:
    return Account(
        username=username.lower(),
        full_name=f"Ông {username}",
        unit=unit,
        password_hash="!",
        grants=[RoleGrant(role=role, unit=unit) for role in roles],
    )


def new_case(**changes: object) -> NewCase:
    """A complaint that has nothing wrong with it."""
    given: dict[str, object] = {
        "type": CaseType.COMPLAINT,
        "summary": "Khiếu nại thu hồi đất ở thôn Đông",
        "content": "Không đồng ý với diện tích đo đạc.",
        "name": "Nguyễn Thị Đào",
        "address": "Thôn Đông, xã Tân Tiến",
        "birth": "1962",
        "id_number": "001162004217",
        "phone": "0912345678",
    }
    return NewCase(**(given | changes))  # type: ignore[arg-type]
