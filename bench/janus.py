"""Janus (Debian package ``janus``, VideoRoom plugin) as the yardstick: its daemon, and its API over a Unix socket."""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import shutil
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from bench.load import sdp
from bench.load.content import Numbers
from bench.load.peer import Peer
from bench.load.publisher import Load, Publisher
from tests.support import process

WAIT_S = 30.0
LARGEST_BYTES = 1 << 20
ROOM = 1234
_LIBRARIES = "/usr/lib/*/janus"

_MAIN = """general: {{
  configs_folder = "{folder}"
  plugins_folder = "{libraries}/plugins"
  transports_folder = "{libraries}/transports"
  events_folder = "{libraries}/events"
  loggers_folder = "{libraries}/loggers"
  debug_level = 3
  session_timeout = 0
  {loops}
}}
nat: {{ ice_lite = true
  ice_enforce_list = "{address}" }}
plugins: {{ disable = "{plugins}" }}
transports: {{ disable = "{transports}" }}
"""
_UNIX = """general: {{ enabled = true
  json = "compact"
  type = "SOCK_SEQPACKET"
  path = "{path}" }}
admin: {{ admin_enabled = false }}
"""
_WEBSOCKETS = """general: {{ json = "compact"
  ws = true
  ws_port = {port}
  ws_ip = "127.0.0.1"
  wss = false }}
admin: {{ admin_ws = false }}
"""

Reply = dict[str, Any]


class NotInstalled(RuntimeError):
    def __init__(self) -> None:
        super().__init__("Janus is not installed: apt-get install --no-install-recommends janus")


class JanusError(RuntimeError):
    """It answered with an error."""


class Daemon:
    """A running Janus: its process and the path of its API socket."""

    def __init__(self, running: subprocess.Popen[bytes], path: Path, websocket_port: int) -> None:
        self.running, self.path, self.websocket_port = running, path, websocket_port

    @property
    def pids(self) -> list[int]:
        return [self.running.pid]


@contextmanager
def serving(address: str, *, event_loops: int = 0, websockets: bool = False) -> Iterator[Daemon]:
    """A Janus that announces ``address``, with as much switched off as VideoRoom can do without.

    ``event_loops`` 0 is its default, a thread for each peer connection.
    """
    libraries = next(Path("/").glob(_LIBRARIES.lstrip("/")), None)
    if shutil.which("janus") is None or libraries is None:
        raise NotInstalled
    folder = Path(tempfile.mkdtemp(prefix="janus-"))
    path, log, port = folder / "api", folder / "janus.log", process.free_port()
    _configure(folder, libraries, address, event_loops, port, websockets=websockets)
    try:
        with log.open("wb") as output:
            running = subprocess.Popen(
                [*process.dying_with_us("KILL"), "janus", "-F", str(folder)],
                stdout=output,
                stderr=output,
                stdin=subprocess.DEVNULL,
            )
        try:
            process.wait_until(path.exists, running, log, 20)
            yield Daemon(running, path, port)
        except BaseException:
            print(process.tail(log))
            raise
        finally:
            process.stop(running)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _configure(folder: Path, libraries: Path, address: str, event_loops: int, port: int, *, websockets: bool) -> None:
    kept = {"plugins": "videoroom", "transports": "pfunix|websockets" if websockets else "pfunix"}
    others = {
        kind: ",".join(sorted(each.name for each in (libraries / kind).glob("*.so") if not re.search(keep, each.name)))
        for kind, keep in kept.items()
    }
    loops = f"event_loops = {event_loops}" if event_loops else ""
    (folder / "janus.jcfg").write_text(
        _MAIN.format(folder=folder, libraries=libraries, address=address, loops=loops, **others)
    )
    (folder / "janus.transport.pfunix.jcfg").write_text(_UNIX.format(path=folder / "api"))
    (folder / "janus.transport.websockets.jcfg").write_text(_WEBSOCKETS.format(port=port))
    (folder / "janus.plugin.videoroom.jcfg").write_text("general: { }\n")


class Api:
    """Requests to one Janus session and the events it pushes back."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._numbers = itertools.count(1)
        self._waiting: dict[str, asyncio.Future[Reply]] = {}
        self.session = 0

    async def listen(self) -> None:
        loop = asyncio.get_running_loop()
        while data := await loop.sock_recv(self._socket, LARGEST_BYTES):
            reply = json.loads(data)
            waiting = self._waiting.get(reply.get("transaction", ""))
            # An acknowledgement only says that the event with the real answer will follow.
            if waiting is not None and reply["janus"] != "ack" and not waiting.done():
                waiting.set_result(reply)

    async def ask(self, kind: str, **fields: object) -> Reply:
        transaction = str(next(self._numbers))
        waiting = self._waiting[transaction] = asyncio.get_running_loop().create_future()
        request = {"janus": kind, "transaction": transaction, **fields}
        if self.session:
            request["session_id"] = self.session
        await asyncio.get_running_loop().sock_sendall(self._socket, json.dumps(request).encode())
        try:
            reply: Reply = await asyncio.wait_for(waiting, WAIT_S)
        finally:
            del self._waiting[transaction]
        data = reply.get("plugindata", {}).get("data", {})
        if reply["janus"] == "error" or "error" in data:
            raise JanusError(f"{kind} {fields}: {reply.get('error', data)}")
        return reply

    async def attach(self) -> int:
        reply = await self.ask("attach", plugin="janus.plugin.videoroom")
        return int(reply["data"]["id"])

    async def message(self, handle: int, body: Reply, jsep: Reply | None = None) -> Reply:
        more = {"jsep": {**jsep, "trickle": False}} if jsep else {}
        return await self.ask("message", handle_id=handle, body=body, **more)

    async def open_room(self) -> None:
        handle = await self.attach()
        room = {"request": "create", "room": ROOM, "publishers": 20, "videocodec": "vp8", "audiocodec": "opus"}
        await self.message(handle, {**room, "bitrate": 0, "fir_freq": 0, "notify_joining": False})

    async def publish(self, peer: Peer, load: Load, ssrcs: tuple[int, int]) -> tuple[Publisher, int]:
        """A publisher that is connected, and its feed's id."""
        handle = await self.attach()
        audio, video = ssrcs
        offer = sdp.publish_offer(peer.local, [("0", "audio", audio), ("1", "video", video)])
        body = {"request": "joinandconfigure", "ptype": "publisher", "room": ROOM, "audio": True, "video": True}
        reply = await self.message(handle, body, {"type": "offer", "sdp": offer})
        remote = sdp.read(reply["jsep"]["sdp"])
        peer.start(remote)
        await asyncio.wait_for(peer.connected.wait(), WAIT_S)
        first, second = (
            Numbers(ssrc, number, section.extension(sdp.TRANSPORT_CC), section.extension(sdp.AUDIO_LEVEL))
            for ssrc, number, section in zip(ssrcs, (sdp.AUDIO, sdp.VIDEO), remote.sections, strict=True)
        )
        return Publisher(peer, second, first, load), int(reply["plugindata"]["data"]["id"])

    async def subscribe(self, peer: Peer, feed: int) -> None:
        handle = await self.attach()
        body = {"request": "join", "ptype": "subscriber", "room": ROOM, "streams": [{"feed": feed}]}
        reply = await self.message(handle, body)
        offer = sdp.read(reply["jsep"]["sdp"])
        answer = {"type": "answer", "sdp": sdp.answer(peer.local, offer)}
        await self.message(handle, {"request": "start"}, answer)
        peer.start(offer)


@asynccontextmanager
async def session(daemon: Daemon) -> AsyncIterator[Api]:
    """A connection to the daemon with a room in it."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
        connection.setblocking(False)
        connection.connect(str(daemon.path))
        api = Api(connection)
        listening = asyncio.create_task(api.listen())
        try:
            api.session = int((await api.ask("create"))["data"]["id"])
            await api.open_room()
            yield api
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
