"""Signing in, on both databases."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from hub.auth import command_line
from hub.config import Config
from hub.db import Database
from hub.errors import BadInput, TooManyAttempts
from hub.ids import utc_now
from hub.models import Account, AuditEvent, SignInSession
from hub.services import passwords, people
from tests.support.domain import World, cheap_passwords, make_world

pytestmark = pytest.mark.asyncio


@pytest.fixture(autouse=True)
def _cheap(monkeypatch):
    cheap_passwords(monkeypatch)


RIGHT = "đúng là mật khẩu này"


async def add(world: World, username: str = "hoa", **changes: object) -> Account:
    async with world.database.transaction() as db:
        given = {"full_name": "Bà Hoa", "unit_id": world.units["XA1"].id, "password": RIGHT} | changes
        return await people.create_account(db, command_line(), people.NewAccount(username=username, **given))


async def enter(world: World, config: Config, username: str, password: str) -> str:
    token, _ = await people.sign_in(
        world.database, config, username, password, address="192.0.2.1", user_agent="Firefox"
    )
    return token


async def who(database: Database, token: str, **options: bool) -> str | None:
    async with database.reading() as db:
        found = await people.actor_for_token(db, token, "192.0.2.1", **options)
    return found[0].name if found else None


async def test_the_right_password_opens_a_session_of_which_only_a_digest_is_stored(database, config):
    world = await make_world(database)
    await add(world)
    token = await enter(world, config, " HOA ", RIGHT)
    assert await who(database, token) == "Bà Hoa"
    async with database.reading() as db:
        stored = (await db.execute(select(SignInSession))).scalar_one()
        hashed = (await db.execute(select(Account.password_hash).where(Account.username == "hoa"))).scalar_one()
    assert stored.token_sha256 == hashlib.sha256(token.encode()).hexdigest()
    assert len(token) >= 43
    assert hashed.startswith("$argon2id$")


@pytest.mark.parametrize("username", ["hoa", "nobody"])
async def test_a_wrong_password_and_an_unknown_user_read_the_same(database, config, username):
    world = await make_world(database)
    await add(world)
    with pytest.raises(BadInput, match=r"^Tên đăng nhập hoặc mật khẩu không đúng\.$"):
        await enter(world, config, username, "sai mật khẩu")


async def test_an_unknown_user_costs_as_much_work_as_a_known_one(database, config, monkeypatch):
    world = await make_world(database)
    await add(world)
    verified = []
    real = passwords._hasher()

    class Counting:
        def verify(self, hashed, password):
            verified.append(hashed)
            return real.verify(hashed, password)

        def hash(self, password):
            return real.hash(password)

        def check_needs_rehash(self, hashed):
            return real.check_needs_rehash(hashed)

    monkeypatch.setattr(passwords, "_hasher", Counting)
    for username in ("hoa", "nobody"):
        with pytest.raises(BadInput):
            await enter(world, config, username, "sai mật khẩu")
    assert len(verified) == 2
    assert {hashed.split("$")[3] for hashed in verified} == {verified[0].split("$")[3]}  # the same cost parameters


async def test_repeated_failures_lock_the_account_even_for_the_right_password(database, config):
    world = await make_world(database)
    await add(world)
    config = replace(config, lockout_attempts=3)
    for _ in range(3):
        with pytest.raises(BadInput):
            await enter(world, config, "hoa", "sai mật khẩu")
    with pytest.raises(TooManyAttempts, match="Hãy thử lại sau"):
        await enter(world, config, "hoa", RIGHT)
    async with database.transaction() as db:
        account = (await db.execute(select(Account).where(Account.username == "hoa"))).unique().scalar_one()
        account.locked_until = utc_now() - timedelta(seconds=1)
    assert await enter(world, config, "hoa", RIGHT)


async def test_guesses_sent_all_at_once_get_no_more_tries_than_one_by_one(database, config):
    world = await make_world(database)
    await add(world)
    config = replace(config, lockout_attempts=3)
    tries = [enter(world, config, "hoa", f"đoán mò số {n}") for n in range(8)]
    answers = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(answer, BadInput) for answer in answers) == 3
    assert sum(isinstance(answer, TooManyAttempts) for answer in answers) == 5
    with pytest.raises(TooManyAttempts):
        await enter(world, config, "hoa", RIGHT)


async def test_a_success_forgets_earlier_failures(database, config):
    world = await make_world(database)
    await add(world)
    config = replace(config, lockout_attempts=2)
    for _ in range(3):
        with pytest.raises(BadInput):
            await enter(world, config, "hoa", "sai mật khẩu")
        assert await enter(world, config, "hoa", RIGHT)


async def test_a_session_ends_when_it_expires_and_use_prolongs_it(database, config):
    world = await make_world(database)
    await add(world)
    token = await enter(world, config, "hoa", RIGHT)
    async with database.transaction() as db:
        session = (await db.execute(select(SignInSession))).scalar_one()
        session.expires_at = utc_now() + timedelta(minutes=1)
    await people.extend_session(database, config, session)
    assert session.expires_at > utc_now() + timedelta(hours=config.session_hours - 1)
    async with database.transaction() as db:
        session = (await db.execute(select(SignInSession))).scalar_one()
        assert session.expires_at > utc_now() + timedelta(hours=config.session_hours - 1)
        session.expires_at = utc_now()
    assert await who(database, token) is None
    await people.extend_session(database, config, session)
    assert await who(database, token) is None


async def test_signing_out_ends_this_session_only(database, config):
    world = await make_world(database)
    await add(world)
    here, there = await enter(world, config, "hoa", RIGHT), await enter(world, config, "hoa", RIGHT)
    async with database.transaction() as db:
        await people.sign_out(db, here)
    assert await who(database, here) is None
    assert await who(database, there) == "Bà Hoa"


async def test_disabling_an_account_puts_it_out_at_once(database, config):
    world = await make_world(database)
    account = await add(world)
    token = await enter(world, config, "hoa", RIGHT)
    async with database.transaction() as db:
        await people.disable_account(db, world.actor("administrator.TINH1"), account.id, "chuyển công tác")
    assert await who(database, token) is None
    with pytest.raises(BadInput):
        await enter(world, config, "hoa", RIGHT)
    async with database.transaction() as db:
        await people.enable_account(db, world.actor("administrator.TINH1"), account.id)
    assert await enter(world, config, "hoa", RIGHT)


async def test_demo_accounts_come_in_only_while_the_demo_is_on(database, config):
    world = await make_world(database)
    await add(world, is_demo=True)
    with pytest.raises(BadInput):
        await enter(world, config, "hoa", RIGHT)
    token = await enter(world, replace(config, demo=True), "hoa", RIGHT)
    assert await who(database, token, allow_demo=True) == "Bà Hoa"
    assert await who(database, token) is None


async def test_changing_ones_password_asks_for_the_old_one_and_ends_other_sessions(database, config):
    world = await make_world(database)
    account = await add(world, must_change_password=True)
    here, there = await enter(world, config, "hoa", RIGHT), await enter(world, config, "hoa", RIGHT)
    async with database.transaction() as db:
        actor, session = await people.actor_for_token(db, here, "192.0.2.1")
        with pytest.raises(BadInput) as refused:
            await people.change_own_password(db, actor, "không phải", "một mật khẩu mới", keep=session)
        assert set(refused.value.fields) == {"current"}
        with pytest.raises(BadInput) as refused:
            await people.change_own_password(db, actor, RIGHT, "ngắn", keep=session)
        assert set(refused.value.fields) == {"wanted"}
        await people.change_own_password(db, actor, RIGHT, "một mật khẩu mới", keep=session)
    assert await who(database, here) == "Bà Hoa"
    assert await who(database, there) is None
    async with database.reading() as db:
        assert not (await db.get(Account, account.id)).must_change_password
    assert await enter(world, config, "hoa", "một mật khẩu mới")


@pytest.mark.parametrize("password", ["ngan", "a" * 30, "nguyen-van-hoa"])
async def test_a_weak_password_is_refused_with_the_reason_beside_it(database, password):
    world = await make_world(database)
    with pytest.raises(BadInput) as refused:
        await add(world, "nguyen-van-hoa", password=password)
    assert set(refused.value.fields) == {"password"}


async def test_attempts_are_in_the_audit_trail_and_name_nobody_who_was_not_there(database, config):
    world = await make_world(database)
    account = await add(world)
    with pytest.raises(BadInput):
        await enter(world, config, "hoa", "sai mật khẩu")
    await enter(world, config, "hoa", RIGHT)
    async with database.reading() as db:
        events = (await db.execute(select(AuditEvent).where(AuditEvent.object_id == account.id))).scalars().all()
    told = {event.action: event for event in events}
    assert told["sign_in_failed"].account_id is None
    assert told["signed_in"].account_id == account.id
    assert {event.address for event in events if event.action != "account_created"} == {"192.0.2.1"}
