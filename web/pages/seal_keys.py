"""The public keys of the hub's seals, for everybody: a court's expert has no account."""

from __future__ import annotations

import asyncio

from aiohttp import web as http

from hub import signing_keys
from hub.errors import NotFound
from hub.i18n import N_
from web import keys, view

routes = http.RouteTableDef()


@routes.get("/keys")
async def show(request: http.Request) -> http.Response:
    """Every key with its fingerprint, the newest first."""
    found = await asyncio.to_thread(signing_keys.public_keys, keys.deps(request).config)
    return view.render(request, "pages/keys.html", keys=list(reversed(found.values())))


@routes.get("/keys/{fingerprint}.pem")
async def pem(request: http.Request) -> http.Response:
    """One key as ``openssl`` reads it. Raises ``NotFound``."""
    found = await asyncio.to_thread(signing_keys.public_keys, keys.deps(request).config)
    key = found.get(request.match_info["fingerprint"])
    if key is None:
        raise NotFound(N_("Không tìm thấy khóa này."))
    headers = {"Content-Disposition": f'attachment; filename="{key.fingerprint[:16]}.pem"'}
    return http.Response(text=key.pem, content_type="application/x-pem-file", headers=headers)
