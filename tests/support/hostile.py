"""A hearing under attack: what passes on the wire is caught by a relay, and sent again in worse shape.

The attacker sits where it hurts most: he hears everything, and sends both from addresses that nobody knows and, as
somebody on the way can, from the ones that did prove themselves.
"""

from __future__ import annotations

import asyncio
import random
import socket
import struct
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import msgspec

from hub.config import Config
from signaling.media import control
from tests.support.media import Browser, Worker, until
from tests.support.media_relay import Relay
from tests.support.mutation import kind_of, mutate

MOST_CAUGHT = 400
"""Of each kind; the first ones, so that the handshake is among them."""
STRANGERS = 8
STREAMS = 4


class Eavesdropper(Relay):
    """Keeps what browsers send, by kind."""

    def __init__(self, target: tuple[str, int]) -> None:
        super().__init__(target)
        self.target = target
        self.caught: dict[str, list[bytes]] = {}

    def up(self, datagram: bytes, client: tuple[str, int]) -> None:
        kept = self.caught.setdefault(kind_of(datagram), [])
        if len(kept) < MOST_CAUGHT:
            kept.append(datagram)
        super().up(datagram, client)

    def forge(self, draw: random.Random, datagram: bytes) -> None:
        """Send it as if a browser had."""
        draw.choice(list(self._backs.values())).sendto(datagram)


class Bent:
    """A worker whose descriptions lead through a relay."""

    def __init__(self, worker: Worker, relay: Relay) -> None:
        self._worker, self._relay = worker, relay

    @property
    def events(self) -> list[Any]:
        return self._worker.events

    async def call(self, request: Any) -> Any:
        reply = await self._worker.call(request)
        if isinstance(reply, control.Published):
            return msgspec.structs.replace(reply, sdp=self._relay.bend(reply.sdp))
        return reply

    async def event(self, wanted: Any, limit_s: float = 60) -> Any:
        event = await self._worker.event(wanted, limit_s)
        return msgspec.structs.replace(event, sdp=self._relay.bend(event.sdp))


@dataclass
class Attack:
    """Everything that one attacker does, from one seed."""

    worker: Worker
    relay: Eavesdropper
    viewer: Browser
    tracks: dict[str, str]
    """Source to producer_id: what the viewer sees and hears."""
    sent: Counter[str] = field(default_factory=Counter)
    """By the kind of datagram it was made to look like, and where it came from."""
    sent_bytes: int = 0
    answered_bytes: int = 0
    """To strangers by UDP."""
    _strangers: list[socket.socket] = field(default_factory=list)

    def __enter__(self) -> Attack:
        for _ in range(STRANGERS):
            made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            made.setblocking(False)
            made.connect(self.relay.target)
            self._strangers.append(made)
        return self

    def __exit__(self, *_: object) -> None:
        for each in self._strangers:
            each.close()

    async def round(self, draw: random.Random, count: int) -> None:
        """``count`` datagrams, some streams, and some frames on the control socket."""
        for number in range(count):
            caught = self.relay.caught[draw.choice([kind for kind in self.relay.caught if kind != "short"])]
            everything = caught if draw.random() < 0.8 else [one for kind in self.relay.caught.values() for one in kind]
            made = mutate(draw, everything)
            if draw.random() < 0.5:
                self._send_as_stranger(draw, made)
            else:
                self.sent[f"{kind_of(made)} from a known address"] += 1
                self.relay.forge(draw, made)
            if number % 50 == 0:
                self._listen()
                await asyncio.sleep(0.005)
        for _ in range(STREAMS):
            await self._stream(draw)
            await self._control(draw)
        await asyncio.sleep(0.1)
        self._listen()

    def _send_as_stranger(self, draw: random.Random, made: bytes) -> None:
        with suppress(OSError):
            draw.choice(self._strangers).send(made)
            self.sent_bytes += len(made)
            self.sent[f"{kind_of(made)} from a stranger"] += 1

    def _listen(self) -> None:
        for each in self._strangers:
            with suppress(OSError):
                while True:
                    self.answered_bytes += len(each.recv(2048))

    async def _stream(self, draw: random.Random) -> None:
        """ICE-TCP: frames of what was caught, whole and not."""
        everything = [one for kind in self.relay.caught.values() for one in kind]
        stream = b"".join(
            struct.pack("!H", len(one) if draw.random() < 0.9 else draw.randrange(65_536)) + one
            for one in (mutate(draw, everything) for _ in range(10))
        )
        with suppress(OSError):
            _, writer = await asyncio.open_connection(*self.relay.target)
            writer.write(stream[: draw.randrange(1, len(stream) + 1)])
            await asyncio.sleep(0.01)
            writer.transport.abort()
            self.sent["streams"] += 1

    async def _control(self, draw: random.Random) -> None:
        """The control socket is the hub's own, but what comes over it may still be cut or of another version."""
        number = draw.randrange(1 << 16)
        whole = msgspec.msgpack.encode([0, number, control.Pause(router_id="h1", producer_id="none", cause="muted")])
        made = mutate(draw, [whole, msgspec.msgpack.encode([0, number, control.AskState()])])
        length = len(made) if draw.random() < 0.8 else draw.getrandbits(32)
        with suppress(OSError):
            _, writer = await asyncio.open_unix_connection(str(self.worker.control_path))
            writer.write(struct.pack("!I", length) + made)
            await asyncio.sleep(0.01)
            writer.transport.abort()
            self.sent["control"] += 1

    async def faults(self) -> list[str]:
        """What the attack has broken; empty, if all is well."""
        found = []
        if self.worker.process.poll() is not None:
            return [f"the worker died with {self.worker.process.returncode}: {self.worker.log[-2000:]}"]
        if self.answered_bytes > self.sent_bytes:
            found.append(f"strangers sent {self.sent_bytes} bytes and got {self.answered_bytes}")
        for sign in ("Traceback", "datagram failed", "forwarding failed", "timer failed"):
            if sign in self.worker.log:
                found.append(f"in the log: {self.worker.log[self.worker.log.index(sign) :][:2000]}")
        try:
            await self.worker.state()
            # The viewer shares a process with the attacker. When that is busy its estimate of the line falls, and the
            # picture stands still for a while, as for anybody else's; the voice goes on all the same.
            for source, limit_s in (("microphone", 10), ("camera", 60)):
                received = self.viewer.received[self.tracks[source]]
                await received.reach(len(received.frames) + 5, limit_s)
        except TimeoutError:
            found.append("the hearing has stopped")
        return found


@asynccontextmanager
async def under_attack(config: Config) -> AsyncIterator[Attack]:
    """A chair who sends and a commune that sees it, both through the relay."""
    async with Worker(config) as worker:
        await worker.call(control.OpenRouter(router_id="h1", recording_id=None))
        target = ("127.0.0.1", (await worker.state()).udp_port)
        async with Eavesdropper(target) as relay:
            bent: Any = Bent(worker, relay)
            chair, commune = Browser(bent, "h1", "chair"), Browser(bent, "h1", "commune")
            try:
                published = await chair.publish()
                tracks = {one.source: one.producer_id for one in published.producers}
                await commune.subscribe(list(tracks.values()))
                await until(lambda: set(tracks.values()) <= set(commune.received))
                await asyncio.gather(*(commune.received[one].reach(5) for one in tracks.values()))
                with Attack(worker, relay, commune, tracks) as attack:
                    yield attack
            finally:
                await commune.close()
                await chair.close()
