"""Papers of a case or a visit: choose a form, fill it in, look at it, make it, open it, add its scan, make it void; and
the list of forms."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from aiohttp import web as http
from sqlalchemy.ext.asyncio import AsyncSession

from hub import forms as papers
from hub.auth import Action, Actor, Target, may, require
from hub.case_moves import MoveCode
from hub.errors import BadInput, Conflict, NotReady, TooLarge
from hub.form_registry import registry
from hub.i18n import Named
from hub.ids import new_id
from hub.models import Case, CaseType, Document, Visit
from hub.services import (
    case_course,
    cases,
    document_scans,
    document_voiding,
    documents,
    form_facts,
    identity,
    scan_marks,
    transfer_items,
    visits,
)
from hub.services.documents import OpenedFile, Wanted
from hub.services.form_facts import About
from web import format as formats
from web import forms, keys, uploads, view

routes = http.RouteTableDef()

FROM_RECEIPTS = frozenset(form.code for form in papers.FORMS.values() if form.from_receipt)
CASE, VISIT = "/cases/{case_id}/documents", "/visits/{visit_id:[0-9a-f]{32}}/documents"
_SHOWN, _SAVED = "default-src 'none'; style-src 'unsafe-inline'", "sandbox; default-src 'none'"
ONE, ONE_OF_VISIT = (where + "/{document_id:[0-9a-f]{32}}" for where in (CASE, VISIT))


@routes.get("/forms")
async def list_forms(request: http.Request) -> http.Response:
    """Every form in every edition, with how sure its number is."""
    actor = keys.actor(request)
    require(actor, Action.READ_RULES, Target(paths=tuple(grant.path for grant in actor.grants)))
    book = registry()
    rows = [one for code in book.codes for one in reversed(book.versions(code))]
    return view.render(request, "paperwork/forms.html", rows=rows, today=formats.today())


@routes.get(CASE)
@routes.get(VISIT)
async def index(request: http.Request) -> http.Response:
    return await _index(request)


def about_of(request: http.Request) -> About:
    """What the address names; the form or the query adds which visit or receipt of the case is meant."""
    known = request.match_info
    return About(case_id=known.get("case_id", ""), visit_id=known.get("visit_id", ""))


def base_of(about: About) -> str:
    return f"/cases/{about.case_id}" if about.case_id else f"/visits/{about.visit_id}"


async def _index(request: http.Request, *, status: int = 200, dialog: str = "", **context: Any) -> http.Response:
    actor, hub, about = keys.actor(request), keys.deps(request), about_of(request)
    async with hub.database.reading() as db:
        visit = None if about.case_id else await visits.get(db, actor, about.visit_id)
        if visit is not None and visit.case_id:
            return view.redirect(request, f"/cases/{visit.case_id}/documents")
        case = await cases.get(db, actor, about.case_id) if visit is None else None
        rows = await documents.of_case(db, case) if case else await documents.of_visits(db, [about.visit_id])
        known = await transfer_items.seen(db, actor, case) if case else None
        rows = [row for row in rows if known is None or row.id in known]
        now, others = await _choices(db, actor, case, visit)
    unit = case.unit if case else visit.unit if visit else None
    assert unit is not None
    here = Target(paths=(unit.path,))
    return view.render(
        request,
        "paperwork/index.html",
        status=status,
        case=case,
        visit=visit,
        base=base_of(about),
        rows=rows,
        titles={row.id: registry().edition(row.form_code, row.edition).title for row in rows},
        now=[registry().edition(form.code, formats.today()) for form in now],
        others=[registry().edition(form.code, formats.today()) for form in others],
        may_make=may(actor, Action.MAKE_DOCUMENT, here),
        by_transfer=known is not None,
        may_identify=may(actor, identity.reading(case.party) if case else Action.READ_IDENTITY, here),
        attachment_max_mb=hub.config.attachment_max_mb,
        dialog=dialog,
        **{"message": "", "errors": {}, **context},
    )


async def _choices(
    db: AsyncSession, actor: Actor, case: Case | None, visit: Visit | None
) -> tuple[list[papers.Form], list[papers.Form]]:
    """The forms for the steps at hand, and all others; of a visit without a case those of a refusal."""
    if case is None:
        refused = visit is not None and visit.refusal_ground is not None
        return [form for form in papers.FORMS.values() if form.about_visits and refused], []
    course = await case_course.course(db, actor, case)
    last = MoveCode(course.events[-1].code) if course.events else MoveCode.REGISTER
    return papers.for_case(CaseType(case.type), {last, *(move.code for move, _allowed in course.next)})


@routes.get(CASE + "/new/{form_code}")
@routes.get(VISIT + "/new/{form_code}")
async def ask_new(request: http.Request) -> http.Response:
    return await _form_page(request, None)


@routes.post(CASE + "/new/{form_code}")
@routes.post(VISIT + "/new/{form_code}")
async def make(request: http.Request) -> http.Response:
    """``do=preview`` shows the pages; anything else makes the paper."""
    actor, hub, form = keys.actor(request), keys.deps(request), await forms.read(request)
    wanted = _wanted(request, form)
    try:
        if form.text("do") == "preview":
            pages = await documents.preview(hub.database, hub.vault, actor, wanted)
            return await _form_page(request, dict(form.fields), pages=pages)
        document_id = drawn_id(form.text("document_id"))
        row = await documents.make(hub.database, hub.store, hub.vault, hub.config, actor, document_id, wanted)
    except (BadInput, Conflict, NotReady, TooLarge) as error:
        return await _form_page(request, dict(form.fields), error=error)
    return view.redirect(request, f"{base_of(about_of(request))}/documents#d-{row.id}", notice="document_made")


def _wanted(request: http.Request, form: forms.Form) -> Wanted:
    about = about_of(request)
    if about.case_id:
        about = replace(about, visit_id=form.text("visit_id"), receipt_id=form.text("receipt_id"))
    code = request.match_info["form_code"]
    return Wanted(code, {name: form.text(name) for name in form.fields}, form.yes("named"), about)


def drawn_id(typed: str) -> str:
    """Drawn when the form was shown, so that sending it twice makes one paper."""
    return typed if len(typed) == 32 and all(c in "0123456789abcdef" for c in typed) else new_id()


async def _form_page(
    request: http.Request,
    values: dict[str, str] | None,
    *,
    pages: Sequence[bytes] = (),
    error: BadInput | Conflict | NotReady | TooLarge | None = None,
) -> http.Response:
    actor, about, code = keys.actor(request), about_of(request), request.match_info["form_code"]
    if about.case_id:
        chosen = request.query if values is None else values
        about = replace(about, visit_id=chosen.get("visit_id", ""), receipt_id=chosen.get("receipt_id", ""))
    async with keys.deps(request).database.reading() as db:
        if about.case_id and code in FROM_RECEIPTS and not about.receipt_id:
            case = await cases.get(db, actor, about.case_id)
            require(actor, Action.MAKE_DOCUMENT, Target(paths=(case.unit.path,)))
            return view.redirect(request, f"/cases/{about.case_id}/receipts/new")
        found = await form_facts.draft(db, actor, about, code)
    if values is None:
        values = papers.defaults(found.form, found.facts) | {"named": "yes"}
        values |= {"visit_id": about.visit_id, "receipt_id": found.receipt.id if found.receipt else ""}
    values.setdefault("document_id", new_id())
    return view.render(
        request,
        "paperwork/new.html",
        status=error.status if error else 200,
        case=found.case,
        base=base_of(about),
        person=found.facts.person,
        handed_over=found.facts.handed_over,
        edition=found.edition,
        fields=papers.fields_of(found.form),
        may_name=found.may_name,
        values=values,
        pages=[base64.b64encode(page).decode() for page in pages],
        message=error.text if error else "",
        errors=forms.field_errors(error) if isinstance(error, (BadInput, Conflict)) else {},
    )


@routes.post(ONE + "/finish")
@routes.post(ONE_OF_VISIT + "/finish")
async def finish(request: http.Request) -> http.Response:
    actor, hub = keys.actor(request), keys.deps(request)
    about, document_id = about_of(request), request.match_info["document_id"]
    async with hub.database.reading() as db:
        await documents.get(db, actor, about, document_id)
    await documents.finish(hub.database, hub.store, hub.vault, hub.config, actor, document_id)
    return view.redirect(request, f"{base_of(about)}/documents", notice="document_made")


@routes.get(ONE + "/{kind:pdf|word}")
@routes.get(ONE_OF_VISIT + "/{kind:pdf|word}")
async def open_one(request: http.Request) -> http.Response:
    """One that names no denouncer; the others come by POST, with a reason."""
    return await _opened(request, "")


@routes.post(ONE + "/{kind:pdf|word}")
@routes.post(ONE_OF_VISIT + "/{kind:pdf|word}")
async def open_with_reason(request: http.Request) -> http.Response:
    form = await forms.read(request)
    return await _opened(request, form.text("reason"))


async def _opened(request: http.Request, reason: str) -> http.Response:
    actor, hub = keys.actor(request), keys.deps(request)
    about, document_id = about_of(request), request.match_info["document_id"]
    kind = request.match_info["kind"]
    async with hub.database.reading() as db:
        await documents.get(db, actor, about, document_id)
    try:
        if kind == "pdf":
            opened = await documents.open_pdf(hub.database, hub.store, hub.vault, actor, document_id, reason)
        else:
            opened = await documents.open_word(hub.database, hub.vault, actor, document_id, reason)
    except BadInput as error:
        return await _refused(request, error, f"{kind}-{document_id}")
    return sent_file(opened, inline=kind == "pdf" and request.method == "GET")


@routes.post(ONE + "/scans")
@routes.post(ONE_OF_VISIT + "/scans")
async def add_scan(request: http.Request) -> http.Response:
    actor, hub = keys.actor(request), keys.deps(request)
    about, document_id = about_of(request), request.match_info["document_id"]
    most = hub.config.attachment_max_mb * 1_000_000
    async with hub.database.reading() as db:
        row = await documents.get(db, actor, about, document_id)
    require(actor, Action.MAKE_DOCUMENT, Target(paths=(row.unit.path,)))  # before the file is read
    try:
        sent = await uploads.read_file(request, "file", max_bytes=most)
        await document_scans.add(
            hub.database, hub.store, hub.vault, actor, about, document_id, sent.data, max_bytes=most
        )
    except (BadInput, TooLarge, NotReady, Conflict) as error:
        return await _index(
            request,
            status=error.status,
            dialog=f"scan-{document_id}",
            message=error.text,
            errors={"file": error.text},
        )
    return view.redirect(request, f"{base_of(about)}/documents", notice="document_scanned")


@routes.post(ONE + "/void")
@routes.post(ONE_OF_VISIT + "/void")
async def void(request: http.Request) -> http.Response:
    actor, hub, form = keys.actor(request), keys.deps(request), await forms.read(request)
    about, document_id = about_of(request), request.match_info["document_id"]
    try:
        async with hub.database.transaction() as db:
            await document_voiding.void(db, hub.vault, actor, about, document_id, form.text("reason"))
    except (BadInput, Conflict) as error:
        fields = forms.field_errors(error)
        return await _index(
            request, status=error.status, dialog=f"void-{document_id}", message=error.text, errors=fields
        )
    return view.redirect(request, f"{base_of(about)}/documents#d-{document_id}", notice="document_voided")


@routes.post(ONE + "/scans/{scan_id:[0-9a-f]{32}}/mark")
@routes.post(ONE_OF_VISIT + "/scans/{scan_id:[0-9a-f]{32}}/mark")
async def mark_scan(request: http.Request) -> http.Response:
    """``mistaken=yes``: it was added by mistake; else that is taken back."""
    actor, hub, form = keys.actor(request), keys.deps(request), await forms.read(request)
    about, known = about_of(request), request.match_info
    scan_id, mistaken = known["scan_id"], form.yes("mistaken")
    try:
        async with hub.database.transaction() as db:
            where = actor, about, known["document_id"], scan_id
            await scan_marks.mark(db, hub.vault, *where, form.text("reason"), mistaken=mistaken)
    except (BadInput, Conflict) as error:
        fields = forms.field_errors(error)
        return await _index(request, status=error.status, dialog=f"mark-{scan_id}", message=error.text, errors=fields)
    notice = "scan_mistaken" if mistaken else "scan_restored"
    return view.redirect(request, f"{base_of(about)}/documents#d-{known['document_id']}", notice=notice)


@routes.get(ONE + "/scans/{scan_id:[0-9a-f]{32}}")
@routes.get(ONE_OF_VISIT + "/scans/{scan_id:[0-9a-f]{32}}")
async def open_scan(request: http.Request) -> http.Response:
    return await _scan(request, "")


@routes.post(ONE + "/scans/{scan_id:[0-9a-f]{32}}")
@routes.post(ONE_OF_VISIT + "/scans/{scan_id:[0-9a-f]{32}}")
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
            about_of(request),
            known["document_id"],
            known["scan_id"],
            reason,
        )
    except BadInput as error:
        return await _refused(request, error, f"scan-{known['scan_id']}")
    return sent_file(opened, inline=False)


async def _refused(request: http.Request, error: BadInput, dialog: str) -> http.Response:
    return await _index(request, status=error.status, dialog=dialog, message=error.text, errors=error.fields)


def sent_file(opened: OpenedFile, *, inline: bool) -> http.Response:
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
