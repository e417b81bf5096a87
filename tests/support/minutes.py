"""A hearing that was opened, with cases and points, for tests of what is written about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from hub.auth import Actor
from hub.cases import NewCase
from hub.db import Database
from hub.ids import new_id, utc_now
from hub.models import Case, Hearing, SeatKind
from hub.services import cases, event_log, hearings, minutes, recordings
from hub.services.event_log import NewEvent
from hub.services.minutes import Draft, Save
from hub.services.minutes_discretion import Discretion
from tests.support.domain import World, make_world, new_case

SECRETARY, CHAIR, OFFICER = "secretary.TINH1", "leader.TINH1", "officer.XA1"


@dataclass
class Held:
    """``hearing`` of TINH1 with points XA1 and XA2, opened; its cases were received by XA1."""

    world: World
    hearing: Hearing
    cases: list[Case]
    opened_at: datetime

    def actor(self, name: str) -> Actor:
        return self.world.actor(name)

    def seat(self, code: str) -> str:
        return next(s.id for s in self.hearing.seats if s.kind == SeatKind.POINT and s.point and s.point.code == code)

    def key(self, part: str, case: int = 0) -> str:
        return f"{self.cases[case].id}.{part}"

    async def happen(self, kind: str, at: datetime | None = None, seat: str | None = None, **payload: object) -> None:
        async with self.world.database.transaction() as db:
            event = NewEvent(kind=kind, at=at or utc_now(), seat_id=seat, payload=payload)
            await event_log.append(db, self.hearing.id, [event])

    async def write(
        self,
        text: str,
        key: str = "opening",
        who: str = SECRETARY,
        discretion: Discretion | None = None,
        **save: object,
    ) -> Draft:
        given = {"save_id": new_id(), "base": 0, "base_sent": False, "key": key, "text": text, **save}
        async with self.world.database.transaction() as db:
            wanted = [Save(**given)]  # type: ignore[arg-type]
            args = db, self.world.vault, self.actor(who), self.hearing.id, wanted
            return await minutes.save(*args, since=0, discretion=discretion)


async def hold(database: Database, *kinds: NewCase) -> Held:
    world = await make_world(database)
    async with database.transaction() as db:
        found = [await cases.register(db, world.vault, world.actor(OFFICER), one) for one in kinds or (new_case(),)]
    async with database.transaction() as db:
        booking = world.booking(
            "XA1",
            "XA2",
            secretary_id=world.accounts[SECRETARY].id,
            deputy_id=world.accounts["leader2.TINH1"].id,
            bridge_point_id=world.points["TINH1"].id,
        )
        hearing = await hearings.book(db, world.vault, world.actor("officer.TINH1"), booking)
    async with database.transaction() as db:
        booked = await hearings.get(db, world.actor("officer.TINH1"), hearing.id)
        booked.cases = [await db.get(Case, one.id) for one in found]
        opened_at = utc_now()
        await recordings.open_recording(db, hearing.id, started_at=opened_at)
    held = Held(world, hearing, found, opened_at)
    await held.happen("opened", opened_at, recording_id="r", epoch_ns=1)
    async with database.reading() as db:
        held.hearing = await hearings.get(db, world.actor("officer.TINH1"), hearing.id)
    for code, who in (("XA1", OFFICER), ("XA2", "officer.XA2")):
        account = world.accounts[who]
        await held.happen("joined", seat=held.seat(code), account_id=account.id, name=account.full_name)
    return held
