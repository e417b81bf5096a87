"""WHIP (RFC 9725) and WHEP (draft-ietf-wish-whep): where room encoders and wall displays come in, by bearer token.

No cookie is read and none is set here, so any origin may ask (CORS): a page of somebody else has no token of ours.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from aiohttp import web as http

from hub import turn
from hub.errors import BadInput, NotFound, NotReady, TooLarge
from hub.i18n import N_
from hub.ids import utc_now
from hub.models import DeviceToken, DoorDirection
from hub.services.doors import Doors, IceChange
from web import keys
from web.door_errors import DoorError, answered, authorised, begins, cors
from web.security import client_address

routes = http.RouteTableDef()

SDP = "application/sdp"
FRAGMENT = "application/trickle-ice-sdpfrag"
MAX_SDP_BYTES = 256 * 1024
DIRECTIONS = {"whip": DoorDirection.PUBLISH, "whep": DoorDirection.WATCH}

ENDPOINT = "/{door:whip|whep}/{hearing_id:[0-9a-f]{32}}/{seat_id:[0-9a-f]{32}}"
SESSION = ENDPOINT + "/{session_id:[0-9a-f]{32}}"

_CREDENTIAL = {
    "ufrag": re.compile(r"^a=ice-ufrag:([A-Za-z0-9+/]{4,256})\r?$", re.MULTILINE),
    "password": re.compile(r"^a=ice-pwd:([A-Za-z0-9+/]{22,256})\r?$", re.MULTILINE),
}


@routes.options(ENDPOINT)
async def endpoint_options(_request: http.Request) -> http.Response:
    """What may be posted here, for browsers of other origins and for the curious; needs no token (Fetch §4.8)."""
    return cors(http.Response(status=204, headers={"Allow": "OPTIONS, POST", "Accept-Post": SDP}))


@routes.options(SESSION)
async def session_options(_request: http.Request) -> http.Response:
    allowed = {"Allow": "OPTIONS, PATCH, DELETE", "Accept-Patch": FRAGMENT}
    return cors(http.Response(status=204, headers=allowed))


@routes.post(ENDPOINT)
@answered
async def enter(request: http.Request) -> http.Response:
    """Begin a session: the offer comes in, 201 with the answer goes out (RFC 9725 section 4.2)."""
    token = await _token(request)
    accept = request.headers.get("Accept", "*/*")
    if not any(kind in accept for kind in (SDP, "application/*", "*/*")):
        raise DoorError(406, N_("Câu trả lời chỉ có dạng application/sdp."))
    offer = await _body(request, SDP)
    begins(request, token)
    entered = await _doors(request).enter(token, offer, client_address(request))
    headers = {
        "Location": f"{request.path.rstrip('/')}/{entered.session_id}",
        "ETag": f'"{entered.etag}"',
        "Accept-Patch": FRAGMENT,
    }
    response = http.Response(status=201, text=entered.sdp, content_type=SDP, headers=headers)
    for link in _ice_servers(request, token):
        response.headers.add("Link", link)
    return response


@routes.patch(SESSION)
@answered
async def change_ice(request: http.Request) -> http.Response:
    """Trickled candidates or an ICE restart (RFC 9725 section 4.3). We answer checks and never send any, so what a
    client trickles is not needed: 204."""
    token = await _session(request)
    text = await _body(request, FRAGMENT)
    matches = request.headers.get("If-Match")
    if matches is None:
        raise DoorError(428, N_("Thiếu If-Match: ETag của phiên, hoặc * để khởi động lại ICE."))
    restart = matches.strip() == "*"
    if not restart and f'"{token.etag}"' not in [one.strip().removeprefix("W/") for one in matches.split(",")]:
        raise DoorError(412, N_("ETag không còn đúng: ICE đã được khởi động lại."))
    found = {name: pattern.search(text) for name, pattern in _CREDENTIAL.items()}
    ufrag, password = (match[1] if match else "" for match in found.values())
    if restart and not (ufrag and password):
        raise BadInput(N_("Khởi động lại ICE cần a=ice-ufrag và a=ice-pwd mới."))
    if restart:
        begins(request, token)
    restarted = await _doors(request).change_ice(token, IceChange(ufrag, password, restart)) if restart else None
    if restarted is None:
        return http.Response(status=204)
    headers = {"ETag": f'"{restarted.etag}"'}
    return http.Response(status=200, text=restarted.fragment, content_type=FRAGMENT, headers=headers)


@routes.delete(SESSION)
@answered
async def leave(request: http.Request) -> http.Response:
    """End the session (RFC 9725 section 4.2)."""
    token = await _session(request)
    await _doors(request).leave(token, client_address(request))
    return http.Response(status=200)


@routes.route("*", ENDPOINT)
@routes.route("*", SESSION)
@answered
async def others(request: http.Request) -> http.Response:
    """GET, HEAD and PUT are reserved (RFC 9725 section 4.1)."""
    allow = "OPTIONS, PATCH, DELETE" if "session_id" in request.match_info else "OPTIONS, POST"
    raise DoorError(405, N_("Địa chỉ này không nhận phương thức đó."), Allow=allow)


async def _token(request: http.Request) -> DeviceToken:
    where = request.match_info
    return await authorised(request, where["hearing_id"], where["seat_id"], DIRECTIONS[where["door"]])


async def _session(request: http.Request) -> DeviceToken:
    """The token, when it carries this very session. Raises ``NotFound``."""
    token = await _token(request)
    if token.session_id != request.match_info["session_id"]:
        raise NotFound(N_("Phiên kết nối này đã kết thúc."))
    return token


async def _body(request: http.Request, media_type: str) -> str:
    if request.content_type != media_type:
        raise DoorError(415, N_("Nội dung phải có dạng %(type)s."), type=media_type)
    data = await request.content.read(MAX_SDP_BYTES + 1)
    while len(data) <= MAX_SDP_BYTES and not request.content.at_eof():
        data += await request.content.read(MAX_SDP_BYTES + 1 - len(data))
    if len(data) > MAX_SDP_BYTES:
        raise TooLarge(N_("Dữ liệu gửi lên quá lớn."))
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise BadInput(N_("Không đọc được bản mô tả SDP: %(reason)s"), reason="UTF-8") from error


def _doors(request: http.Request) -> Doors:
    doors = keys.deps(request).doors
    if doors is None:
        raise NotReady(N_("Máy chủ truyền hình chưa sẵn sàng. Hãy thử lại sau ít giây."))
    return doors


def _ice_servers(request: http.Request, token: DeviceToken) -> list[str]:
    """TURN servers for networks that let nothing through to the media port (RFC 9725 section 4.6)."""
    config = keys.deps(request).config
    if not config.turn_urls:
        return []
    given = turn.credentials(config.turn_secret, token.seat_id, utc_now())
    secret: Mapping[str, str] = {"username": given.username, "credential": given.password}
    words = "; ".join(f'{name}="{value}"' for name, value in secret.items())
    return [f'<{url}>; rel="ice-server"; {words}; credential-type="password"' for url in config.turn_urls]
