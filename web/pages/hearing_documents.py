"""Papers of a hearing's minutes, annexes and conclusions: made, opened as PDF or Word, their signed scans added."""

from __future__ import annotations

from aiohttp import web as http

from hub.errors import BadInput, Conflict, NotReady, TooLarge
from hub.forms.hearing import CONCLUSION
from hub.models import Document
from hub.services import document_scans, documents, scan_marks
from hub.services.form_facts import About
from hub.services.hearing_documents import Papers
from web import forms, keys, uploads, view
from web.pages.conclusions import conclusion_page
from web.pages.minutes import minutes_page
from web.pages.paperwork import sent_file

routes = http.RouteTableDef()

ONE = "/hearings/{hearing_id}/documents/{document_id:[0-9a-f]{32}}"
Refusal = BadInput | Conflict | NotReady | TooLarge


@routes.post("/hearings/{hearing_id}/minutes/document")
async def of_minutes(request: http.Request) -> http.Response:
    """The last frozen version gets its number; asked for again, its PDF is finished."""
    await forms.read(request)
    try:
        row = await _papers(request).of_minutes(keys.actor(request), request.match_info["hearing_id"])
    except (Conflict, NotReady, TooLarge) as error:
        return await minutes_page(request, error=error)
    return _back(request, row, "document_made")


@routes.post("/hearings/{hearing_id}/minutes/annexes/{annex_id}/document")
async def of_annex(request: http.Request) -> http.Response:
    await forms.read(request)
    try:
        row = await _papers(request).of_annex(keys.actor(request), request.match_info["annex_id"])
    except (Conflict, NotReady, TooLarge) as error:
        return await minutes_page(request, error=error)
    return _back(request, row, "document_made")


@routes.post("/conclusions/{conclusion_id}/document")
async def of_conclusion(request: http.Request) -> http.Response:
    await forms.read(request)
    try:
        row = await _papers(request).of_conclusion(keys.actor(request), request.match_info["conclusion_id"])
    except (Conflict, NotReady, TooLarge) as error:
        return await conclusion_page(request, error=error)
    return _back(request, row, "document_made")


@routes.get(ONE + "/{kind:pdf|word}")
async def open_one(request: http.Request) -> http.Response:
    actor, hub, kind = keys.actor(request), keys.deps(request), request.match_info["kind"]
    row = await _row(request)
    if kind == "pdf":
        opened = await documents.open_pdf(hub.database, hub.store, hub.vault, actor, row.id)
    else:
        opened = await documents.open_word(hub.database, hub.vault, actor, row.id)
    return sent_file(opened, inline=kind == "pdf")


@routes.post(ONE + "/scans")
async def add_scan(request: http.Request) -> http.Response:
    """The paper as it was signed, beside it."""
    actor, hub = keys.actor(request), keys.deps(request)
    most = hub.config.attachment_max_mb * 1_000_000
    row = await _row(request)
    async with hub.database.reading() as db:
        await documents.require_writable(db, actor, row)  # before the file is read
    try:
        sent = await uploads.read_file(request, "file", max_bytes=most)
        store, vault = hub.store, hub.vault
        await document_scans.add(hub.database, store, vault, actor, _about(request), row.id, sent.data, max_bytes=most)
    except (BadInput, TooLarge, NotReady, Conflict) as error:
        return await _page(request, row, error, f"paper-scan-{row.id}")
    return _back(request, row, "document_scanned")


@routes.post(ONE + "/scans/{scan_id:[0-9a-f]{32}}/mark")
async def mark_scan(request: http.Request) -> http.Response:
    """``mistaken=yes``: it was added by mistake; else that is taken back."""
    actor, hub, form = keys.actor(request), keys.deps(request), await forms.read(request)
    row, scan_id, mistaken = await _row(request), request.match_info["scan_id"], form.yes("mistaken")
    try:
        async with hub.database.transaction() as db:
            where = actor, _about(request), row.id, scan_id
            await scan_marks.mark(db, hub.vault, *where, form.text("reason"), mistaken=mistaken)
    except (BadInput, Conflict) as error:
        return await _page(request, row, error, f"mark-{scan_id}")
    return _back(request, row, "scan_mistaken" if mistaken else "scan_restored")


@routes.get(ONE + "/scans/{scan_id:[0-9a-f]{32}}")
async def open_scan(request: http.Request) -> http.Response:
    return await _scan(request, "")


@routes.post(ONE + "/scans/{scan_id:[0-9a-f]{32}}")
async def open_scan_with_reason(request: http.Request) -> http.Response:
    """Of a paper that somebody signed who denounced."""
    form = await forms.read(request)
    return await _scan(request, form.text("reason"))


async def _scan(request: http.Request, reason: str) -> http.Response:
    actor, hub, scan_id = keys.actor(request), keys.deps(request), request.match_info["scan_id"]
    row = await _row(request)
    try:
        opened = await document_scans.open_scan(
            hub.database, hub.store, hub.vault, actor, _about(request), row.id, scan_id, reason
        )
    except BadInput as error:
        return await _page(request, row, error, f"paper-open-{scan_id}")
    return sent_file(opened, inline=False)


async def _row(request: http.Request) -> Document:
    async with keys.deps(request).database.reading() as db:
        return await documents.get(db, keys.actor(request), _about(request), request.match_info["document_id"])


def _about(request: http.Request) -> About:
    return About(hearing_id=request.match_info["hearing_id"])


def _papers(request: http.Request) -> Papers:
    hub = keys.deps(request)
    return Papers(hub.database, hub.store, hub.vault, hub.config)


async def _page(request: http.Request, row: Document, error: Refusal, dialog: str) -> http.Response:
    """The page on which the paper stands, with what was refused."""
    if row.form_code == CONCLUSION:
        return await conclusion_page(request, row.source_id or "", error=error, dialog=dialog)
    return await minutes_page(request, error=error, dialog=dialog)


def _back(request: http.Request, row: Document, notice: str) -> http.Response:
    where = f"/conclusions/{row.source_id}" if row.form_code == CONCLUSION else f"/hearings/{row.hearing_id}/minutes"
    return view.redirect(request, where, notice=notice)
