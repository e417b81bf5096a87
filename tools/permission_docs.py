"""``make docs``: ``docs/permissions.md`` from the declared table that a test holds the running server to."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from hub.models import Role
from tests.support import (
    permission_rows_cases,
    permission_rows_hearings,
    permission_rows_live,
    permission_rows_rest,
)
from tests.support.permission_table import ANYONE, DEVICE, Row

FILE = Path(__file__).parents[1] / "docs" / "permissions.md"
AREAS = {
    "Cases, receptions, the register": permission_rows_cases.ROWS,
    "Hearings, minutes, conclusions, recordings": permission_rows_hearings.ROWS,
    "Accounts, units, rules, and what is open": permission_rows_rest.ROWS,
    "A hearing's socket, and the doors of devices": permission_rows_live.ROWS,
}
HEAD = """# Who may do what

Made by `make docs` from the table that `tests/integration/test_security_permission_matrix.py` holds the running server
to: every address, every role, every relation between the unit of whoever asks and the unit that the object belongs to.
Who decides is `hub/auth.py`.

| Mark | The role opens it over … |
|---|---|
| ● | the object's own unit, or one above it |
| ◉ | the very unit only |
| ○ | any unit: nothing of a unit is asked for, or everybody sees their own scope |
| + | the unit of the point invited, or the unit the case was transferred to (see "besides") |

Whoever may not know that an object is there gets the same answer as for one that does not exist. What is refused
changes nothing. Everything posted needs the page's token. Disabled accounts get in nowhere; who must change the
password may do only that. Over a hearing's socket `JOIN` takes the seat in brackets, and `SAY` sends the message in
brackets from a seat.
"""
NAMES = {
    "clerk": "secretary of the hearing",
    "chair": "chair",
    "deputy": "deputy",
    "officer.point": "officers at the point",
    "leader.point": "leaders at the point",
    "officer.recipient": "officers it was transferred to",
    "leader.recipient": "leaders it was transferred to",
    "assignee": "whose turn it is",
    "officer.above": "officers above",
    "officer.own": "whose it is",
    "auditor.own": "whose it is",
    "administrator.above": "administrators of the highest unit",
    DEVICE: "who carries the device's token",
}


def document() -> str:
    parts = [HEAD]
    for title, rows in AREAS.items():
        parts += [f"\n## {title}\n", *_table(rows)]
    return "\n".join(parts) + "\n"


def _table(rows: Iterable[Row]) -> Iterable[str]:
    roles = [role for role in Role if role is not Role.ADMINISTRATOR] + [Role.ADMINISTRATOR]
    yield "| Address | " + " | ".join(roles) + " | besides | why |"
    yield "|---|" + ":-:|" * len(roles) + "---|---|"
    for row in rows:
        words = row.who.split()
        marks = [_mark(role, words) for role in roles]
        if row.who in ("all", ANYONE):
            besides = "everybody signed in" if row.who == "all" else "everybody"
        else:
            besides = ", ".join(NAMES[word] for word in words if word in NAMES)
        variant = f" ({row.variant})" if row.variant else ""
        yield f"| {row.method} `{row.path}`{variant} | " + " | ".join(marks) + f" | {besides} | {row.why} |"


def _mark(role: Role, words: list[str]) -> str:
    if words in (["all"], [ANYONE]):
        return "○"
    for ending, mark in (("*", "○"), ("!", "◉"), ("", "●")):
        if f"{role}{ending}" in words:
            return mark
    return "+" if any(word.startswith(f"{role}.") for word in words) else ""


if __name__ == "__main__":
    FILE.write_text(document(), encoding="utf-8")
    sys.stdout.write(f"{FILE.name} is up to date\n")
