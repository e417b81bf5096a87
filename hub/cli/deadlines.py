"""``hub deadline``: when something is due by the law, and by which rule."""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import date
from pathlib import Path

from sqlalchemy.engine import make_url

from hub import cli
from hub import migrate as migrations
from hub.cli.maintenance import told
from hub.config import Config
from hub.db import Database
from hub.i18n import N_, Text
from hub.law import Rule, RuleBook
from hub.services import legal_rules
from hub.services.law_loading import shipped_book
from hub.working_days import Span


def run(config: Config, code: str, event: str, *, every: bool, as_json: bool) -> None:
    """What the command line asks for. A fault is told on standard error, and nothing is printed."""
    if every is bool(code and event):
        cli.fail([cli.in_words(Text(N_("Hãy ghi --rule và --from, hoặc chỉ --list.")))], status=2)
    if every:
        list_rules(config, as_json=as_json)
    else:
        show(config, code, _day(event), as_json=as_json)


def _day(text: str) -> date:
    """As programs write it or as people do."""
    from web.format import parse_day

    try:
        return parse_day(text)
    except ValueError:
        wrong = Text(N_("Không đọc được ngày “%(day)s”. Hãy ghi như 2026-11-23 hoặc 23/11/2026."), {"day": text})
        cli.fail([cli.in_words(wrong)], status=2)


def show(config: Config, code: str, event: date, *, as_json: bool) -> None:
    """The due day of an event, with its steps. A code or day that no rule has ends with status 1."""
    with told():
        book = read_book(config)
        rule = book.rule(code, event)
        found = book.explain(rule, event)
    cli.say(json.dumps(described(rule, event, found), ensure_ascii=False) if as_json else in_words(rule, found))


def list_rules(config: Config, *, as_json: bool) -> None:
    with told():
        rules = sorted(read_book(config).rules, key=lambda rule: (rule.code, rule.valid_from))
    if as_json:
        cli.say(json.dumps([rule_fields(rule) for rule in rules], ensure_ascii=False))
        return
    width = max((len(rule.code) for rule in rules), default=0)
    for rule in rules:
        until = f"–{rule.valid_to}" if rule.valid_to else "–"
        cli.say(f"{rule.code:{width}}  {rule.value:3} {rule.unit:14} {rule.valid_from}{until:11}  {rule.legal_basis}")


def read_book(config: Config) -> RuleBook:
    """The database's rules; those that came with the hub where there is no database yet, and then it says so."""
    if not config.database.startswith("sqlite") or _sqlite_exists(config):
        found = migrations.current(config.database)
        if found is not None:
            _require_law(found)
            return asyncio.run(_from_database(config.database))
    note = Text(N_("Chưa có cơ sở dữ liệu: đây là các quy tắc có sẵn trong phần mềm."))
    sys.stderr.write(f"hub: {cli.in_words(note)}\n")
    return shipped_book()


def _sqlite_exists(config: Config) -> bool:
    """Asking SQLite itself would make an empty file."""
    path = make_url(config.database).database
    return bool(path) and Path(str(path)).exists()


def _require_law(revision: str) -> None:
    if revision < migrations.newest():
        needs = f"this release needs {migrations.newest()}; run: hub migrate"
        cli.fail([f"database_url: the schema has revision {revision}, {needs}"])


async def _from_database(url: str) -> RuleBook:
    database = Database(url)
    try:
        async with database.reading() as db:
            return await legal_rules.rule_book(db)
    finally:
        await database.close()


def described(rule: Rule, event: date, found: Span) -> dict[str, object]:
    """What ``--json`` prints."""
    return {
        **rule_fields(rule),
        "from": event.isoformat(),
        "due": found.due.isoformat() if found.due else None,
        "steps": [
            {
                "kind": str(step.kind),
                "first": step.first.isoformat(),
                "last": step.last.isoformat(),
                "counted": step.total,
                "text": cli.in_words(step.text),
            }
            for step in found.steps
        ],
        "cautions": [cli.in_words(text) for text in found.cautions],
    }


def rule_fields(rule: Rule) -> dict[str, object]:
    return {
        "code": rule.code,
        "name": rule.name,
        "value": rule.value,
        "unit": str(rule.unit),
        "direction": str(rule.direction),
        "legal_basis": rule.legal_basis,
        "certainty": str(rule.certainty),
        "note": rule.note,
        "valid_from": rule.valid_from.isoformat(),
        "valid_to": rule.valid_to.isoformat() if rule.valid_to else None,
    }


def in_words(rule: Rule, found: Span) -> str:
    lines = [
        f"{cli.in_words(Text('%(name)s', {'name': rule.title}))}: {rule.value} {rule.unit}",
        f"  {rule.legal_basis}",
    ]
    for step in found.steps:
        days = f"{step.first:%d/%m/%Y}" + (f"–{step.last:%d/%m/%Y}" if step.last != step.first else "")
        lines.append(f"  {days:21}  {cli.in_words(step.text)}")
    lines += [f"  ! {cli.in_words(text)}" for text in found.cautions]
    if rule.note:
        lines.append(f"  ! {rule.note}")
    return "\n".join(lines)
