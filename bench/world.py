"""A province for measuring in: communes with a point each, officials, and hearings that are about to begin.

Written into the data directory of a hub that does not run yet, by the hub's own services; only the accounts of the
points are made as rows, all with one password hash, because a hundred of them would take a minute of Argon2.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from hub import auth, config
from hub.db import Database
from hub.ids import utc_now
from hub.models import Account, OrgUnit, Point, Role, RoleGrant, SeatKind, UnitLevel
from hub.services import hearings, people
from hub.services.identity import Vault, open_vault
from hub.services.passwords import hash_password
from hub.services.people import NewPoint, NewUnit

PASSWORD = "Do-Hieu-Nang-2026"
SEATS_PER_ACCOUNT = 15
"""The hub lets one account have sixteen sockets."""


@dataclass(frozen=True, slots=True)
class Place:
    """A seat, and who signs in for it."""

    seat_id: str
    username: str


@dataclass(frozen=True, slots=True)
class Booked:
    hearing_id: str
    number: str
    chair: Place
    secretary: Place
    points: tuple[Place, ...]


def build(environment: dict[str, str], sizes: Sequence[int], *, own_accounts: bool = False) -> list[Booked]:
    """Book a hearing for each of ``sizes`` (its points). The database must be migrated and the hub not running.

    ``own_accounts``: every point has an officer of its own commune; else officers of the province sit at fifteen
    points each, which signs in faster.
    """
    work = _build(config.load(environment), sizes, own_accounts=own_accounts)
    # A thread, because the load client's own loop is running.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


async def _build(settings: config.Config, sizes: Sequence[int], *, own_accounts: bool) -> list[Booked]:
    database, vault = Database(settings.database), open_vault(settings)
    hashed = await hash_password(PASSWORD)
    try:
        async with database.transaction() as db:
            return await _Builder(db, vault, hashed, own_accounts=own_accounts).all(sizes)
    finally:
        await database.engine.dispose()


class _Builder:
    def __init__(self, db: AsyncSession, vault: Vault, hashed: str, *, own_accounts: bool) -> None:
        self._db, self._vault, self._hash, self._own = db, vault, hashed, own_accounts
        self._actor = auth.command_line()

    async def all(self, sizes: Sequence[int]) -> list[Booked]:
        self._province = await self._unit("TINH", "UBND tỉnh An Bình", UnitLevel.PROVINCE, "")
        self._booker = people.actor_of(await self._account("datlich", self._province, Role.OFFICER))
        booked, first = [], 0
        for number, size in enumerate(sizes):
            booked.append(await self._hearing(number, range(first, first + size)))
            first += size
        return booked

    async def _unit(self, code: str, name: str, level: UnitLevel, parent_id: str) -> OrgUnit:
        new = NewUnit(code=code, name=name, level=level, parent_id=parent_id)
        return await people.create_unit(self._db, self._actor, new)

    async def _account(self, username: str, unit: OrgUnit, role: Role) -> Account:
        account = Account(
            username=username,
            full_name=f"Cán bộ {username}",
            unit_id=unit.id,
            password_hash=self._hash,
            grants=[RoleGrant(role=role, unit_id=unit.id)],
        )
        self._db.add(account)
        await self._db.flush()
        return await people.get_account(self._db, self._actor, account.id)

    async def _hearing(self, number: int, communes: range) -> Booked:
        chair = await self._account(f"chutri{number}", self._province, Role.LEADER)
        secretary = await self._account(f"thuky{number}", self._province, Role.SECRETARY)
        points: list[Point] = []
        usernames: list[str] = []
        for n in communes:
            unit = await self._unit(f"XA{n:03d}", f"UBND xã số {n}", UnitLevel.COMMUNE, self._province.id)
            new = NewPoint(code=f"DC{n:03d}", name=f"Điểm cầu xã số {n}", unit_id=unit.id, address="")
            points.append(await people.create_point(self._db, self._actor, new))
            if self._own:
                usernames.append((await self._account(f"xa{n:03d}", unit, Role.OFFICER)).username)
            else:
                usernames.append(f"tinh{number}-{(n - communes.start) // SEATS_PER_ACCOUNT}")
        if not self._own:
            for username in dict.fromkeys(usernames):
                await self._account(username, self._province, Role.OFFICER)
        now = utc_now()
        booking = hearings.Booking(
            title="Tiếp công dân định kỳ",
            starts_at=now + timedelta(minutes=2),
            ends_at=now + timedelta(hours=3),
            chair_id=chair.id,
            secretary_id=secretary.id,
            unit_id=self._province.id,
            point_ids=tuple(point.id for point in points),
        )
        hearing = await hearings.book(self._db, self._vault, self._booker, booking)
        seats = {seat.point_id: seat.id for seat in hearing.seats if seat.kind == SeatKind.POINT}
        places = tuple(Place(seats[p.id], name) for p, name in zip(points, usernames, strict=True))
        named = {
            account.id: Place(seat.id, account.username)
            for account in (chair, secretary)
            for seat in hearing.seats
            if seat.account_id == account.id
        }
        return Booked(hearing.id, hearing.number, named[chair.id], named[secretary.id], places)
