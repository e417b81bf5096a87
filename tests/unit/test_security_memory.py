"""What a process holds in memory stays there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

NOBODY = 65_534
PRIVATE = "import ctypes\nfrom hub.memory import keep_private\nkeep_private()\n"


def test_a_private_process_has_no_core_dump_and_may_not_be_read() -> None:
    asked = "print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), open('/proc/self/limits').read())"
    done = subprocess.run([sys.executable, "-c", PRIVATE + asked], capture_output=True, check=True, text=True)
    dumpable, _, limits = done.stdout.partition(" ")
    assert dumpable == "0"
    core = next(line for line in limits.splitlines() if line.startswith("Max core file size"))
    assert core.split()[4:6] == ["0", "0"]


@pytest.mark.skipif(os.getuid() != 0, reason="only root may become somebody else")
@pytest.mark.parametrize(("then", "owner"), [("pass", NOBODY), ("keep_private()", 0)], ids=["any other", "private"])
def test_the_kernel_gives_a_private_process_s_memory_to_root_alone(then: str, owner: int) -> None:
    """proc(5): files of a process that is not dumpable belong to root, whoever runs it."""
    # To change one's user makes a process private too, so that is taken back first.
    become = (
        f"import ctypes, os\nfrom hub.memory import keep_private\nos.setuid({NOBODY})\nctypes.CDLL(None).prctl(4, 1)"
    )
    command = [sys.executable, "-c", f"{become}\n{then}\nprint(flush=True)\ninput()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert Path(f"/proc/{process.pid}/mem").stat().st_uid == owner
        process.communicate(b"\n")
