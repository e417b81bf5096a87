"""Look-ups for forms: cases while one types, and who or what is taken at a time."""

from __future__ import annotations

from aiohttp import web as http

from hub.errors import BadInput
from hub.i18n import N_, Text
from hub.services import cases
from hub.services.free_slots import FreeSlot, elsewhere, next_free
from hub.services.occupied import occupied
from web import format as formats
from web import keys, labels, view
from web.translate import catalogue

routes = http.RouteTableDef()

MOST = 8


@routes.get("/api/cases")
async def find_cases(request: http.Request) -> http.Response:
    """``{"cases": [{id, number, type, summary}]}``, at most eight; ``q`` as on the page of cases."""
    actor, hub = keys.actor(request), keys.deps(request)
    query = cases.CaseQuery(text=request.query.get("q", "")[:200], limit=MOST)
    async with hub.database.reading() as db:
        rows = await cases.find(db, hub.vault, actor, query)
    book = catalogue(view.language_of(request))
    return view.json(
        {
            "cases": [
                {"id": r.id, "number": r.number, "type": labels.label(book, "case_type", r.type), "summary": r.summary}
                for r in rows
            ]
        }
    )


@routes.get("/api/hearings/occupied")
async def find_occupied(request: http.Request) -> http.Response:
    """``{"occupied": [{id, number, title, starts, ends}]}``: accounts and points taken on ``day`` (ISO) from
    ``starts`` to ``ends`` (HH:MM, Vietnam); ``but`` is a hearing that does not count."""
    actor, asked = keys.actor(request), request.query
    try:
        starts_at = formats.parse_local(asked.get("day", ""), asked.get("starts", ""))
        ends_at = formats.parse_local(asked.get("day", ""), asked.get("ends", ""))
    except ValueError as error:
        raise BadInput(N_("Hãy chọn ngày và giờ.")) from error
    async with keys.deps(request).database.reading() as db:
        found = await occupied(db, actor, starts_at, ends_at, but=asked.get("but", ""))
    rows = [
        {
            "id": one.id,
            "number": one.number,
            "title": one.title or view.sentence(request, N_("buổi tiếp của cơ quan khác")),
            "starts": formats.clock(one.starts_at),
            "ends": formats.clock(one.ends_at),
        }
        for one in found
    ]
    return view.json({"occupied": rows})


@routes.get("/api/hearings/free")
async def find_free(request: http.Request) -> http.Response:
    """``{"free": [{day, starts, ends}]}``: the next times free for all of ``person`` and ``point`` (many), as long as
    from ``starts`` to ``ends`` and not before ``day`` (ISO) at ``starts``; ``day`` comes back as forms write it.

    With ``moves``, a hearing, for everybody and every point of it, and other times than its own."""
    actor, asked = keys.actor(request), request.query
    try:
        starts_at = formats.parse_local(asked.get("day", ""), asked.get("starts", ""))
        ends_at = formats.parse_local(asked.get("day", ""), asked.get("ends", ""))
    except ValueError as error:
        raise BadInput(N_("Hãy chọn ngày và giờ.")) from error
    length = ends_at - starts_at
    people, points = (frozenset(one for one in asked.getall(name, []) if one) for name in ("person", "point"))
    async with keys.deps(request).database.reading() as db:
        if asked.get("moves"):
            found = await elsewhere(db, actor, asked["moves"], starts_at, length)
        else:
            found = await next_free(db, actor, people, points, starts_at, length, but=asked.get("but", ""))
    return view.json({"free": [_free(request, one) for one in found]})


def _free(request: http.Request, one: FreeSlot) -> dict[str, str]:
    return {
        "day": formats.short_date(one.starts_at),
        "text": view.sentence(request, Text("%(when)s", {"when": one.starts_at})),
        "starts": formats.clock(one.starts_at),
        "ends": formats.clock(one.ends_at),
    }
