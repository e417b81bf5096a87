"""Work beside the archiver that is found in the rows: looked for again and again, and less often while what it needs is
away. A recording that something is wrong with holds nobody up, and is tried again after a while: a person may have put
it right, who should not have to restart a recorder for that.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import structlog
from sqlalchemy.exc import SQLAlchemyError

from hub.errors import ConfigError, NotReady
from hub.timestamps import StampAway

BACK_OFF_MAX_S = 300
FAULTY_AGAIN_S = 600

log = structlog.get_logger(__name__)


async def for_ever(work: str, turn: Callable[[], Awaitable[None]], every_s: float) -> None:
    """Take ``turn`` until cancelled; ``work`` names it in the log."""
    pause_s = every_s
    while True:
        try:
            await turn()
            pause_s = every_s
        except (NotReady, StampAway, ConfigError, SQLAlchemyError, OSError) as error:
            if pause_s == every_s:
                log.warning("recordings wait", work=work, error=str(error))
            pause_s = min(pause_s * 2, BACK_OFF_MAX_S)
        except Exception:
            # A fault here must never end the process, which is recording.
            log.exception("turn failed", work=work)
        await asyncio.sleep(pause_s)


class Faulty:
    """Recordings that are let alone for ``FAULTY_AGAIN_S``. ``clock`` gives seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until: dict[str, float] = {}

    def add(self, recording_id: str) -> None:
        self._until[recording_id] = self._clock() + FAULTY_AGAIN_S

    def ids(self) -> set[str]:
        now = self._clock()
        self._until = {each: until for each, until in self._until.items() if now < until}
        return set(self._until)
