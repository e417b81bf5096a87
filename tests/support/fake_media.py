"""A media worker and a recorder that speak the real RPC but move no media: for tests of the signaling side."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import TracebackType
from typing import Any

from hub.ids import new_id
from hub.links import (
    AskHealth,
    CloseRecording,
    Done,
    OpenRecording,
    OpenRecordingHealth,
    RecorderHealth,
    RecorderReceives,
    RecordingReady,
)
from hub.rpc import Peer, RpcServer
from signaling.media import control


class _Process:
    """Something with a socket that can be killed and started again."""

    receives: Any

    def __init__(self, path: Path) -> None:
        self.path = path
        self.asked: list[Any] = []
        self._server: RpcServer | None = None

    async def start(self) -> None:
        self._server = RpcServer(self.path, self.receives, self._handle, on_connect=self._connected)
        await self._server.__aenter__()

    async def kill(self) -> None:
        """As SIGKILL leaves it: connections broken, everything in memory gone."""
        if self._server is not None:
            await self._server.__aexit__()
            self._server = None
        self.path.unlink(missing_ok=True)
        await asyncio.sleep(0)

    async def __aenter__(self) -> Any:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.kill()

    def tell(self, body: Any) -> None:
        assert self._server is not None
        self._server.broadcast(body)

    def asked_for(self, kind: type) -> list[Any]:
        return [body for body in self.asked if isinstance(body, kind)]

    def _connected(self, peer: Peer) -> None:
        """For subclasses."""

    async def _handle(self, peer: Peer, body: Any) -> Any:
        self.asked.append(body)
        return await self.answer(body)

    async def answer(self, body: Any) -> Any:
        raise NotImplementedError


class FakeWorker(_Process):
    """Answers any SDP but ``broken`` with ``answer to <sdp>``; offers a stream for each producer consumed."""

    receives = control.WorkerReceives

    def __init__(self, run_dir: Path, index: int = 0) -> None:
        super().__init__(run_dir / f"worker-{index}.sock")
        self.index = index
        self._begin()

    def _begin(self) -> None:
        self.start_id = new_id()
        self.recording: dict[str, str | None] = {}
        self.generations: dict[str, dict[str, list[int]]] = {}
        self.producers: dict[str, dict[str, control.ProducerInfo]] = {}
        self.consuming: dict[tuple[str, str], list[str]] = {}
        self.revisions: dict[tuple[str, str], int] = {}
        self.unanswered: dict[tuple[str, str], control.SubscribeOffer] = {}

    async def kill(self) -> None:
        await super().kill()
        self._begin()

    def paused(self, router_id: str, peer_id: str) -> dict[str, str]:
        """source → cause, '' where it flows."""
        found = self.producers.get(router_id, {}).values()
        return {one.source: one.paused for one in found if one.peer_id == peer_id}

    def received(self, router_id: str, peer_id: str) -> set[tuple[str, str]]:
        """(seat, source) of what a subscriber is given."""
        known = self.producers.get(router_id, {})
        wanted = self.consuming.get((router_id, peer_id), [])
        return {(known[key].peer_id, known[key].source) for key in wanted if key in known}

    async def answer(self, body: control.WorkerReceives) -> Any:
        match body:
            case control.AskState():
                return self._state()
            case control.OpenRouter():
                self.recording[body.router_id] = body.recording_id
                self.generations.setdefault(body.router_id, {})
                self.producers.setdefault(body.router_id, {})
                return control.Ok()
            case control.CloseRouter():
                for one in (self.recording, self.generations, self.producers):
                    one.pop(body.router_id, None)  # type: ignore[attr-defined]
                return control.Ok()
            case control.Probe():
                return control.Probed(sdp=f"answer to {body.sdp}")
            case _:
                if body.router_id not in self.recording:
                    return control.Refused(reason="no such router")
                return self._in_router(body)

    def _in_router(self, body: Any) -> Any:
        producers = self.producers[body.router_id]
        match body:
            case control.Publish():
                return self._publish(body)
            case control.Pause():
                if body.producer_id not in producers:
                    return control.Refused(reason="no such producer")
                old = producers[body.producer_id]
                producers[body.producer_id] = _producer(old.producer_id, old.peer_id, old.source, body.cause)
            case control.Subscribe():
                self._generations(body.router_id, body.peer_id)[1] = body.generation
                offer = self.unanswered.get((body.router_id, body.peer_id))
                if offer is not None and offer.generation == body.generation:
                    self.tell(offer)
            case control.Consume():
                self._consume(body)
            case control.ConsumeMany():
                for one in body.peers:
                    self._consume(one)
            case control.EndProducer():
                producers.pop(body.producer_id, None)
            case control.SubscribeAnswer():
                self.unanswered.pop((body.router_id, body.peer_id), None)
            case control.ClosePeer():
                self.generations[body.router_id].pop(body.peer_id, None)
                for key in [key for key, one in producers.items() if one.peer_id == body.peer_id]:
                    del producers[key]
        return control.Ok()

    def _generations(self, router_id: str, peer_id: str) -> list[int]:
        return self.generations[router_id].setdefault(peer_id, [-1, -1])

    def _publish(self, body: control.Publish) -> Any:
        if body.sdp == "broken":
            return control.Refused(reason="cannot parse")
        producers = self.producers[body.router_id]
        generations = self._generations(body.router_id, body.peer_id)
        if generations[0] != body.generation:
            for key in [key for key, one in producers.items() if one.peer_id == body.peer_id]:
                del producers[key]
        generations[0] = body.generation
        have = {one.source for one in producers.values() if one.peer_id == body.peer_id}
        for source in body.sources.values():
            if source in body.allowed and source not in have:
                key = f"{body.peer_id}-{source}-{body.generation}"
                producers[key] = _producer(key, body.peer_id, source, body.paused.get(source, ""))
        mine = [one for one in producers.values() if one.peer_id == body.peer_id]
        return control.Published(sdp=f"answer to {body.sdp}", producers=mine)

    def _consume(self, body: control.Consume) -> None:
        key = (body.router_id, body.peer_id)
        self.consuming[key] = body.producer_ids
        self.revisions[key] = revision = self.revisions.get(key, 0) + 1
        known = self.producers[body.router_id]
        streams = [
            control.Stream(mid=str(mid), producer_id=one, peer_id=known[one].peer_id, source=known[one].source)
            for mid, one in enumerate(body.producer_ids)
        ]
        offer = control.SubscribeOffer(
            router_id=body.router_id,
            peer_id=body.peer_id,
            generation=self._generations(*key)[1],
            revision=revision,
            sdp=f"offer {revision}",
            streams=streams,
        )
        self.unanswered[key] = offer
        self.tell(offer)

    def _state(self) -> control.WorkerState:
        routers = [
            control.RouterInfo(
                router_id=router_id,
                recording_id=recording_id,
                peers=list(self.generations[router_id]),
                generations=self.generations[router_id],
                producers=list(self.producers[router_id].values()),
            )
            for router_id, recording_id in self.recording.items()
        ]
        return control.WorkerState(
            worker=self.index,
            start_id=self.start_id,
            udp_port=40_000 + self.index,
            addresses=["127.0.0.1"],
            routers=routers,
            packets_in=0,
            packets_out=0,
            tap_connected=True,
            tap_waiting=0,
        )


def _producer(producer_id: str, peer_id: str, source: str, paused: str) -> control.ProducerInfo:
    kind = "audio" if source in ("microphone", "screen_audio") else "video"
    return control.ProducerInfo(producer_id=producer_id, peer_id=peer_id, source=source, kind=kind, paused=paused)


class FakeRecorder(_Process):
    """Confirms every recording unless told to ``refuse``; reports its health five times a second."""

    receives = RecorderReceives

    def __init__(self, run_dir: Path) -> None:
        super().__init__(run_dir / "recorder.sock")
        self.accepts = True
        self.warns = False
        self.refuse = False
        self.open: dict[str, int] = {}
        self.closed: dict[str, int] = {}
        self._beat: asyncio.Task[None] | None = None

    async def start(self) -> None:
        await super().start()
        self._beat = asyncio.create_task(self._health())

    async def kill(self) -> None:
        if self._beat is not None:
            self._beat.cancel()
            await asyncio.gather(self._beat, return_exceptions=True)
        await super().kill()
        self.open = {}

    def _connected(self, peer: Peer) -> None:
        asyncio.get_running_loop().call_soon(peer.send_event, self.health())

    def health(self) -> RecorderHealth:
        return RecorderHealth(
            spool_free_bytes=10**10,
            accepts=self.accepts,
            warns=self.warns,
            store_reachable=True,
            segments_waiting=0,
            oldest_waiting_s=0,
            recordings=[OpenRecordingHealth(key, 0, 0, None) for key in self.open],
        )

    async def _health(self) -> None:
        while True:
            await asyncio.sleep(0.2)
            self.tell(self.health())

    async def answer(self, body: Any) -> Any:
        match body:
            case AskHealth():
                return self.health()
            case OpenRecording():
                if self.refuse:
                    raise RuntimeError("no")
                self.open.setdefault(body.recording_id, body.epoch_ns)
                return RecordingReady(body.recording_id, self.open[body.recording_id])
            case CloseRecording():
                self.open.pop(body.recording_id, None)
                self.closed[body.recording_id] = body.end_ns
                return Done()
            case _:
                raise AssertionError(body)
