"""The audit trail, for auditors and administrators, within their scope."""

from __future__ import annotations

from aiohttp import web as http

from hub.auth import Action, may_somewhere
from hub.services import audit
from web import forms, keys, paging, view

routes = http.RouteTableDef()

PAGE = 100

_LINKS = {
    "case": ("/cases/", Action.READ_CASE),
    "hearing": ("/hearings/", Action.READ_HEARING),
    "legal_rule": ("/rules/", Action.READ_RULES),
    "holiday": ("/holidays/", Action.READ_RULES),
    "recording": ("/recordings/", Action.READ_HEARING),
}
"""Where an object of the trail is shown, and to whom: an administrator sees that something was done, not what it is."""


@routes.get("/audit")
async def index(request: http.Request) -> http.Response:
    """The newest first, by day, kind of action and object."""
    actor, asked = keys.actor(request), request.query
    here = paging.trail(asked)
    query = audit.AuditQuery(
        first_day=forms.query_day(asked, "from"),
        last_day=forms.query_day(asked, "to"),
        action=asked.get("action", ""),
        object_type=asked.get("type", ""),
        object_id=asked.get("object", ""),
        account_id=asked.get("account", ""),
        limit=PAGE + 1,
        after=here.here,
    )
    async with keys.deps(request).database.reading() as db:
        rows = await audit.list_events(db, actor, query)
    return view.render(
        request,
        "admin/audit.html",
        rows=rows[:PAGE],
        paging=paging.paging("/audit", asked, here, rows[PAGE - 1].cursor if len(rows) > PAGE else None),
        asked=dict(asked),
        filtered=any(asked.get(name) for name in ("from", "to", "action", "type", "object", "account")),
        links={kind: path for kind, (path, action) in _LINKS.items() if may_somewhere(actor, action)},
    )
