"""``hub import``: units, points and accounts from a table, tried first and then all or nothing."""

from __future__ import annotations

import json
from pathlib import Path

from hub import cli, tables
from hub.auth import command_line
from hub.cli.maintenance import told, with_database
from hub.config import Config
from hub.db import Database
from hub.errors import HubError
from hub.i18n import Text
from hub.import_columns import Fault
from hub.import_kinds import ImportKind
from hub.services import imports
from hub.services.imports import Imported, Plan

OPERATOR = command_line()


def run(config: Config, kind: ImportKind, file: Path, *, dry_run: bool, as_json: bool) -> int:
    """0 when everything is well, 1 when the table has faults; then nothing is imported."""
    try:
        table = tables.read(file.read_bytes())
    except OSError as error:
        cli.fail([f"{file}: {error.strerror}"], status=1)
    except HubError as error:
        return _refused(error.text, as_json=as_json)

    async def work(database: Database) -> tuple[Plan, Imported | None]:
        async with database.reading() as db:
            plan = await imports.try_out(db, OPERATOR, kind, table)
        if dry_run or plan.faults:
            return plan, None
        return plan, await imports.carry_out(database, OPERATOR, kind, table, plan)

    with told():
        try:
            plan, done = with_database(config, work)
        except imports.Refused as error:
            plan, done = Plan(kind, (), error.faults, len(table.rows)), None
    _tell_json(plan, done) if as_json else _tell(plan, done)
    return 1 if plan.faults else 0


def _tell(plan: Plan, done: Imported | None) -> None:
    for note in plan.notes:
        cli.say(cli.in_words(note))
    for fault in plan.faults:
        cli.say(f"row {fault.row}{_place(plan, fault)}: {cli.in_words(fault.text)}")
    if plan.faults:
        cli.say(f"{len(plan.faults)} faults; nothing was imported.")
        return
    for change in plan.changes if done is None else ():
        after = ", ".join(f"{name}: {change.before.get(name, '')} → {text}" for name, text in change.after.items())
        cli.say(f"row {change.row}: {'new' if change.new else 'change'} {change.key} ({after})")
    what = "imported" if done is not None else "would be imported"
    cli.say(f"{plan.created} new and {plan.changed} changed {what}, {plan.same} stay as they are.")
    for username, password in (done.passwords if done is not None else {}).items():
        cli.say(f"{username}\t{password}")


def _place(plan: Plan, fault: Fault) -> str:
    heading = imports.heading_of(plan.kind, fault.heading)
    named = f" ({cli.in_words(Text(heading))})" if heading else ""
    return f", column {fault.column}{named}" if fault.column else ""


def _tell_json(plan: Plan, done: Imported | None) -> None:
    body = {
        "ok": not plan.faults,
        "imported": done is not None,
        "created": plan.created,
        "changed": plan.changed,
        "same": plan.same,
        "faults": [
            {"row": f.row, "column": f.column, "field": f.heading, "text": cli.in_words(f.text)} for f in plan.faults
        ],
        "changes": [
            {"row": c.row, "key": c.key, "new": c.new, "before": dict(c.before), "after": dict(c.after)}
            for c in plan.changes
        ],
        "notes": [cli.in_words(note) for note in plan.notes],
        "passwords": done.passwords if done is not None else {},
    }
    cli.say(json.dumps(body, ensure_ascii=False))


def _refused(text: Text, *, as_json: bool) -> int:
    if as_json:
        fault = {"row": 0, "column": "", "field": "file", "text": cli.in_words(text)}
        cli.say(json.dumps({"ok": False, "imported": False, "faults": [fault]}, ensure_ascii=False))
    else:
        cli.say(cli.in_words(text))
    return 1
