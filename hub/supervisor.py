"""``hub serve``: starts web, media workers and recorder as children, and starts again whatever dies.

The listening socket belongs to the supervisor and is handed to the web process, so that while that one is started
again browsers wait a moment instead of being refused, and the port stays the same. Children have process groups of
their own (Ctrl-C in a terminal reaches only the supervisor, which ends them in order) and die with it even when it is
killed. ``run_dir/NAME.pid`` says who is who; a lock refuses a second hub on the same data directory.
"""

from __future__ import annotations

import asyncio
import ctypes
import fcntl
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from hub.config import Config
from hub.errors import ConfigError

FIRST_RESTART_S = 0.1
LONGEST_RESTART_S = 3.0
"""With the second that a start takes, a hearing whose media worker keeps dying is without it for less than five."""
STEADY_S = 10.0
"""A child that lived this long starts again at once; one that did not waits longer each time."""
START_FAILURES = 4
"""Deaths of one child before the hub has ever been ready that end the start with an error."""
PR_SET_PDEATHSIG = 1

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ChildSpec:
    """One child. ``order``: children with a lower one start first and stop last."""

    name: str
    arguments: tuple[str, ...]
    order: int
    stop_limit_s: float
    fds: tuple[int, ...] = ()


def children_of(config: Config, listen_fd: int) -> list[ChildSpec]:
    """The recorder is first up and last down, so that it hears everything; the web process lets people in last."""
    workers = [
        ChildSpec(f"worker-{n}", ("run-worker", str(n)), order=1, stop_limit_s=8) for n in range(config.media_workers)
    ]
    return [
        ChildSpec("recorder", ("run-recorder",), order=0, stop_limit_s=25),
        *workers,
        ChildSpec("web", ("run-web", "--listen-fd", str(listen_fd)), order=2, stop_limit_s=12, fds=(listen_fd,)),
    ]


class InstanceLock:
    """Held while the hub runs on a data directory; the kernel lets go of it however the process ends."""

    def __init__(self, run_dir: Path) -> None:
        run_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file = (run_dir / "supervisor.pid").open("a+")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._file.seek(0)
            pid = self._file.read().strip()
            self._file.close()
            raise ConfigError([f"data_dir: another hub (process {pid}) is running on {run_dir.parent}"]) from error
        self._file.truncate(0)
        self._file.write(f"{os.getpid()}\n")
        self._file.flush()

    def release(self) -> None:
        self._file.truncate(0)
        self._file.close()


@dataclass(slots=True)
class _Child:
    spec: ChildSpec
    process: asyncio.subprocess.Process | None = None
    deaths_before_ready: int = 0
    task: asyncio.Task[None] | None = None
    stopping: bool = False
    ended: asyncio.Event = field(default_factory=asyncio.Event)


class Supervisor:
    """``run`` returns the exit status when told to stop by ``stop``, SIGTERM or SIGINT."""

    def __init__(
        self,
        specs: Sequence[ChildSpec],
        run_dir: Path,
        env: Mapping[str, str],
        command: Sequence[str] = (sys.executable, "-m", "hub"),
    ) -> None:
        self._children = [_Child(spec) for spec in sorted(specs, key=lambda spec: spec.order)]
        self._command = tuple(command)
        self._run_dir, self._env = run_dir, dict(env)
        self._stop = asyncio.Event()
        self._failed = ""
        self._refused: ConfigError | None = None
        self._gate: tuple[int, int] | None = os.pipe()
        self.ready = False

    def stop(self) -> None:
        if self._stop.is_set():  # asked twice: somebody is in a hurry
            self._signal_all(signal.SIGKILL)
        self._stop.set()

    async def run(
        self, when_started: Callable[[Supervisor], Awaitable[None]], prepare: Callable[[], None] = lambda: None
    ) -> int:
        """Start all, ``prepare``, let them begin, call ``when_started``, watch until stopped.

        ``prepare`` runs in a thread while the children load their code, which takes longest; they do nothing before it
        is done. When it raises ``ConfigError``, everything ends and ``run`` raises it. ``when_started`` waits for
        readiness and tells the user.
        """
        loop = asyncio.get_running_loop()
        for sign in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(sign, self.stop)
        try:
            async with asyncio.TaskGroup() as tasks:
                for child in self._children:
                    child.task = tasks.create_task(self._keep(child), name=child.spec.name)
                starting = tasks.create_task(self._begin(prepare, when_started), name="start")
                await self._stop.wait()
                starting.cancel()
                await self._end()
        finally:
            self._signal_all(signal.SIGKILL)
            for sign in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(sign)
            self._open_gate()
        if self._refused:
            raise self._refused
        if self._failed:
            log.error("start failed", child=self._failed)
        return 1 if self._failed else 0

    async def _begin(self, prepare: Callable[[], None], when_started: Callable[[Supervisor], Awaitable[None]]) -> None:
        try:
            await asyncio.to_thread(prepare)
        except ConfigError as error:
            self._refused = error
            self._stop.set()
            return
        self._open_gate()
        await when_started(self)

    def _open_gate(self) -> None:
        """Children that are waiting in ``pass_gate`` go on; those started later find no gate."""
        if self._gate is not None:
            for end in self._gate:
                os.close(end)
            self._gate = None

    async def _keep(self, child: _Child) -> None:
        """Start the child, and again each time it ends, until stopping."""
        pause_s = FIRST_RESTART_S
        while not child.stopping:
            started = time.monotonic()
            child.process = await self._start(child.spec)
            if child.stopping:  # told to stop while it was being started
                _signal(child, signal.SIGTERM)
            status = await child.process.wait()
            self._pid_file(child.spec).unlink(missing_ok=True)
            if child.stopping:
                break
            lived_s = time.monotonic() - started
            pause_s = FIRST_RESTART_S if lived_s > STEADY_S else pause_s
            log.error("process died", child=child.spec.name, status=status, restart_in_s=pause_s)
            if not self.ready:
                child.deaths_before_ready += 1
                if child.deaths_before_ready >= START_FAILURES:
                    self._failed = child.spec.name
                    self._stop.set()
            await self._sleep_unless_stopped(pause_s)
            if self._stop.is_set():
                break
            pause_s = min(pause_s * 2, LONGEST_RESTART_S)
        child.ended.set()

    async def _start(self, spec: ChildSpec) -> asyncio.subprocess.Process:
        gate = () if self._gate is None else (self._gate[0],)
        process = await asyncio.create_subprocess_exec(
            *self._command,
            *spec.arguments,
            "--parent",
            str(os.getpid()),
            *(argument for end in gate for argument in ("--gate-fd", str(end))),
            stdin=asyncio.subprocess.DEVNULL,
            env=self._env,
            pass_fds=(*spec.fds, *gate),
            process_group=0,
        )
        self._pid_file(spec).write_text(f"{process.pid}\n")
        log.info("process started", child=spec.name, pid=process.pid)
        return process

    async def _sleep_unless_stopped(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stop.wait()

    async def _end(self) -> None:
        """Web first (it tells the browsers), then the workers, the recorder last: it closes what they still sent."""
        for order in sorted({child.spec.order for child in self._children}, reverse=True):
            group = [child for child in self._children if child.spec.order == order]
            await asyncio.gather(*(self._end_child(child) for child in group))

    async def _end_child(self, child: _Child) -> None:
        child.stopping = True
        _signal(child, signal.SIGTERM)
        try:
            async with asyncio.timeout(child.spec.stop_limit_s):
                await child.ended.wait()
        except TimeoutError:
            log.warning("process killed", child=child.spec.name, limit_s=child.spec.stop_limit_s)
            _signal(child, signal.SIGKILL)
            await child.ended.wait()

    def _signal_all(self, sign: int) -> None:
        for child in self._children:
            _signal(child, sign)

    def _pid_file(self, spec: ChildSpec) -> Path:
        return self._run_dir / f"{spec.name}.pid"


def _signal(child: _Child, sign: int) -> None:
    if child.process is not None and child.process.returncode is None:
        with suppress(ProcessLookupError):
            child.process.send_signal(sign)


def die_with_parent(parent: int) -> None:
    """In a child: let the kernel kill us when the supervisor goes away, even by SIGKILL."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != parent:  # it went away before we asked
        raise SystemExit(1)


def pass_gate(gate_fd: int) -> None:
    """In a child, its code loaded: wait until the supervisor has prepared what we stand on."""
    os.read(gate_fd, 1)
    os.close(gate_fd)
