"""Identities: sealed, found without being stored, opened in one place."""

from __future__ import annotations

import json
import re
import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

import pytest
from sqlalchemy import select, text

import hub
from hub import keys
from hub.errors import BadInput, ConfigError, Forbidden
from hub.models import AuditEvent, Base, CaseType, Party
from hub.services import audit, cases, identity
from hub.services.identity import Identity, Vault, WrongKey
from tests.support.domain import KEY, RING, make_world, new_case

WHO = Identity(name="Nguyễn Thị Đào", address="Thôn Đông", birth="1962", id_number="001162004217", phone="0912345678")
asynchronous = pytest.mark.asyncio


def test_what_is_sealed_comes_back_only_for_its_own_row_and_key():
    vault = Vault(KEY, RING)
    sealed = vault.seal("p1", WHO)
    assert json.loads(vault.unseal("p1", sealed)) == asdict(WHO)
    assert vault.seal("p1", WHO) != sealed
    with pytest.raises(WrongKey):
        vault.unseal("p2", sealed)
    with pytest.raises(WrongKey):
        Vault(bytes(32), RING).unseal("p1", sealed)
    for position in range(len(sealed)):
        altered = sealed[:position] + bytes([sealed[position] ^ 1]) + sealed[position + 1 :]
        with pytest.raises(WrongKey):
            vault.unseal("p1", altered)


def test_hashes_of_names_and_numbers_need_the_key():
    one, other = Vault(KEY, RING), Vault(bytes(32), RING)
    assert one.word_hash("dao") != other.word_hash("dao")
    assert one.number_hash("001162004217") != other.number_hash("001162004217")
    assert one.word_hash("dao") != one.exact_word_hash("dao")


def test_only_the_last_three_digits_of_an_id_number_are_shown():
    assert WHO.masked_id_number == "•••••••••217"


def test_a_key_is_made_once_and_only_its_owner_may_read_it(config):
    key = keys.identity_key(config)
    path = config.key_dir / "identity.key"
    assert len(key) == 32
    assert keys.identity_key(config) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert list(path.parent.iterdir()) == [path]
    path.chmod(0o640)
    with pytest.raises(ConfigError, match="chmod 600"):
        keys.identity_key(config)
    path.chmod(0o600)
    path.write_bytes(b"short")
    with pytest.raises(ConfigError, match="not a key"):
        keys.identity_key(config)


def test_an_identity_is_opened_in_one_function_of_the_whole_hub():
    root = Path(hub.__file__).parents[1]
    sources = [p for folder in ("hub", "web", "signaling", "recorder") for p in (root / folder).rglob("*.py")]
    opening = re.compile(r"(vault\.unseal|denouncers\.take)\(")
    calls = [(p.name, line.strip()) for p in sources for line in p.read_text().splitlines() if opening.search(line)]
    assert {name for name, _ in calls} == {"identity.py"}
    assert len(calls) == 2, "one for denouncers, one for the others"


@asynchronous
async def test_reading_an_identity_needs_a_reason_and_is_written_down(database):
    world = await make_world(database)
    officer = world.actor("officer.XA1")
    async with database.transaction() as db:
        case = await cases.register(db, world.vault, officer, new_case())
    async with database.transaction() as db:
        with pytest.raises(BadInput):
            await identity.read_identity(db, world.vault, officer, case.party_id, "  ")
        found = await identity.read_identity(db, world.vault, officer, case.party_id, "ghi giấy biên nhận")
    assert found == WHO.__class__(**{f: getattr(found, f) for f in found.__slots__})
    assert (found.name, found.id_number) == (WHO.name, WHO.id_number)
    async with database.reading() as db:
        query = audit.AuditQuery(action="identity_read")
        [event] = await audit.list_events(db, world.actor("auditor.TINH1"), query)
    assert (event.who, event.reason, event.object_id) == ("Ông officer.XA1", "ghi giấy biên nhận", case.id)


@asynchronous
@pytest.mark.parametrize(
    ("reader", "complaint", "denunciation"),
    [
        ("officer.XA1", True, True),
        ("leader.XA1", True, True),
        ("officer.TINH1", True, False),
        ("leader.TINH1", True, False),
        ("officer.XA2", False, False),
        ("auditor.TINH1", False, False),
        ("secretary.TINH1", False, False),
        ("administrator.TW", False, False),
        ("technician.TW", False, False),
    ],
)
async def test_who_may_read_an_identity_and_a_denouncers(database, reader, complaint, denunciation):
    world = await make_world(database)
    async with database.transaction() as db:
        for kind, allowed in ((CaseType.COMPLAINT, complaint), (CaseType.DENUNCIATION, denunciation)):
            case = await cases.register(db, world.vault, world.actor("officer.XA1"), new_case(type=kind))
            reading = identity.read_identity(db, world.vault, world.actor(reader), case.party_id, "kiểm tra")
            if allowed:
                assert (await reading).name == WHO.name
            else:
                with pytest.raises(Forbidden):
                    await reading


@asynchronous
async def test_no_table_holds_a_name_an_id_number_or_a_telephone_in_clear(database):
    world = await make_world(database)
    async with database.transaction() as db:
        for kind in CaseType:
            case = await cases.register(db, world.vault, world.actor("officer.XA1"), new_case(type=kind))
            await identity.read_identity(db, world.vault, world.actor("officer.XA1"), case.party_id, "kiểm tra")
    async with database.reading() as db:
        for table in Base.metadata.sorted_tables:
            rows = (await db.execute(text(f'SELECT * FROM "{table.name}"'))).all()
            everything = "\n".join(str(bytes(v) if isinstance(v, memoryview) else v) for row in rows for v in row)
            for secret in ("Đào", "001162004217", "0912345678", "Tân Tiến", "Nguyễn"):
                assert secret not in everything, table.name


@asynchronous
async def test_the_wrong_key_is_noticed_before_anything_is_lost(database):
    world = await make_world(database)
    async with database.transaction() as db:
        await identity.check_key(db, Vault(bytes(32), RING))
        await cases.register(db, world.vault, world.actor("officer.XA1"), new_case())
    async with database.reading() as db:
        await identity.check_key(db, world.vault)
        with pytest.raises(WrongKey):
            await identity.check_key(db, Vault(bytes(32), RING))


@asynchronous
async def test_a_denouncer_is_in_no_index_and_called_by_a_pseudonym(database):
    world = await make_world(database)
    async with database.transaction() as db:
        case = await cases.register(db, world.vault, world.actor("officer.XA1"), new_case(type=CaseType.DENUNCIATION))
        party = (await db.execute(select(Party).where(Party.id == case.party_id))).scalar_one()
        words = (await db.execute(text("SELECT count(*) FROM party_word"))).scalar_one()
        events = (await db.execute(select(AuditEvent))).scalars().all()
    assert words == 0
    assert party.id_number_hash is None
    assert re.fullmatch(r"Người tố cáo [0-9A-F]{4,}", party.pseudonym)
    assert not any("Đào" in str(event.detail) for event in events)


def test_processes_that_start_at_once_agree_on_one_key(config):
    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(lambda _: keys.identity_key(config), range(16)))
    assert len(made) == 1
    assert [path.name for path in config.key_dir.iterdir()] == ["identity.key"]
