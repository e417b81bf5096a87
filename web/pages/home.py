"""The home page: what waits for this person today, by role."""

from __future__ import annotations

from aiohttp import web as http

from web import view

routes = http.RouteTableDef()


@routes.get("/")
async def show(request: http.Request) -> http.Response:
    return view.render(request, "home.html")
