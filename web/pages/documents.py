"""What a case holds sealed or apart: its documents, and who the citizen is."""

from __future__ import annotations

from urllib.parse import quote

from aiohttp import web as http

from hub.auth import Action, Target, require
from hub.errors import BadInput, NotFound, NotReady, TooLarge
from hub.i18n import N_
from hub.services import antivirus, cases, identity, representing
from web import forms, keys, uploads, view
from web.pages.cases import case_page

routes = http.RouteTableDef()


@routes.post("/cases/{case_id}/attachments")
async def upload(request: http.Request) -> http.Response:
    actor, hub = keys.actor(request), keys.deps(request)
    case_id = request.match_info["case_id"]
    most = hub.config.attachment_max_mb * 1_000_000
    async with hub.database.reading() as db:
        found = await cases.get(db, actor, case_id)
    require(actor, Action.EDIT_CASE, Target(paths=(found.unit.path,)))  # before the file is read
    try:
        sent = await uploads.read_file(request, "file", max_bytes=most)
        wanted = cases.AttachmentUpload(sent.file_name, sent.data)
        scanner = antivirus.scanner(hub.config)
        await cases.add_attachment(
            hub.database, hub.store, hub.vault, actor, case_id, wanted, max_bytes=most, scanner=scanner
        )
    except (BadInput, TooLarge, NotReady) as error:
        return await case_page(
            request, case_id, status=error.status, dialog="upload", message=error.text, errors={"file": error.text}
        )
    return view.redirect(request, f"/cases/{case_id}", notice="attachment_added")


@routes.get("/cases/{case_id}/attachments/{attachment_id}")
async def download(request: http.Request) -> http.Response:
    """An ordinary document. A denunciation's needs a reason, which comes by POST."""
    return await _document(request, "")


@routes.post("/cases/{case_id}/attachments/{attachment_id}")
async def download_with_reason(request: http.Request) -> http.Response:
    form = await forms.read(request)
    return await _document(request, form.text("reason"))


async def _document(request: http.Request, reason: str) -> http.Response:
    actor, hub = keys.actor(request), keys.deps(request)
    case_id, attachment_id = request.match_info["case_id"], request.match_info["attachment_id"]
    async with hub.database.reading() as db:
        found = await cases.get(db, actor, case_id)
    if attachment_id not in {one.id for one in found.attachments}:
        raise NotFound(N_("Không tìm thấy tệp đính kèm."))
    try:
        opened = await cases.open_attachment(hub.database, hub.store, hub.vault, actor, attachment_id, reason)
    except BadInput as error:
        dialog = f"open-{attachment_id}"
        return await case_page(
            request, case_id, status=error.status, dialog=dialog, message=error.text, errors=error.fields
        )
    return http.Response(
        body=opened.data,
        content_type=opened.media_type,
        headers={
            # Saved, never shown in our own origin: a document may carry anything.
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(opened.file_name, safe='')}",
            "Content-Security-Policy": "sandbox; default-src 'none'",
        },
    )


@routes.post("/cases/{case_id}/identity")
async def show_identity(request: http.Request) -> http.Response:
    """The citizen's identity, for a stated reason that is logged before anything is shown."""
    actor, hub = keys.actor(request), keys.deps(request)
    case_id = request.match_info["case_id"]
    form = await forms.read(request)
    try:
        async with hub.database.transaction() as db:
            found = await cases.get(db, actor, case_id)
            person = await identity.read_identity(db, hub.vault, actor, found.party_id, form.text("reason"))
            spoken = await representing.show(db, hub.vault, actor, found, form.text("reason"))
    except BadInput as error:
        return await case_page(
            request, case_id, status=error.status, dialog="identity", message=error.text, errors=error.fields
        )
    return view.render(
        request, "cases/identity.html", case=found, person=person, spoken=spoken, reason=form.text("reason")
    )
