"""Our own style sheets, scripts and icons, at an address that names their version so that browsers keep them."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web as http

from web.keys import RENDERER
from web.translate import WEB_DIR

STATIC_DIR = WEB_DIR / "static"


def add_routes(app: http.Application) -> None:
    app.router.add_get("/static/{version}/{path:.+}", serve, name="static")


async def serve(request: http.Request) -> http.StreamResponse:
    """A file below ``static/``; kept for a year at its own version's address, asked for again at any other."""
    path = _file(request.match_info["path"])
    if path is None:
        raise http.HTTPNotFound
    current = request.match_info["version"] == request.app[RENDERER].static_version
    kept = "public, max-age=31536000, immutable" if current else "no-cache"
    return http.FileResponse(path, headers={"Cache-Control": kept})


def _file(name: str) -> Path | None:
    path = (STATIC_DIR / name).resolve()
    if not path.is_relative_to(STATIC_DIR) or not path.is_file():
        return None
    return path
