"""Clients for the standard doors: officials in seats over real sockets, WHIP and WHEP devices with aiortc. All against
a whole hub. The encoders that others wrote are in ``encoders``."""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import aiohttp
import av
from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpSender, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from yarl import URL

from hub.services import demo
from tests.support.hub_process import HubProcess
from tests.support.media import Picture, Tone

WAIT_S = 60.0


class Seat:
    """An official's socket in a seat, and an aiortc browser that receives what the seat may see."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse, seat_id: str) -> None:
        self.ws, self.seat_id = ws, seat_id
        self.seen: list[dict[str, Any]] = []
        self.frames: Counter[tuple[str, str]] = Counter()
        """(seat, source) → frames decoded"""
        self.last: dict[tuple[str, str], Any] = {}
        self._streams: dict[str, tuple[str, str]] = {}
        self._own: RTCPeerConnection | None = None
        self._peer: RTCPeerConnection | None = None
        self._tasks: list[asyncio.Task[None]] = [asyncio.create_task(self._read())]
        self._changed = asyncio.Event()

    async def send(self, type_: str, **fields: Any) -> None:
        await self.ws.send_str(json.dumps({"type": type_, **fields}))

    async def watch(self) -> None:
        """Subscribe; from now on ``frames`` counts."""
        self._peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._peer.on("track", lambda track: self._tasks.append(asyncio.create_task(self._count(track))))
        await self.send("subscribe", generation=1)

    async def publish(self) -> None:
        """Send a camera and a microphone, as the seat's browser."""
        self._own = peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        offer_media(peer)
        await peer.setLocalDescription(await peer.createOffer())
        await self.send(
            "publish", generation=1, sdp=peer.localDescription.sdp, sources={"0": "microphone", "1": "camera"}
        )
        answer = await self.told("published")
        await peer.setRemoteDescription(RTCSessionDescription(answer["sdp"], "answer"))

    async def told(self, type_: str, **fields: Any) -> dict[str, Any]:
        """A message of this type with these fields, past or to come."""
        return await self.found(
            lambda one: one["type"] == type_ and all(one.get(key) == value for key, value in fields.items())
        )

    async def happened(self, kind: str, seat_id: str | None = None) -> dict[str, Any]:
        return await self.found(
            lambda one: (
                one["type"] == "happened"
                and one["event"]["kind"] == kind
                and (seat_id is None or one["event"].get("seat_id") == seat_id)
            )
        )

    async def found(self, wanted: Any) -> dict[str, Any]:
        async with asyncio.timeout(WAIT_S):
            while True:
                for message in self.seen:
                    if wanted(message):
                        return message
                self._changed.clear()
                await self._changed.wait()

    async def sees(self, seat_id: str, source: str, count: int = 10) -> None:
        """So many more frames of that seat's camera or microphone."""
        wanted = self.frames[seat_id, source] + count
        async with asyncio.timeout(WAIT_S):
            while self.frames[seat_id, source] < wanted:
                self._changed.clear()
                await self._changed.wait()

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for peer in (self._peer, self._own):
            if peer is not None:
                await peer.close()

    async def _read(self) -> None:
        async for frame in self.ws:
            if frame.type is aiohttp.WSMsgType.TEXT:
                message = json.loads(frame.data)
                self.seen.append(message)
                if message["type"] in ("offer", "slots"):
                    self._streams = {one["mid"]: (one["seat_id"], one["source"]) for one in message["streams"]}
                if message["type"] == "offer":
                    await self._answer(message)
                self._changed.set()

    async def _answer(self, offer: dict[str, Any]) -> None:
        assert self._peer is not None
        await self._peer.setRemoteDescription(RTCSessionDescription(offer["sdp"], "offer"))
        await self._peer.setLocalDescription(await self._peer.createAnswer())
        sdp = self._peer.localDescription.sdp
        await self.send("answer", generation=offer["generation"], revision=offer["revision"], sdp=sdp)

    async def _count(self, track: MediaStreamTrack) -> None:
        assert self._peer is not None
        with suppress(MediaStreamError):
            while True:
                frame = await track.recv()
                mids = {one.receiver.track.id: one.mid for one in self._peer.getTransceivers() if one.receiver.track}
                place = self._streams.get(mids.get(track.id) or "")
                if place is not None:
                    self.frames[place] += 1
                    self.last[place] = frame
                    self._changed.set()


@asynccontextmanager
async def seated(hub: HubProcess, username: str, hearing_id: str, seat_id: str) -> AsyncIterator[Seat]:
    """A demo official signs in and takes a seat."""
    jar = aiohttp.CookieJar(unsafe=True)  # the address is a number
    async with aiohttp.ClientSession(hub.address, cookie_jar=jar) as session:
        async with session.get("/sign-in") as page:
            found = re.search(r'name="csrf_token" value="([^"]+)"', await page.text())
            assert found is not None
        form = {"username": username, "password": demo.PASSWORD, "csrf_token": found[1]}
        async with session.post("/sign-in", data=form, allow_redirects=False) as answer:
            assert answer.status == 303, await answer.text()
        async with session.ws_connect(f"/ws/hearings/{hearing_id}") as ws:
            seat = Seat(ws, seat_id)
            try:
                await seat.send("join", version=1, seat_id=seat_id, client=username)
                await seat.told("welcome")
                yield seat
            finally:
                await seat.close()


def hearing_and_seats(hub: HubProcess) -> tuple[str, dict[str, str]]:
    """The demo's first hearing, and its seats by kind or point code."""
    with sqlite3.connect(hub.data_dir / "var" / "hub.db") as db:
        hearing_id = db.execute("SELECT id FROM hearing ORDER BY number LIMIT 1").fetchone()[0]
        rows = db.execute(
            "SELECT seat.id, seat.kind, point.code FROM seat LEFT JOIN point ON point.id = seat.point_id "
            "WHERE hearing_id = ?",
            (hearing_id,),
        ).fetchall()
    return hearing_id, {(code if kind == "point" else kind): seat_id for seat_id, kind, code in rows}


async def issue(hub: HubProcess, hearing_id: str, point: str, direction: str = "--publish") -> dict[str, Any]:
    """What ``hub token --json`` printed."""
    said = await asyncio.to_thread(hub.command, "token", "--hearing", hearing_id, "--point", point, direction, "--json")
    found: dict[str, Any] = json.loads(said)
    return found


class Narrow(Picture):
    """A picture that is told from the others by its width."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self._width = width

    async def recv(self) -> av.VideoFrame:
        frame = await super().recv()
        narrow = frame.reformat(width=self._width)
        narrow.pts, narrow.time_base = frame.pts, frame.time_base
        return narrow


def offer_media(peer: RTCPeerConnection, video: str = "video/VP8", width: int = 640) -> None:
    """A microphone and a camera to send, nothing to receive."""
    peer.addTrack(Tone())
    peer.addTrack(Narrow(width))
    capabilities = RTCRtpSender.getCapabilities("video").codecs
    chosen = [one for one in capabilities if one.mimeType in (video, "video/rtx")]
    peer.getTransceivers()[1].setCodecPreferences(chosen)
    for transceiver in peer.getTransceivers():
        transceiver.direction = "sendonly"


class Whip:
    """A WHIP client in aiortc (RFC 9725)."""

    def __init__(self, endpoint: str, token: str) -> None:
        self.endpoint, self.token = endpoint, token
        self.headers = {"Authorization": f"Bearer {token}"}
        self.peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.session_url = self.etag = ""
        self._http = aiohttp.ClientSession()

    async def publish(self, *, video: str = "video/VP8", width: int = 640) -> int:
        """Post the offer; the status. 201: media flows as soon as the hub wants it."""
        offer_media(self.peer, video, width)
        return await self._post()

    async def _post(self) -> int:
        await self.peer.setLocalDescription(await self.peer.createOffer())
        sdp = self.peer.localDescription.sdp
        headers = {**self.headers, "Content-Type": "application/sdp"}
        async with self._http.post(self.endpoint, data=sdp, headers=headers) as answer:
            if answer.status == 201:
                self.session_url = str(answer.url.join(URL(answer.headers["Location"])))
                self.etag = answer.headers["ETag"]
                await self.peer.setRemoteDescription(RTCSessionDescription(await answer.text(), "answer"))
            return answer.status

    async def ask(self, method: str, url: str = "", **more: Any) -> tuple[int, dict[str, str], str]:
        """Any request with the token; status, headers and body."""
        headers = {**self.headers, **more.pop("headers", {})}
        async with self._http.request(method, url or self.session_url, headers=headers, **more) as answer:
            return answer.status, dict(answer.headers), await answer.text()

    async def hang_up(self) -> int:
        status, _, _ = await self.ask("DELETE")
        await self.close()
        return status

    async def close(self) -> None:
        await self.peer.close()
        await self._http.close()


class Whep:
    """A display in aiortc: one picture, one sound."""

    def __init__(self, endpoint: str, token: str) -> None:
        self.endpoint, self.headers = endpoint, {"Authorization": f"Bearer {token}"}
        self.peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.frames: Counter[str] = Counter()
        self.last: dict[str, Any] = {}
        self.session_url = ""
        self._http = aiohttp.ClientSession()
        self._tasks: list[asyncio.Task[None]] = []
        self._changed = asyncio.Event()

    async def watch(self) -> int:
        for kind in ("video", "audio"):
            self.peer.addTransceiver(kind, direction="recvonly")
        self.peer.on("track", lambda track: self._tasks.append(asyncio.create_task(self._count(track))))
        await self.peer.setLocalDescription(await self.peer.createOffer())
        headers = {**self.headers, "Content-Type": "application/sdp"}
        async with self._http.post(self.endpoint, data=self.peer.localDescription.sdp, headers=headers) as answer:
            if answer.status == 201:
                self.session_url = str(answer.url.join(URL(answer.headers["Location"])))
                await self.peer.setRemoteDescription(RTCSessionDescription(await answer.text(), "answer"))
            return answer.status

    async def shows(self, kind: str, count: int = 10) -> None:
        wanted = self.frames[kind] + count
        async with asyncio.timeout(WAIT_S):
            while self.frames[kind] < wanted:
                self._changed.clear()
                await self._changed.wait()

    async def hang_up(self) -> int:
        async with self._http.delete(self.session_url, headers=self.headers) as answer:
            await self.close()
            return answer.status

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.peer.close()
        await self._http.close()

    async def _count(self, track: MediaStreamTrack) -> None:
        with suppress(MediaStreamError):
            while True:
                self.last[track.kind] = await track.recv()
                self.frames[track.kind] += 1
                self._changed.set()
