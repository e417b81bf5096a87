"""Child processes of a test run: they die with it, and a server that does not start says why and what to do."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

PR_SET_PDEATHSIG = 1


def die_with_parent(sign: int = signal.SIGKILL) -> Callable[[], None]:
    """For ``preexec_fn``: the kernel sends ``sign`` to the child when the test run goes away, however it goes."""
    libc = ctypes.CDLL(None, use_errno=True)

    def prepare() -> None:
        if libc.prctl(PR_SET_PDEATHSIG, sign) != 0:
            raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")

    return prepare


def free_port() -> int:
    """A loopback TCP port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


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


def run_as(name: str) -> dict[str, object]:
    """Arguments for ``subprocess`` that drop root for ``name``; nothing when we are not root."""
    if os.geteuid() != 0:
        return {}
    return {"user": name, "group": name, "extra_groups": []}
