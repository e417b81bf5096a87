"""Reconciles the archive every night, in the recorder's process; a night that was missed is made up for."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError

from hub import calendar
from hub.config import Config
from hub.db import Database
from hub.errors import NotReady
from hub.ids import utc_now
from hub.services import reconciliation
from hub.services.store import ObjectStore

LOOK_EVERY_S = 300
MEGABYTE = 1_000_000

log = structlog.get_logger(__name__)


class Reconciling:
    """One per recorder process."""

    def __init__(self, config: Config, database: Database, store: ObjectStore) -> None:
        self._config, self._database, self._store = config, database, store

    async def run(self) -> None:
        """Look until cancelled whether it is time."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                if await self.due():
                    await self.once()
            except (NotReady, SQLAlchemyError, OSError) as error:
                log.warning("reconciliation put off", error=str(error))
            except Exception:
                # A fault here must never end the process, which is recording.
                log.exception("reconciliation failed")

    async def due(self) -> bool:
        """Whether none has begun since the hour of the night, today or yesterday."""
        now = calendar.local(utc_now())
        hour = now.replace(hour=self._config.reconcile_hour, minute=0, second=0, microsecond=0)
        since = hour if hour <= now else hour - timedelta(days=1)
        async with self._database.reading() as db:
            last = await reconciliation.last(db)
        return last is None or last.started_at < since

    async def once(self) -> reconciliation.Report:
        """Raises ``StoreAway``."""
        sample = self._config.reconcile_sample_mb * MEGABYTE
        report = await reconciliation.run(self._database, self._store, sample_bytes=sample)
        tell = log.info if report.ok else log.error
        tell("archive reconciled", objects=report.objects, sampled=report.sampled, **report.counts)
        return report
