"""What the application and each request carry, under typed keys or plain names.

``signaling.socket`` is added to the same application but does not import ``web``; it finds the signed-in person
under the plain names ``request["actor"]`` (``hub.auth.Actor`` or None) and ``request["session"]``
(``models.SignInSession`` or None), and the reader's language under ``request["language"]``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiohttp import web as http
from prometheus_client import CollectorRegistry

from hub.auth import Actor
from hub.config import Config
from hub.db import Database
from hub.errors import NotSignedIn
from hub.i18n import N_
from hub.models import SignInSession
from hub.services.live import LiveView
from hub.services.store import ObjectStore

if TYPE_CHECKING:
    from hub.services.identity import Vault
    from web.view import Renderer


@dataclass(frozen=True, slots=True)
class Deps:
    """Everything the pages need from outside, injected by ``hub.main``."""

    config: Config
    database: Database
    store: ObjectStore
    vault: Vault
    live: LiveView | None
    """None when no media plane runs beside the pages (tests, ``hub serve`` without workers)."""
    registry: CollectorRegistry


DEPS: http.AppKey[Deps] = http.AppKey("deps")
RENDERER: http.AppKey[Renderer] = http.AppKey("renderer")

ACTOR = "actor"
SESSION = "session"
LANGUAGE = "language"
REQUEST_ID = "request_id"
CSRF = "csrf"
MULTIPART = "multipart"
"""The rest of an upload, after the middleware has taken and checked its first part, the CSRF token."""


def deps(request: http.Request) -> Deps:
    return request.app[DEPS]


def actor(request: http.Request) -> Actor:
    """The signed-in person. Raises ``NotSignedIn``."""
    found = request.get(ACTOR)
    if not isinstance(found, Actor):
        raise NotSignedIn(N_("Bạn cần đăng nhập để xem trang này."))
    return found


def session(request: http.Request) -> SignInSession:
    found: Any = request.get(SESSION)
    if not isinstance(found, SignInSession):
        raise NotSignedIn(N_("Bạn cần đăng nhập để xem trang này."))
    return found
