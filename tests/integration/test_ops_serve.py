"""The whole hub as ``hub serve`` starts it: real processes, killed, stopped, refused."""

from __future__ import annotations

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import process
from tests.support.hub_process import HubProcess, running

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.timeout(300), pytest.mark.media]


@pytest.fixture(scope="module")
def hub() -> Iterator[HubProcess]:
    with running() as started:
        yield started


def hub_command(data_dir: Path, *arguments: str, limit_s: float = 150, **settings: str) -> tuple[int, str]:
    """Exit status and everything said."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("HUB_") and k != "PORT"}
    done = subprocess.run(
        [sys.executable, "-m", "hub", *arguments],
        cwd=ROOT,
        env=clean | {"HUB_DATA_DIR": str(data_dir), **settings},
        capture_output=True,
        timeout=limit_s,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    return done.returncode, (done.stdout + done.stderr).decode(errors="replace")


def parts(hub: HubProcess) -> dict[str, bool]:
    try:
        with urllib.request.urlopen(f"{hub.address}/readyz", timeout=10) as answer:
            body = answer.read()
    except urllib.error.HTTPError as error:
        body = error.read()
    found: dict[str, bool] = json.loads(body)["parts"]
    return found


def pid_of(hub: HubProcess, name: str) -> int:
    return int((hub.data_dir / "var" / "run" / f"{name}.pid").read_text())


def another(hub: HubProcess, name: str, former: int, limit_s: float = 60) -> float:
    """Seconds until ``name`` is another process and the hub is ready again."""
    began = time.monotonic()
    while time.monotonic() - began < limit_s:
        pid_file = hub.data_dir / "var" / "run" / f"{name}.pid"
        if pid_file.exists() and pid_file.read_text().strip() not in ("", str(former)) and hub.ready():
            return time.monotonic() - began
        time.sleep(0.05)
    raise AssertionError(f"{name} did not come back:\n{hub.tail()}")


def test_everything_is_up_once_the_hub_says_so(hub: HubProcess) -> None:
    assert parts(hub) == {"database": True, "recorder": True, "worker-0": True}


@pytest.mark.parametrize("name", ["web", "worker-0", "recorder"])
def test_a_process_killed_outright_is_replaced_and_the_hub_is_ready_again(hub: HubProcess, name: str) -> None:
    former = pid_of(hub, name)
    os.kill(former, signal.SIGKILL)
    another(hub, name, former)


def test_browsers_wait_while_the_web_process_is_started_again_instead_of_being_refused(hub: HubProcess) -> None:
    former = pid_of(hub, "web")
    os.kill(former, signal.SIGKILL)
    with urllib.request.urlopen(f"{hub.address}/healthz", timeout=30) as answer:
        assert answer.status == 200
    another(hub, "web", former)


def test_a_second_hub_on_the_same_data_directory_is_refused(hub: HubProcess) -> None:
    status, said = hub_command(hub.data_dir / "var", "serve", PORT="0")
    assert status == 78
    assert "another hub" in said
    assert hub.ready()


def test_check_says_that_the_hub_is_running(hub: HubProcess) -> None:
    status, said = hub_command(hub.data_dir / "var", "check", HUB_SPOOL_WARN_MB="200", HUB_SPOOL_MIN_MB="100")
    assert status == 0, said
    assert "is running" in said


def test_sigterm_ends_everything_cleanly() -> None:
    with running() as hub:
        pids = [pid_of(hub, name) for name in ("web", "worker-0", "recorder")]
        assert hub.stop() == 0
        for pid in pids:
            assert not Path(f"/proc/{pid}").exists()
        said = hub.log.read_text()
        assert "Traceback" not in said
        assert "process killed" not in said
        assert not list((hub.data_dir / "var" / "run").glob("w*.pid"))


def test_a_database_without_the_schema_is_refused_with_the_remedy(data_dir: Path) -> None:
    status, said = hub_command(data_dir, "serve", PORT="0")
    assert status == 78
    assert "hub migrate" in said
    assert "Traceback" not in said


def test_a_port_in_use_is_told_with_the_remedy(data_dir: Path) -> None:
    hub_command(data_dir, "migrate")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        status, said = hub_command(data_dir, "serve", PORT=str(taken.getsockname()[1]))
    assert status == 78
    assert "in use" in said
    assert "PORT=" in said


def test_demo_accounts_are_refused_off_loopback(data_dir: Path) -> None:
    status, said = hub_command(data_dir, "serve", "--host", "0.0.0.0", HUB_DEMO="yes")
    assert status == 78
    assert "loopback" in said
    status, said = hub_command(data_dir, "demo", "run", HUB_HTTP_HOST="0.0.0.0")
    assert status == 78
    assert "loopback" in said


def test_every_fault_of_the_settings_is_told_at_once(data_dir: Path) -> None:
    status, said = hub_command(data_dir, "serve", HUB_MEDIA_WORKERS="0", HUB_LOG_FORMAT="xml")
    assert status == 78
    assert "media_workers" in said
    assert "log_format" in said


def test_with_a_self_signed_certificate_pages_come_over_https(data_dir: Path) -> None:
    hub_command(data_dir, "migrate")
    port = process.free_port()
    clean = {k: v for k, v in os.environ.items() if not k.startswith("HUB_")}
    log = data_dir / "log"
    with log.open("wb") as out:
        serving = subprocess.Popen(
            [*process.dying_with_us("TERM"), sys.executable, "-m", "hub", "serve", "--tls-self-signed"],
            cwd=ROOT,
            env=clean | {"HUB_DATA_DIR": str(data_dir), "HUB_HTTP_PORT": str(port), "HUB_LOG_FORMAT": "json"},
            stdout=out,
            stderr=out,
        )
    trusted = ssl.create_default_context()

    def answers() -> bool:
        pem = data_dir / "tls" / "self-signed.pem"
        if not pem.exists():
            return False
        try:
            trusted.load_verify_locations(pem)  # may be on its way to the disk
            with urllib.request.urlopen(f"https://localhost:{port}/sign-in", context=trusted, timeout=30) as page:
                return "max-age" in page.headers["Strict-Transport-Security"]
        except OSError:
            return False

    try:
        process.wait_until(answers, serving, log, 60)
        assert (data_dir / "tls" / "self-signed.key").stat().st_mode & 0o777 == 0o600
    finally:
        process.stop(serving, limit_s=60)
    lines = [line for line in log.read_text().splitlines() if line.startswith("{")]
    assert {json.loads(line)["process"] for line in lines} >= {"supervisor", "web", "worker-0", "recorder"}
