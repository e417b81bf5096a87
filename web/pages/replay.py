"""A recording's own page, its verification and download, and the player."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import structlog
from aiohttp import web as http

from hub.errors import BadInput, Conflict, NotReady
from hub.services import packages, recording_facts, replays, verification, withholding
from hub.services.recording_facts import RecordingFacts
from web import format as formats
from web import forms, keys, verifying, view

routes = http.RouteTableDef()

log = structlog.get_logger(__name__)


@routes.get("/recordings/{recording_id}")
async def show(request: http.Request) -> http.Response:
    """What is known of a recording, and the question why one wants to see it. ``?t=1h10m5s`` goes on to the player."""
    actor = keys.actor(request)
    async with keys.deps(request).database.reading() as db:
        found = await recording_facts.facts(db, actor, request.match_info["recording_id"])
    return page(request, found)


def page(
    request: http.Request,
    found: RecordingFacts,
    error: BadInput | Conflict | None = None,
    values: Mapping[str, str] | None = None,
    *,
    opened: str = "",
) -> http.Response:
    """The recording's page; with an error, the form that was ``opened`` is open again with what was typed."""
    progress = request.app[verifying.VERIFYING].progress(found.row.recording_id)
    at = request.query.get("t", "")[:20]
    return view.render(
        request,
        "live/recording.html",
        **view.told(error),
        facts=found,
        progress=progress,
        at=at,
        error=error,
        grounds=withholding.GROUNDS,
        values={"from": request.query.get("from", "")[:20], **(values or {})},
        opened=opened,
    )


@routes.post("/recordings/{recording_id}/verify")
async def verify(request: http.Request) -> http.Response:
    """Begin to read every byte again; the outcome is kept in the chain of custody and shown on the recording's page."""
    actor, hub, recording_id = keys.actor(request), keys.deps(request), request.match_info["recording_id"]
    form = await forms.read(request)
    try:
        async with hub.database.transaction() as db:
            reason = await verification.accept_reason(db, hub.vault, actor, recording_id, form.text("verify_reason"))
    except BadInput as error:
        async with hub.database.reading() as db:
            found = await recording_facts.facts(db, actor, recording_id)
        return page(request, found, error)
    request.app[verifying.VERIFYING].start(hub, actor, recording_id, reason)
    return view.redirect(request, f"/recordings/{recording_id}")


@routes.get("/api/recordings/{recording_id}/verification")
async def verify_progress(request: http.Request) -> http.Response:
    """``{running, bytes_read, bytes_total}`` of the verification that is under way."""
    actor, recording_id = keys.actor(request), request.match_info["recording_id"]
    async with keys.deps(request).database.reading() as db:
        await verification.require(db, actor, recording_id)
    return view.json(request.app[verifying.VERIFYING].progress(recording_id))


@routes.post("/recordings/{recording_id}/download")
async def download(request: http.Request) -> http.StreamResponse:
    """The whole recording as one ZIP, after the reason was written down; without a reason, ask again."""
    actor, hub, recording_id = keys.actor(request), keys.deps(request), request.match_info["recording_id"]
    form = await forms.read(request)
    trusted = await asyncio.to_thread(verification.trust, hub.config)
    try:
        async with hub.database.transaction() as db:
            package = await packages.prepare(
                db,
                hub.vault,
                trusted,
                actor,
                recording_id,
                form.text("download_reason"),
                with_withheld=form.yes("with_withheld"),
            )
    except BadInput as error:
        return await _again(request, recording_id, error, form)
    disposition = f'attachment; filename="{package.name}.zip"'
    response = http.StreamResponse(headers={"Content-Type": "application/zip", "Content-Disposition": disposition})
    await response.prepare(request)
    pieces = packages.stream(hub.store, package)
    try:
        while piece := await asyncio.to_thread(next, pieces, b""):
            await response.write(piece)
    except NotReady:
        # The head is sent: an unfinished transfer is all that can tell the browser.
        log.warning("download broken off, the store does not answer", recording=recording_id)
        if request.transport is not None:
            request.transport.abort()
        return response
    await response.write_eof()
    return response


@routes.post("/recordings/{recording_id}/withhold")
async def withhold(request: http.Request) -> http.Response:
    """Withhold a passage on a legal ground."""
    actor, hub, recording_id = keys.actor(request), keys.deps(request), request.match_info["recording_id"]
    form = await forms.read(request)
    try:
        async with hub.database.transaction() as db:
            await withholding.mark(
                db,
                hub.vault,
                actor,
                recording_id,
                start_ms=formats.position(form.text("from")),
                end_ms=formats.position(form.text("to")),
                seat_id=form.text("seat") or None,
                ground=form.text("ground"),
            )
    except BadInput as error:
        return await _again(request, recording_id, error, form, opened="withhold")
    return view.redirect(request, f"/recordings/{recording_id}", notice="withheld")


@routes.post("/withheld/{passage_id}/lift")
async def lift(request: http.Request) -> http.Response:
    """Hand a withheld passage out again, for a reason that is kept."""
    actor, hub, passage_id = keys.actor(request), keys.deps(request), request.match_info["passage_id"]
    form = await forms.read(request)
    try:
        async with hub.database.transaction() as db:
            row = await withholding.lift(db, hub.vault, actor, passage_id, form.text("lift_reason"))
    except BadInput as error:
        async with hub.database.reading() as db:
            recording_id = await withholding.recording_of(db, passage_id)
        return await _again(request, recording_id, error, form, opened="withhold")
    return view.redirect(request, f"/recordings/{row.recording_id}", notice="withheld_lifted")


async def _again(
    request: http.Request, recording_id: str, error: BadInput, form: forms.Form, *, opened: str = ""
) -> http.Response:
    """The recording's page with what was wrong."""
    async with keys.deps(request).database.reading() as db:
        found = await recording_facts.facts(db, keys.actor(request), recording_id)
    return page(request, found, error, form.fields, opened=opened)


@routes.get("/replays/{replay_id}")
async def player(request: http.Request) -> http.Response:
    """The player; only for the account that was granted this replay. Raises ``NotFound`` or ``Forbidden``."""
    actor = keys.actor(request)
    async with keys.deps(request).database.reading() as db:
        found = await replays.heading(db, actor, request.match_info["replay_id"])
    boot = {"replayId": request.match_info["replay_id"], "viewer": keys.session(request).account.username}
    return view.render(request, "live/player.html", heading=found, boot=boot)
