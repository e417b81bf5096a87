"""Signing in and out, and the choice of language, which is open to everyone."""

from __future__ import annotations

from aiohttp import web as http

from hub.errors import BadInput, TooManyAttempts
from hub.i18n import DEFAULT_LANGUAGE, LANGUAGES
from hub.services import people
from web import forms, view
from web.keys import ACTOR, STRANGERS, deps, tell_live
from web.security import LANGUAGE_COOKIE, SESSION_COOKIE, client_address, cookie, delete_cookie, set_cookie

routes = http.RouteTableDef()

YEAR_S = 365 * 24 * 3600


@routes.get("/sign-in")
async def show(request: http.Request) -> http.Response:
    if request.get(ACTOR) is not None:
        return view.redirect(request, view.local_path(request.query.get("next", "/")))
    return _page(request, {}, request.query.get("next", "/"))


@routes.post("/sign-in")
async def sign_in(request: http.Request) -> http.Response:
    """Sets the session cookie and goes where the person wanted to go; a failure keeps the name that was typed."""
    form = await forms.read(request)
    username, wanted = form.text("username"), view.local_path(form.text("next"))
    hub = deps(request)
    try:
        token, _session = await people.sign_in(
            hub.database,
            hub.config,
            username,
            form.secret("password"),
            address=client_address(request),
            user_agent=request.headers.get("User-Agent", "")[:200],
            strangers=request.app[STRANGERS],
        )
    except (BadInput, TooManyAttempts) as error:
        return _page(request, {"username": username}, wanted, error=error)
    if before := cookie(request, SESSION_COOKIE):  # whoever sat here before is signed out, not only forgotten
        async with hub.database.transaction() as db:
            await people.sign_out(db, before)
        if (actor := request.get(ACTOR)) is not None:
            tell_live(request, actor.account_id)
    response = view.redirect(request, wanted)
    set_cookie(request, response, SESSION_COOKIE, token)
    return response


@routes.post("/sign-out")
async def sign_out(request: http.Request) -> http.Response:
    token = cookie(request, SESSION_COOKIE)
    async with deps(request).database.transaction() as db:
        await people.sign_out(db, token)
    if (actor := request.get(ACTOR)) is not None:
        tell_live(request, actor.account_id)
    response = view.redirect(request, "/sign-in", notice="signed_out")
    delete_cookie(request, response, SESSION_COOKIE)
    # Nothing seen by the last person stays in the browser's memory for the next.
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


@routes.post("/language")
async def choose_language(request: http.Request) -> http.Response:
    """Kept in a cookie, and for who is signed in with the account too."""
    form = await forms.read(request)
    language = form.text("language") if form.text("language") in LANGUAGES else DEFAULT_LANGUAGE
    actor = request.get(ACTOR)
    if actor is not None:
        async with deps(request).database.transaction() as db:
            await people.set_language(db, actor, language)
    response = view.redirect(request, view.local_path(form.text("next")))
    set_cookie(request, response, LANGUAGE_COOKIE, language, YEAR_S)
    return response


def _page(
    request: http.Request, values: dict[str, str], wanted: str, error: BadInput | TooManyAttempts | None = None
) -> http.Response:
    return view.render(
        request,
        "signin.html",
        status=error.status if error else 200,
        values=values,
        next=view.local_path(wanted),
        message=error.text if error else "",
    )
