"""A hearing's minutes on a page of their own: written, read back, answered, printed, signed, locked."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from aiohttp import web as http
from sqlalchemy.ext.asyncio import AsyncSession

from hub import minutes as rules
from hub.auth import Actor, may
from hub.errors import BadInput, Conflict, NotFound, NotReady, TooLarge
from hub.i18n import N_
from hub.models import Hearing, Minutes, MinutesState
from hub.services import (
    hearing_agenda,
    hearing_documents,
    hearing_lists,
    identity,
    minutes,
    minutes_document,
    minutes_locking,
    minutes_reading,
    minutes_scans,
    recordings,
    scan_marks,
    signed_texts,
)
from hub.services.attachments import AttachmentUpload
from hub.services.minutes_reading import Reading
from hub.services.signed_texts import SignedText
from web import forms, keys, uploads, view
from web.api.minutes import tell

routes = http.RouteTableDef()


@routes.get("/hearings/{hearing_id}/minutes")
async def show(request: http.Request) -> http.Response:
    """The editor while they are written, for who writes them; what was frozen, for who may read it."""
    return await minutes_page(request)


@routes.get("/hearings/{hearing_id}/minutes/print")
async def printed(request: http.Request) -> http.Response:
    """The last frozen version on paper, with room for signatures."""
    actor, hearing_id = keys.actor(request), request.match_info["hearing_id"]
    async with keys.deps(request).database.reading() as db:
        hearing = await hearing_lists.get(db, actor, hearing_id)
        found = await minutes_reading.reading(db, actor, hearing_id)
    if found is None:
        raise NotFound(N_("Biên bản chưa được chốt lần nào nên chưa in được."))
    return view.render(
        request, "minutes/print.html", hearing=hearing, found=found, doc=found.body, replay="", rules=rules
    )


@routes.get("/hearings/{hearing_id}/minutes/reading")
async def fragment(request: http.Request) -> http.Response:
    """The last frozen version as a piece of a page, for the panel in the hearing."""
    actor, hearing_id = keys.actor(request), request.match_info["hearing_id"]
    async with keys.deps(request).database.reading() as db:
        context = await _context(db, request, actor, hearing_id)
    return view.render(request, "minutes/_reading.html", asked_seat=request.query.get("seat", ""), **context)


@routes.post("/hearings/{hearing_id}/minutes/freeze")
async def freeze(request: http.Request) -> http.Response:
    actor, hub, hearing_id = keys.actor(request), keys.deps(request), request.match_info["hearing_id"]
    await forms.read(request)
    try:
        async with hub.database.transaction() as db:
            await minutes_reading.freeze(db, hub.vault, actor, hearing_id)
    except (BadInput, Conflict) as error:
        return await minutes_page(request, error=error)
    return _done(request, "minutes_frozen")


@routes.post("/hearings/{hearing_id}/minutes/reopen")
async def reopen(request: http.Request) -> http.Response:
    actor, hub, hearing_id = keys.actor(request), keys.deps(request), request.match_info["hearing_id"]
    form = await forms.read(request)
    try:
        async with hub.database.transaction() as db:
            await minutes_reading.reopen(db, hub.vault, actor, hearing_id, form.text("reason"))
    except (BadInput, Conflict) as error:
        return await minutes_page(request, error=error, dialog="reopen", values=dict(form.fields))
    return _done(request, "minutes_reopened")


@routes.post("/hearings/{hearing_id}/minutes/answers")
async def answer(request: http.Request) -> http.Response:
    actor, hub, hearing_id = keys.actor(request), keys.deps(request), request.match_info["hearing_id"]
    form = await forms.read(request)
    try:
        async with hub.database.transaction() as db:
            await minutes_reading.answer(
                db,
                hub.vault,
                actor,
                hearing_id,
                form.text("seat_id"),
                version=form.number("version", 0),
                position=form.text("position"),
                words=form.text("words"),
            )
    except (BadInput, Conflict) as error:
        return await minutes_page(request, error=error, values=dict(form.fields))
    return _done(request, "minutes_answered")


@routes.post("/hearings/{hearing_id}/minutes/scans")
async def upload(request: http.Request) -> http.Response:
    """The signed print; ``?seat=`` says where it was signed."""
    actor, hub, hearing_id = keys.actor(request), keys.deps(request), request.match_info["hearing_id"]
    most, seat_id = hub.config.attachment_max_mb * 1_000_000, request.query.get("seat", "")[:32]
    async with hub.database.reading() as db:
        hearing = await hearing_lists.get(db, actor, hearing_id)
        minutes_scans.require_scanning(actor, hearing, seat_id)  # before the file is read
    try:
        sent = await uploads.read_file(request, "file", max_bytes=most)
        wanted = AttachmentUpload(sent.file_name, sent.data)
        await minutes_scans.add_scan(
            hub.database, hub.store, hub.vault, actor, hearing_id, wanted, seat_id=seat_id, max_bytes=most
        )
    except (BadInput, TooLarge, NotReady, Conflict) as error:
        return await minutes_page(request, error=error, dialog="scan")
    return _done(request, "minutes_scanned")


@routes.get("/hearings/{hearing_id}/minutes/scans/{scan_id}")
async def download(request: http.Request) -> http.Response:
    return await _scan(request, "")


@routes.post("/hearings/{hearing_id}/minutes/scans/{scan_id}")
async def download_with_reason(request: http.Request) -> http.Response:
    form = await forms.read(request)
    return await _scan(request, form.text("reason"))


@routes.post("/hearings/{hearing_id}/minutes/scans/{scan_id}/mark")
async def mark_scan(request: http.Request) -> http.Response:
    """``mistaken=yes``: it was uploaded by mistake; else that is taken back."""
    actor, hub, form = keys.actor(request), keys.deps(request), await forms.read(request)
    scan_id, mistaken = request.match_info["scan_id"], form.yes("mistaken")
    try:
        async with hub.database.transaction() as db:
            where = actor, request.match_info["hearing_id"], scan_id
            await scan_marks.mark_minutes(db, hub.vault, *where, form.text("reason"), mistaken=mistaken)
    except (BadInput, Conflict) as error:
        return await minutes_page(request, error=error, dialog=f"mark-{scan_id}", values=dict(form.fields))
    return _done(request, "scan_mistaken" if mistaken else "scan_restored")


async def _scan(request: http.Request, reason: str) -> http.Response:
    actor, hub, scan_id = keys.actor(request), keys.deps(request), request.match_info["scan_id"]
    try:
        opened = await minutes_scans.open_scan(hub.database, hub.store, hub.vault, actor, scan_id, reason)
    except BadInput as error:
        return await minutes_page(request, error=error, dialog=f"scan-{scan_id}")
    return http.Response(
        body=opened.data,
        content_type=opened.media_type,
        headers={
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(opened.file_name, safe='')}",
            "Content-Security-Policy": "sandbox; default-src 'none'",
        },
    )


@routes.post("/hearings/{hearing_id}/minutes/lock")
async def lock(request: http.Request) -> http.Response:
    actor, hub, hearing_id = keys.actor(request), keys.deps(request), request.match_info["hearing_id"]
    form = await forms.read(request)
    try:
        async with hub.database.transaction() as db:
            await minutes_locking.lock(db, hub.vault, hub.config, actor, hearing_id, form.text("reason"))
    except (BadInput, Conflict) as error:
        return await minutes_page(request, error=error, dialog="lock", values=dict(form.fields))
    return _done(request, "minutes_locked")


@routes.post("/hearings/{hearing_id}/minutes/annexes")
async def annex(request: http.Request) -> http.Response:
    actor, hub, hearing_id = keys.actor(request), keys.deps(request), request.match_info["hearing_id"]
    form = await forms.read(request)
    try:
        async with hub.database.transaction() as db:
            await minutes_locking.add_annex(db, hub.vault, hub.config, actor, hearing_id, form.text("annex"))
    except (BadInput, Conflict) as error:
        return await minutes_page(request, error=error, dialog="annex", values=dict(form.fields))
    return _done(request, "minutes_annexed")


def _done(request: http.Request, notice: str) -> http.Response:
    hearing_id = request.match_info["hearing_id"]
    tell(request, hearing_id)
    return view.redirect(request, f"/hearings/{hearing_id}/minutes", notice=notice)


async def minutes_page(
    request: http.Request,
    *,
    error: BadInput | Conflict | TooLarge | NotReady | None = None,
    dialog: str = "",
    values: dict[str, str] | None = None,
) -> http.Response:
    actor, hearing_id = keys.actor(request), request.match_info["hearing_id"]
    async with keys.deps(request).database.reading() as db:
        context = await _context(db, request, actor, hearing_id)
        if context["state"] == MinutesState.WRITING and context["may_write"]:
            context |= await _editor(db, actor, context["hearing"])
    return view.render(
        request,
        "minutes/show.html",
        status=error.status if error else 200,
        dialog=dialog,
        message=error.text if error else "",
        **{
            **context,
            "errors": forms.field_errors(error) if isinstance(error, BadInput | Conflict) else {},
            "values": values or {},
        },
    )


async def _context(db: AsyncSession, request: http.Request, actor: Actor, hearing_id: str) -> dict[str, Any]:
    hearing = await hearing_lists.get(db, actor, hearing_id)
    minutes_reading.require_read(actor, hearing)
    found = await minutes.get(db, hearing_id)
    reading = await minutes_reading.reading(db, actor, hearing_id)
    recording = await recordings.of_hearing(db, actor, hearing_id)
    state = MinutesState(found.state) if found else MinutesState.WRITING
    return {
        "hearing": hearing,
        "state": state,
        "may_write": minutes.may_write(actor, hearing),
        "found": reading,
        "doc": _shown(found, reading),
        "rules": rules,
        "replay": f"/recordings/{recording.recording_id}" if recording and recording.may_replay else "",
        "seats": {seat.id: seat for seat in hearing.seats},
        "answerable": minutes_reading.answerable(actor, hearing) if state == MinutesState.READING else [],
        **await _scans(db, actor, hearing, found),
        "sealed_openable": _opens_sealed(actor, hearing),
        "annexes": await minutes_locking.annexes(db, hearing_id),
        "missing": await _missing(db, hearing, reading) if state == MinutesState.READING else None,
        "locked": found if state == MinutesState.LOCKED else None,
        "genuine": _is_genuine(request, found) if state == MinutesState.LOCKED else True,
        "papers": await _papers(db, hearing, reading),
        "attachment_max_mb": keys.deps(request).config.attachment_max_mb,
        "values": {},
        "errors": {},
    }


async def _editor(db: AsyncSession, actor: Actor, hearing: Hearing) -> dict[str, Any]:
    draft = await minutes.draft(db, actor, hearing.id)
    sections = {one.key: one for one in draft.sections}
    live = await minutes_document.build(db, hearing, {})
    return {
        "draft": draft,
        "sections": sections,
        "live": live,
        "boot": {
            "hearingId": hearing.id,
            "revision": draft.revision,
            "caseId": await hearing_agenda.now_heard(db, hearing.id),
        },
    }


async def _missing(db: AsyncSession, hearing: Hearing, reading: Reading | None) -> minutes_locking.Missing | None:
    if reading is None:
        return None
    return await minutes_locking.missing(db, hearing, reading.version, reading.history)


async def _papers(db: AsyncSession, hearing: Hearing, reading: Reading | None) -> dict[str, Any]:
    """The papers of the version shown and of the annexes, and whether this reader may open them."""
    annexes = await minutes_locking.annexes(db, hearing.id)
    sources = [reading.version.id] if reading else []
    rows = await hearing_documents.of_sources(db, [*sources, *(one.id for one in annexes)])
    hidden = reading is not None and any("hidden" in case for case in reading.body["cases"])
    return {"rows": rows, "openable": not hidden}


def _shown(found: Minutes | None, reading: Reading | None) -> dict[str, Any] | None:
    """The version that was read; of locked minutes with the attendance to the hearing's end, as it was sealed."""
    if found is None or reading is None:
        return None
    if found.state != MinutesState.LOCKED:
        return dict(reading.body)
    return {**reading.body, "attendance": json.loads(found.document)["attendance"]}


def _opens_sealed(actor: Actor, hearing: Hearing) -> bool:
    secret = [case for case in hearing.cases if case.party.secret]
    return all(may(actor, identity.reading(case.party), identity.identity_target(case)) for case in secret)


def _is_genuine(request: http.Request, found: Minutes | None) -> bool:
    """Whether what was locked is still what was signed."""
    assert found is not None
    signed = SignedText(found.document, found.sha256, found.signature, found.seal_key)
    return signed_texts.genuine(keys.deps(request).config, signed)


async def _scans(db: AsyncSession, actor: Actor, hearing: Hearing, found: Minutes | None) -> dict[str, Any]:
    """The signed prints, whether this person may add one, and which they may mark as entered by mistake."""
    rows = await minutes_scans.scans(db, hearing.id)
    added = found is not None and (found.state == MinutesState.READING or await minutes_scans.lacks_scan(db, found))
    own = [seat.id for seat in minutes_reading.answerable(actor, hearing)]
    writes = minutes.may_write(actor, hearing)
    return {
        "scans": rows,
        "scannable": added and (writes or bool(own)),
        "scan_seat": "" if writes or not own else own[0],
        "markable": {one.id for one in rows if writes or one.seat_id in own},
    }
