"""Keeping recordings: hold, longer, destroy; on the recording's page, and one page for the whole archive."""

from __future__ import annotations

import asyncio
from datetime import date

from aiohttp import web as http

from hub.errors import BadInput, Conflict, NotFound
from hub.i18n import N_, Text
from hub.models import DestructionKind
from hub.services import (
    destruction_package,
    keeping,
    keeping_lists,
    packages,
    reconciliation,
    recording_facts,
    verification,
)
from web import format as formats
from web import forms, keys, view
from web.forms import Form
from web.pages import replay

routes = http.RouteTableDef()


@routes.post("/recordings/{recording_id}/keeping")
async def act(request: http.Request) -> http.Response:
    """``do``: hold, release, extend, propose_due, propose_emergency, approve or refuse; each with its own reason."""
    actor, hub, recording_id = keys.actor(request), keys.deps(request), request.match_info["recording_id"]
    form = await forms.read(request)
    wanted = form.text("do")
    try:
        async with hub.database.transaction() as db:
            match wanted:
                case "hold" | "release":
                    change = keeping.hold if wanted == "hold" else keeping.release
                    await change(db, hub.vault, actor, recording_id, form.text("hold_reason"))
                case "extend":
                    until = _day(form, "extend_until")
                    await keeping.extend(db, hub.vault, actor, recording_id, until, form.text("extend_reason"))
                case "propose_due" | "propose_emergency":
                    kind = DestructionKind(wanted.removeprefix("propose_"))
                    await keeping.propose(db, hub.vault, actor, recording_id, kind, form.text("destroy_reason"))
                case "approve":
                    await keeping.approve(db, hub.vault, actor, recording_id, form.text("destroy_reason"))
                case "refuse":
                    await keeping.refuse(db, hub.vault, actor, recording_id, form.text("refuse_reason"))
                case _:
                    raise BadInput(N_("Không đọc được biểu mẫu đã gửi."))
    except (BadInput, Conflict) as error:
        async with hub.database.reading() as db:
            found = await recording_facts.facts(db, actor, recording_id)
        return replay.page(request, found, error, form.fields, opened=wanted)
    return view.redirect(request, f"/recordings/{recording_id}", notice=f"keeping_{wanted}")


def _day(form: Form, name: str) -> date:
    try:
        return formats.parse_day(form.text(name))
    except ValueError:
        text = N_("Hãy ghi ngày như 23/11/2026.")
        raise BadInput(text, fields={name: Text(text)}) from None


@routes.get("/recordings/{recording_id}/destruction.json")
async def certificate(request: http.Request) -> http.Response:
    """The certificate of a destroyed recording, as it was signed. Raises ``NotFound``."""
    actor, recording_id = keys.actor(request), request.match_info["recording_id"]
    async with keys.deps(request).database.reading() as db:
        found = await recording_facts.facts(db, actor, recording_id)
    last = found.keeping.destruction
    if last is None or not last.certificate:
        raise NotFound(N_("Bản ghi này chưa bị tiêu hủy."))
    headers = {"Content-Disposition": f'attachment; filename="destruction-{recording_id[:8]}.json"'}
    return http.Response(body=last.certificate.encode(), content_type="application/json", headers=headers)


@routes.get("/recordings/{recording_id}/destruction.zip")
async def remains(request: http.Request) -> http.Response:
    """The certificate with all that an expert needs to check it: small enough to be made whole."""
    actor, hub, recording_id = keys.actor(request), keys.deps(request), request.match_info["recording_id"]
    trusted = await asyncio.to_thread(verification.trust, hub.config)
    async with hub.database.reading() as db:
        package = await destruction_package.prepare(db, hub.store, trusted, actor, recording_id)
    data = await asyncio.to_thread(b"".join, packages.stream(hub.store, package))
    headers = {"Content-Disposition": f'attachment; filename="{package.name}.zip"'}
    return http.Response(body=data, content_type="application/zip", headers=headers)


@routes.get("/archive")
async def show(request: http.Request) -> http.Response:
    """What waits for somebody: proposals, due and held recordings; the rules, the store's state."""
    actor = keys.actor(request)
    async with keys.deps(request).database.reading() as db:
        found = await keeping_lists.lists(db, actor)
        last = await reconciliation.last(db)
    return view.render(request, "pages/archive.html", lists=found, last=last, today=formats.today())
