"""Turns of citizens in a reception: the officer's list."""

from __future__ import annotations

from datetime import UTC, datetime

from aiohttp import web as http

from hub.errors import BadInput, Conflict
from hub.models import TicketState
from hub.queueing import NEXT
from hub.services import queueing
from web import forms, keys, view
from web.pages.boards import SPOKEN
from web.security import own_address

routes = http.RouteTableDef()

Refused = (BadInput, Conflict)


@routes.get("/hearings/{hearing_id}/queue")
async def show(request: http.Request) -> http.Response:
    return await _page(request)


@routes.post("/hearings/{hearing_id}/queue")
async def act(request: http.Request) -> http.Response:
    """``do``: ``book`` a turn, ``next`` calls the next number, ``move`` one ticket, ``board`` makes an address."""
    actor, hub, form = keys.actor(request), keys.deps(request), await forms.read(request)
    hearing_id, do, point_id = request.match_info["hearing_id"], form.text("do"), form.text("point")
    address = ""
    try:
        async with hub.database.transaction() as db:
            if do == "next":
                await queueing.call_next(db, actor, hearing_id, point_id)
            elif do == "move":
                state = form.choice("state", TicketState, TicketState.WAITING)
                form.check()
                await queueing.move(db, actor, form.text("ticket"), state)
            elif do == "board":
                address = f"{own_address(request)}/board/{await queueing.new_board(db, actor, point_id)}"
                address += f"?lang={form.text('lang')}" if form.text("lang") in SPOKEN else ""
            else:
                slot = _instant(form.text("slot"))
                await queueing.book(db, actor, hearing_id, point_id, slot, form.text("case"))
    except Refused as error:
        return await _page(request, error=error)
    if address:
        return await _page(request, shown=(point_id, address))
    return view.redirect(request, f"/hearings/{hearing_id}/queue")


def _instant(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        return None


async def _page(
    request: http.Request, *, error: BadInput | Conflict | None = None, shown: tuple[str, str] = ("", "")
) -> http.Response:
    actor = keys.actor(request)
    async with keys.deps(request).database.reading() as db:
        hearing, queues = await queueing.of_hearing(db, actor, request.match_info["hearing_id"])
    return view.render(
        request,
        "calendar/queue.html",
        status=error.status if error else 200,
        hearing=hearing,
        queues=queues,
        numbers={case.id: case.number for case in hearing.cases},
        following={state: sorted(NEXT[state]) for state in TicketState},
        shown=shown,
        message=error.text if error else "",
    )
