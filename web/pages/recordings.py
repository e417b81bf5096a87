"""Asking to replay a recording: the reason first, then the player."""

from __future__ import annotations

from aiohttp import web as http

from hub.errors import BadInput
from hub.services import recordings, replays
from web import forms, keys, view
from web.pages.hearings import hearing_page

routes = http.RouteTableDef()


@routes.post("/recordings/{recording_id}/replay")
async def start_replay(request: http.Request) -> http.Response:
    """Log who wants to see it and why, and go to the player; without a reason, ask again."""
    actor, hub = keys.actor(request), keys.deps(request)
    recording_id = request.match_info["recording_id"]
    form = await forms.read(request)
    try:
        async with hub.database.transaction() as db:
            replay = await replays.start(
                db, hub.vault, actor, recording_id, form.text("reason"), with_withheld=form.yes("with_withheld")
            )
    except BadInput as error:
        async with hub.database.reading() as db:
            hearing_id = await recordings.hearing_of(db, recording_id)
        return await hearing_page(request, hearing_id, dialog="replay", error=error, values=form.fields)
    start = {"t": form.text("t")[:20]} if form.text("t") else {}
    return view.redirect(request, f"/replays/{replay.id}", **start)
