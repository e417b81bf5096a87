"""A sealed recording of a minute and three points on the running pages, a passage withheld, for a browser to play."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from hub.config import Config
from hub.services.withholding import GROUNDS
from tests.support import evidence, long_recording
from tests.support.long_recording import Made
from tests.support.pages import Browser, Pages, running_pages
from tests.support.points import CHAIR, COMMUNE, POINTS

TIMER = Path(__file__).parents[2] / "bench" / "load" / "replay_timer.js"
"""Looks from inside at what the player shows; the benchmark measures with it."""
PROBE = Path(__file__).with_name("media_probe.js")
SECONDS = 60
WITHHELD_S = (30, 40)
AWAY_S = (40, 50)
NOTE = "Đề nghị đo đạc lại thửa đất số 11."
MESSAGE = "Đã gửi bản đồ địa chính tờ 3."
HIDDEN_NOTE = "Người đứng đơn cho biết nơi làm việc."
REASON = "Kiểm tra theo đơn của công dân"
EVENTS: list[long_recording.Event] = [
    (0.0, "opened", None, {}),
    (10.0, "floor_given", COMMUNE.code, {}),
    (15.0, "noted", CHAIR.code, {"text": NOTE}),
    (25.0, "said", COMMUNE.code, {"text": MESSAGE}),
    (35.0, "noted", CHAIR.code, {"text": HIDDEN_NOTE}),
    (52.0, "floor_taken", COMMUNE.code, {}),
    (float(SECONDS), "ended", None, {}),
]


@dataclass(frozen=True)
class ReplayWorld:
    pages: Pages
    made: Made
    auditor: Browser

    def address(self, path: str) -> str:
        return str(self.pages.server.make_url(path))

    @property
    def cookies(self) -> dict[str, str]:
        """The auditor's, for a real browser."""
        found = self.auditor.session.cookie_jar.filter_cookies(self.pages.server.make_url("/"))
        return {name: one.value for name, one in found.items()}

    @property
    def recording(self) -> str:
        return f"/recordings/{self.made.recording_id}"

    async def granted(self) -> str:
        """The player's path, for the auditor."""
        await self.auditor.get(self.recording)
        answer = await self.auditor.post(f"{self.recording}/replay", {"reason": REASON})
        assert answer.status == 303, answer.text
        return answer.path


@asynccontextmanager
async def replay_world(config: Config) -> AsyncIterator[ReplayWorld]:
    async with running_pages(config) as pages:
        loops = {point: await asyncio.to_thread(long_recording.loop, point) for point in POINTS}
        away = [(COMMUNE.code, *AWAY_S)]
        made = await long_recording.make(
            pages.database, pages.store.root, loops, seconds=SECONDS, away=away, events=EVENTS
        )
        await evidence.seal_up(pages.config, pages.database, pages.store, made.recording_id)
        world = ReplayWorld(pages, made, await pages.person("thanhtra"))
        await world.auditor.get(world.recording)
        begin, end = WITHHELD_S
        fields = {"from": f"0:00:{begin + 3}", "to": f"0:00:{end - 3}", "seat": "", "ground": GROUNDS[0]}
        answer = await world.auditor.post(f"{world.recording}/withhold", fields)
        assert answer.status == 303, answer.text
        yield world
