"""A hub to be measured: ``hub serve`` as people start it, with hearings that are about to begin."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench import world
from tests.support.hub_process import HubProcess


class Hub:
    """``process`` is the running hub, ``hearings`` what is booked on it."""

    def __init__(self, process: HubProcess, hearings: list[world.Booked]) -> None:
        self.process, self.hearings = process, hearings
        self.parts = {part: sorted(pids) for part, pids in process.children().items()}
        """Process ids: ``web``, ``worker`` and ``recorder``."""

    @property
    def address(self) -> str:
        return self.process.address


@contextmanager
def serving(
    sizes: Sequence[int], media_address: str, *, own_accounts: bool = False, settings: dict[str, str] | None = None
) -> Iterator[Hub]:
    """A hub in a directory of its own, gone afterwards. ``settings`` are further ``HUB_*`` variables."""
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    process = HubProcess(folder, {"HUB_DEMO": "no", "HUB_MEDIA_ADDRESSES": media_address, **(settings or {})})
    try:
        process.command("migrate")
        hearings = world.build(process.environment, sizes, own_accounts=own_accounts)
        process.start()
        yield Hub(process, hearings)
    except BaseException:
        if process.log.exists():
            print(process.tail())
        raise
    finally:
        if process.started:
            process.stop()
        shutil.rmtree(folder, ignore_errors=True)
