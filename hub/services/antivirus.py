"""A virus scanner asked about every document before it is kept: clamd over a socket, or a command.

clamd's INSTREAM (clamd(8)): ``zINSTREAM\\0``, then chunks with their length in four bytes, big-endian, ended by a
length of nought; the answer is ``stream: OK``, ``stream: NAME FOUND`` or an error, ended by a zero byte. A command gets
the document on its standard input and answers by its exit status as clamdscan does: 0 clean, 1 infected, else a fault.
"""

from __future__ import annotations

import asyncio
import shlex
from contextlib import suppress
from dataclasses import dataclass

from hub.config import Config
from hub.errors import NotReady
from hub.i18n import N_

LIMIT_S = 60.0
KILLED_LIMIT_S = 1.0
CHUNK_BYTES = 1 << 16
ANSWER_MAX_BYTES = 4096


class ScannerAway(NotReady):
    """The scanner cannot be reached, or does not know: nobody can say whether the document is clean."""

    code = "scanner_away"


@dataclass(frozen=True, slots=True)
class Scanner:
    """``command`` or ``socket`` is set; ``wait``: keep what cannot be scanned now, locked until it has been."""

    command: str = ""
    socket: str = ""
    wait: bool = False
    limit_s: float = LIMIT_S

    async def scan(self, data: bytes) -> str:
        """The name of what was found, empty when clean. Raises ``ScannerAway``."""
        try:
            async with asyncio.timeout(self.limit_s):
                return await (self._by_command(data) if self.command else self._by_socket(data))
        except (OSError, TimeoutError, asyncio.IncompleteReadError, ValueError) as error:
            raise ScannerAway(
                N_("Phần mềm diệt vi-rút chưa trả lời, nên tệp chưa được nhận. Hãy thử lại sau ít phút.")
            ) from error

    async def _by_socket(self, data: bytes) -> str:
        reader, writer = await self._connect()
        try:
            writer.write(b"zINSTREAM\0")
            for start in range(0, len(data), CHUNK_BYTES):
                chunk = data[start : start + CHUNK_BYTES]
                writer.write(len(chunk).to_bytes(4) + chunk)
                await writer.drain()
            writer.write(bytes(4))
            await writer.drain()
            answer = (await reader.readuntil(b"\0"))[:-1].decode(errors="replace")
        finally:
            writer.close()
        return _found(answer)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self.socket.startswith("unix:"):
            return await asyncio.open_unix_connection(self.socket.removeprefix("unix:"), limit=ANSWER_MAX_BYTES)
        host, _, port = self.socket.rpartition(":")
        return await asyncio.open_connection(host.strip("[]"), int(port), limit=ANSWER_MAX_BYTES)

    async def _by_command(self, data: bytes) -> str:
        pipe = asyncio.subprocess.PIPE
        running = await asyncio.create_subprocess_exec(
            *shlex.split(self.command), stdin=pipe, stdout=pipe, stderr=asyncio.subprocess.DEVNULL
        )
        try:
            said, _ = await running.communicate(data)
        except BaseException:
            if running.returncode is None:
                running.kill()
                # It is gone at once, unless a child of its own holds on to its output: nobody waits for that.
                with suppress(TimeoutError):
                    await asyncio.wait_for(running.wait(), KILLED_LIMIT_S)
            raise
        if running.returncode == 0:
            return ""
        if running.returncode != 1:
            raise ValueError(f"the scanner ended with {running.returncode}")
        return _name(said.decode(errors="replace"))


def scanner(config: Config) -> Scanner | None:
    """None: the settings name no scanner."""
    if not config.antivirus_command and not config.antivirus_socket:
        return None
    return Scanner(config.antivirus_command, config.antivirus_socket, wait=config.antivirus_away == "wait")


def _found(answer: str) -> str:
    said = answer.partition(": ")[2] or answer
    if said == "OK":
        return ""
    if said.endswith(" FOUND"):
        return said.removesuffix(" FOUND")[:100]
    raise ValueError("the scanner did not understand")


def _name(said: str) -> str:
    """Of the first line that ends in FOUND; a scanner that names nothing has found something all the same."""
    for line in said.splitlines():
        if line.endswith(" FOUND"):
            return line.partition(": ")[2].removesuffix(" FOUND")[:100]
    return "?"
