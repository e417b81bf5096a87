"""A recording's own page, its verification, and the player."""

from __future__ import annotations

from aiohttp import web as http

from hub.services import recording_facts, recordings, verification
from web import forms, keys, verifying, view

routes = http.RouteTableDef()


@routes.get("/recordings/{recording_id}")
async def show(request: http.Request) -> http.Response:
    """What is known of a recording, and the question why one wants to see it. ``?t=1h10m5s`` goes on to the player."""
    actor = keys.actor(request)
    async with keys.deps(request).database.reading() as db:
        found = await recording_facts.facts(db, actor, request.match_info["recording_id"])
    progress = request.app[verifying.VERIFYING].progress(request.match_info["recording_id"])
    at = request.query.get("t", "")[:20]
    return view.render(request, "live/recording.html", facts=found, progress=progress, at=at)


@routes.post("/recordings/{recording_id}/verify")
async def verify(request: http.Request) -> http.Response:
    """Begin to read every byte again; the outcome is kept in the chain of custody and shown on the recording's page."""
    actor, recording_id = keys.actor(request), request.match_info["recording_id"]
    async with keys.deps(request).database.reading() as db:
        await verification.require(db, actor, recording_id)
    form = await forms.read(request)
    request.app[verifying.VERIFYING].start(keys.deps(request), actor, recording_id, form.text("reason"))
    return view.redirect(request, f"/recordings/{recording_id}")


@routes.get("/api/recordings/{recording_id}/verification")
async def verify_progress(request: http.Request) -> http.Response:
    """``{running, bytes_read, bytes_total}`` of the verification that is under way."""
    actor, recording_id = keys.actor(request), request.match_info["recording_id"]
    async with keys.deps(request).database.reading() as db:
        await verification.require(db, actor, recording_id)
    return view.json(request.app[verifying.VERIFYING].progress(recording_id))


@routes.get("/replays/{replay_id}")
async def player(request: http.Request) -> http.Response:
    """The player; only for the account that was granted this replay. Raises ``NotFound`` or ``Forbidden``."""
    actor = keys.actor(request)
    async with keys.deps(request).database.reading() as db:
        found = await recordings.timeline(db, actor, request.match_info["replay_id"])
    boot = {"replayId": request.match_info["replay_id"], "viewer": keys.session(request).account.username}
    return view.render(request, "live/player.html", timeline=found, boot=boot)
