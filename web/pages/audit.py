"""The audit trail, for auditors and administrators, within their scope."""

from __future__ import annotations

from aiohttp import web as http

from hub.services import audit
from web import forms, keys, view
from web.navigation import CASE_ROLES, HEARING_ROLES

routes = http.RouteTableDef()

PAGE = 100

_LINKS = {
    "case": ("/cases/", CASE_ROLES),
    "hearing": ("/hearings/", HEARING_ROLES),
    "recording": ("/recordings/", HEARING_ROLES),
}
"""Where an object of the trail is shown, and to whom: an administrator sees that something was done, not what it is."""


@routes.get("/audit")
async def index(request: http.Request) -> http.Response:
    """The newest first, by day, kind of action and object."""
    actor, asked = keys.actor(request), request.query
    page = forms.query_number(asked, "page")
    query = audit.AuditQuery(
        first_day=forms.query_day(asked, "from"),
        last_day=forms.query_day(asked, "to"),
        action=asked.get("action", ""),
        object_type=asked.get("type", ""),
        object_id=asked.get("object", ""),
        account_id=asked.get("account", ""),
        limit=PAGE + 1,
        offset=page * PAGE,
    )
    async with keys.deps(request).database.reading() as db:
        rows = await audit.list_events(db, actor, query)
    return view.render(
        request,
        "admin/audit.html",
        rows=rows[:PAGE],
        more=len(rows) > PAGE,
        page=page,
        asked=dict(asked),
        filtered=any(asked.get(name) for name in ("from", "to", "action", "type", "object", "account")),
        links={kind: path for kind, (path, roles) in _LINKS.items() if any(actor.has_role(role) for role in roles)},
    )
