"""How a view answers: a template in the reader's language, a redirect with a notice, or JSON."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec
from aiohttp import web as http
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from hub import minutes_text
from hub.case_moves import MOVE_NAMES
from hub.errors import BadInput, HubError
from hub.i18n import DEFAULT_LANGUAGE, LANGUAGES, N_, Text
from hub.models.people import Role
from hub.services.search import kinds
from web import format as formats
from web import kept_words, labels
from web.folding import folding
from web.keys import ACTOR, LANGUAGE, RENDERER, REQUEST_ID, SESSION, deps
from web.navigation import menu
from web.notices import NOTICES
from web.security import FLASH_COOKIE, SAFE_METHODS, cookie, csrf_token, delete_cookie, set_cookie
from web.translate import WEB_DIR, Catalogue, catalogue, script_texts


class Renderer:
    """The templates, compiled once for each language so that macros need no language passed to them."""

    def __init__(self) -> None:
        self.static_version = _static_version(WEB_DIR / "static")
        self._environments = {language: self._environment(language) for language in LANGUAGES}

    def render(self, language: str, template: str, context: Mapping[str, Any]) -> str:
        return self._environments[language].get_template(template).render(context)

    def _environment(self, language: str) -> Environment:
        book = catalogue(language)
        environment = Environment(
            loader=FileSystemLoader(WEB_DIR / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
            auto_reload=False,
        )
        environment.code_generator_class = folding(book.gettext)
        environment.install_gettext_callables(book.gettext, book.ngettext, newstyle=True)  # type: ignore[attr-defined]
        environment.globals |= {
            "language": language,
            "languages": LANGUAGES,
            "static": self.static,
            "script_texts": script_texts(language),
            "label": partial(labels.label, book),
            "labels": labels.LABELS,
            "tone": labels.tone,
            "move_names": MOVE_NAMES,
            "today_iso": lambda: formats.today().isoformat(),
            "Role": Role,
        }
        environment.globals["time_range"] = partial(formats.time_range, language=language)
        environment.filters |= {"tr": book.text, "named": book.named, **_filters(language, book)}
        return environment

    def static(self, path: str) -> str:
        """The address of a file under ``static/``; it changes when any of them does, so it may be cached for long."""
        return f"/static/{self.static_version}/{path}"


def _filters(language: str, book: Catalogue) -> dict[str, Callable[..., object]]:
    """How figures, days and texts are written."""
    return {
        "date_time": partial(formats.date_time, language=language),
        "long_date": lambda day: formats.long_date(_day(day), language),
        "short_date": formats.short_date,
        "clock": formats.clock,
        "typed_day": formats.typed_day,
        "last_day": lambda end: formats.long_date(_day(end - timedelta(microseconds=1)), language),
        "elapsed": formats.elapsed,
        "size": partial(formats.size, language=language),
        "percent": partial(formats.percent, language=language),
        "rate": partial(formats.rate, language=language),
        "iso": _iso,
        "paragraphs": _paragraphs,
        "stamped": _stamped,
        "seat_name": partial(labels.seat_name, book),
        "kept": partial(kept_words.kept, book),
        "instant": datetime.fromisoformat,
    }


@cache
def renderer() -> Renderer:
    """One for the process: compiling the templates takes a moment, and they do not change while it runs."""
    return Renderer()


def _static_version(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


def _day(value: date | datetime) -> date:
    return formats.local(value).date() if isinstance(value, datetime) else value


def _iso(instant: datetime) -> str:
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _paragraphs(text: str) -> Markup:
    """Blank lines part paragraphs, as the person typed them."""
    blocks = [block.strip() for block in text.replace("\r\n", "\n").split("\n\n")]
    return Markup("").join(
        Markup("<p>{}</p>").format(Markup("<br>").join(block.split("\n"))) for block in blocks if block
    )


def _stamped(text: str, replay: str) -> Markup:
    """Text of minutes: its line ends kept, its stamps leading to the recording's page ``replay``, '' for no link."""
    shown = []
    for piece in minutes_text.pieces(text):
        if piece.at_ms is not None and replay:
            link = Markup('<a class="stamp figures" href="{}?t={}s" data-at="{}">{}</a>')
            shown.append(link.format(replay, piece.at_ms // 1000, piece.at_ms, piece.text))
        elif piece.at_ms is not None:
            shown.append(Markup('<span class="stamp figures">{}</span>').format(piece.text))
        else:
            shown.append(Markup("<br>").join(piece.text.split("\n")))
    return Markup("").join(shown)


def told(error: HubError | None) -> dict[str, Any]:
    """The status of a page that shows a form again, and what is wrong with which field; of one that is shown anew."""
    fields = error.fields if isinstance(error, BadInput) else {}
    return {"status": error.status if error else 200, "errors": fields}


def render(request: http.Request, template: str, *, status: int = 200, **context: Any) -> http.Response:
    """A page. Every template finds ``actor`` (or None), ``csrf_token``, ``path``, ``menu`` and ``notice``."""
    actor, session = request.get(ACTOR), request.get(SESSION)
    language = language_of(request)
    notice = NOTICES.get(cookie(request, FLASH_COOKIE))
    everything = {
        "actor": actor,
        "account": session.account if session else None,
        "csrf_token": csrf_token(request),
        "path": request.path,
        "here": _here(request),
        "menu": menu(actor, request.path),
        "searches": actor is not None and bool(kinds(actor)),
        "notice": notice,
        "request_id": request.get(REQUEST_ID, ""),
        "help_phone": deps(request).config.help_phone,
        "errors": {},
        **context,
    }
    text = request.app[RENDERER].render(language, template, everything)
    response = http.Response(text=text, status=status, content_type="text/html")
    if notice:
        delete_cookie(request, response, FLASH_COOKIE)
    return response


def _here(request: http.Request) -> str:
    """What can be asked for again: this page, or the one whose form was sent to an address that takes forms only."""
    if request.method in SAFE_METHODS:
        return request.path_qs
    came = urlsplit(request.headers.get("Referer") or request.path_qs)
    return local_path(f"{came.path}?{came.query}" if came.query else came.path)


def language_of(request: http.Request) -> str:
    language = request.get(LANGUAGE, DEFAULT_LANGUAGE)
    return language if language in LANGUAGES else DEFAULT_LANGUAGE


def sentence(request: http.Request, text: Text | str) -> str:
    """A text in the reader's language."""
    return catalogue(language_of(request)).text(text)


def redirect(request: http.Request, path: str, *, notice: str = "", **query: str) -> http.Response:
    """303 to one of our own pages. ``notice`` is a key of ``web.notices.NOTICES``, shown once on the next page."""
    location = f"{path}?{urlencode(query)}" if query else path
    response = http.Response(status=303, headers={"Location": location})
    if notice:
        assert notice in NOTICES, notice
        set_cookie(request, response, FLASH_COOKIE, notice, 60)
    return response


def created(request: http.Request, path: str, *, notice: str) -> http.Response:
    """As ``redirect``; a script that asked for JSON is told the path, with the notice waiting there."""
    response = redirect(request, path, notice=notice)
    if "application/json" in request.headers.get("Accept", ""):
        response.set_status(201)
        response.body = msgspec.json.encode({"path": response.headers.popone("Location")})
        response.content_type = "application/json"
    return response


def local_path(path: str, default: str = "/") -> str:
    """A path on this site only: ``//elsewhere`` and ``https://elsewhere`` fall back to ``default``.

    Browsers leave tabs and line ends out of an address and read a backslash as a slash (WHATWG URL), so none may be in.
    """
    if not path.startswith("/") or path.startswith("//") or any(c == "\\" or c < " " or c == "\x7f" for c in path):
        return default
    return path


def json(body: Any, *, status: int = 200) -> http.Response:
    """JSON with no-store, instants in ISO 8601."""
    return http.Response(body=msgspec.json.encode(body), status=status, content_type="application/json")


async def body(request: http.Request, kind: type[Any]) -> Any:
    """The JSON body as ``kind``. Raises ``BadInput``."""
    try:
        return msgspec.json.decode(await request.read(), type=kind)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise BadInput(N_("Dữ liệu gửi lên không đúng định dạng: %(fault)s"), fault=str(error)) from error
