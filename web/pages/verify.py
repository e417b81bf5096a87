"""Is this paper genuine? For everybody who holds one: what the QR code on it leads to."""

from __future__ import annotations

import asyncio
import hashlib

from aiohttp import web as http

from hub import signing_keys
from hub.errors import NotFound, TooManyAttempts
from hub.i18n import N_
from hub.services import document_checks
from hub.services.knocks import Knocks
from web import keys, view
from web.security import client_address

routes = http.RouteTableDef()

CHECKS: http.AppKey[Knocks] = http.AppKey("checks")


@routes.get("/verify/{token}")
async def verify(request: http.Request) -> http.Response:
    """Wrong tokens are counted by address; 128 random bits are not found by trying, but trying must cost us nothing."""
    hub, knocks, token = keys.deps(request), request.app[CHECKS], request.match_info["token"]
    address, digest = client_address(request), hashlib.sha256(token.encode()).digest()
    if knocks.wait_s(address, digest):
        raise TooManyAttempts(N_("Đã thử quá nhiều mã sai từ địa chỉ này. Hãy đợi một phút rồi thử lại."))
    trusted = await asyncio.to_thread(signing_keys.public_keys, hub.config)
    try:
        async with hub.database.reading() as db:
            verdict = await document_checks.check(db, trusted, token)
            reader = request.get(keys.ACTOR)
            case_id = await document_checks.own_case(db, reader, token) if reader else ""
    except NotFound as error:
        knocks.wrong(address)
        return view.render(request, "paperwork/verify.html", status=404, verdict=None, message=error.text)
    knocks.right(digest)
    return view.render(request, "paperwork/verify.html", verdict=verdict, case_id=case_id, message="")
