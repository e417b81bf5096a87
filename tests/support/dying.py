"""Lets a recorder process die by SIGKILL at a chosen moment of one of its stages: ``DIE_AT=stage:call:moment``.

A stage's calls are those that change something outside the process. The moments of a call: before it, after it, and
half-way, when only a part of its bytes has reached the file.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hub.services.store import ObjectStore
from recorder import archive, catalogue, journal_writer, packaging, rows, spool
from recorder.catalogue import Archived, Catalogue, Stored
from recorder.journal_writer import JournalWriter

STAGES = {"capture": 6, "packager": 8, "archiver": 10}
"""And how many calls each makes at least in a recording of six seconds, however busy the machine."""
MOMENTS = ("before", "half", "after")


class Death:
    """Counts one stage's calls and ends the process at the chosen one."""

    def __init__(self, stage: str, call: int, moment: str) -> None:
        self.stage, self._left, self._moment = stage, call, moment

    def now(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def due(self) -> str:
        """The moment to die in this call, or ''."""
        self._left -= 1
        return self._moment if self._left == 0 else ""

    def around(self, work: Callable[..., Any], half: Callable[..., None] | None = None) -> Callable[..., Any]:
        """``half`` leaves behind what a death in the middle would; without it that is nothing."""

        def doing(*arguments: Any, **options: Any) -> Any:
            moment = self.due()
            if moment == "before":
                self.now()
            if moment == "half":
                if half is not None:
                    half(*arguments, **options)
                self.now()
            result = work(*arguments, **options)
            if moment == "after":
                self.now()
            return result

        return doing


def install(text: str, store: ObjectStore) -> ObjectStore:
    """Make ready to die as ``text`` says; the store to use instead."""
    stage, call, moment = text.split(":")
    death = Death(stage, int(call), moment)
    if stage == "capture":
        JournalWriter.write = death.around(JournalWriter.write, _half_batch)  # type: ignore[method-assign]
    append = Catalogue.append
    facts = death.around(append, _half_append)

    def appending(self: Catalogue, new: Any) -> None:
        theirs = any(isinstance(fact, Stored | Archived) for fact in new)
        (facts if theirs == (stage == "archiver") and stage != "capture" else append)(self, new)

    Catalogue.append = appending  # type: ignore[method-assign]
    if stage == "packager":
        spool.write_file = death.around(spool.write_file, _half_file)
        packaging.RecordingPackager.finish = death.around(packaging.RecordingPackager.finish)  # type: ignore[method-assign]
    if stage == "archiver":
        _archiver(death)
        return _DyingStore(store, death)
    return store


def _archiver(death: Death) -> None:
    archive._tidy = death.around(archive._tidy)
    archive._remove = death.around(archive._remove, _half_remove)
    write, archived = rows.write, rows.archived

    async def writing(*arguments: Any) -> None:
        moment = death.due()
        if moment in ("before", "half"):
            death.now()
        await write(*arguments)
        if moment:
            death.now()

    async def archiving(*arguments: Any) -> None:
        moment = death.due()
        if moment in ("before", "half"):
            death.now()
        await archived(*arguments)
        if moment:
            death.now()

    rows.write, rows.archived = writing, archiving


class _DyingStore:
    def __init__(self, store: ObjectStore, death: Death) -> None:
        self._store = store
        self.put_file = death.around(store.put_file)
        self.put_bytes = death.around(store.put_bytes)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


def _half_batch(writer: JournalWriter, batch: journal_writer.Batch) -> None:
    fd = os.open(writer.folder.journal_file(batch.file), os.O_WRONLY | os.O_CREAT, 0o600)
    os.pwrite(fd, batch.data[: len(batch.data) // 2], batch.written_to)


def _half_file(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_name(f".{path.name}.tmp").write_bytes(data[: len(data) // 2])


def _half_append(self: Catalogue, facts: Any) -> None:
    body = catalogue.msgspec.json.encode(facts)
    with self._path.open("ab") as file:
        file.write(len(body).to_bytes(4, "big") + body[: len(body) // 2])


def _half_remove(work: packaging.Work) -> None:
    for path in sorted(work.folder.path.rglob("*"), reverse=True)[:3]:
        if path.is_file() and path != work.folder.catalogue:
            path.unlink()
