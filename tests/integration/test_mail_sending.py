"""Letters leave by a real mail server, which takes, refuses, dawdles or hangs up; and none is lost or sent twice."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import select, update

from hub import tls
from hub.config import Config
from hub.db import Database
from hub.i18n import N_, Text
from hub.ids import utc_now
from hub.mail import Notice
from hub.models import Account, MailState, OutgoingMail
from hub.services import mailing
from hub.services.mail_sending import CLAIM, Sender
from hub.services.smtp import ServerAway
from tests.support.domain import World, make_world
from tests.support.smtp_server import SECRET, USER, SmtpServer
from web.translate import catalogue

pytestmark = pytest.mark.asyncio

SUBJECT = Text(N_("Thư thử từ Cầu Tiếp Dân"))


@pytest_asyncio.fixture
async def world(database: Database) -> World:
    made = await make_world(database)
    async with database.transaction() as db:
        await db.execute(update(Account).values(email=Account.username + "@tinh.gov.vn"))
    return made


@pytest.fixture
def server():
    with SmtpServer() as running:
        yield running


def settings(config: Config, server: SmtpServer, **more: object) -> Config:
    given = {
        "smtp_host": "127.0.0.1",
        "smtp_port": server.port,
        "smtp_security": "none",
        "smtp_from": "hub@tinh.gov.vn",
    }
    return replace(config, **given | more)  # type: ignore[arg-type]


def say(language: str, text: Text | str) -> str:
    return catalogue(language).text(text)


def sender(config: Config, server: SmtpServer, world: World, *, limit_s: float = 20, **more: object) -> Sender:
    return Sender(settings(config, server, **more), world.database, say, limit_s=limit_s)


async def tell(world: World, *names: str, key: str = "test/1", **more: object) -> None:
    notice = Notice(key=key, subject=SUBJECT, lines=(Text("Còn 3 việc."),), path="/tasks", **more)  # type: ignore[arg-type]
    async with world.database.transaction() as db:
        await mailing.queue(db, notice, [world.accounts[name].id for name in names])


async def rows(world: World) -> list[OutgoingMail]:
    async with world.database.reading() as db:
        return list((await db.execute(select(OutgoingMail).order_by(OutgoingMail.recipient))).unique().scalars())


async def at_once(world: World) -> None:
    """As if the pause before the next try had passed."""
    async with world.database.transaction() as db:
        past = utc_now() - timedelta(seconds=1)
        await db.execute(update(OutgoingMail).values(next_at=past))


async def test_a_letter_goes_to_each_in_their_own_language_and_once(config, server, world):
    async with world.database.transaction() as db:
        await db.execute(update(Account).where(Account.username == "officer.xa1").values(language="en"))
    await tell(world, "officer.XA1", "leader.XA1")
    await tell(world, "officer.XA1")
    assert await sender(config, server, world, public_url="https://hub.vn").turn() == 2
    assert await sender(config, server, world).turn() == 0
    subjects = {letter["To"].addresses[0].addr_spec: letter["Subject"] for letter in server.letters()}
    assert subjects == {
        "officer.xa1@tinh.gov.vn": "A test letter from Cầu Tiếp Dân",
        "leader.xa1@tinh.gov.vn": "Thư thử từ Cầu Tiếp Dân",
    }
    bodies = [letter.get_body(("plain",)).get_content() for letter in server.letters()]
    assert all("https://hub.vn/tasks" in body for body in bodies)
    assert {body.split(" ")[0] for body in bodies} == {"Dear", "Kính"}, "each is addressed by name"
    assert {row.state for row in await rows(world)} == {MailState.SENT}


async def _told_and_undone(world: World) -> None:
    async with world.database.transaction() as db:
        await mailing.queue(db, Notice(key="x", subject=SUBJECT, lines=()), [world.accounts["officer.XA1"].id])
        _ = 1 / 0


async def test_what_is_rolled_back_is_never_told(config, server, world):
    with pytest.raises(ZeroDivisionError):
        await _told_and_undone(world)
    assert await sender(config, server, world).turn() == 0


async def test_a_refusal_for_good_is_kept_and_shown_and_may_be_tried_again(config, server, world):
    server.behave("refuse")
    await tell(world, "officer.XA1")
    assert await sender(config, server, world).turn() == 0
    [row] = await rows(world)
    assert (row.state, row.fault) == (MailState.FAILED, "550 5.1.1 no such mailbox")
    server.behave("take")
    assert await sender(config, server, world).turn() == 0
    async with world.database.transaction() as db:
        await mailing.retry(db, world.actor("administrator.TW"), row.id)
    assert await sender(config, server, world).turn() == 1


@pytest.mark.parametrize(("how", "said"), [("later", "451 4.3.0"), ("full", "552 5.2.2")])
async def test_one_letter_in_trouble_does_not_hold_up_the_others(config, server, world, how, said):
    server.behave(how)
    await tell(world, "officer.XA1", "leader.XA1")
    assert await sender(config, server, world).turn() == 0
    found = await rows(world)
    assert [row.attempts for row in found] == [1, 1]
    assert all(row.fault.startswith(said) for row in found)
    assert {row.state for row in found} == {MailState.WAITING if how == "later" else MailState.FAILED}


async def test_the_pauses_between_tries_grow(config, server, world):
    server.behave("later")
    await tell(world, "officer.XA1")
    pauses = []
    for _ in range(3):
        before = utc_now()
        await sender(config, server, world).turn()
        pauses.append((await rows(world))[0].next_at - before)
        await at_once(world)
    assert timedelta(seconds=50) < pauses[0] < pauses[1] < pauses[2]
    server.behave("take")
    assert await sender(config, server, world).turn() == 1


async def test_a_server_that_says_nothing_is_given_up_and_asked_again_later(config, server, world):
    server.behave("tarpit")
    await tell(world, "officer.XA1", "leader.XA1")
    with pytest.raises(ServerAway):
        await sender(config, server, world, limit_s=1).turn()
    found = await rows(world)
    assert sorted(row.attempts for row in found) == [0, 1], "the others were not tried in vain"
    server.behave("take")
    await at_once(world)
    assert await sender(config, server, world).turn() == 2


async def test_a_server_that_hangs_up_after_taking_gets_the_same_letter_under_the_same_name(config, server, world):
    server.behave("drop")
    await tell(world, "officer.XA1")
    with pytest.raises(ServerAway):
        await sender(config, server, world).turn()
    server.behave("take")
    await at_once(world)
    assert await sender(config, server, world).turn() == 1
    first, second = server.letters()
    assert first["Message-ID"] == second["Message-ID"]


async def test_a_sender_that_died_leaves_its_letter_to_the_next_after_a_while(config, server, world):
    await tell(world, "officer.XA1")
    dead = sender(config, server, world)
    found = await dead._claim()
    assert found is not None
    assert await sender(config, server, world).turn() == 0, "it may still be at it"
    async with world.database.transaction() as db:
        await db.execute(update(OutgoingMail).values(claimed_until=utc_now() - timedelta(seconds=1)))
    assert await sender(config, server, world).turn() == 1
    await dead._settle(found[0], state=MailState.FAILED, fault="too late")
    assert (await rows(world))[0].state == MailState.SENT, "who comes back from the dead changes nothing"
    assert timedelta(minutes=2) < CLAIM


async def test_several_senders_at_once_send_each_letter_once(config, server, world):
    for number in range(12):
        await tell(world, "officer.XA1", key=f"many/{number}")
    sent = await asyncio.gather(*(sender(config, server, world).turn() for _ in range(3)))
    assert sum(sent) == 12
    assert len({letter["Message-ID"] for letter in server.letters()}) == len(server.letters()) == 12


async def test_an_account_without_address_is_listed_and_told_once_it_has_one(config, server, world):
    async with world.database.transaction() as db:
        await db.execute(update(Account).where(Account.username == "officer.xa1").values(email=""))
    await tell(world, "officer.XA1")
    assert await sender(config, server, world).turn() == 0
    assert (await rows(world))[0].state == MailState.NO_ADDRESS
    async with world.database.transaction() as db:
        await db.execute(update(Account).where(Account.username == "officer.xa1").values(email="a@b.vn"))
    assert await sender(config, server, world).turn() == 1
    assert server.letters()[0]["To"] == '"Ông officer.XA1" <a@b.vn>'


async def test_what_comes_too_late_is_not_sent(config, server, world):
    await tell(world, "officer.XA1", expires_at=utc_now() - timedelta(seconds=1))
    away = sender(config, server, world)
    await away.tidy()
    assert await away.turn() == 0
    assert (await rows(world))[0].state == MailState.EXPIRED


async def test_nobody_writes_to_a_disabled_account(config, server, world):
    await tell(world, "officer.XA1")
    async with world.database.transaction() as db:
        await db.execute(update(Account).values(disabled_at=utc_now()))
    assert await sender(config, server, world).turn() == 0


@pytest.mark.real_clock
@pytest.mark.parametrize("security", ["tls", "starttls"])
async def test_letters_go_over_tls_to_a_server_that_proves_itself_and_asks_who_we_are(config, world, security):
    files = tls.certificate_files(replace(config, tls_self_signed=True), {"127.0.0.1"})
    secret = config.data_dir / "smtp-password"
    secret.write_text(f"{SECRET}\n")
    named = {"smtp_security": security, "smtp_username": USER, "smtp_password_file": secret}
    await tell(world, "officer.XA1")
    with SmtpServer(security, needs_name=True, cert=files) as server:
        with pytest.raises(ServerAway, match=r"(?i)certificate"):
            await sender(config, server, world, **named).turn()
        await at_once(world)
        assert await sender(config, server, world, smtp_ca=files[0], **named).turn() == 1
        secret.write_text("sai")
        await tell(world, "officer.XA1", key="other")
        with pytest.raises(ServerAway, match="535"):
            await sender(config, server, world, smtp_ca=files[0], **named).turn()


async def test_a_server_without_starttls_gets_nothing(config, server, world):
    await tell(world, "officer.XA1")
    with pytest.raises(ServerAway):
        await sender(config, server, world, smtp_security="starttls").turn()
    assert server.letters() == []


async def test_the_command_line_sends_a_letter_and_says_what_came_of_it(config, server):
    def run(**more: str) -> subprocess.CompletedProcess[str]:
        env = {"HUB_DATA_DIR": str(config.data_dir), "HUB_SMTP_PORT": str(server.port), "HUB_SMTP_SECURITY": "none"}
        command = [sys.executable, "-m", "hub", "mail", "test", "a@b.vn"]
        root = Path(__file__).parents[2]
        return subprocess.run(
            command, cwd=root, env=env | more, capture_output=True, text=True, timeout=150, check=False
        )

    on = {"HUB_SMTP_HOST": "127.0.0.1", "HUB_SMTP_FROM": "hub@tinh.gov.vn"}
    done = await asyncio.to_thread(run, **on)
    assert (done.returncode, done.stderr) == (0, "")
    assert server.letters()[0]["To"] == "a@b.vn"
    server.behave("refuse")
    done = await asyncio.to_thread(run, **on)
    assert (done.returncode, "no such mailbox" in done.stderr) == (1, True)
    assert (await asyncio.to_thread(run)).returncode == 2
