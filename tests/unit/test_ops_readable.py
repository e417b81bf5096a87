"""Files and functions stay short enough to be read at one go."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.support import tree

ROOT = tree.ROOT
FILE_LINES, FUNCTION_LINES = 400, 40
OURS = (".py", ".js", ".css", ".html", ".sh")
STORIES = ("tests/", "migrations/")
"""A test that tells a whole day may be as long as the day; a migration as long as what it changes."""


def _sources() -> list[str]:
    return [name for name in tree.files() if name.endswith(OURS)]


def test_no_file_has_four_hundred_lines() -> None:
    long = {}
    for name in _sources():
        lines = len((ROOT / name).read_text(encoding="utf-8").splitlines())
        if lines >= FILE_LINES and not name.startswith("migrations/"):
            long[name] = lines
    assert not long


def test_no_function_has_more_than_forty_lines() -> None:
    programs = [name for name in _sources() if name.endswith(".py") and not name.startswith(STORIES)]
    assert not [long for name in programs for long in _long(name)]


def _long(name: str) -> Iterator[str]:
    """From ``def`` to the last line, docstring and all."""
    for node in ast.walk(ast.parse((ROOT / name).read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > FUNCTION_LINES:
                yield f"{name}:{node.lineno} {node.name}: {lines} lines"
