"""How the standard doors say no: problem details (RFC 9457) in the caller's language, and who may come in at all."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from functools import wraps

import structlog
from aiohttp import web as http

from hub.errors import HubError, NotReady, NotSignedIn, TooManyAttempts
from hub.i18n import LANGUAGES, N_
from hub.models import DeviceToken, DoorDirection
from hub.services import device_tokens
from web import view
from web.keys import KNOCKS, LANGUAGE, deps
from web.security import client_address

RETRY_S = 5
"""When a device should ask again that came before we could take it."""

_REASONS = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    409: "Conflict",
    412: "Precondition Failed",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    422: "Unprocessable Content",
    428: "Precondition Required",
    429: "Too Many Requests",
    503: "Service Unavailable",
}

log = structlog.get_logger(__name__)

Handler = Callable[[http.Request], Awaitable[http.Response]]


class DoorError(HubError):
    """A refusal of HTTP's own kind; keyword arguments that name headers are sent as such."""

    def __init__(self, status: int, message: str, Allow: str = "", **params: object) -> None:  # noqa: N803 - a header
        super().__init__(message, **params)
        self.http_status = status
        self.headers = {"Allow": Allow} if Allow else {}


def is_door(path: str) -> bool:
    return path.startswith(("/whip/", "/whep/"))


def answered(handler: Handler) -> Handler:
    """Errors become problem details; everything may be read by pages of other origins."""

    @wraps(handler)
    async def wrapped(request: http.Request) -> http.Response:
        request[LANGUAGE] = _language(request)
        try:
            return cors(await handler(request))
        except HubError as error:
            return cors(_problem(request, error))

    return wrapped


def cors(response: http.Response) -> http.Response:
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Allow-Methods"] = "OPTIONS, POST, PATCH, DELETE"
    response.headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type, If-Match"
    response.headers["Access-Control-Expose-Headers"] = "Accept-Patch, ETag, Link, Location, Retry-After"
    response.headers["Access-Control-Max-Age"] = "600"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


async def authorised(request: http.Request, hearing_id: str, seat_id: str, direction: DoorDirection) -> DeviceToken:
    """The token's row. Raises ``NotSignedIn``, ``Forbidden``, ``TooManyAttempts``."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise NotSignedIn(N_("Cần mã kết nối: Authorization: Bearer …"))
    knocks, address = request.app[KNOCKS], client_address(request)
    digest = hashlib.sha256(token.encode()).digest()
    if wait_s := knocks.wait_s(address, digest):
        raise TooManyAttempts(N_("Quá nhiều mã sai từ địa chỉ này. Hãy thử lại sau %(seconds)s giây."), seconds=wait_s)
    try:
        async with deps(request).database.reading() as db:
            row = await device_tokens.find(db, token, hearing_id, seat_id, direction)
            db.expunge_all()
    except NotSignedIn:
        knocks.wrong(address)
        raise
    knocks.right(digest)
    return row


def begins(request: http.Request, token: DeviceToken) -> None:
    """Raises ``TooManyAttempts`` for a token that begins connections all the time."""
    if wait_s := request.app[KNOCKS].begin_wait_s(token.id):
        raise TooManyAttempts(
            N_("Thiết bị này kết nối lại quá nhiều lần. Hãy thử lại sau %(seconds)s giây."), seconds=wait_s
        )


def _problem(request: http.Request, error: HubError) -> http.Response:
    status = getattr(error, "http_status", error.status)
    body = {"type": "about:blank", "title": _REASONS.get(status, "Error"), "status": status, "code": error.code}
    response = view.json({**body, "detail": view.sentence(request, error.text)}, status=status)
    response.content_type = "application/problem+json"
    response.headers.update(getattr(error, "headers", {}))
    if status == 401:
        invalid = ', error="invalid_token"' if "Authorization" in request.headers else ""
        response.headers["WWW-Authenticate"] = f'Bearer realm="hub"{invalid}'
    elif status == 403:
        response.headers["WWW-Authenticate"] = 'Bearer realm="hub", error="insufficient_scope"'
    elif isinstance(error, TooManyAttempts):
        response.headers["Retry-After"] = str(error.text.params.get("seconds", RETRY_S))
    elif isinstance(error, NotReady):
        response.headers["Retry-After"] = str(RETRY_S)
    return response


def _language(request: http.Request) -> str:
    """The first language asked for that we have; a device that says nothing reads Vietnamese."""
    for asked in request.headers.get("Accept-Language", "").split(","):
        language = asked.split(";", 1)[0].split("-", 1)[0].strip().lower()
        if language in LANGUAGES:
            return language
    return "vi"
