"""What the application and each request carry, under typed keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import MultipartReader
from aiohttp import web as http
from prometheus_client import CollectorRegistry

from hub.auth import Actor
from hub.config import Config
from hub.db import Database
from hub.errors import NotSignedIn
from hub.i18n import N_
from hub.models import SignInSession
from hub.services.doors import Doors
from hub.services.knocks import Knocks
from hub.services.live import LiveView
from hub.services.store import ObjectStore
from hub.services.strangers import Strangers

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
    doors: Doors | None = None
    """Where room encoders and wall displays come in; None as ``live``."""


DEPS: http.AppKey[Deps] = http.AppKey("deps")
RENDERER: http.AppKey[Renderer] = http.AppKey("renderer")
STRANGERS: http.AppKey[Strangers] = http.AppKey("strangers")
KNOCKS: http.AppKey[Knocks] = http.AppKey("knocks")

ACTOR: http.RequestKey[Actor | None] = http.RequestKey("actor")
SESSION: http.RequestKey[SignInSession | None] = http.RequestKey("session")
LANGUAGE: http.RequestKey[str] = http.RequestKey("language")
REQUEST_ID: http.RequestKey[str] = http.RequestKey("request_id")
CSRF: http.RequestKey[str] = http.RequestKey("csrf")
"""The token of a page made for somebody who is not signed in."""
MULTIPART: http.RequestKey[MultipartReader] = http.RequestKey("multipart")
"""The rest of an upload, after the middleware has taken and checked its first part, the CSRF token."""


def deps(request: http.Request) -> Deps:
    return request.app[DEPS]


def actor(request: http.Request) -> Actor:
    """The signed-in person. Raises ``NotSignedIn``."""
    found: Actor | None = request.get(ACTOR)
    if found is None:
        raise NotSignedIn(N_("Bạn cần đăng nhập để xem trang này."))
    return found


def tell_live(request: http.Request, account_id: str) -> None:
    """The account's sessions, roles or state changed: its browsers in hearings are asked at once."""
    live = deps(request).live
    if live is not None:
        live.account_changed(account_id)


def session(request: http.Request) -> SignInSession:
    found: SignInSession | None = request.get(SESSION)
    if found is None:
        raise NotSignedIn(N_("Bạn cần đăng nhập để xem trang này."))
    return found
