"""A whole hub, as people start it: ``hub serve`` from this checkout with a data directory and ports of its own."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.support import process
from tests.support.office import Office

ROOT = Path(__file__).parents[2]
START_LIMIT_S = 180


class HubProcess:
    """Started by ``running``. ``address`` is the base address, ``data_dir`` where everything it keeps lies."""

    def __init__(self, data_dir: Path, settings: dict[str, str], prefix: Sequence[str] = ()) -> None:
        self.data_dir = data_dir
        self._prefix = prefix
        self.port = process.free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.log = data_dir / "hub.log"
        clean = {k: v for k, v in os.environ.items() if not k.startswith("HUB_") and k != "PORT"}
        self.environment = clean | {
            "HUB_DATA_DIR": str(data_dir / "var"),
            "HUB_HTTP_PORT": str(self.port),
            "HUB_DEMO": "yes",
            # A test machine need not have gigabytes to spare.
            "HUB_SPOOL_WARN_MB": "200",
            "HUB_SPOOL_MIN_MB": "100",
            "PYTHONUNBUFFERED": "1",
            **settings,
        }
        self._process: subprocess.Popen[bytes] | None = None

    def command(self, *arguments: str, timeout_s: float = 180) -> str:
        """Run ``hub …`` to its end; its output. Raises with all of it when it fails."""
        done = subprocess.run(
            [sys.executable, "-m", "hub.main", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            timeout=timeout_s,
            check=False,
        )
        text = (done.stdout + done.stderr).decode(errors="replace")
        if done.returncode:
            raise RuntimeError(f"hub {' '.join(arguments)} ended with {done.returncode}:\n{text}")
        return text

    @property
    def started(self) -> bool:
        return self._process is not None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*process.dying_with_us("TERM"), *self._prefix, sys.executable, "-m", "hub.main", "serve"],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )
        process.wait_until(self.ready, self._process, self.log, START_LIMIT_S)

    def ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.address}/readyz", timeout=10) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def children(self) -> dict[str, list[int]]:
        """Process ids by part: ``web``, ``worker``, ``recorder``."""
        assert self._process is not None
        found: dict[str, list[int]] = {}
        waiting = [self._process.pid]
        while waiting:
            pid = waiting.pop()
            try:
                words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
                below = Path(f"/proc/{pid}/task/{pid}/children").read_text()
            except OSError:
                continue  # it ended while we looked
            waiting += map(int, below.split())
            for part in ("web", "worker", "recorder"):
                if f"run-{part}".encode() in words:
                    found.setdefault(part, []).append(pid)
        return found

    def restart(self, part: str) -> None:
        """Kill a part and wait until its successor serves."""
        self.kill(part)
        self.wait_until_ready()

    def kill(self, part: str) -> None:
        """SIGKILL; the supervisor starts a successor at once."""
        for pid in self.children()[part]:
            os.kill(pid, signal.SIGKILL)

    def wait_until_ready(self, limit_s: float = START_LIMIT_S) -> None:
        assert self._process is not None
        time.sleep(1)
        process.wait_until(self.ready, self._process, self.log, limit_s)

    def stop(self) -> int:
        """SIGTERM and wait: the exit status."""
        assert self._process is not None
        process.stop(self._process, limit_s=60)
        return int(self._process.returncode)

    def tail(self) -> str:
        return process.tail(self.log, 8000)


class DemoProvince:
    """What ``hub migrate`` and ``hub demo load`` leave in a data directory: made once, then copied. It costs six
    seconds of processor, and every hub of a test run begins with the same."""

    FRESH_S = 900
    """The demo's hearing is about to begin, or has just begun."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._made_s = 0.0

    def put_into(self, hub: HubProcess) -> None:
        if self._folder is None or time.monotonic() - self._made_s > self.FRESH_S:
            hub.command("migrate")
            hub.command("demo", "load")
            self._folder, self._made_s = Path(tempfile.mkdtemp(prefix="hub-demo-")), time.monotonic()
            atexit.register(shutil.rmtree, self._folder, ignore_errors=True)
            shutil.copytree(hub.data_dir / "var", self._folder / "var")
        else:
            shutil.copytree(self._folder / "var", hub.data_dir / "var")


_demo_province = DemoProvince()


@contextmanager
def running(office: Office | None = None, **settings: str) -> Iterator[HubProcess]:
    """A hub with the demo province, ready to be used. ``settings`` are ``HUB_*`` variables; in an ``office`` it runs
    on the far side of the firewall."""
    # Short: a Unix socket's path has at most 107 bytes.
    data_dir = Path(tempfile.mkdtemp(prefix="hub-e2e-"))
    hub = HubProcess(data_dir, settings, office.prefix(office.hub) if office else ())
    try:
        if office:
            office.carry_pages(hub.port)
        _demo_province.put_into(hub)
        hub.start()
        yield hub
    finally:
        if hub.started:
            hub.stop()
        if keep := os.environ.get("TEST_KEEP_DIR"):
            shutil.copytree(
                data_dir, Path(keep) / data_dir.name, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.sock")
            )
        shutil.rmtree(data_dir, ignore_errors=True)
