"""What the hub's processes write down and leave behind: no keys, no tokens, no descriptions, no memory."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from bench.crowd import Crowd, background
from bench.hub_seats import Seat, SignIns, close_seats, open_seat
from bench.hub_server import Hub, serving
from bench.load.dtls import Identity
from bench.load.peer import Peer
from bench.load.publisher import Load
from bench.load.wire import Wire
from bench.world import PASSWORD

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(300)]

KEYING_BYTES = 56
"""Of AES-128-GCM: two keys and two salts (RFC 7714)."""
BROKEN = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\nm=audio nonsense\r\na=ice-ufrag:theirs\r\na=ice-pwd:{secret}\r\n"


@pytest.fixture
def hub() -> Iterator[Hub]:
    with serving([2], "127.0.0.1", settings={"HUB_LOG_LEVEL": "debug"}) as made:
        yield made


def spellings(secret: bytes) -> set[str]:
    """A key as somebody might print it."""
    return {secret.hex(), base64.b64encode(secret).decode(), repr(secret), repr(secret)[2:-1]}


def keys_of(peer: Peer) -> set[str]:
    material = peer.dtls._ssl.export_keying_material(b"EXTRACTOR-dtls_srtp", KEYING_BYTES)
    halves = {material[:16], material[16:32]}
    return set.union(*(spellings(half) for half in halves))


async def test_no_log_at_its_most_talkative_holds_a_key_a_token_or_a_description(hub: Hub) -> None:
    booked = hub.hearings[0]
    secret_words: set[str] = {PASSWORD}
    token = await asyncio.to_thread(_token, hub, booked.hearing_id)
    secret_words.add(token)
    async with SignIns(hub.address) as sign_ins:
        await sign_ins.all([booked.chair.username, booked.points[0].username])
        for username in (booked.chair.username, booked.points[0].username):
            secret_words |= {cookie.value for cookie in sign_ins.of(username).cookie_jar}
        with Wire() as wire:
            crowd, identity = Crowd(), Identity("SRTP_AEAD_AES_128_GCM")
            seats: list[Seat] = []
            try:
                async with background(crowd.run()):
                    seats = [
                        await open_seat(sign_ins, booked.hearing_id, place)
                        for place in (booked.chair, booked.points[0])
                    ]
                    secret_words |= await _hearing(seats, crowd, wire, identity)
                    secret_words |= await _nonsense(hub, seats[1], token, booked.hearing_id, booked.points[1].seat_id)
            finally:
                await close_seats(seats)
                for peer in crowd.peers:
                    peer.close()
    assert _core_limits(hub) == {part: ["0", "0"] for part in ("web", "worker", "recorder")}
    # A process that dies of a fault of its own says why; that must tell nothing either.
    for part in ("worker", "recorder"):
        for pid in hub.parts[part]:
            os.kill(pid, signal.SIGABRT)
    await asyncio.sleep(2)
    log = hub.process.log.read_text(errors="replace")
    assert "media worker ready" in log
    assert [secret for secret in secret_words if secret and secret in log] == []
    assert [line for line in ("a=ice-", "a=fingerprint", "m=audio", "m=video", "PRIVATE KEY") if line in log] == []
    assert _dumps(hub) == []


def _token(hub: Hub, hearing_id: str) -> str:
    printed = hub.process.command("token", "--hearing", hearing_id, "--point", "chair", "--publish", "--json")
    found: str = json.loads(printed)["token"]
    return found


async def _hearing(seats: list[Seat], crowd: Crowd, wire: Wire, identity: Identity) -> set[str]:
    """A hearing with media both ways; what must stay secret of it."""
    chair, point = seats
    await asyncio.gather(*(seat.join() for seat in seats))
    await chair.send("open")
    await chair.event("opened")
    await chair.send("admit")
    await point.event("admitted", point.place.seat_id)
    sender, receiver = Peer(wire, identity, "127.0.0.1"), Peer(wire, identity, "127.0.0.1")
    crowd.peers += [sender, receiver]
    publisher = await chair.publish(sender, Load(pictures_per_s=10, packets_per_picture=2))
    async with background(publisher.run()):
        await point.subscribe(receiver)
        await asyncio.wait_for(receiver.connected.wait(), 60)
        await asyncio.sleep(1)
    found = keys_of(sender) | keys_of(receiver)
    for peer in (sender, receiver):
        remote = peer._remote
        assert remote is not None
        found |= {peer.local.password, remote.password}
    return found


async def _nonsense(hub: Hub, seat: Seat, token: str, hearing_id: str, seat_id: str) -> set[str]:
    """Faults of all kinds, with secrets in them."""
    found = set()
    for number in range(3):
        secret = f"a-secret-password-{number}-of-a-browser"
        found.add(secret)
        broken = BROKEN.format(secret=secret)
        await seat.send("publish", generation=100 + number, sdp=broken, sources={"0": "microphone"})
        await seat.send("answer", generation=1, revision=number, sdp=broken)
        await seat.send("publish", generation="x" * 9, sdp=broken, sources=secret)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/sdp"}
    async with aiohttp.ClientSession() as session:
        for door in ("whip", "whep"):
            for address in (f"{hub.address}/{door}/{hearing_id}/{seat_id}", f"{hub.address}/{door}/x?token={token}"):
                async with session.post(address, data=broken, headers=headers) as reply:
                    assert reply.status >= 400
    return found


def _core_limits(hub: Hub) -> dict[str, list[str]]:
    """By part of the hub, soft and hard."""
    found = {}
    for part, pids in hub.parts.items():
        for pid in pids:
            lines = Path(f"/proc/{pid}/limits").read_text().splitlines()
            found[part] = next(line for line in lines if line.startswith("Max core file size")).split()[4:6]
    return found


def _dumps(hub: Hub) -> list[Path]:
    return [path for path in hub.process.data_dir.rglob("core*") if path.is_file() and path.suffix != ".py"]
