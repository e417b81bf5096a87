"""The board of leaders' minimum, and who heads a unit."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from aiohttp import web as http

from hub.auth import Action, Target, may, require
from hub.errors import BadInput
from hub.minimums import CHOICES, CODES
from hub.models import UnitLevel
from hub.services import minimums
from hub.services.legal_rules import rule_book
from web import format as formats
from web import forms, keys, view

routes = http.RouteTableDef()


@routes.get("/minimums")
async def index(request: http.Request) -> http.Response:
    actor, today = keys.actor(request), formats.today()
    month = forms.query_month(request.query) or today.replace(day=1)
    async with keys.deps(request).database.reading() as db:
        rows = await minimums.board(db, actor, month)
        replaced = await minimums.replaced(db, actor, month)
    return view.render(
        request,
        "calendar/minimums.html",
        rows=rows,
        replaced=replaced,
        month=month,
        today=today,
        before=(month - timedelta(days=1)).replace(day=1),
        after=(month + timedelta(days=31)).replace(day=1),
        manages={row.unit.id for row in rows if may(actor, Action.BOOK_HEARING, Target(paths=(row.unit.path,)))},
    )


@routes.get("/minimums/{unit_id}")
async def ask_head(request: http.Request) -> http.Response:
    return await _head_page(request)


@routes.post("/minimums/{unit_id}")
async def set_head(request: http.Request) -> http.Response:
    actor, form = keys.actor(request), await forms.read(request)
    try:
        async with keys.deps(request).database.transaction() as db:
            unit, _ = await minimums.heads_of(db, actor, request.match_info["unit_id"])
            require(actor, Action.BOOK_HEARING, Target(paths=(unit.path,)))
            valid_from = form.day("valid_from")
            form.check()
            account_id, code = form.text("account_id"), form.text("rule_code")
            await minimums.set_head(db, actor, unit.id, account_id, code, valid_from or date.min)
    except BadInput as error:
        return await _head_page(request, error=error, values=dict(form.fields))
    return view.redirect(request, "/minimums", notice="head_set")


async def _head_page(
    request: http.Request, *, error: BadInput | None = None, values: dict[str, Any] | None = None
) -> http.Response:
    actor, today = keys.actor(request), formats.today()
    async with keys.deps(request).database.reading() as db:
        unit, heads = await minimums.heads_of(db, actor, request.match_info["unit_id"])
        require(actor, Action.BOOK_HEARING, Target(paths=(unit.path,)))
        leaders = await minimums.leaders_for(db, unit)
        book = await rule_book(db)
    start = {"rule_code": CODES[UnitLevel(unit.level)], "valid_from": formats.short_date(today.replace(day=1))}
    return view.render(
        request,
        "calendar/head.html",
        status=error.status if error else 200,
        unit=unit,
        heads=heads,
        leaders=leaders,
        rules=[rule for code in CHOICES if (rule := book.find(code, today))],
        titles={rule.code: rule.title for rule in book.rules},
        values=start if values is None else values,
        message=error.text if error else "",
        errors=error.fields if error else {},
    )
