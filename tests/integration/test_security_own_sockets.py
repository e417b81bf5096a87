"""The hub's own sockets: what comes over them cut, mixed up or from another version ends that connection, no more."""

from __future__ import annotations

import asyncio
import random
import struct
from collections.abc import AsyncIterator
from contextlib import suppress

import msgspec
import pytest
import pytest_asyncio

from hub import tap
from hub.config import Config
from hub.rpc import RpcClient, RpcServer
from recorder.capture import Capture
from tests.support.mutation import mutate

pytestmark = pytest.mark.asyncio


class Ask(msgspec.Struct, tag=True):
    text: str


class Said(msgspec.Struct, tag=True):
    text: str


async def throw(path: str, pieces: list[bytes]) -> None:
    for piece in pieces:
        _, writer = await asyncio.open_unix_connection(path)
        writer.write(piece)
        with suppress(ConnectionError):
            await asyncio.sleep(0.002)
        writer.transport.abort()
    await asyncio.sleep(0.05)


@pytest_asyncio.fixture
async def server(config: Config) -> AsyncIterator[RpcServer]:
    async def answer(_peer: object, request: Ask) -> Said:
        return Said(text=request.text)

    async with RpcServer(config.run_dir / "x.sock", Ask, answer) as made:
        yield made


async def test_nonsense_on_the_control_socket_disturbs_no_other_connection(
    server: RpcServer, caplog: pytest.LogCaptureFixture
) -> None:
    client = RpcClient(server.path, Said)
    reading = asyncio.create_task(client.run())
    while not client.connected:  # noqa: ASYNC110 - the client has no event to wait for
        await asyncio.sleep(0.01)
    draw, secret = random.Random(3), "a secret that must not be quoted"
    whole = msgspec.msgpack.encode([0, 1, Ask(text=secret)])
    frames = [struct.pack("!I", len(made)) + made for made in (mutate(draw, [whole]) for _ in range(200))]
    await throw(str(server.path), [*frames, b"\xff" * 64, struct.pack("!I", 3) + b"\x91\x00\x01"])
    assert await client.call(Ask(text="still there?")) == Said(text="still there?")
    assert secret not in caplog.text
    assert not [record for record in caplog.records if record.exc_info]
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)


async def test_a_server_that_talks_nonsense_does_not_end_its_client(config: Config) -> None:
    path = config.run_dir / "y.sock"

    async def rave(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(struct.pack("!I", 5) + b"\xc1nons")
        await writer.drain()
        writer.close()

    raving = await asyncio.start_unix_server(rave, path=str(path))
    client = RpcClient(path, Said)
    reading = asyncio.create_task(client.run())
    await asyncio.sleep(0.2)
    assert not reading.done()
    raving.close()
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)


async def test_nonsense_on_the_tap_ends_that_tap_alone(config: Config, caplog: pytest.LogCaptureFixture) -> None:
    config.spool_dir.mkdir(parents=True, exist_ok=True)
    capture = Capture(config.spool_dir, min_bytes=0)
    path = config.run_dir / "tap.sock"
    await capture.listen(path)
    await capture.open("a" * 32, 1, "2026-01-01T00:00:00Z")
    hello = msgspec.json.encode(tap.Hello(worker=0, start_id="w"))
    track = msgspec.json.encode(
        tap.TrackOpened(1, "t", "a" * 32, "s", "camera", "video", "VP8", 90_000, 96, 7), order="deterministic"
    )
    begin = struct.pack("!IB", 1 + len(hello), tap.HELLO) + hello
    opened = tap.TRACK_HEAD.pack(9 + len(track), tap.TRACK, 1) + track
    packets = [tap.rtp_frame(number, 1, number, bytes(40)) for number in range(2, 6)]
    draw = random.Random(5)
    await throw(str(path), [begin + mutate(draw, [opened, *packets]) for _ in range(150)])
    await throw(str(path), [mutate(draw, [begin]) + opened for _ in range(50)])
    # A worker that speaks properly is heard.
    reader, writer = await asyncio.open_unix_connection(str(path))
    record = 1 << 40
    writer.write(begin + opened + tap.rtp_frame(record, 1, 9, bytes(40)))
    acknowledged = asyncio.create_task(reader.readexactly(13))
    async with asyncio.timeout(60):
        while not acknowledged.done():
            await capture.commit()
            await asyncio.sleep(0.05)
    assert await acknowledged == tap.ACK_FRAME.pack(9, tap.ACK, record)
    writer.close()
    assert not [entry for entry in caplog.records if entry.exc_info]
    for connection in list(capture._connections):
        connection.hang_up()
    assert capture._server is not None
    capture._server.close()
