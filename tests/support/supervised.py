"""``python -m tests.support.supervised DIR SPEC…``: a supervisor over small children that write down what they do.

A SPEC is ``name:order:limit_s:behaviour``; a behaviour is ``obey`` (end on SIGTERM), ``stubborn`` (ignore it) or
``crash`` (die at once). Everything goes into ``DIR/diary``, one ``event name pid`` per line.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from hub.supervisor import ChildSpec, Supervisor, die_with_parent


def write(folder: Path, event: str, name: str) -> None:
    with (folder / "diary").open("a") as diary:
        diary.write(f"{event} {name} {os.getpid()}\n")


def started_children(folder: Path) -> int:
    diary = folder / "diary"
    return len(diary.read_text().splitlines()) if diary.exists() else 0


def child(folder: Path, name: str, behaviour: str, parent: int) -> None:
    die_with_parent(parent)

    def end(*_: object) -> None:
        write(folder, "ended", name)
        sys.exit(0)

    signal.signal(signal.SIGTERM, signal.SIG_IGN if behaviour == "stubborn" else end)
    write(folder, "started", name)
    if behaviour == "crash":
        sys.exit(3)
    while True:
        signal.pause()


async def supervise(folder: Path, texts: list[str]) -> int:
    specs = []
    for text in texts:
        name, order, limit_s, behaviour = text.split(":")
        arguments = ("child", str(folder), name, behaviour)
        specs.append(ChildSpec(name, arguments, order=int(order), stop_limit_s=float(limit_s)))
    command = (sys.executable, "-m", "tests.support.supervised")
    supervisor = Supervisor(specs, folder, os.environ, command)

    async def when_started(started: Supervisor) -> None:
        while started_children(folder) < len(specs):  # noqa: ASYNC110 - it is other processes that write the file
            await asyncio.sleep(0.01)
        started.ready = not any("crash" in text for text in texts)
        write(folder, "ready", "supervisor")

    return await supervisor.run(when_started)


if __name__ == "__main__":
    if sys.argv[1] == "child":
        child(Path(sys.argv[2]), sys.argv[3], sys.argv[4], int(sys.argv[sys.argv.index("--parent") + 1]))
    else:
        sys.exit(asyncio.run(supervise(Path(sys.argv[1]), sys.argv[2:])))
