"""The denouncers' vault: a key of its own that can be changed, and a right of its own."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import create_engine, select, text

from hub import key_rings, migrate, sealed
from hub.cli import identity_checks
from hub.cli.findings import Finding, Verdict
from hub.config import Config
from hub.db import Database, driver_url
from hub.errors import ConfigError, Forbidden
from hub.ids import utc_now
from hub.models import Assignment, Attachment, Case, CaseType, DenouncerIdentity, IdentityMethod, Party, Visit
from hub.sealed import WrongKey
from hub.services import assignments, cases, denouncers, identity, visits
from hub.services.assignments import WantedAssignment
from hub.services.cases import AttachmentUpload, CaseEdit
from hub.services.identity import Identity, Vault
from hub.services.sealing import SUFFIX
from hub.visits import NewVisit
from tests.support.domain import KEY, RING, World, make_world, new_case
from tests.support.memory_store import MemoryStore

asynchronous = pytest.mark.asyncio
NAME = "Nguyễn Thị Đào"
PDF = b"%PDF-1.7\n" + NAME.encode()


async def denunciation(world: World, **changes: object) -> Case:
    async with world.database.transaction() as db:
        new = new_case(type=CaseType.DENUNCIATION, **changes)
        return await cases.register(db, world.vault, world.actor("officer.XA1"), new)


async def name_of(world: World, case: Case, reader: str = "officer.XA1") -> str:
    async with world.database.transaction() as db:
        actor = world.actor(reader)
        return (await identity.read_identity(db, world.vault, actor, case.party_id, "đối chiếu")).name


async def with_files(database: Database, config: Config) -> World:
    """A world whose vault's keys are files."""
    world = await make_world(database)
    world.vault = Vault(KEY, key_rings.denouncers(config))
    return world


@asynchronous
async def test_the_identity_key_opens_no_denouncer(database: Database) -> None:
    world = await make_world(database)
    case = await denunciation(world)
    async with database.reading() as db:
        party, row = await db.get_one(Party, case.party_id), await db.get_one(DenouncerIdentity, case.party_id)
    assert party.sealed_identity == b""
    assert not world.vault.opens(party.id, row.sealed)
    assert await name_of(world, case) == NAME


@asynchronous
async def test_a_case_that_turns_out_to_be_a_denunciation_moves_who_came_into_the_vault(database: Database) -> None:
    world = await make_world(database)
    officer, store = world.actor("officer.XA1"), MemoryStore()
    async with database.transaction() as db:
        case = await cases.register(db, world.vault, officer, new_case())
    await cases.add_attachment(
        database, store, world.vault, officer, case.id, AttachmentUpload("đơn.pdf", PDF), max_bytes=10**6
    )
    async with database.transaction() as db:
        said = NewVisit(
            identity_method=IdentityMethod.CITIZEN_ID, case_id=case.id, requested=f"{NAME.upper()} (0912 345 678) hỏi"
        )
        visit_id = (await visits.record(db, world.vault, officer, said)).id
        turn = WantedAssignment(to_id=officer.account_id, instruction=f"Gọi bà {NAME} lên")
        turn_id = (await assignments.assign(db, world.vault, officer, case.id, turn)).id
    edit = CaseEdit(type=CaseType.DENUNCIATION, summary="Tố cáo cán bộ", content="")
    async with database.transaction() as db:
        await cases.edit(db, world.vault, officer, case.id, 1, edit)
    await cases.seal_pending(database, store, world.vault)
    async with database.reading() as db:
        assert (await db.get_one(Visit, visit_id)).requested == "người tố cáo (…) hỏi"
        assert (await db.get_one(Assignment, turn_id)).instruction == "Gọi bà người tố cáo lên"
    async with database.reading() as db:
        party = await db.get_one(Party, case.party_id)
        document = await db.scalar(select(Attachment).where(Attachment.case_id == case.id))
    assert party.secret
    assert party.sealed_identity == b""
    assert party.pseudonym.startswith("Người tố cáo")
    assert await name_of(world, case) == NAME
    assert document is not None
    assert NAME.encode() not in b"".join(store.read(document.object_key))
    opened = await cases.open_attachment(database, store, world.vault, officer, document.id, "đối chiếu")
    assert opened.data == PDF


@asynchronous
async def test_an_officer_above_may_edit_the_case_but_not_who_denounced(database: Database) -> None:
    world = await make_world(database)
    case = await denunciation(world)
    above = world.actor("officer.TINH1")
    edit = CaseEdit(type=CaseType.DENUNCIATION, summary="Tố cáo cán bộ", content="")
    async with database.transaction() as db:
        await cases.edit(db, world.vault, above, case.id, 1, edit)
    async with database.transaction() as db:
        other = replace(edit, identity=Identity(name="Người Khác", address="Nơi khác"))
        with pytest.raises(Forbidden):
            await cases.edit(db, world.vault, above, case.id, 2, other)
    with pytest.raises(Forbidden):
        await name_of(world, case, "officer.TINH1")
    assert await name_of(world, case) == NAME


@asynchronous
async def test_whoever_registers_a_denunciation_for_another_unit_cannot_look_back(database: Database) -> None:
    world = await make_world(database)
    async with database.transaction() as db:
        new = new_case(type=CaseType.DENUNCIATION, unit_id=world.units["XA1"].id)
        case = await cases.register(db, world.vault, world.actor("officer.TINH1"), new)
    with pytest.raises(Forbidden):
        await name_of(world, case, "officer.TINH1")
    assert await name_of(world, case) == NAME


@asynchronous
async def test_a_new_key_takes_over_and_the_one_before_is_destroyed(database: Database, config: Config) -> None:
    world = await with_files(database, config)
    ring, store, officer = world.vault.ring, MemoryStore(), world.actor("officer.XA1")
    case = await denunciation(world)
    document = await cases.add_attachment(
        database, store, world.vault, officer, case.id, AttachmentUpload("đơn.pdf", PDF), max_bytes=10**6
    )
    before, stored = ring.current(), b"".join(store.read(document.object_key))
    assert await denouncers.renew(database, ring, world.vault.unseal) == 2
    after = ring.current()
    assert before != after
    assert ring.known() == [after]
    assert await name_of(world, case) == NAME
    opened = await cases.open_attachment(database, store, world.vault, officer, document.id, "đối chiếu")
    assert opened.data == PDF
    assert b"".join(store.read(document.object_key)) == stored, "the object stays as it is"
    with pytest.raises(ConfigError, match="missing"):
        await name_of(replace(world, vault=Vault(KEY, RING)), case)


@asynchronous
async def test_a_change_of_keys_that_was_broken_off_is_finished_by_the_next(database: Database, config: Config) -> None:
    world = await with_files(database, config)
    first = await denunciation(world)
    world.vault.ring.begin_renewal()  # and then the power went
    second = await denunciation(world)
    assert {await name_of(world, first), await name_of(world, second)} == {NAME}
    assert (await finding(config, database)).verdict is Verdict.WARNING
    assert await denouncers.renew(database, world.vault.ring, world.vault.unseal) == 1
    assert len(world.vault.ring.known()) == 1
    assert {await name_of(world, first), await name_of(world, second)} == {NAME}


@asynchronous
async def test_nothing_is_sealed_with_a_key_that_is_being_forgotten(database: Database, config: Config) -> None:
    world = await with_files(database, config)
    world.vault.ring.current()

    async def registering() -> list[Case]:
        return [await denunciation(world) for _ in range(8)]

    async def renewing() -> None:
        for _ in range(4):
            await denouncers.renew(database, world.vault.ring, world.vault.unseal)

    one, other, _ = await asyncio.gather(registering(), registering(), renewing())
    for case in one + other:
        assert await name_of(world, case) == NAME


async def finding(config: Config, database: Database) -> Finding:
    """What ``hub check`` says of the denouncers' key; it runs a loop of its own."""
    url = database.engine.url.set(drivername=database.engine.url.get_backend_name())
    settings = replace(config, database_url=url.render_as_string(hide_password=False))
    (found,) = await asyncio.to_thread(lambda: list(identity_checks.denouncers_key(settings)))
    return found


@asynchronous
async def test_the_check_names_a_key_that_is_missing_or_another_hubs(database: Database, config: Config) -> None:
    world = await with_files(database, config)
    await denunciation(world)
    await asyncio.to_thread(identity.open_vault, config)
    assert (await finding(config, database)).detail == "opens 1 identities and documents"
    path = config.key_dir / "denouncers.key"
    kept = path.read_bytes()
    path.unlink()
    assert (await finding(config, database)).verdict is Verdict.FAULT
    path.write_bytes(kept)
    path.chmod(0o644)
    assert "chmod 600" in (await finding(config, database)).detail
    path.chmod(0o600)
    assert (await finding(config, database)).verdict is Verdict.OK


def test_who_denounced_before_there_was_a_vault_is_moved_into_it(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'old.db'}"
    migrate.upgrade(url, "0014")
    vault = Vault(KEY, RING)
    engine = create_engine(driver_url(url, sync=True))
    with engine.begin() as connection:
        for party_id, secret in (("p1", True), ("p2", False)):
            kept = vault.seal(party_id, Identity(name=NAME))
            connection.execute(
                text(
                    "INSERT INTO party (id, kind, secret, pseudonym, sealed_identity, created_at)"
                    " VALUES (:id, 'individual', :secret, :id, :sealed, :at)"
                ),
                {"id": party_id, "secret": secret, "sealed": kept, "at": utc_now()},
            )
    engine.dispose()
    migrate.upgrade(url)

    async def look() -> None:
        database = Database(url)
        async with database.reading() as db:
            secret, other = await db.get_one(Party, "p1"), await db.get_one(Party, "p2")
            row = await db.get_one(DenouncerIdentity, "p1")
        assert secret.sealed_identity == b""
        assert vault.opens("p2", other.sealed_identity)
        assert vault.opens("p1", row.sealed)
        assert await denouncers.move_all(database, vault.ring, vault.unseal) == 1
        async with database.reading() as db:
            row = await db.get_one(DenouncerIdentity, "p1")
            assert not vault.opens("p1", row.sealed)
            assert NAME in (await denouncers.take(db, vault.ring, "p1", vault.unseal)).decode()
        assert await denouncers.move_all(database, vault.ring, vault.unseal) == 0
        await database.close()

    asyncio.run(look())


@asynchronous
async def test_a_document_from_before_gets_a_key_of_its_own(database: Database) -> None:
    world = await make_world(database)
    case, store, officer = await denunciation(world), MemoryStore(), world.actor("officer.XA1")
    document = await cases.add_attachment(
        database, store, world.vault, officer, case.id, AttachmentUpload("đơn.pdf", PDF), max_bytes=10**6
    )
    # As it was: under the identity key, and no key of its own.
    old = sealed.seal(sealed.AESGCM(sealed.derive(KEY, b"document")), document.id, PDF)
    store.delete(document.object_key)
    store.put_bytes(document.object_key, old, media_type="application/octet-stream")
    async with database.transaction() as db:
        await db.execute(text("DELETE FROM denouncer_document"))
    assert (await cases.open_attachment(database, store, world.vault, officer, document.id, "xem")).data == PDF
    assert await cases.seal_pending(database, store, world.vault) == 1
    assert await cases.seal_pending(database, store, world.vault) == 0
    with pytest.raises(WrongKey):
        world.vault.unseal_document(document.id, b"".join(store.read(document.object_key + SUFFIX)))
    assert (await cases.open_attachment(database, store, world.vault, officer, document.id, "xem")).data == PDF
