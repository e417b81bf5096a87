"""A recording's own page, its verification, and the player."""

from __future__ import annotations

from aiohttp import web as http

from hub.services import recording_facts, recordings, verification
from web import keys, view

routes = http.RouteTableDef()


@routes.get("/recordings/{recording_id}")
async def show(request: http.Request) -> http.Response:
    """What is known of a recording, and the question why one wants to see it. ``?t=1h10m5s`` goes on to the player."""
    actor = keys.actor(request)
    async with keys.deps(request).database.reading() as db:
        found = await recording_facts.facts(db, actor, request.match_info["recording_id"])
    return view.render(request, "live/recording.html", facts=found, at=request.query.get("t", "")[:20])


@routes.post("/recordings/{recording_id}/verify")
async def verify(request: http.Request) -> http.Response:
    """Read every byte again; the outcome is kept in the audit trail and shown on the recording's page."""
    actor, hub = keys.actor(request), keys.deps(request)
    recording_id = request.match_info["recording_id"]
    await verification.verify_as(hub.database, hub.store, actor, recording_id)
    return view.redirect(request, f"/recordings/{recording_id}")


@routes.get("/replays/{replay_id}")
async def player(request: http.Request) -> http.Response:
    """The player; only for the account that was granted this replay. Raises ``NotFound`` or ``Forbidden``."""
    actor = keys.actor(request)
    async with keys.deps(request).database.reading() as db:
        found = await recordings.timeline(db, actor, request.match_info["replay_id"])
    boot = {"replayId": request.match_info["replay_id"], "viewer": keys.session(request).account.username}
    return view.render(request, "live/player.html", timeline=found, boot=boot)
