"""``hub verify``: recordings read back from the store and checked, one, a range or all."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from hub import cli
from hub.auth import command_line
from hub.cli.maintenance import megabytes, told
from hub.cli.processes import open_store
from hub.config import Config
from hub.db import Database
from hub.models import Role
from hub.services import verification
from hub.services.verification import VerifyReport

Bar = Callable[[str, int, int], None]
"""Called with (what, bytes read, bytes in all)."""


def verify(
    config: Config,
    recording_id: str,
    *,
    first_day: date | None = None,
    last_day: date | None = None,
    reason: str = "",
    as_json: bool = False,
) -> int:
    """0 when everything is there and right, 1 otherwise. Without a recording, every archived one of these days."""
    with told():
        reports = asyncio.run(_reports(config, recording_id, first_day, last_day, reason, as_json=as_json))
    ok = all(report.ok for report in reports)
    if as_json:
        cli.say(json.dumps(_summary(reports, ok=ok), ensure_ascii=False))
    elif not recording_id:
        faulty = sum(not report.ok for report in reports)
        read = megabytes(sum(report.bytes_read for report in reports))
        cli.say(f"{len(reports)} recordings, {read} read, {faulty} with faults.")
    return 0 if ok else 1


async def _reports(
    config: Config, recording_id: str, first_day: date | None, last_day: date | None, reason: str, *, as_json: bool
) -> list[VerifyReport]:
    database, store = Database(config.database), open_store(config)
    trusted, reports = verification.trust(config), []
    try:
        chosen = [recording_id] if recording_id else await _choose(database, first_day, last_day)
        with _reading(quiet=as_json) as show:
            for number, each in enumerate(chosen, start=1):

                def progress(done: int, total: int, what: str = f"{number}/{len(chosen)}") -> None:
                    show(what, done, total)

                report = await verification.verify_as(
                    database, store, trusted, command_line(Role.AUDITOR), each, reason, progress=progress
                )
                reports.append(report)
                if not as_json:
                    _tell(report)
    finally:
        await database.close()
    return reports


async def _choose(database: Database, first_day: date | None, last_day: date | None) -> list[str]:
    async with database.reading() as db:
        return await verification.choose(db, first_day, last_day)


def _tell(report: VerifyReport) -> None:
    for fault in report.faults:
        cli.say(f"  {cli.in_words(fault.text)}")
    verdict = "whole and unaltered" if report.ok else f"{len(report.faults)} faults"
    cli.say(f"{report.recording_id}: {verdict}, {report.objects} objects, {megabytes(report.bytes_read)} read.")


def _summary(reports: list[VerifyReport], *, ok: bool) -> dict[str, object]:
    faults = [
        {
            "recording": report.recording_id,
            "kind": fault.kind,
            "key": fault.key,
            "detail": fault.detail,
            "text": cli.in_words(fault.text),
        }
        for report in reports
        for fault in report.faults
    ]
    read = sum(report.bytes_read for report in reports)
    return {"ok": ok, "recordings": len(reports), "bytes_read": read, "faults": faults}


@contextmanager
def _reading(*, quiet: bool) -> Iterator[Bar]:
    console = Console(stderr=True)
    columns = (TextColumn("Reading {task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=quiet or not console.is_terminal) as progress:
        task = progress.add_task("", total=None)
        yield lambda what, done, total: progress.update(task, description=what, completed=done, total=total)
