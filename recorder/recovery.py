"""Archives what a broken machine left in its spool directory: ``hub archive recover DIR``.

Works on a copy, so that the directory stays as it was found, and with the parts that every recorder is made of.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from hub import models
from hub.config import Config
from hub.db import Database
from hub.services.store import ObjectStore
from recorder import spool
from recorder.archive import Archiver
from recorder.capture import Capture
from recorder.packaging import Packaging
from recorder.sealing import Sealing

REST_S = 0.2
STILL_FOR_S = 120
"""Nothing has got any further for so long: what is left stays in the directory."""

Tell = Callable[[str, int], None]
"""Called with a recording and how many of its segments are still to be stored."""


@dataclass(slots=True)
class Recovered:
    """By recording. ``before``: was archived already; ``unknown``: not in this database; ``left``: not archived
    whole."""

    archived: list[str] = field(default_factory=list)
    before: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


async def recover(config: Config, database: Database, store: ObjectStore, source: Path, tell: Tell) -> Recovered:
    """Raises ``FileNotFoundError`` when there is no recording in ``source``."""
    found = await asyncio.to_thread(lambda: list(spool.recordings(source)))
    found = [folder for folder in found if folder.catalogue.exists() or folder.journal_dir.is_dir()]
    if not found:
        raise FileNotFoundError(str(source))
    result = Recovered()
    async with database.reading() as db:
        for folder in found:
            row = await db.get(models.Recording, folder.recording_id)
            if row is None:
                result.unknown.append(folder.recording_id)
            elif row.state in (models.RecordingState.ARCHIVED, models.RecordingState.DESTROYED):
                result.before.append(folder.recording_id)
    skipped = {*result.unknown, *result.before}
    wanted = [folder for folder in found if folder.recording_id not in skipped]
    config.data_dir.mkdir(parents=True, exist_ok=True)
    copy = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="recover-", dir=config.data_dir))
    try:
        for folder in wanted:
            await asyncio.to_thread(shutil.copytree, folder.path, copy / folder.recording_id)
        await _archive(config, database, store, copy, tell)
        for folder in wanted:
            done = not (copy / folder.recording_id).exists()
            (result.archived if done else result.left).append(folder.recording_id)
    finally:
        await asyncio.to_thread(shutil.rmtree, copy, ignore_errors=True)
    return result


async def _archive(config: Config, database: Database, store: ObjectStore, spool_dir: Path, tell: Tell) -> None:
    capture = Capture(spool_dir, min_bytes=0)
    packaging = Packaging(spool_dir, capture, max_s=config.segment_max_s)
    archiver = Archiver(config, database, store, capture, packaging, Sealing(config, database, store))
    await asyncio.to_thread(capture.recover)
    await capture.commit()
    await packaging.recover()
    for recording_id in capture.open_ids():  # that machine will send no more
        writer = capture.writer(recording_id)
        if writer is not None:
            await capture.close(recording_id, writer.last_heard_ns)
    committing = asyncio.create_task(capture.run(), name="capture")  # which lets go of what is closed
    try:
        await _until_still(spool_dir, packaging, archiver, tell)
    finally:
        committing.cancel()
        await asyncio.gather(committing, return_exceptions=True)
        packaging.close()


async def _until_still(spool_dir: Path, packaging: Packaging, archiver: Archiver, tell: Tell) -> None:
    moved, before = time.monotonic(), ""
    while list(spool.recordings(spool_dir)) and time.monotonic() - moved < STILL_FOR_S:
        await packaging.turn()
        await archiver.turn()
        now = _state(packaging)
        if now != before:
            moved, before = time.monotonic(), now
            for recording_id, work in packaging.works.items():
                tell(recording_id, len(work.catalogue.unstored))
        await asyncio.sleep(REST_S)


def _state(packaging: Packaging) -> str:
    return repr(
        [
            (key, len(work.catalogue.segments), len(work.catalogue.unstored), work.catalogue.closed)
            for key, work in packaging.works.items()
        ]
    )
