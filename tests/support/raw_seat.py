"""A seat whose browser does whatever a test tells it: every packet, SSRC and extension is the test's own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from bench.crowd import Crowd
from bench.load import content, sdp
from bench.load.content import Numbers, Place
from bench.load.dtls import Identity
from bench.load.peer import Peer
from bench.load.wire import Wire
from hub import rtp
from signaling.media import control
from signaling.media.sdp import MID, REPAIRED_RID, RID
from tests.support.media import Worker

Track = tuple[str, str, int]
"""mid, audio or video, SSRC"""
MID_ID, RID_ID, REPAIRED_ID = 4, 10, 11
_NAMES = f"a=extmap:{MID_ID} {MID}\r\na=extmap:{RID_ID} {RID}\r\na=extmap:{REPAIRED_ID} {REPAIRED_RID}"
CONNECT_S = 15
SETTLE_S = 0.3
PICTURE_BYTES, SOUND_BYTES = 600, 120


class Hall:
    """Peers of one worker, ticked together."""

    def __init__(self, worker: Worker, wire: Wire) -> None:
        self.worker, self._wire = worker, wire
        self._identity = Identity("SRTP_AEAD_AES_128_GCM")
        self.crowd = Crowd()

    def peer(self, *, checks: bool = False) -> Peer:
        made = Peer(self._wire, self._identity, "127.0.0.1", checks=checks)
        self.crowd.peers.append(made)
        return made

    async def publish(
        self, peer_id: str, tracks: Sequence[Track], sources: dict[str, str], **options: Any
    ) -> tuple[Peer, control.Published]:
        """Offer these tracks; the connection is up when this returns."""
        peer = self.peer()
        request = {"router_id": "h1", "generation": 1, "allowed": ["camera", "microphone"]} | options
        offer = sdp.publish_offer(peer.local, tracks).replace("a=rtcp-rsize", f"a=rtcp-rsize\r\n{_NAMES}")
        reply = await self.worker.call(control.Publish(peer_id=peer_id, sdp=offer, sources=sources, **request))
        assert isinstance(reply, control.Published), reply
        peer.start(sdp.read(reply.sdp))
        await asyncio.wait_for(peer.connected.wait(), CONNECT_S)
        return peer, reply

    async def watch(self, peer_id: str, producer_ids: Sequence[str], router_id: str = "h1") -> Peer:
        """Receive these, and examine every packet. Without an offer there is nothing to connect to."""
        peer, worker = self.peer(checks=True), self.worker
        await worker.call(control.Subscribe(router_id=router_id, peer_id=peer_id, generation=1))
        await worker.call(control.Consume(router_id=router_id, peer_id=peer_id, producer_ids=list(producer_ids)))
        offer = await worker.event(lambda one: isinstance(one, control.SubscribeOffer) and one.peer_id == peer_id)
        remote = sdp.read(offer.sdp)
        answer = control.SubscribeAnswer(
            router_id=router_id, peer_id=peer_id, generation=1, revision=1, sdp=sdp.answer(peer.local, remote)
        )
        assert isinstance(await worker.call(answer), control.Ok)
        peer.start(remote)
        await asyncio.wait_for(peer.connected.wait(), CONNECT_S)
        return peer


@asynccontextmanager
async def hall(worker: Worker) -> AsyncIterator[Hall]:
    with Wire() as wire:
        made = Hall(worker, wire)
        ticking = asyncio.create_task(made.crowd.run())
        try:
            yield made
        finally:
            ticking.cancel()
            await asyncio.gather(ticking, return_exceptions=True)
            for peer in made.crowd.peers:
                peer.close()


def packet(kind: str, ssrc: int, number: int, who: int, extensions: dict[int, bytes] | None = None) -> bytes:
    """The ``number``-th RTP packet of a stream; every picture is one packet, and a keyframe."""
    video = kind == "video"
    numbers = Numbers(ssrc, sdp.VIDEO if video else sdp.AUDIO)
    plain = content.header(numbers, number, number * (3000 if video else 960), marker=video)[: rtp.HEADER_BYTES]
    block = b"".join(bytes([name << 4 | len(data) - 1]) + data for name, data in (extensions or {}).items())
    block += bytes(-len(block) % 4)
    start = content.vp8_start(number, first=True, keyframe=True) if video else b"\xfc"
    size = PICTURE_BYTES if video else SOUND_BYTES
    return (
        plain + b"\xbe\xde" + (len(block) // 4).to_bytes(2) + block + content.fill(start, size, number, 0, Place(who))
    )


async def send(peer: Peer, packets: Sequence[bytes], every_s: float = 0.01) -> None:
    """Protect and send, then wait until they would have been forwarded."""
    for plain in packets:
        peer.send_datagram(peer.protect(plain))
        await asyncio.sleep(every_s)
    await asyncio.sleep(SETTLE_S)


def came_from(peer: Peer) -> dict[int, int]:
    """Who sent what this peer has received: packets by sender."""
    found: dict[int, int] = {}
    for (_, who), checked in peer.checked.items():
        found[who] = found.get(who, 0) + checked.packets
    return found
