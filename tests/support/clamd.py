"""A server that speaks clamd's INSTREAM on a real socket: what holds the test string of EICAR's idea is infected."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

VIRUS = b"a virus that is none"
NAME = "Test.Virus.None"


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    answer = b"UNKNOWN COMMAND\0"
    if await reader.readuntil(b"\0") == b"zINSTREAM\0":
        data = b""
        while length := int.from_bytes(await reader.readexactly(4)):
            data += await reader.readexactly(length)
        answer = f"stream: {NAME} FOUND\0".encode() if VIRUS in data else b"stream: OK\0"
        if b"too large for the scanner" in data:
            answer = b"INSTREAM size limit exceeded. ERROR\0"
    writer.write(answer)
    await writer.drain()
    writer.close()


@asynccontextmanager
async def clamd(path: Path | None = None) -> AsyncIterator[str]:
    """Its address as the setting wants it: a Unix socket at ``path``, or a free port."""
    if path is not None:
        server = await asyncio.start_unix_server(_serve, path)
        where = f"unix:{path}"
    else:
        server = await asyncio.start_server(_serve, "127.0.0.1", 0)
        where = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield where
