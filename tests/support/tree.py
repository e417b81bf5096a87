"""The files of this checkout that somebody wrote, without what was installed or made."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
MADE = frozenset({"node_modules", "__pycache__", "var", "build", "dist"})


def files() -> list[str]:
    """Their paths from the root, as ``hub/main.py``."""
    return sorted(_below(ROOT, ""))


def _below(folder: Path, prefix: str) -> Iterator[str]:
    for entry in os.scandir(folder):
        name = prefix + entry.name
        if entry.is_dir(follow_symlinks=False):
            if entry.name not in MADE and (not entry.name.startswith(".") or name == ".ci"):
                yield from _below(Path(entry.path), name + "/")
        elif entry.is_file():
            yield name
