"""Papers of a case: choose a form, fill it in, look at it, make it, open it, add its scan; and the list of forms."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from aiohttp import web as http
from sqlalchemy.ext.asyncio import AsyncSession

from hub import forms as papers
from hub.auth import Action, Target, may, require
from hub.case_moves import MoveCode
from hub.errors import BadInput, Conflict, NotReady, TooLarge
from hub.form_registry import registry
from hub.i18n import Named
from hub.ids import new_id
from hub.models import Case, CaseType, Document
from hub.services import case_course, cases, document_scans, documents, form_facts, identity
from hub.services.documents import OpenedFile, Wanted
from web import format as formats
from web import forms, keys, uploads, view

routes = http.RouteTableDef()

HERE = "/cases/{case_id}/documents"
_SHOWN, _SAVED = "default-src 'none'; style-src 'unsafe-inline'", "sandbox; default-src 'none'"
ONE = HERE + "/{document_id:[0-9a-f]{32}}"


@routes.get("/forms")
async def list_forms(request: http.Request) -> http.Response:
    """Every form in every edition, with how sure its number is."""
    actor = keys.actor(request)
    require(actor, Action.READ_RULES, Target(paths=tuple(grant.path for grant in actor.grants)))
    book = registry()
    rows = [one for code in book.codes for one in reversed(book.versions(code))]
    return view.render(request, "paperwork/forms.html", rows=rows, today=formats.today())


@routes.get(HERE)
async def index(request: http.Request) -> http.Response:
    return await _index(request)


async def _index(request: http.Request, *, status: int = 200, dialog: str = "", **context: Any) -> http.Response:
    actor, hub = keys.actor(request), keys.deps(request)
    async with hub.database.reading() as db:
        case = await cases.get(db, actor, request.match_info["case_id"])
        rows = await documents.of_case(db, case)
        course = await case_course.course(db, actor, case)
    last = MoveCode(course.events[-1].code) if course.events else MoveCode.REGISTER
    now, others = papers.for_case(CaseType(case.type), {last, *(move.code for move, _allowed in course.next)})
    here = Target(paths=(case.unit.path,))
    return view.render(
        request,
        "paperwork/index.html",
        status=status,
        case=case,
        rows=rows,
        titles={row.id: registry().edition(row.form_code, row.edition).title for row in rows},
        now=[registry().edition(form.code, formats.today()) for form in now],
        others=[registry().edition(form.code, formats.today()) for form in others],
        may_make=may(actor, Action.MAKE_DOCUMENT, here),
        may_identify=may(actor, identity.reading(case.party), here),
        attachment_max_mb=hub.config.attachment_max_mb,
        dialog=dialog,
        **{"message": "", **context},
    )


@routes.get(HERE + "/new/{form_code}")
async def ask_new(request: http.Request) -> http.Response:
    return await _form_page(request, None)


@routes.post(HERE + "/new/{form_code}")
async def make(request: http.Request) -> http.Response:
    """``do=preview`` shows the pages; anything else makes the paper."""
    actor, hub, form = keys.actor(request), keys.deps(request), await forms.read(request)
    case_id, code = request.match_info["case_id"], request.match_info["form_code"]
    wanted = Wanted(code, {name: form.text(name) for name in form.fields}, form.yes("named"))
    try:
        if form.text("do") == "preview":
            pages = await documents.preview(hub.database, hub.vault, actor, case_id, wanted)
            return await _form_page(request, dict(form.fields), pages=pages)
        document_id = _document_id(form.text("document_id"))
        row = await documents.make(hub.database, hub.store, hub.vault, hub.config, actor, case_id, document_id, wanted)
    except (BadInput, Conflict, NotReady, TooLarge) as error:
        return await _form_page(request, dict(form.fields), error=error)
    return view.redirect(request, f"/cases/{case_id}/documents#d-{row.id}", notice="document_made")


def _document_id(typed: str) -> str:
    """Drawn when the form was shown, so that sending it twice makes one paper."""
    return typed if len(typed) == 32 and all(c in "0123456789abcdef" for c in typed) else new_id()


async def _form_page(
    request: http.Request,
    values: dict[str, str] | None,
    *,
    pages: Sequence[bytes] = (),
    error: BadInput | Conflict | NotReady | TooLarge | None = None,
) -> http.Response:
    actor = keys.actor(request)
    async with keys.deps(request).database.reading() as db:
        found = await form_facts.draft(db, actor, request.match_info["case_id"], request.match_info["form_code"])
    if values is None:
        values = papers.defaults(found.form, found.facts) | {"named": "yes"}
    values.setdefault("document_id", new_id())
    return view.render(
        request,
        "paperwork/new.html",
        status=error.status if error else 200,
        case=found.case,
        edition=found.edition,
        fields=papers.fields_of(found.form),
        may_name=found.may_name,
        values=values,
        pages=[base64.b64encode(page).decode() for page in pages],
        message=error.text if error else "",
        errors=forms.field_errors(error) if isinstance(error, (BadInput, Conflict)) else {},
    )


@routes.post(ONE + "/finish")
async def finish(request: http.Request) -> http.Response:
    actor, hub = keys.actor(request), keys.deps(request)
    case_id, document_id = request.match_info["case_id"], request.match_info["document_id"]
    async with hub.database.reading() as db:
        await documents.get(db, actor, case_id, document_id)
    await documents.finish(hub.database, hub.store, hub.vault, hub.config, actor, document_id)
    return view.redirect(request, f"/cases/{case_id}/documents", notice="document_made")


@routes.get(ONE + "/{kind:pdf|word}")
async def open_one(request: http.Request) -> http.Response:
    """One that names no denouncer; the others come by POST, with a reason."""
    return await _opened(request, "")


@routes.post(ONE + "/{kind:pdf|word}")
async def open_with_reason(request: http.Request) -> http.Response:
    form = await forms.read(request)
    return await _opened(request, form.text("reason"))


async def _opened(request: http.Request, reason: str) -> http.Response:
    actor, hub = keys.actor(request), keys.deps(request)
    case_id, document_id = request.match_info["case_id"], request.match_info["document_id"]
    kind = request.match_info["kind"]
    async with hub.database.reading() as db:
        await documents.get(db, actor, case_id, document_id)
    try:
        if kind == "pdf":
            opened = await documents.open_pdf(hub.database, hub.store, hub.vault, actor, document_id, reason)
        else:
            opened = await documents.open_word(hub.database, hub.vault, actor, document_id, reason)
    except BadInput as error:
        return await _refused(request, error, f"{kind}-{document_id}")
    return _file(opened, inline=kind == "pdf" and request.method == "GET")


@routes.post(ONE + "/scans")
async def add_scan(request: http.Request) -> http.Response:
    actor, hub = keys.actor(request), keys.deps(request)
    case_id, document_id = request.match_info["case_id"], request.match_info["document_id"]
    most = hub.config.attachment_max_mb * 1_000_000
    async with hub.database.reading() as db:
        row = await documents.get(db, actor, case_id, document_id)
    require(actor, Action.MAKE_DOCUMENT, Target(paths=(row.unit.path,)))  # before the file is read
    try:
        sent = await uploads.read_file(request, "file", max_bytes=most)
        await document_scans.add(
            hub.database, hub.store, hub.vault, actor, case_id, document_id, sent.data, max_bytes=most
        )
    except (BadInput, TooLarge, NotReady, Conflict) as error:
        return await _index(
            request,
            status=error.status,
            dialog=f"scan-{document_id}",
            message=error.text,
            errors={"file": error.text},
        )
    return view.redirect(request, f"/cases/{case_id}/documents", notice="document_scanned")


@routes.get(ONE + "/scans/{scan_id:[0-9a-f]{32}}")
async def open_scan(request: http.Request) -> http.Response:
    return await _scan(request, "")


@routes.post(ONE + "/scans/{scan_id:[0-9a-f]{32}}")
async def open_scan_with_reason(request: http.Request) -> http.Response:
    form = await forms.read(request)
    return await _scan(request, form.text("reason"))


async def _scan(request: http.Request, reason: str) -> http.Response:
    actor, hub, known = keys.actor(request), keys.deps(request), request.match_info
    try:
        opened = await document_scans.open_scan(
            hub.database,
            hub.store,
            hub.vault,
            actor,
            known["case_id"],
            known["document_id"],
            known["scan_id"],
            reason,
        )
    except BadInput as error:
        return await _refused(request, error, f"scan-{known['scan_id']}")
    return _file(opened, inline=False)


async def _refused(request: http.Request, error: BadInput, dialog: str) -> http.Response:
    return await _index(request, status=error.status, dialog=dialog, message=error.text, errors=error.fields)


def _file(opened: OpenedFile, *, inline: bool) -> http.Response:
    """What we made ourselves may be shown; what came from outside is saved, never shown in our own origin."""
    how = "inline" if inline else "attachment"
    return http.Response(
        body=opened.data,
        content_type=opened.media_type,
        headers={
            "Content-Disposition": f"{how}; filename*=UTF-8''{quote(opened.file_name, safe='')}",
            "Content-Security-Policy": _SHOWN if inline else _SAVED,
        },
    )


Card = list[tuple[Document, Named]]


async def card(db: AsyncSession, case: Case) -> Card:
    """For the case's own page: its papers with their names, the latest first."""
    return [(row, registry().edition(row.form_code, row.edition).title) for row in await documents.of_case(db, case)]
