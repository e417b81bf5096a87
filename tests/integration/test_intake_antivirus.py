"""Documents pass a virus scanner: a real socket with clamd's protocol, and a real command."""

from __future__ import annotations

import shlex
import socket
import sys
from dataclasses import replace

import pytest
from sqlalchemy import select

from hub.config import load
from hub.errors import BadInput, ConfigError, NotReady
from hub.models import Attachment, CaseType, Scan
from hub.services import antivirus, attachments, cases
from hub.services.antivirus import Scanner, ScannerAway
from hub.services.cases import AttachmentUpload
from tests.support.clamd import NAME, VIRUS, clamd
from tests.support.domain import make_world, new_case
from tests.support.memory_store import MemoryStore

pytestmark = pytest.mark.asyncio
CLEAN = b"%PDF-1.7\n" + b"x" * 200_000 + b"%%EOF"
INFECTED = b"%PDF-1.7\n" + VIRUS + b"%%EOF"
COMMAND = shlex.join(
    [
        sys.executable,
        "-c",
        f"import sys; bad = {VIRUS!r} in sys.stdin.buffer.read(); bad and print('a: Cmd.Virus FOUND'); sys.exit(bad)",
    ]
)


async def given(database, kind=CaseType.COMPLAINT):
    world = await make_world(database)
    async with database.transaction() as db:
        case = await cases.register(db, world.vault, world.actor("officer.XA1"), new_case(type=kind, content=""))
    return world, MemoryStore(), case


async def add(world, store, case, data, scanner):
    upload = AttachmentUpload("đơn.pdf", data)
    officer = world.actor("officer.XA1")
    return await cases.add_attachment(
        world.database, store, world.vault, officer, case.id, upload, max_bytes=10**6, scanner=scanner
    )


async def told(world, case) -> list[str]:
    async with world.database.reading() as db:
        return [one.kind for one in await cases.timeline(db, world.actor("officer.XA1"), case.id)]


async def kept(world) -> list[Attachment]:
    async with world.database.reading() as db:
        return list((await db.execute(select(Attachment))).scalars())


def closed_port() -> str:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{one.getsockname()[1]}"


@pytest.mark.parametrize("unix", [True, False])
async def test_clamd_lets_a_clean_document_in_and_keeps_an_infected_one_out(database, tmp_path, unix):
    world, store, case = await given(database)
    async with clamd(tmp_path / "clamd.ctl" if unix else None) as where:
        row = await add(world, store, case, CLEAN, Scanner(socket=where))
        assert row.scan == Scan.CLEAN
        with pytest.raises(BadInput) as refused:
            await add(world, store, case, INFECTED, Scanner(socket=where))
    assert NAME in str(refused.value.fields["file"])
    assert [one.id for one in await kept(world)] == [row.id]
    assert len(store.objects) == 1
    assert (await told(world, case))[-1] == "attachment_refused"


async def test_a_command_that_reads_the_document_decides_by_how_it_ends(database):
    world, store, case = await given(database)
    assert (await add(world, store, case, CLEAN, Scanner(command=COMMAND))).scan == Scan.CLEAN
    with pytest.raises(BadInput) as refused:
        await add(world, store, case, INFECTED, Scanner(command=COMMAND))
    assert "Cmd.Virus" in str(refused.value.fields["file"])
    assert len(await kept(world)) == 1


@pytest.mark.parametrize(
    "scanner",
    [
        Scanner(socket=closed_port()),
        Scanner(socket="unix:/nonexistent/clamd.ctl"),
        Scanner(command="/nonexistent/clamscan -"),
        Scanner(command=shlex.join([sys.executable, "-c", "raise SystemExit(2)"])),
        Scanner(command=shlex.join([sys.executable, "-c", "import time; time.sleep(60)"]), limit_s=0.5),
    ],
    ids=["port", "socket", "no command", "command fails", "command hangs"],
)
async def test_a_scanner_that_does_not_answer_refuses_the_document_and_it_is_told(database, scanner):
    world, store, case = await given(database)
    with pytest.raises(ScannerAway):
        await add(world, store, case, CLEAN, scanner)
    assert await kept(world) == []
    assert store.objects == {}


async def test_a_scanner_that_gives_up_on_a_document_is_no_leave_to_keep_it(database):
    world, store, case = await given(database)
    async with clamd() as where:
        with pytest.raises(ScannerAway):
            await add(world, store, case, b"%PDF-1.7 too large for the scanner", Scanner(socket=where))
    assert await kept(world) == []


@pytest.mark.parametrize("kind", [CaseType.COMPLAINT, CaseType.DENUNCIATION])
async def test_by_setting_documents_wait_locked_until_the_scanner_is_back(database, kind):
    world, store, case = await given(database, kind)
    waiting = Scanner(socket=closed_port(), wait=True)
    clean, infected = [await add(world, store, case, data, waiting) for data in (CLEAN, INFECTED)]
    officer = world.actor("officer.XA1")
    with pytest.raises(NotReady, match="đang chờ quét"):
        await cases.open_attachment(database, store, world.vault, officer, clean.id, "đối chiếu hồ sơ")
    with pytest.raises(ScannerAway):
        await attachments.scan_pending(database, store, world.vault, waiting)
    async with clamd() as where:
        back = replace(waiting, socket=where)
        assert await attachments.scan_pending(database, store, world.vault, back) == 2
        assert await attachments.scan_pending(database, store, world.vault, back) == 0
    [left] = await kept(world)
    assert (left.id, left.scan) == (clean.id, Scan.CLEAN)
    assert len(store.objects) == 1
    opened = await cases.open_attachment(database, store, world.vault, officer, clean.id, "đối chiếu hồ sơ")
    assert opened.data == CLEAN
    assert "attachment_refused" in await told(world, case)
    assert infected.id not in {one.id for one in await kept(world)}


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        ({"HUB_ANTIVIRUS_SOCKET": "clamd"}, "neither unix:/path nor host:port"),
        ({"HUB_ANTIVIRUS_AWAY": "perhaps"}, "neither refuse nor wait"),
        ({"HUB_ANTIVIRUS_COMMAND": "a", "HUB_ANTIVIRUS_SOCKET": "unix:/b"}, "one or none"),
    ],
)
async def test_settings_that_cannot_be_meant_are_refused_at_the_start(settings, fault):
    with pytest.raises(ConfigError, match=fault):
        load(settings)


async def test_without_a_scanner_in_the_settings_a_document_says_that_it_was_not_scanned(database):
    world, store, case = await given(database)
    assert antivirus.scanner(load({})) is None
    assert (await add(world, store, case, CLEAN, None)).scan == Scan.NONE
