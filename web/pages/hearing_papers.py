"""Before a hearing: its cases' papers in the order in which they will be heard, to be read, ordered and printed."""

from __future__ import annotations

from aiohttp import web as http

from hub.services import hearing_agenda
from hub.services import hearing_papers as papers
from web import forms, keys, view

routes = http.RouteTableDef()


@routes.get("/hearings/{hearing_id}/papers")
async def show(request: http.Request) -> http.Response:
    actor = keys.actor(request)
    async with keys.deps(request).database.reading() as db:
        hearing, found = await papers.papers(db, actor, request.match_info["hearing_id"])
    orderable = hearing.opened_at is None and len(found) > 1 and hearing_agenda.may_order(actor, hearing)
    return view.render(request, "papers/show.html", hearing=hearing, papers=found, orderable=orderable)


@routes.post("/hearings/{hearing_id}/papers/{case_id}/read")
async def mark_read(request: http.Request) -> http.Response:
    actor, hub = keys.actor(request), keys.deps(request)
    hearing_id, case_id = request.match_info["hearing_id"], request.match_info["case_id"]
    await forms.read(request)
    async with hub.database.transaction() as db:
        await papers.mark_read(db, actor, hearing_id, case_id)
    return view.redirect(request, f"/hearings/{hearing_id}/papers", notice="papers_read")


@routes.post("/hearings/{hearing_id}/papers/order")
async def order(request: http.Request) -> http.Response:
    actor, hub, hearing_id = keys.actor(request), keys.deps(request), request.match_info["hearing_id"]
    form = await forms.read(request)
    async with hub.database.transaction() as db:
        await hearing_agenda.order(db, actor, hearing_id, form.many("case_ids"))
    return view.redirect(request, f"/hearings/{hearing_id}/papers", notice="cases_ordered")
