"""Held, kept longer, or destroyed by two people: the store really has nothing left, and what remains proves it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

import pytest
import pytest_asyncio

from hub import manifest as form
from hub import models, seals, signing_keys
from hub.auth import Actor
from hub.config import Config
from hub.db import Database
from hub.errors import BadInput, Conflict, Forbidden
from hub.ids import utc_now
from hub.models import DestructionKind, RecordingState
from hub.services import (
    custody,
    destruction,
    keeping,
    keeping_lists,
    recording_keys,
    recordings,
    replays,
    verification,
    withholding,
)
from hub.services.store import LockingStore, ObjectLocked, everything
from recorder.destroying import Destroying
from recorder.locking import Locking
from recorder.store import open_store
from tests.support.evidence import add_events, add_segments, archive
from tests.support.recording_world import Taped, make_hearing
from tests.support.seaweed import ACCESS_KEY, SECRET_KEY, S3Server

pytestmark = pytest.mark.asyncio


@dataclass
class Kept:
    config: Config
    database: Database
    taped: Taped

    def __post_init__(self) -> None:
        self.store = open_store(self.config)
        self.id = self.taped.recording_id
        self.leader, self.auditor = self.actor("leader.TINH1"), self.actor("auditor.TINH1")

    def actor(self, name: str) -> Actor:
        return self.taped.world.actor(name)

    async def do(self, work: object, actor: Actor, *arguments: object, reason: str = "Theo quyết định") -> None:
        async with self.database.transaction() as db:
            await work(db, self.taped.world.vault, actor, self.id, *arguments, reason)  # type: ignore[operator]

    async def age(self, **changes: object) -> None:
        """As if so much time had passed."""
        async with self.database.transaction() as db:
            row = await db.get_one(models.Recording, self.id)
            for name, value in changes.items():
                setattr(row, name, value)

    async def row(self) -> models.Recording:
        async with self.database.reading() as db:
            return await db.get_one(models.Recording, self.id)

    async def faults(self) -> set[str]:
        async with self.database.reading() as db:
            report = await verification.verify(db, self.store, verification.trust(self.config), self.id)
        return {fault.kind for fault in report.faults}

    async def actions(self) -> list[str]:
        async with self.database.reading() as db:
            return [entry.action for entry in await custody.entries(db, self.id)]

    def names(self) -> set[str]:
        return {each.key.rpartition("/")[2] for each in everything(self.store, form.folder_of(self.id))}

    async def papers_are_locked(self) -> None:
        """Manifest, seal and certificate, in our versions, for twenty years."""
        assert isinstance(self.store, LockingStore)
        row = await self.row()
        assert set(row.versions or {}) == PAPERS | {destruction.NAME, destruction.SIGNATURE}
        for name, version in (row.versions or {}).items():
            locked = self.store.locked_until(form.folder_of(self.id) + name, version)
            assert locked is not None
            assert (locked - utc_now()).days // 365 == 20
            with pytest.raises(ObjectLocked):
                self.store.delete_version(form.folder_of(self.id) + name, version)

    async def destroy(self, kind: DestructionKind) -> None:
        await self.do(keeping.propose, self.auditor, kind)
        await self.do(keeping.approve, self.leader)
        await Destroying(self.config, self.database, self.store).turn()


async def make(config: Config, database: Database, *, encrypt: bool) -> Kept:
    taped, store = await make_hearing(database), open_store(config)
    data_key = await recording_keys.ensure(database, config, taped.recording_id) if encrypt else None
    await add_segments(database, store, taped, data_key=data_key)
    await add_events(database, taped)
    await archive(config, database, store, taped)
    return Kept(config, database, taped)


@pytest_asyncio.fixture
async def kept(config: Config, database: Database) -> Kept:
    return await make(config, database, encrypt=False)


PAPERS = {"manifest.json", seals.SUMS, seals.SIGNATURE}


async def test_what_is_due_is_destroyed_by_two_people_and_leaves_manifest_and_certificate(kept: Kept) -> None:
    await kept.age(retain_until=utc_now() - timedelta(days=1))
    segments = kept.names() - PAPERS
    await kept.do(keeping.propose, kept.auditor, DestructionKind.DUE, reason="Hết hạn lưu giữ")
    assert kept.names() >= segments, "one person's word destroys nothing"
    await Destroying(kept.config, kept.database, kept.store).turn()
    assert kept.names() >= segments
    await kept.do(keeping.approve, kept.leader, reason="Đồng ý")
    await Destroying(kept.config, kept.database, kept.store).turn()
    assert kept.names() == PAPERS | {destruction.NAME, destruction.SIGNATURE}
    files = list((kept.config.data_dir / "objects").rglob("*.webm"))
    assert files == []
    assert (await kept.row()).state == RecordingState.DESTROYED
    assert await kept.faults() == set()
    assert (await kept.actions())[-3:] == ["destroy_proposed", "destroy_approved", "destroy"]

    folder = form.folder_of(kept.id)
    data = b"".join(kept.store.read(folder + destruction.NAME))
    told = json.loads(data)
    assert [each["reason"] for each in told["approvals"]] == ["Hết hạn lưu giữ", "Đồng ý"]
    assert len({each["account"] for each in told["approvals"]}) == 2
    assert (told["segments"], told["objects_left"]) == (3, 0)
    assert told["manifest_sha256"] == (await kept.row()).manifest_sha256
    key = signing_keys.signing_key(kept.config).public_key()
    assert seals.signed(key, data, b"".join(kept.store.read(folder + destruction.SIGNATURE)))

    with pytest.raises(recordings.Destroyed):
        await kept.do(replays.start, kept.auditor)
    kept.store.put_bytes(f"{folder}t/000000.webm", b"back again", media_type="video/webm")
    assert await kept.faults() == {"extra"}


async def test_nothing_is_destroyed_before_its_day_or_while_it_is_held(kept: Kept) -> None:
    with pytest.raises(Conflict, match="chưa hết hạn"):
        await kept.do(keeping.propose, kept.leader, DestructionKind.DUE)
    await kept.age(retain_until=utc_now() - timedelta(days=1))
    await kept.do(keeping.propose, kept.leader, DestructionKind.DUE)
    await kept.do(keeping.hold, kept.auditor, reason="Đang có tranh chấp tại tòa")
    with pytest.raises(Conflict, match="Không có đề nghị"):
        await kept.do(keeping.approve, kept.leader)
    for kind in DestructionKind:
        with pytest.raises(Conflict, match="giữ lại"):
            await kept.do(keeping.propose, kept.leader, kind)
    async with kept.database.reading() as db:
        shown = await keeping.of(db, kept.leader, kept.id)
    assert (shown.held, shown.held_reason, shown.due) == (True, "Đang có tranh chấp tại tòa", False)
    await kept.do(keeping.release, kept.leader)
    await kept.destroy(DestructionKind.DUE)
    assert (await kept.row()).state == RecordingState.DESTROYED


async def test_the_two_must_be_different_people_with_reasons_and_the_right(kept: Kept) -> None:
    await kept.age(retain_until=utc_now() - timedelta(days=1))
    with pytest.raises(BadInput):
        await kept.do(keeping.propose, kept.leader, DestructionKind.DUE, reason=" ")
    for name in ("officer.TINH1", "administrator.TINH1"):
        with pytest.raises(Forbidden):
            await kept.do(keeping.propose, kept.actor(name), DestructionKind.DUE)
    await kept.do(keeping.propose, kept.leader, DestructionKind.DUE)
    with pytest.raises(Forbidden, match="một người khác"):
        await kept.do(keeping.approve, kept.leader)
    with pytest.raises(Conflict, match="Đã có"):
        await kept.do(keeping.propose, kept.auditor, DestructionKind.DUE)
    with pytest.raises(Forbidden):
        await kept.do(keeping.approve, kept.auditor)
    await kept.do(keeping.refuse, kept.auditor)
    with pytest.raises(Conflict, match="Không có đề nghị"):
        await kept.do(keeping.approve, kept.actor("leader.TW"))
    assert (await kept.row()).state == RecordingState.ARCHIVED


async def test_a_point_that_was_connected_keeps_and_destroys_nothing_of_the_units_that_held_it(kept: Kept) -> None:
    await kept.age(retain_until=utc_now() - timedelta(days=1))
    for name in ("leader.XA1", "auditor.XA1"):
        guest = kept.actor(name)
        async with kept.database.reading() as db:
            shown = await keeping.of(db, guest, kept.id)
            assert not any((shown.may_keep, shown.may_destroy, shown.may_propose, shown.may_approve))
            assert (await keeping_lists.lists(db, guest)).due == []
        for work, arguments in (
            (keeping.hold, ()),
            (keeping.release, ()),
            (keeping.extend, (date(2090, 1, 1),)),
            (keeping.propose, (DestructionKind.DUE,)),
            (keeping.approve, ()),
            (keeping.refuse, ()),
        ):
            with pytest.raises(Forbidden):
                await kept.do(work, guest, *arguments)
    async with kept.database.reading() as db:
        assert [row.recording_id for row in (await keeping_lists.lists(db, kept.leader)).due] == [kept.id]


async def test_the_certificate_says_what_was_withheld_but_not_where_nor_of_whom(kept: Kept) -> None:
    seat, ground = kept.taped.seats[0].id, withholding.GROUNDS[0]
    async with kept.database.transaction() as db:
        vault, passage = kept.taped.world.vault, {"start_ms": 1234, "end_ms": 5678, "seat_id": seat, "ground": ground}
        row = await withholding.mark(db, vault, kept.auditor, kept.id, **passage)
    await kept.destroy(DestructionKind.EMERGENCY)
    data = b"".join(kept.store.read(form.folder_of(kept.id) + destruction.NAME))
    (told,) = json.loads(data)["withheld"]
    assert (told["ground"], told["lifted_at"], set(told)) == (ground, None, {"ground", "at", "lifted_at"})
    assert seat.encode() not in data
    async with kept.database.transaction() as db:
        with pytest.raises(recordings.Destroyed):
            await withholding.lift(db, vault, kept.leader, row.id, "Theo quyết định")


async def test_a_certificate_that_somebody_put_there_before_is_never_signed(kept: Kept) -> None:
    folder = form.folder_of(kept.id)
    kept.store.put_bytes(folder + destruction.NAME, b'{"recording":"another"}', media_type="application/json")
    await kept.destroy(DestructionKind.EMERGENCY)
    assert destruction.SIGNATURE not in kept.names()
    assert "missing" in await kept.faults()
    kept.store.delete(folder + destruction.NAME)
    await Destroying(kept.config, kept.database, kept.store).turn()
    assert await kept.faults() == set()


async def test_a_destruction_that_was_broken_off_keeps_the_certificate_that_was_written(kept: Kept) -> None:
    await kept.do(keeping.propose, kept.auditor, DestructionKind.EMERGENCY)
    await kept.do(keeping.approve, kept.leader)
    killed = Destroying(kept.config, kept.database, kept.store)
    killed._done = _no_more  # type: ignore[method-assign]
    with pytest.raises(Killed):
        await killed.turn()
    before = b"".join(kept.store.read(form.folder_of(kept.id) + destruction.NAME))
    await Destroying(kept.config, kept.database, kept.store).turn()
    assert b"".join(kept.store.read(form.folder_of(kept.id) + destruction.NAME)) == before
    assert await kept.faults() == set()


class Killed(Exception):
    pass


async def _no_more(*_: object) -> None:
    raise Killed


async def test_an_extension_only_ever_keeps_longer(kept: Kept) -> None:
    row = await kept.row()
    assert row.retain_until is not None
    later = date(row.started_at.year + 30, 1, 1)
    await kept.do(keeping.extend, kept.auditor, later)
    extended = (await kept.row()).retain_until
    assert extended is not None
    assert extended > row.retain_until
    with pytest.raises(BadInput, match="sau hạn"):
        await kept.do(keeping.extend, kept.auditor, later)
    assert (await kept.actions())[-1] == "extend"


@pytest_asyncio.fixture
async def locked(config: Config, sqlite_url: str, s3: S3Server) -> AsyncIterator[Kept]:
    """Encrypted, in a bucket with Object Lock, locked for some seconds only."""
    config = replace(
        config,
        store_url=f"s3://{s3.new_bucket(lock=True)}/hub",
        s3_endpoint=s3.endpoint,
        s3_access_key=ACCESS_KEY,
        s3_secret_key=SECRET_KEY,
    )
    database = Database(sqlite_url)
    made = await make(config, database, encrypt=True)
    yield made
    await database.close()


@pytest.mark.real_clock
async def test_a_locked_recording_is_destroyed_in_an_emergency_by_its_key_and_later_for_good(locked: Kept) -> None:
    until = utc_now() + timedelta(seconds=12)
    await locked.age(retain_until=until)
    await Locking(locked.config, locked.database, locked.store).turn()
    assert (await locked.row()).locked_until == until
    await locked.destroy(DestructionKind.EMERGENCY)
    await locked.papers_are_locked()
    async with locked.database.reading() as db:
        key = await db.get_one(models.RecordingKey, locked.id)
        shown = await keeping.of(db, locked.leader, locked.id)
    assert key.wrapped is None
    assert shown.destruction is not None
    assert shown.destruction.objects_left == 3
    assert json.loads(shown.destruction.certificate or "")["key_sha256"] == key.sha256
    assert locked.names() > PAPERS | {destruction.NAME}
    assert await locked.faults() == set()
    await asyncio.sleep(max(0.0, (until - utc_now()).total_seconds()) + 1.5)
    await Destroying(locked.config, locked.database, locked.store).sweep()
    assert locked.names() == PAPERS | {destruction.NAME, destruction.SIGNATURE}, "no version is left"
    assert await locked.faults() == set()
