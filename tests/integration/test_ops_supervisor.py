"""The supervisor with small children: what dies starts again, the end comes in order, nobody is left behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hub.config import Config
from hub.errors import ConfigError
from hub.supervisor import InstanceLock, children_of

ROOT = Path(__file__).parents[2]


class Run:
    def __init__(self, folder: Path, specs: tuple[str, ...]) -> None:
        self.folder = folder
        command = [sys.executable, "-m", "tests.support.supervised", str(folder), *specs]
        with (folder / "log").open("wb") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)

    def diary(self) -> list[list[str]]:
        path = self.folder / "diary"
        return [line.split() for line in path.read_text().splitlines()] if path.exists() else []

    def events(self) -> list[str]:
        return [f"{event} {name}" for event, name, _pid in self.diary()]

    def pid(self, name: str) -> int:
        return int((self.folder / f"{name}.pid").read_text())

    def wait_for(self, event: str, times: int = 1, limit_s: float = 40) -> float:
        """Seconds until the event had been written so often."""
        began = time.monotonic()
        while self.events().count(event) < times:
            if time.monotonic() - began > limit_s:
                raise AssertionError(f"no {event!r} ×{times} in {self.events()}")
            time.sleep(0.01)
        return time.monotonic() - began


@contextmanager
def supervised(folder: Path, *specs: str) -> Iterator[Run]:
    run = Run(folder, specs)
    try:
        run.wait_for("ready supervisor")
        yield run
    finally:
        run.process.kill()
        run.process.wait()


def gone(pid: int, limit_s: float = 30) -> bool:
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
                return True  # dead, and whoever inherited it has not looked yet
        except OSError:
            return True
        time.sleep(0.02)
    return False


def test_a_killed_child_is_started_again_at_once_and_the_others_are_left_alone(data_dir: Path) -> None:
    with supervised(data_dir, "recorder:0:5:obey", "web:2:5:obey") as run:
        first, other = run.pid("web"), run.pid("recorder")
        os.kill(first, signal.SIGKILL)
        run.wait_for("started web", times=2)
        assert run.pid("web") != first
        assert run.pid("recorder") == other


def test_a_child_that_dies_again_and_again_waits_longer_each_time(data_dir: Path) -> None:
    with supervised(data_dir, "recorder:0:5:obey", "web:2:5:obey") as run:
        for times in (2, 3, 4):
            os.kill(run.pid("web"), signal.SIGKILL)
            run.wait_for("started web", times)
        assert re.findall(r"restart_in_s=\D*([0-9.]+)", (data_dir / "log").read_text()) == ["0.1", "0.2", "0.4"]


def test_sigterm_ends_web_first_then_workers_then_the_recorder(data_dir: Path) -> None:
    with supervised(data_dir, "web:2:5:obey", "recorder:0:5:obey", "worker-0:1:5:obey") as run:
        run.process.send_signal(signal.SIGTERM)
        assert run.process.wait(40) == 0
        assert run.events()[-3:] == ["ended web", "ended worker-0", "ended recorder"]
        assert not list(data_dir.glob("*.pid"))


def test_a_child_that_does_not_end_is_killed_after_its_limit(data_dir: Path) -> None:
    with supervised(data_dir, "recorder:0:5:obey", "web:2:0.3:stubborn") as run:
        stubborn = run.pid("web")
        began = time.monotonic()
        run.process.send_signal(signal.SIGTERM)
        assert run.process.wait(40) == 0
        assert 0.3 <= time.monotonic() - began < 20
        assert gone(stubborn)
        assert run.events()[-1] == "ended recorder"


def test_a_second_ctrl_c_ends_everything_now(data_dir: Path) -> None:
    with supervised(data_dir, "recorder:0:300:stubborn", "web:2:300:stubborn") as run:
        run.process.send_signal(signal.SIGINT)
        time.sleep(1)  # two signals that wait together are one
        run.process.send_signal(signal.SIGINT)
        run.process.wait(30)


def test_children_do_not_outlive_a_supervisor_that_was_killed(data_dir: Path) -> None:
    with supervised(data_dir, "recorder:0:5:stubborn", "web:2:5:stubborn") as run:
        pids = [run.pid("recorder"), run.pid("web")]
        run.process.kill()
        assert all(gone(pid) for pid in pids)


def test_a_child_that_never_comes_up_ends_the_start_with_an_error(data_dir: Path) -> None:
    with supervised(data_dir, "recorder:0:5:obey", "web:2:5:crash") as run:
        assert run.process.wait(40) == 1
        assert run.events()[-1] == "ended recorder"


def test_one_data_directory_has_one_hub(data_dir: Path) -> None:
    lock = InstanceLock(data_dir / "run")
    with pytest.raises(ConfigError, match=str(os.getpid())):
        InstanceLock(data_dir / "run")
    lock.release()
    InstanceLock(data_dir / "run").release()


def test_the_recorder_is_first_up_and_last_down() -> None:
    order = {spec.name: spec.order for spec in children_of(Config(media_workers=2), 3)}
    assert order["recorder"] < order["worker-0"] == order["worker-1"] < order["web"]
