"""Carries TCP connections between network namespaces, which share the file system but no network:
``python -m tests.support.forwarder FROM TO``, each ``tcp:PORT`` (on loopback) or ``unix:PATH``. Until killed."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def connect(to: str) -> Stream:
    kind, _, where = to.partition(":")
    if kind == "unix":
        return await asyncio.open_unix_connection(where)
    return await asyncio.open_connection("127.0.0.1", int(where))


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while piece := await reader.read(65_536):
            writer.write(piece)
            await writer.drain()
    with suppress(ConnectionError):
        writer.close()
        await writer.wait_closed()


async def serve(listen: str, to: str) -> None:
    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there = await connect(to)
        except OSError:
            writer.close()
            return
        await asyncio.gather(pump(reader, there[1]), pump(there[0], writer))

    kind, _, where = listen.partition(":")
    if kind == "unix":
        server = await asyncio.start_unix_server(carry, where)
    else:
        server = await asyncio.start_server(carry, "127.0.0.1", int(where))
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], sys.argv[2]))
