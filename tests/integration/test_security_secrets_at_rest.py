"""Whoever reads the database later cannot sign in, answer for a leader or open a secret address with what is there."""

from __future__ import annotations

import asyncio
import hashlib
import re
from datetime import timedelta

import pytest
from alembic import command
from sqlalchemy import Text, cast, select, update

from hub import migrate
from hub.config import Config
from hub.db import Database
from hub.errors import NotFound
from hub.ids import utc_now
from hub.models import Account, Base, DoorDirection, Invitation, MailState, OutgoingMail
from hub.services import device_tokens, hearings, invitation_answers, queueing
from hub.services.mail_sending import Sender
from tests.support.domain import World, make_world
from tests.support.smtp_server import SmtpServer
from web.translate import catalogue

pytestmark = pytest.mark.asyncio

LEADER = "leader.TINH1"
BEFORE = "0029"


async def invited(database: Database) -> World:
    world = await make_world(database)
    async with database.transaction() as db:
        mine = Account.id == world.accounts[LEADER].id
        await db.execute(update(Account).where(mine).values(email="lanhdao@tinh.gov.vn"))
        await hearings.book(db, world.vault, world.actor("officer.TINH1"), world.booking("XA1"))
    return world


async def everything(database: Database) -> str:
    """What every column of every row says."""
    found = []
    async with database.reading() as db:
        for table in Base.metadata.tables.values():
            rows = await db.execute(select(*(cast(column, Text) for column in table.columns)))
            found += [str(value) for row in rows for value in row]
    return "\n".join(found)


async def letter(world: World) -> OutgoingMail:
    async with world.database.reading() as db:
        wanted = select(OutgoingMail).where(OutgoingMail.account_id == world.accounts[LEADER].id)
        return (await db.execute(wanted)).unique().scalars().one()


async def send(config: Config, world: World, server: SmtpServer) -> str:
    """The secret in the letter that came."""
    settings = {"smtp_host": "127.0.0.1", "smtp_port": server.port, "smtp_security": "none", "smtp_from": "a@b.vn"}
    config = Config(data_dir=config.data_dir, public_url="https://hub.vn", **settings)  # type: ignore[arg-type]
    await Sender(config, world.database, lambda language, text: catalogue(language).text(text)).turn()
    body = server.letters()[-1].get_body(("plain",))
    assert body is not None
    found = re.search(r"https://hub\.vn/invitations/([\w-]+)", body.get_content())
    assert found is not None
    return found.group(1)


async def test_the_secret_of_an_invitation_is_in_the_letter_alone(config: Config, database: Database) -> None:
    world = await invited(database)
    waiting = await everything(database)
    with SmtpServer() as server:
        token = await send(config, world, server)
    assert (await letter(world)).state == MailState.SENT
    assert "/invitations/of/" in waiting
    assert token not in await everything(database)
    async with database.reading() as db:
        opened = await invitation_answers.open_link(db, token)
        assert opened.invitation.account_id == world.accounts[LEADER].id
        known = (await db.execute(select(Invitation.token_sha256))).scalars().all()
        for kept in (*known, *re.findall(r"/invitations/(\S+)", waiting)):
            with pytest.raises(NotFound):
                await invitation_answers.open_link(db, kept)


async def test_a_letter_that_is_sent_again_voids_the_link_of_before(config: Config, database: Database) -> None:
    world = await invited(database)
    with SmtpServer() as server:
        first = await send(config, world, server)
        async with database.transaction() as db:  # as after a crash between the server's answer and our row
            past = utc_now() - timedelta(seconds=1)
            await db.execute(update(OutgoingMail).values(state=MailState.WAITING, next_at=past))
        second = await send(config, world, server)
    async with database.reading() as db:
        assert (await invitation_answers.open_link(db, second)).invitation is not None
        with pytest.raises(NotFound):
            await invitation_answers.open_link(db, first)


async def test_addresses_and_tokens_given_out_are_kept_as_digests_only(database: Database) -> None:
    world = await make_world(database)
    officer = world.actor("officer.TINH1")
    async with database.transaction() as db:
        hearing = await hearings.book(db, world.vault, officer, world.booking("XA1"))
        feed = await invitation_answers.new_feed(db, world.actor(LEADER))
        board = await queueing.new_board(db, officer, world.points["XA1"].id)
        device = await device_tokens.issue(db, officer, hearing, hearing.seats[0], DoorDirection.WATCH)
    told = await everything(database)
    for secret in (feed, board, device.token):
        assert secret not in told
        assert hashlib.sha256(secret.encode()).hexdigest() in told


async def test_letters_queued_by_the_release_before_forget_their_secrets(database_url: str) -> None:
    database = Database(database_url)
    world = await invited(database)
    async with database.transaction() as db:
        row = (await db.execute(select(Invitation).where(Invitation.account_id == world.accounts[LEADER].id))).unique()
        invitation = row.scalar_one()
        invitation.token_sha256 = hashlib.sha256(b"secret-of-old").hexdigest()
        mine = OutgoingMail.account_id == world.accounts[LEADER].id
        await db.execute(update(OutgoingMail).where(mine).values(path="/invitations/secret-of-old"))
    await database.close()
    await asyncio.to_thread(command.downgrade, migrate.alembic_config(database_url), BEFORE)
    await asyncio.to_thread(migrate.upgrade, database_url)
    database = Database(database_url)
    world.database = database
    assert "secret-of-old" not in await everything(database)
    assert (await letter(world)).path == f"/invitations/of/{invitation.id}/{invitation.sequence}"
    async with database.reading() as db:
        assert await invitation_answers.open_link(db, "secret-of-old"), "a link that was sent stays good"
    await database.close()
