"""Child processes of a test run: they die with it, and a server that does not start says why and what to do."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

PORTS = range(20_000, 32_000)


def dying_with_us(sign: str = "KILL", user: str | None = None) -> list[str]:
    """A prefix for a command: the kernel sends ``sign`` when the test run goes away, however it goes.

    ``user`` is whom root becomes first; without root the command runs as we do.
    """
    change = ["--reuid", user, "--regid", user, "--init-groups"] if user and os.geteuid() == 0 else []
    return ["setpriv", *change, "--pdeathsig", sign, "--"]


def free_port() -> int:
    """A loopback TCP port that nothing listens on now.

    Not one of those that the kernel hands out by itself (32768 and above): any connection may take such a one before
    the server that it is meant for does.
    """
    for port in random.sample(PORTS, 100):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise DidNotStart(f"no port is free among {PORTS}")


class DidNotStart(RuntimeError):
    """A real server the tests need is not there. Never skipped: a skipped test proves nothing."""


def wait_until(ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path, limit_s: float) -> None:
    """Poll ``ready``; raise ``DidNotStart`` with the end of the log when the process ends or the time is over."""
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise DidNotStart(f"{process.args!r} ended with {process.returncode}:\n{tail(log)}")
        if ready():
            return
        time.sleep(0.05)
    raise DidNotStart(f"{process.args!r} was not ready after {limit_s} s:\n{tail(log)}")


def tail(log: Path, limit: int = 4000) -> str:
    return log.read_bytes()[-limit:].decode(errors="replace") if log.exists() else ""


def stop(process: subprocess.Popen[bytes], sign: int = signal.SIGTERM, limit_s: float = 10) -> None:
    """Ask, wait, then insist."""
    if process.poll() is None:
        process.send_signal(sign)
        try:
            process.wait(limit_s)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait()
