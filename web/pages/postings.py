"""Posting receptions, and the public page of what is posted: no sign-in, nothing of any case."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from aiohttp import web as http

from hub.auth import Action, Target, may, require, scopes
from hub.errors import BadInput, Conflict
from hub.services import postings
from hub.services.postings import PostingInput
from web import format as formats
from web import forms, keys, view

routes = http.RouteTableDef()

SHOWN = timedelta(days=62)
"""How far ahead the lists go when no month is asked for: this month and the next."""


@routes.get("/postings")
async def index(request: http.Request) -> http.Response:
    return await _page(request)


@routes.post("/postings")
async def post(request: http.Request) -> http.Response:
    """Post those that were ticked, with one text for all of them."""
    actor, hub = keys.actor(request), keys.deps(request)
    require(actor, Action.BOOK_HEARING, Target(paths=tuple(scopes(actor, Action.BOOK_HEARING))))
    form = await forms.read(request)
    given = PostingInput(
        content=form.text("content"), participants=form.text("participants"), accept_late=form.yes("accept_late")
    )
    try:
        async with hub.database.transaction() as db:
            await postings.post(db, hub.vault, actor, form.many("hearing_ids"), given)
    except (BadInput, Conflict) as error:
        values = {**form.fields, "hearing_ids": form.many("hearing_ids")}
        return await _page(request, error=error, values=values)
    return view.redirect(request, "/postings", notice="receptions_posted")


async def _page(
    request: http.Request, *, error: BadInput | Conflict | None = None, values: dict[str, Any] | None = None
) -> http.Response:
    actor, today = keys.actor(request), formats.today()
    async with keys.deps(request).database.reading() as db:
        rows = await postings.to_post(db, actor, today, today + SHOWN)
    mine = [row for row in rows if may(actor, Action.BOOK_HEARING, Target(paths=(row.hearing.unit.path,)))]
    asked = request.query.getall("hearing", [])
    waiting = [row for row in mine if row.posted is None]
    first = next((row for row in waiting if row.hearing.id in asked), waiting[0] if waiting else None)
    if values is None:
        start = postings.suggested(first.hearing) if first else PostingInput(content="")
        values = {"content": start.content, "participants": start.participants, "hearing_ids": tuple(asked)}
    return view.render(
        request,
        "calendar/postings.html",
        status=error.status if error else 200,
        waiting=waiting,
        posted=[row for row in rows if row.posted is not None],
        units=sorted({(row.hearing.unit.code, row.hearing.unit.name) for row in rows if row.posted}),
        late=any(row.late for row in waiting),
        may_post=bool(mine),
        values=values,
        message=error.text if error else "",
        errors=forms.field_errors(error),
    )


@routes.get("/notice")
async def units(request: http.Request) -> http.Response:
    """Public: whose calendars are posted here."""
    async with keys.deps(request).database.reading() as db:
        found = await postings.units_with_notices(db)
    return view.render(request, "calendar/notice_units.html", units=found)


@routes.get("/notice/{unit_code}")
async def notice(request: http.Request) -> http.Response:
    """Public: a month of a unit's posted receptions; the next month too when none is asked for."""
    month = forms.query_month(request.query)
    first = month or formats.today().replace(day=1)
    last = _end(first) if month else _end(_end(first) + timedelta(days=1))
    async with keys.deps(request).database.reading() as db:
        unit, rows = await postings.public_board(db, request.match_info["unit_code"], first, last)
    return view.render(
        request,
        "calendar/notice.html",
        unit=unit,
        rows=rows,
        first=first,
        last=last,
        month=month,
        before=(first - timedelta(days=1)).replace(day=1),
        after=_end(first) + timedelta(days=1),
    )


def _end(first: date) -> date:
    return (first.replace(day=1) + timedelta(days=31)).replace(day=1) - timedelta(days=1)
