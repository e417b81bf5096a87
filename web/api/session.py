"""Whose session this browser has: a page asks before it sends what was typed into it."""

from __future__ import annotations

from aiohttp import web as http

from web import keys, view
from web.security import csrf_token

routes = http.RouteTableDef()


@routes.get("/api/session")
async def show(request: http.Request) -> http.Response:
    """``{"account", "csrf_token"}``; without a session the middleware answers 401."""
    return view.json({"account": keys.actor(request).account_id, "csrf_token": csrf_token(request)})
