"""What ``make test`` needs from Debian is installed before it begins, so that no test fails for want of a program."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OTHERS = {"simple-whip-client", "chromium", "firefox-esr", "ffmpeg", "nodejs", "coturn", "gcc"}
"""Programs of others that tests run."""


def missing(folder: Path, *arguments: str) -> set[str]:
    """What the script names where there is none of it, and nobody may install anything."""
    (folder / "id").write_text("#!/bin/sh\necho 1000\n")
    (folder / "id").chmod(0o755)
    bash = shutil.which("bash")
    assert bash is not None
    command = [bash, str(ROOT / "tools/system-packages"), *arguments]
    done = subprocess.run(command, env={"PATH": str(folder)}, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    named = re.search(r"apt-get install (.*)", done.stderr)
    assert named is not None
    return set(named[1].split())


def test_the_programs_that_tests_run_are_asked_for_by_make_test(tmp_path: Path) -> None:
    assert missing(tmp_path) >= OTHERS


@pytest.mark.parametrize("package", ["janus", "util-linux"])
def test_the_benchmarks_ask_for_what_they_compare_with_and_no_test_needs_it(package: str, tmp_path: Path) -> None:
    assert package in missing(tmp_path, "bench")
    assert OTHERS.isdisjoint(missing(tmp_path, "bench"))
