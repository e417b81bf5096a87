"""A proxy before a real S3 server that does what object stores and the ways to them do when they are not well.

Requests pass unchanged, signature and all; ``mood`` says what becomes of them.
"""

from __future__ import annotations

import asyncio
import re
from types import TracebackType

REFUSAL = b'<?xml version="1.0" encoding="UTF-8"?><Error><Code>%s</Code><Message>as the test wants it</Message></Error>'
_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
SLOW_S = 1.5
MOODS = ("away", "hangs up", "slow", "500", "500 afterwards", "lies", "loses", "revoked", "no bucket")


class BadStore:
    """``moods`` are told in MOODS; '' is a good day. ``endpoint`` is where the hub's recorder is pointed to."""

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self.mood = ""
        self.requests = self.spoilt = 0
        self._server: asyncio.Server | None = None
        self.port = 0

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def __aenter__(self) -> BadStore:
        await self._listen()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()

    async def be(self, mood: str) -> None:
        """``away`` closes the port: connections are refused."""
        if mood == "away" and self._server is not None:
            self._server.close()
            self._server = None
        self.mood = mood
        if mood != "away" and self._server is None:
            await self._listen()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, limit=1 << 20)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request for each connection: whoever wants another dials again."""
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            if b"100-continue" in head.lower():
                writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                head = re.sub(rb"(?i)\r\nexpect: [^\r]*", b"", head)
            length = _LENGTH.search(head)
            body = await reader.readexactly(int(length[1])) if length else b""
            self.requests += 1
            answer = await self._answer(head, body)
            writer.write(answer)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _answer(self, head: bytes, body: bytes) -> bytes:
        method = head.split(b" ", 1)[0]
        mood = self.mood
        self.spoilt += bool(mood)
        match mood:
            case "away" | "hangs up":
                return b""
            case "slow":
                await asyncio.sleep(SLOW_S)
            case "500":
                return _refusal(b"500 Internal Server Error", b"InternalError", method)
            case "500 afterwards":
                await self._pass(head, body)  # it was done, and nobody is told
                return _refusal(b"500 Internal Server Error", b"InternalError", method)
            case "revoked":
                return _refusal(b"403 Forbidden", b"InvalidAccessKeyId", method)
            case "no bucket":
                return _refusal(b"404 Not Found", b"NoSuchBucket", method)
            case "loses":
                if method == b"PUT":  # thank you, and away with it
                    return b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        answer = await self._pass(head, body)
        if mood == "lies" and method == b"GET" and answer.startswith(b"HTTP/1.1 200"):
            # Other bytes under the checksum of the right ones: what it says of itself is as it was.
            answer = answer[:-1] + bytes([answer[-1] ^ 1])
        return answer

    async def _pass(self, head: bytes, body: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._target_port)
        try:
            writer.write(re.sub(rb"(?i)\r\nconnection: [^\r]*", b"", head)[:-2] + b"Connection: close\r\n\r\n" + body)
            return await reader.read()
        finally:
            writer.close()


def _refusal(status: bytes, code: bytes, method: bytes) -> bytes:
    text = REFUSAL % code
    head = b"HTTP/1.1 %s\r\nContent-Type: application/xml\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"
    return head % (status, len(text)) + (b"" if method == b"HEAD" else text)
