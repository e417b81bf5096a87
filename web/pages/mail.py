"""Letters by e-mail, for administrators: what waits, what was sent, what failed and why."""

from __future__ import annotations

from aiohttp import web as http

from hub.models import MailState
from hub.services import mailing
from web import forms, keys, view

routes = http.RouteTableDef()


@routes.get("/mail")
async def show(request: http.Request) -> http.Response:
    actor, hub, asked = keys.actor(request), keys.deps(request), request.query
    state = forms.query_choice(asked, "state", MailState)
    page = forms.query_number(asked, "page")
    async with hub.database.reading() as db:
        rows = await mailing.find(db, actor, state, limit=mailing.PAGE + 1, offset=page * mailing.PAGE)
        counts = await mailing.counts(db, actor)
    return view.render(
        request,
        "mail/index.html",
        rows=rows[: mailing.PAGE],
        more=len(rows) > mailing.PAGE,
        counts=counts,
        state=state,
        page=page,
        asked=dict(asked),
        server=hub.config.smtp_host,
        sender=hub.config.smtp_from,
    )


@routes.post("/mail/{mail_id}/retry")
async def retry(request: http.Request) -> http.Response:
    actor = keys.actor(request)
    async with keys.deps(request).database.transaction() as db:
        await mailing.retry(db, actor, request.match_info["mail_id"])
    return view.redirect(request, "/mail", notice="mail_retried")
