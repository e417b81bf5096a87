"""Imports that were begun on a page: a table is tried, shown, imported, and its one-time passwords handed out once.

Held in memory, of who began it alone: a table of accounts is nobody else's business, and a restart loses nothing that
was imported.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

import structlog
from aiohttp import web as http

from hub import tables
from hub.auth import Actor
from hub.errors import HubError, NotFound
from hub.i18n import N_, Text
from hub.ids import new_id, utc_now
from hub.import_columns import Fault
from hub.import_kinds import ImportKind
from hub.services import imports
from hub.services.imports import Imported, Plan
from hub.tables import Table
from web.keys import Deps

KEPT_FOR = timedelta(hours=1)
MOST_JOBS = 20
"""Of all administrators together; the oldest that is not running makes room."""

log = structlog.get_logger(__name__)


class JobState(StrEnum):
    TRIED = "tried"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(slots=True)
class Job:
    id: str
    account_id: str
    kind: ImportKind
    file_name: str
    table: Table
    plan: Plan
    at: datetime = field(default_factory=utc_now)
    state: JobState = JobState.TRIED
    done: int = 0
    total: int = 0
    result: Imported | None = None
    why: Text | None = None
    faults: tuple[Fault, ...] = ()
    passwords: dict[str, str] = field(default_factory=dict, repr=False)
    task: asyncio.Task[None] | None = None


class ImportJobs:
    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}
        self._turn = asyncio.Semaphore(1)

    async def begin(self, deps: Deps, actor: Actor, kind: ImportKind, file_name: str, data: bytes) -> Job:
        """Read and try a table. Raises ``BadInput``, ``TooLarge``, ``Forbidden``."""
        async with self._turn:  # a workbook is unpacked in memory: one at a time
            table = await asyncio.to_thread(tables.read, data)
        async with deps.database.reading() as db:
            plan = await imports.try_out(db, actor, kind, table)
        self._make_room()
        job = Job(new_id(), actor.account_id, kind, file_name, table, plan)
        self._jobs[job.id] = job
        return job

    def get(self, actor: Actor, job_id: str) -> Job:
        """Raises ``NotFound`` for what is forgotten or another's."""
        job = self._jobs.get(job_id)
        if job is None or job.account_id != actor.account_id:
            raise NotFound(N_("Lần nhập này không còn. Hãy tải tệp lên lại; những gì đã nhập vẫn được giữ."))
        return job

    async def try_again(self, deps: Deps, actor: Actor, job: Job) -> None:
        """What it would do as things are now."""
        async with deps.database.reading() as db:
            job.plan = await imports.try_out(db, actor, job.kind, job.table)

    def start(self, deps: Deps, actor: Actor, job: Job) -> None:
        """Begin, unless it was begun."""
        if job.state is JobState.TRIED:
            job.state, job.total = JobState.RUNNING, 0
            job.task = asyncio.create_task(self._run(deps, actor, job), name="import")

    def take_passwords(self, job: Job) -> dict[str, str]:
        """Once; the second time there are none."""
        taken, job.passwords = job.passwords, {}
        return taken

    async def _run(self, deps: Deps, actor: Actor, job: Job) -> None:
        def progress(done: int, total: int) -> None:
            job.done, job.total = done, total

        try:
            async with self._turn:
                job.result = await imports.carry_out(deps.database, actor, job.kind, job.table, job.plan, progress)
            job.passwords = job.result.passwords
            job.state = JobState.DONE
        except imports.Refused as error:
            job.state, job.why, job.faults = JobState.FAILED, error.text, error.faults
        except HubError as error:
            job.state, job.why = JobState.FAILED, error.text
        except Exception:
            job.state, job.why = JobState.FAILED, Text(N_("Có lỗi ngoài dự kiến. Chưa nhập dòng nào."))
            log.exception("import failed", kind=str(job.kind))

    def _make_room(self) -> None:
        resting = [job for job in self._jobs.values() if job.state is not JobState.RUNNING]
        too_many = len(self._jobs) - MOST_JOBS + 1
        for job in resting:
            if too_many > 0 or utc_now() - job.at > KEPT_FOR:
                del self._jobs[job.id]
                too_many -= 1

    async def stop(self) -> None:
        """What is being imported is undone as a whole."""
        tasks = [job.task for job in self._jobs.values() if job.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


IMPORT_JOBS: http.AppKey[ImportJobs] = http.AppKey("import_jobs")


async def context(app: http.Application) -> AsyncIterator[None]:
    """A ``cleanup_ctx``."""
    yield
    await app[IMPORT_JOBS].stop()
