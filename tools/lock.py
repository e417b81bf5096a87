"""``make lock``: pins with hashes and without addresses, the development pins only what the others do not hold.

One file per purpose keeps each readable; the hashes of all platforms' wheels come along, because the index lists them
together.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
LIMIT_BYTES = 200_000
HEADING = "# Made by `make lock` from pyproject.toml; do not edit.\n"
_NAME = re.compile(r"^[A-Za-z0-9._-]+")


def compile_pins(*arguments: str) -> str:
    command = [
        *(sys.executable, "-m", "uv", "pip", "compile", "pyproject.toml", "--quiet", "--universal"),
        *("--python-version", "3.11", "--generate-hashes", "--no-header", "--no-annotate", *arguments),
    ]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def blocks(pins: str) -> dict[str, str]:
    """Name to its lines: one pin with hashes, or several for different versions of Python."""
    found: dict[str, str] = {}
    name = ""
    for line in pins.splitlines(keepends=True):
        if match := _NAME.match(line):
            name = match[0]
        if name:
            found[name] = found.get(name, "") + line
    return found


def without_windows(pins: dict[str, str]) -> dict[str, str]:
    """The hub runs on Linux: what only other systems need is left out."""
    return {name: block for name, block in pins.items() if "sys_platform == 'win32'" not in block}


def main() -> None:
    runtime = ROOT / "requirements.txt"
    used = without_windows(blocks(compile_pins("--extra", "build")))
    runtime.write_text(HEADING + "".join(used.values()))
    every = without_windows(
        blocks(compile_pins("--extra", "build", "--extra", "dev", "--constraints", "requirements.txt"))
    )
    development = ROOT / "requirements-dev.txt"
    development.write_text(HEADING + "".join(block for name, block in every.items() if name not in used))
    for path in (runtime, development):
        size = path.stat().st_size
        sys.stdout.write(f"{path.name}: {size} bytes\n")
        if size > LIMIT_BYTES:
            sys.exit(f"{path.name} is larger than {LIMIT_BYTES} bytes")


if __name__ == "__main__":
    main()
