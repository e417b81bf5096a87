"""Response headers, cookies and the CSRF check: what keeps a page from being used against the person who sees it."""

from __future__ import annotations

import hmac
import secrets
from urllib.parse import urlsplit

from aiohttp import BodyPartReader
from aiohttp import web as http
from aiohttp.http_exceptions import HttpProcessingError

from hub.config import Config
from hub.errors import BadInput, Forbidden
from hub.i18n import N_
from hub.models import SignInSession
from web.keys import CSRF, MULTIPART, SESSION, deps

SESSION_COOKIE = "hub_session"
HOST_PREFIX = "__Host-"
"""Over TLS before every cookie's name: no other host of the domain and no plain page can set it (RFC 6265bis)."""
ANONYMOUS_CSRF_COOKIE = "hub_csrf"
LANGUAGE_COOKIE = "hub_language"
FLASH_COOKIE = "hub_flash"

CSRF_FIELD = "csrf_token"
CSRF_HEADER = "X-CSRF-Token"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
MAX_TOKEN_BYTES = 200

POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; connect-src 'self'; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


def secure_headers(response: http.StreamResponse, *, https: bool) -> None:
    """Set on everything we answer; a view may set a stricter value first."""
    headers = response.headers
    headers.setdefault("Content-Security-Policy", POLICY)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
    headers.setdefault(
        "Permissions-Policy", "camera=(self), microphone=(self), display-capture=(self), geolocation=(), payment=()"
    )
    headers.setdefault("Cache-Control", "no-store")
    headers["Server"] = "hub"  # aiohttp would name itself and Python, with their versions
    if https:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")


def is_https(request: http.Request) -> bool:
    """Whether the browser came over TLS: to us, or to the reverse proxy that we are told to trust."""
    config = deps(request).config
    if config.behind_proxy:
        return request.headers.get("X-Forwarded-Proto", "").lower() == "https"
    return config.https


def client_address(request: http.Request) -> str:
    """The client's address; behind a proxy the last one named, which is the one our own proxy wrote."""
    config: Config = deps(request).config
    if config.behind_proxy:
        forwarded = request.headers.get("X-Forwarded-For", "").rsplit(",", 1)[-1].strip()
        if forwarded:
            return forwarded[:64]
    return (request.remote or "")[:64]


def own_address(request: http.Request) -> str:
    """The address that the person's browser reached us at: from the same network a device will too."""
    config = deps(request).config
    if config.public_url:
        return config.public_url.rstrip("/")
    host = request.headers.get("X-Forwarded-Host", request.host) if config.behind_proxy else request.host
    return f"{'https' if is_https(request) else 'http'}://{host}"


def set_cookie(
    request: http.Request, response: http.StreamResponse, name: str, value: str, max_age_s: int | None = None
) -> None:
    """Without an age the browser forgets the cookie when it is closed."""
    https = is_https(request)
    name = HOST_PREFIX + name if https else name
    response.set_cookie(name, value, max_age=max_age_s, path="/", httponly=True, samesite="Lax", secure=https)


def cookie(request: http.Request, name: str) -> str:
    """What ``set_cookie`` set; empty without it."""
    return request.cookies.get(HOST_PREFIX + name if is_https(request) else name, "")


def delete_cookie(request: http.Request, response: http.StreamResponse, name: str) -> None:
    https = is_https(request)
    response.del_cookie(HOST_PREFIX + name if https else name, path="/", secure=https, httponly=True, samesite="Lax")


def csrf_token(request: http.Request) -> str:
    """The token for this person's forms: the session's, or before sign-in one kept in a cookie."""
    session: SignInSession | None = request.get(SESSION)
    if session is not None:
        return session.csrf_token
    token: str = request.get(CSRF, "")
    if not token:
        token = cookie(request, ANONYMOUS_CSRF_COOKIE)[:MAX_TOKEN_BYTES] or secrets.token_urlsafe(24)
        request[CSRF] = token
    return token


async def check_csrf(request: http.Request) -> None:
    """Refuse an unsafe request that our own page did not send. Raises ``Forbidden``.

    The token comes in the header, in the form field, or for an upload as the first part of the multipart body,
    so that a large file need not be read before it is known who sends it.
    """
    _same_origin(request)
    token = request.headers.get(CSRF_HEADER, "") or await _token_in_body(request)
    expected = csrf_token(request)
    anonymous = request.get(SESSION) is None
    if anonymous and not cookie(request, ANONYMOUS_CSRF_COOKIE):
        expected = ""
    if not expected or not hmac.compare_digest(token.encode(), expected.encode()):
        raise Forbidden(
            N_("Trang này đã mở quá lâu hoặc được gửi từ nơi khác. Hãy quay lại, tải lại trang và gửi lại.")
        )


def check_socket_origin(request: http.Request) -> None:
    """A WebSocket is not bound by the same-origin policy; its Origin must be ours. Raises ``Forbidden``."""
    _same_origin(request)


def _same_origin(request: http.Request) -> None:
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        raise Forbidden(N_("Yêu cầu được gửi từ một trang web khác nên đã bị từ chối."))
    origin = request.headers.get("Origin")
    if origin and _netloc(origin) != _host(request):
        raise Forbidden(N_("Yêu cầu được gửi từ một trang web khác nên đã bị từ chối."))


def _netloc(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:  # "http://[": nothing that a browser sends
        return ""


def _host(request: http.Request) -> str:
    if deps(request).config.behind_proxy:
        return request.headers.get("X-Forwarded-Host", request.host)
    return request.host


async def _token_in_body(request: http.Request) -> str:
    if request.content_type == "multipart/form-data":
        try:
            reader = await request.multipart()
            part = await reader.next()
        except (ValueError, HttpProcessingError) as error:
            raise BadInput(N_("Không đọc được biểu mẫu đã gửi.")) from error
        request[MULTIPART] = reader
        if not isinstance(part, BodyPartReader) or part.name != CSRF_FIELD:
            return ""
        return (await part.read_chunk(MAX_TOKEN_BYTES)).decode("ascii", "replace")
    if request.content_type == "application/x-www-form-urlencoded":
        form = await request.post()
        return str(form.get(CSRF_FIELD, ""))
    return ""
