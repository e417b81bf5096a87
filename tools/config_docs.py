"""``make docs``: the table in ``docs/configuration.md`` from the settings' own descriptions."""

from __future__ import annotations

import sys
from dataclasses import fields
from pathlib import Path

from hub.config import Config

FILE = Path(__file__).parents[1] / "docs" / "configuration.md"
BEGIN, END = "<!-- settings: made by `make docs` -->", "<!-- end of settings -->"


def table() -> str:
    lines = ["| Setting | Variable | Default | Meaning |", "|---|---|---|---|"]
    for each in fields(Config):
        default = _default(each.default)
        lines.append(f"| `{each.name}` | `HUB_{each.name.upper()}` | {default} | {each.metadata['about']} |")
    return "\n".join(lines)


def updated(text: str) -> str:
    """The document with its table as the code has it. Raises ``ValueError`` when the marks are not there."""
    before, _, rest = text.partition(BEGIN)
    _, found, after = rest.partition(END)
    if not found:
        raise ValueError(f"{FILE} lacks the marks around the table")
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


def _default(value: object) -> str:
    if value is None or value in ("", ()):
        return "empty"
    if isinstance(value, bool):
        return "`yes`" if value else "`no`"
    return f"`{value}`"


if __name__ == "__main__":
    FILE.write_text(updated(FILE.read_text(encoding="utf-8")), encoding="utf-8")
    sys.stdout.write(f"{FILE.name} is up to date\n")
