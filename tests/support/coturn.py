"""A real TURN server (Debian's coturn) on addresses and ports of its own."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support import process

LAST_WORDS = "IO method (admin thread)"
"""Of its start: every listener is open."""
SECRET = "the tests' own shared secret"


class NoTurnServer(RuntimeError):
    """Never skipped: a skipped test proves nothing."""


@dataclass(frozen=True)
class Coturn:
    host: str
    port: int
    log: Path

    @property
    def urls(self) -> str:
        """As the setting has them: by UDP, and by TCP."""
        return f"{self.url('udp')},{self.url('tcp')}"

    def url(self, transport: str) -> str:
        return f"turn:{self.host}:{self.port}?transport={transport}"

    def allocations(self) -> int:
        """How many it has given so far."""
        return self.log.read_text(errors="replace").count("ALLOCATE processed, success")


@contextmanager
def running(
    host: str = "127.0.0.1",
    *,
    secret: str = SECRET,
    options: Sequence[str] = (),
    file: Path | None = None,
    prefix: Sequence[str] = (),
) -> Iterator[Coturn]:
    """``options`` are coturn's own, after ours; ``file`` a configuration; ``prefix`` stands before the command."""
    executable = shutil.which("turnserver")
    if executable is None:
        raise NoTurnServer("coturn is not installed: apt install coturn")
    with tempfile.TemporaryDirectory(prefix="hub-turn-") as folder:
        made = Coturn(host, process.free_port(), Path(folder) / "log")
        settings = [
            *(("-c", str(file)) if file else ("-n",)),
            *("--no-cli", "--no-tls", "--no-dtls", "--verbose", "--simple-log", "--log-file=stdout"),
            *(f"--listening-ip={host}", f"--relay-ip={host}", f"--listening-port={made.port}", "--realm=hub"),
            *("--use-auth-secret", f"--static-auth-secret={secret}", "--allow-loopback-peers"),
            *(f"--pidfile={folder}/pid", f"--userdb={folder}/db"),
        ]
        with made.log.open("ab") as log:
            server = subprocess.Popen(
                [*process.dying_with_us("TERM"), *prefix, executable, *settings, *options],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )
        try:
            process.wait_until(lambda: LAST_WORDS in process.tail(made.log, 100_000), server, made.log, 20)
            yield made
        finally:
            process.stop(server)
