"""The recorder as the web process sees it: its health, and the recordings that it confirmed on this connection.

Nothing opens without ``open``; after a recorder's restart every recording under way is confirmed again with the
same epoch, and recordings whose hearing is over are closed again, so that no end is lost with a connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import structlog

from hub.errors import NotReady
from hub.i18n import N_, Text
from hub.ids import monotonic_ns
from hub.links import AskHealth, CloseRecording, Done, OpenRecording, RecorderHealth, RecorderSends, RecordingReady
from hub.rpc import RpcClient, RpcError
from hub.services.live import RecorderLive

SILENT_S = 4.0
"""A recorder that has not told its health for this long (it does every second) is taken for lost."""
OPEN_TIMEOUT_S = 10.0
TEND_EVERY_S = 5.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A recording of a hearing that is open."""

    recording_id: str
    epoch_ns: int
    started_at: datetime


@dataclass(frozen=True, slots=True)
class Over:
    """A recording whose hearing has ended, not yet archived."""

    recording_id: str
    end_ns: int


class RecorderLink:
    """``run`` keeps the connection. ``under_way`` (None: not known yet) and ``over`` tell what it ought to know."""

    def __init__(
        self,
        path: Path,
        *,
        under_way: Callable[[], list[UnderWay] | None],
        over: Callable[[], Awaitable[list[Over]]],
        on_change: Callable[[], None],
    ) -> None:
        self._under_way, self._over, self._on_change = under_way, over, on_change
        self._client = RpcClient(
            path,
            RecorderSends,
            on_event=self._told,
            on_connect=self._greet,
            on_disconnect=self._gone,
        )
        self._health: RecorderHealth | None = None
        self._health_at = 0.0
        self._confirmed: set[str] = set()
        self._closed: set[str] = set()
        self._opening: set[str] = set()
        self._tend_now = asyncio.Event()

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._client.run(), name="recorder")
            tasks.create_task(self._tend(), name="recordings")

    # What is so -----------------------------------------------------------------------------------------------------

    @property
    def connected(self) -> bool:
        recent = asyncio.get_running_loop().time() - self._health_at < SILENT_S
        return self._client.connected and self._health is not None and recent

    def records(self, recording_id: str) -> bool:
        """Whether the recorder is there and has confirmed this recording since it last went away."""
        return self.connected and recording_id in self._confirmed

    def refuses(self) -> Text | None:
        """Why no hearing can open now; None: one can."""
        if not self.connected or self._health is None:
            return Text(N_("Máy ghi chưa sẵn sàng nên chưa thể mở buổi tiếp. Hãy báo kỹ thuật viên."))
        if not self._health.accepts:
            return Text(N_("Ổ đĩa của máy ghi sắp đầy nên chưa thể mở buổi tiếp. Hãy báo kỹ thuật viên."))
        return None

    def reason(self) -> Text | None:
        """What to tell about the recorder: why it refuses, or what to worry about."""
        refuses = self.refuses()
        if refuses is not None or self._health is None:
            return refuses
        if self._health.warns:
            return Text(N_("Dung lượng máy ghi sắp hết; hãy báo kỹ thuật viên."))
        if not self._health.store_reachable:
            return Text(N_("Kho lưu trữ chưa kết nối được; bản ghi được giữ tại máy ghi và sẽ tự chuyển sau."))
        return None

    def live_view(self) -> RecorderLive:
        health = self._health if self.connected else None
        return RecorderLive(
            connected=self.connected,
            ready=self.refuses() is None,
            reason=self.reason(),
            spool_free_bytes=health.spool_free_bytes if health else None,
            warns=health.warns if health else False,
            store_reachable=health.store_reachable if health else None,
            segments_waiting=health.segments_waiting if health else None,
            oldest_waiting_s=health.oldest_waiting_s if health else None,
        )

    # What is to be done ---------------------------------------------------------------------------------------------

    async def open(self, recording: UnderWay) -> None:
        """Returns once the recorder's journal is on disk. Raises ``NotReady``, and then nothing is recorded.

        The caller then says ``settled`` when the opening has been kept in the database, or surely has not.
        """
        self._opening.add(recording.recording_id)
        started_at = recording.started_at.astimezone(UTC).isoformat()
        request = OpenRecording(recording.recording_id, recording.epoch_ns, started_at)
        try:
            reply = await self._client.call(request, timeout_s=OPEN_TIMEOUT_S)
        except (RpcError, TimeoutError) as error:
            log.warning("recorder did not open", recording_id=recording.recording_id, error=repr(error))
            raise NotReady(N_("Máy ghi không xác nhận việc ghi, nên buổi tiếp chưa mở. Hãy thử lại.")) from error
        if not isinstance(reply, RecordingReady) or reply.epoch_ns != recording.epoch_ns:
            log.error("recorder confirmed something else", recording_id=recording.recording_id)
            raise NotReady(N_("Máy ghi không xác nhận việc ghi, nên buổi tiếp chưa mở. Hãy thử lại."))
        self._confirmed.add(recording.recording_id)
        self._on_change()

    def settled(self, recording_id: str) -> None:
        """From now on ``under_way`` tells whether this recording goes on."""
        self._opening.discard(recording_id)

    async def close(self, recording: Over) -> bool:
        """Whether the recorder said that the end is durable; if not, it is asked again later by ``run``."""
        self._confirmed.discard(recording.recording_id)
        try:
            reply = await self._client.call(CloseRecording(recording.recording_id, recording.end_ns))
        except (RpcError, TimeoutError) as error:
            log.warning("recorder did not close", recording_id=recording.recording_id, error=repr(error))
            return False
        self._closed.add(recording.recording_id)
        return isinstance(reply, Done)

    def tend_soon(self) -> None:
        self._tend_now.set()

    async def _greet(self) -> None:
        self._tend_now.set()
        self._told(await self._client.call(AskHealth()))  # at once, not at the next of its seconds

    async def _gone(self) -> None:
        self._health = None
        self._confirmed.clear()
        self._closed.clear()
        log.warning("recorder gone")
        self._on_change()

    def _told(self, body: object) -> None:
        if not isinstance(body, RecorderHealth):
            return
        was = self.refuses()
        self._health, self._health_at = body, asyncio.get_running_loop().time()
        if was != self.refuses():
            self._on_change()

    async def _tend(self) -> None:
        """Level-triggered: whatever the recorder should know and may not, it is told again."""
        while True:
            if self._client.connected:
                await self._confirm_all()
            try:
                async with asyncio.timeout(TEND_EVERY_S):
                    await self._tend_now.wait()
            except TimeoutError:
                pass
            self._tend_now.clear()

    async def _confirm_all(self) -> None:
        known = {one.recording_id for one in self._health.recordings} if self._health else set()
        under_way = self._under_way()
        if under_way is None:
            return
        for recording in under_way:
            if recording.recording_id not in self._confirmed:
                with suppress(NotReady):  # logged; the next turn tries again
                    await self.open(recording)
                self.settled(recording.recording_id)
        try:
            over = await self._over()
        except NotReady:
            return
        for ended in over:
            if ended.recording_id not in self._closed:
                await self.close(ended)
        spoken_for = {one.recording_id for one in under_way} | {one.recording_id for one in over} | self._opening
        for recording_id in known - spoken_for - self._closed:
            log.warning("recording without a hearing is closed", recording_id=recording_id)
            await self.close(Over(recording_id, monotonic_ns()))
