"""``/api/probe``: a device check asks for the relays there are, and a media worker whether media can reach it."""

from __future__ import annotations

import msgspec
from aiohttp import web

from hub.auth import Actor
from hub.errors import HubError, NotSignedIn, ProtocolError, TooLarge
from hub.i18n import N_
from hub.ids import new_id
from hub.turn import IceServer
from signaling.codec import MAX_MESSAGE_BYTES
from signaling.live import Live
from signaling.socket import ActorOf, Translate, same_origin


class ProbeOffer(msgspec.Struct, frozen=True):
    """An SDP offer with a data channel or any media; the answer is ICE and DTLS only."""

    sdp: str


class ProbeServers(msgspec.Struct, frozen=True):
    ice_servers: list[IceServer]


class ProbeAnswer(msgspec.Struct, frozen=True):
    sdp: str


_decoder = msgspec.json.Decoder(ProbeOffer)


def add_routes(app: web.Application, live: Live, *, actor_of: ActorOf, translate: Translate) -> None:
    behind_proxy = live.context.config.behind_proxy

    async def signed_in(request: web.Request) -> Actor:
        if not same_origin(request, behind_proxy=behind_proxy):
            raise web.HTTPForbidden
        actor = await actor_of(request)
        if actor is None:
            raise NotSignedIn(N_("Hãy đăng nhập lại."))
        return actor

    def refusal(error: HubError, language: str) -> web.Response:
        body = {"error": {"code": error.code, "text": translate(language, error.text)}}
        return web.json_response(body, status=error.status)

    async def servers(request: web.Request) -> web.Response:
        try:
            actor = await signed_in(request)
        except HubError as error:
            return refusal(error, "vi")
        found = ProbeServers(live.context.ice_servers(actor.account_id))
        headers = {"Cache-Control": "no-store"}
        return web.Response(body=msgspec.json.encode(found), content_type="application/json", headers=headers)

    async def probe(request: web.Request) -> web.Response:
        language = "vi"
        try:
            actor = await signed_in(request)
            language = actor.language
            offer = await _read(request)
            sdp = await live.probe(new_id(), actor.account_id, offer.sdp)
        except HubError as error:
            return refusal(error, language)
        return web.Response(body=msgspec.json.encode(ProbeAnswer(sdp)), content_type="application/json")

    app.router.add_get("/api/probe", servers)
    app.router.add_post("/api/probe", probe)


async def _read(request: web.Request) -> ProbeOffer:
    if request.content_type != "application/json":
        raise ProtocolError(N_("Thông điệp không đúng giao thức: %(fault)s"), fault="content type")
    if (request.content_length or 0) > MAX_MESSAGE_BYTES:
        raise TooLarge(N_("Thông điệp quá lớn."))
    body = await request.read()
    if len(body) > MAX_MESSAGE_BYTES:
        raise TooLarge(N_("Thông điệp quá lớn."))
    try:
        return _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise ProtocolError(N_("Thông điệp không đúng giao thức: %(fault)s"), fault=str(error)) from error
