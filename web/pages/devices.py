"""Connecting a room encoder or a wall display: a token for one seat of a hearing, shown once."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web as http

from hub import net
from hub.errors import BadInput, Conflict
from hub.models import DoorDirection
from hub.services import device_tokens
from web import forms, keys, view
from web.pages.hearings import hearing_page
from web.security import own_address

routes = http.RouteTableDef()


@dataclass(frozen=True, slots=True)
class Shown:
    """A token just given out."""

    endpoint: str
    token: str
    label: str
    publish: bool


@routes.post("/hearings/{hearing_id}/devices")
async def connect(request: http.Request) -> http.Response:
    """Give out a token and show it, this once, with the address that belongs to it."""
    actor, hub = keys.actor(request), keys.deps(request)
    hearing_id = request.match_info["hearing_id"]
    form = await forms.read(request)
    direction = form.choice("direction", DoorDirection, DoorDirection.PUBLISH)
    try:
        async with hub.database.transaction() as db:
            hearing = await device_tokens.find_hearing(db, hearing_id)
            device_tokens.require_some_seat(actor, hearing)
            seat = device_tokens.find_seat(hearing, form.text("seat"))
            issued = await device_tokens.issue(db, actor, hearing, seat, direction)
            path = net.door_path(str(direction), hearing.id, seat.id)
            label = seat.label
    except (BadInput, Conflict) as error:
        return await hearing_page(request, hearing_id, dialog="device", error=error, values=form.fields)
    shown = Shown(own_address(request) + path, issued.token, label, direction == DoorDirection.PUBLISH)
    return await hearing_page(request, hearing_id, dialog="device-token", shown=shown)


@routes.post("/hearings/{hearing_id}/devices/{token_id}/revoke")
async def revoke(request: http.Request) -> http.Response:
    """The token is void; a device that is connected with it is sent away."""
    hearing_id = request.match_info["hearing_id"]
    async with keys.deps(request).database.transaction() as db:
        await device_tokens.revoke(db, keys.actor(request), request.match_info["token_id"])
    return view.redirect(request, f"/hearings/{hearing_id}", notice="device_revoked")
