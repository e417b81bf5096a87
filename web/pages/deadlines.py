"""The calculator: when something is due by the law, explained step by step."""

from __future__ import annotations

from aiohttp import web as http

from hub import retention
from hub.auth import Action, Target, require
from hub.errors import HubError
from hub.i18n import N_, Text
from hub.law import FREQUENCIES, SPANS, Rule, RuleBook
from hub.services import legal_rules
from hub.working_days import Span, working_days_between
from web import format as formats
from web import forms, keys, view

routes = http.RouteTableDef()


@routes.get("/deadlines")
async def calculator(request: http.Request) -> http.Response:
    """With a rule and a day the answer, else the form; what cannot be answered is told beside its field."""
    actor, asked = keys.actor(request), request.query
    require(actor, Action.READ_RULES, Target(paths=tuple(grant.path for grant in actor.grants)))
    async with keys.deps(request).database.reading() as db:
        book = await legal_rules.rule_book(db)
    values = {"rule": asked.get("rule", ""), "from": asked.get("from", "")}
    errors: dict[str, Text] = {}
    found: Span | None = None
    rule: Rule | None = None
    event = forms.query_day(asked, "from")
    if values["rule"] or values["from"]:
        if event is None:
            errors["from"] = Text(N_("Hãy ghi ngày như 23/11/2026."))
        elif not values["rule"]:
            errors["rule"] = Text(N_("Hãy chọn một quy tắc."))
        else:
            try:
                rule = book.rule(values["rule"], event)
                found = book.explain(rule, event)
            except HubError as error:
                rule, errors["rule"] = None, error.text
    return view.render(
        request,
        "rules/calculator.html",
        status=400 if errors else 200,
        values=values,
        errors=errors,
        options=choices(book),
        rule=rule,
        event=event,
        found=found,
        left=left(found, book) if found and rule and rule.unit in SPANS else None,
    )


def choices(book: RuleBook) -> list[Rule]:
    """One for each code that can be counted, the newest version giving its name; in the order of the law's names."""
    newest = {rule.code: rule for rule in sorted(book.rules, key=lambda rule: rule.valid_from)}
    return sorted(
        (
            rule
            for rule in newest.values()
            if rule.unit in SPANS | FREQUENCIES and not rule.code.startswith(retention.CODE)
        ),
        key=lambda rule: rule.code,
    )


def left(found: Span, book: RuleBook) -> int | None:
    """Working days from today to the due day; negative when it has passed."""
    return working_days_between(formats.today(), found.due, book.days) if found.due else None
