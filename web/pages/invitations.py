"""Answering an invitation through the letter's link, and personal calendar feeds: no sign-in, the secret alone opens.

Looking changes nothing: mail programs and scanners open links by themselves.
"""

from __future__ import annotations

from typing import Any

from aiohttp import web as http

from hub.errors import BadInput
from hub.i18n import LANGUAGES, N_
from hub.ids import utc_now
from hub.models import Answer
from hub.services import invitation_answers, invitations
from hub.services.invitation_answers import Opened
from web import forms, keys, view
from web.keys import LANGUAGE
from web.security import LANGUAGE_COOKIE, client_address, cookie

routes = http.RouteTableDef()


@routes.get("/invitations/{token}")
async def show(request: http.Request) -> http.Response:
    async with keys.deps(request).database.reading() as db:
        opened = await invitation_answers.open_link(db, request.match_info["token"])
    return _page(request, opened)


@routes.post("/invitations/{token}")
async def answer(request: http.Request) -> http.Response:
    hub, token = keys.deps(request), request.match_info["token"]
    form = await forms.read(request)
    try:
        given = form.choice("answer", Answer, Answer.NONE, N_("Hãy chọn câu trả lời."))
        times: dict[str, Any] = {}
        if given is Answer.PROPOSED and form.text("day"):
            now = utc_now()
            times = {"starts_at": form.instant("day", "starts", now), "ends_at": form.instant("day", "ends", now)}
        form.check()
        async with hub.database.transaction() as db:
            opened = await invitation_answers.answer(
                db, hub.vault, token, given, form.text("comment"), address=client_address(request), **times
            )
    except BadInput as error:
        async with hub.database.reading() as db:
            opened = await invitation_answers.open_link(db, token)
        return _page(request, opened, error=error, values=dict(form.fields))
    return _page(request, opened, done=True)


def _page(
    request: http.Request,
    opened: Opened,
    *,
    error: BadInput | None = None,
    values: dict[str, Any] | None = None,
    done: bool = False,
) -> http.Response:
    """In the language of the person invited, whose letter it was, until another is chosen on the page."""
    if cookie(request, LANGUAGE_COOKIE) not in LANGUAGES:
        request[LANGUAGE] = opened.invitation.account.language
    response = view.render(
        request,
        "calendar/invitation.html",
        status=error.status if error else 200,
        row=opened.invitation,
        hearing=opened.hearing,
        place=invitations.place(opened.hearing),
        path=request.path,
        values=values or {},
        done=done,
        message=error.text if error else "",
        errors=error.fields if error else {},
    )
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@routes.get("/feeds/{token}.ics")
async def feed(request: http.Request) -> http.Response:
    """An iCalendar of this person's hearings, for calendar programs that fetch it now and then."""
    async with keys.deps(request).database.reading() as db:
        data = await invitation_answers.feed(db, request.match_info["token"])
    return http.Response(body=data, content_type="text/calendar", charset="utf-8")
