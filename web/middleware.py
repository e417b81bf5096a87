"""What every request passes through, outermost first: log, cookie, errors, who it is, CSRF; every answer: headers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog
from aiohttp import web as http

from hub.errors import BadInput, Forbidden, Hidden, HubError, NotFound, NotReady, NotSignedIn, TooLarge
from hub.i18n import DEFAULT_LANGUAGE, LANGUAGES, N_
from hub.ids import new_id
from hub.services import people
from web import unknown, view
from web.door_errors import is_door
from web.keys import ACTOR, CSRF, LANGUAGE, REQUEST_ID, SESSION, deps
from web.metrics import METRICS
from web.security import (
    ANONYMOUS_CSRF_COOKIE,
    LANGUAGE_COOKIE,
    SAFE_METHODS,
    SESSION_COOKIE,
    check_csrf,
    check_socket_origin,
    client_address,
    cookie,
    csrf_token,
    is_https,
    secure_headers,
    set_cookie,
)

log = structlog.get_logger(__name__)

Handler = Callable[[http.Request], Awaitable[http.StreamResponse]]

OPEN_PATHS = frozenset(
    {"/sign-in", "/language", "/healthz", "/readyz", "/metrics", "/robots.txt", "/favicon.svg", "/keys", "/notice"}
)
"""Everything else needs a sign-in; ``/metrics`` and the details of ``/readyz`` decide for themselves."""

HUNG_UP = 499
"""Noted where whoever asked did not wait for the end, as nginx does: no fault of ours."""
PASSWORD_PATHS = frozenset({"/account/password", "/sign-out", "/language"})
"""All that is open to somebody who must change the password first."""


def route_pattern(request: http.Request) -> str:
    """``/cases/{case_id}``, never the identifiers themselves; what matched nothing is one name."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "unmatched"


@http.middleware
async def logging(request: http.Request, handler: Handler) -> http.StreamResponse:
    """One line per request: no address, no query, no name."""
    request[REQUEST_ID] = new_id()
    structlog.contextvars.bind_contextvars(request_id=request[REQUEST_ID])
    started = time.perf_counter()
    status = 500
    try:
        response = await handler(request)
        status = response.status
        return response
    except asyncio.CancelledError:
        status = HUNG_UP
        raise
    finally:
        seconds = time.perf_counter() - started
        pattern = route_pattern(request)
        request.app[METRICS].observe(request.method, pattern, status, seconds)
        if not pattern.startswith("/static"):
            log.info("request", method=request.method, route=pattern, status=status, ms=round(seconds * 1000, 1))
        structlog.contextvars.unbind_contextvars("request_id")


async def headers(request: http.Request, response: http.StreamResponse) -> None:
    """Called for every answer as its head is sent: of streams and WebSockets it is gone when middleware ends."""
    secure_headers(response, https=is_https(request))
    response.headers.setdefault("X-Request-Id", request[REQUEST_ID])


@http.middleware
async def anonymous_token(request: http.Request, handler: Handler) -> http.StreamResponse:
    """A form shown before sign-in brings its token in a cookie."""
    response = await handler(request)
    if request.get(SESSION) is None and CSRF in request and not cookie(request, ANONYMOUS_CSRF_COOKIE):
        set_cookie(request, response, ANONYMOUS_CSRF_COOKIE, csrf_token(request), 24 * 3600)
    return response


@http.middleware
async def errors(request: http.Request, handler: Handler) -> http.StreamResponse:
    """The one place where errors become pages or JSON."""
    try:
        return await handler(request)
    except http.HTTPException as error:
        if error.status < 400:
            raise
        return _answer(request, _from_http(error), error.status)
    except HubError as error:
        if error.status >= 500:
            log.warning("not ready", code=error.code, fault=str(error))
        if isinstance(error, Hidden) and (words := unknown.words(request)):
            error = NotFound(words)
        return _answer(request, error, error.status)
    except Exception:
        log.exception("internal error", route=route_pattern(request))
        kept = N_("Có lỗi ở phía máy chủ. Việc vừa rồi chưa được lưu.")
        fault = HubError(N_("Trang này chưa mở được. Hãy thử lại.") if request.method in SAFE_METHODS else kept)
        return _answer(request, fault, 500)


def _from_http(error: http.HTTPException) -> HubError:
    if error.status == 404:
        return NotFound(N_("Không có trang này."))
    if error.status == 405:
        return BadInput(N_("Trang này không nhận yêu cầu như vậy."))
    if error.status == 413:
        return TooLarge(N_("Dữ liệu gửi lên quá lớn."))
    return BadInput(N_("Yêu cầu không hợp lệ."))


def wants_json(request: http.Request) -> bool:
    if request.path.startswith("/api/") or is_door(request.path):
        return True
    return "application/json" in request.headers.get("Accept", "")


def _answer(request: http.Request, error: HubError, status: int) -> http.Response:
    message = view.sentence(request, error.text)
    if wants_json(request):
        fields = {name: view.sentence(request, text) for name, text in getattr(error, "fields", {}).items()}
        body = {"error": {"code": error.code, "text": message, "fields": fields, "request_id": request[REQUEST_ID]}}
        return view.json(body, status=status)
    if isinstance(error, NotSignedIn) and request.method in SAFE_METHODS:
        following = {} if request.path == "/" else {"next": request.path_qs}
        return view.redirect(request, "/sign-in", **following)
    context = {"message": message, "status_code": status, "posted": request.method not in SAFE_METHODS}
    return view.render(request, "error.html", status=status, **context)


@http.middleware
async def identify(request: http.Request, handler: Handler) -> http.StreamResponse:
    """The session cookie becomes an ``Actor``; without one only the open paths answer."""
    request[LANGUAGE] = _chosen_language(request)
    request[ACTOR], request[SESSION] = None, None
    if request.path.startswith("/static/") or is_door(request.path):
        return await handler(request)  # the doors know bearer tokens only
    token = cookie(request, SESSION_COOKIE)
    if token and request.path not in ("/healthz", "/robots.txt", "/favicon.svg"):
        await _recognise(request, token)
    if request.get(ACTOR) is None and not _is_open(request.path):
        # A script cannot see why a WebSocket was refused: signaling opens it and says "signed_out" over it.
        if token:
            raise NotSignedIn(N_("Phiên đăng nhập đã hết hạn. Hãy đăng nhập lại."))
        raise NotSignedIn(N_("Bạn cần đăng nhập để xem trang này."))
    session = request.get(SESSION)
    if session is not None and session.account.must_change_password and not _is_open_to_renewing(request.path):
        if wants_json(request) or request.method not in SAFE_METHODS:
            raise Forbidden(N_("Bạn phải đổi mật khẩu trước khi làm việc khác."))
        return view.redirect(request, "/account/password")
    return await handler(request)


def _is_open_to_renewing(path: str) -> bool:
    return path in PASSWORD_PATHS or path.startswith("/ws/")  # told over the socket, as above


def _is_open(path: str) -> bool:
    public = ("/ws/", "/keys/", "/notice/", "/invitations/", "/board/", "/feeds/", "/verify/")
    return path in OPEN_PATHS or path.startswith(public)


async def _recognise(request: http.Request, token: str) -> None:
    """Find whom the token stands for, and prolong the session that is in use."""
    hub = deps(request)
    async with hub.database.reading() as db:
        found = await people.actor_for_token(db, token, client_address(request), allow_demo=hub.config.demo)
    if found is None:
        return
    request[ACTOR], request[SESSION] = found
    request[LANGUAGE] = found[0].language
    with suppress(NotReady):  # a database that cannot be written just now must not stop anyone from reading
        await people.extend_session(hub.database, hub.config, found[1])


def _chosen_language(request: http.Request) -> str:
    language = cookie(request, LANGUAGE_COOKIE)
    return language if language in LANGUAGES else DEFAULT_LANGUAGE


@http.middleware
async def guard(request: http.Request, handler: Handler) -> http.StreamResponse:
    """Every unsafe request carries our token; every WebSocket comes from our own pages."""
    if is_door(request.path):
        return await handler(request)  # no cookie counts there, so no page can misuse one
    if request.method not in SAFE_METHODS:
        await check_csrf(request)
    elif request.headers.get("Upgrade", "").lower() == "websocket":
        check_socket_origin(request)
    return await handler(request)


MIDDLEWARES = (logging, anonymous_token, errors, identify, guard)
