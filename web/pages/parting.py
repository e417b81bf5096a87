"""Around a case's party: who speaks for it and what it needs; and a mixed petition taken apart."""

from __future__ import annotations

from contextlib import suppress

from aiohttp import web as http

from hub.auth import Action, Target, may, require
from hub.errors import BadInput, Conflict, NotReady, Stale
from hub.i18n import N_
from hub.models import Case, CaseType, RepresentationKind
from hub.representation import NewRepresentative
from hub.services import cases, identity, representing, splitting
from hub.services.case_access import require_here
from hub.services.splitting import Split
from web import forms, keys, odd_numbers, view
from web.forms import Form
from web.odd_numbers import OddNumber

routes = http.RouteTableDef()


@routes.get("/cases/{case_id}/people")
async def ask_people(request: http.Request) -> http.Response:
    return await _people_page(request, None)


@routes.post("/cases/{case_id}/people")
async def add_representative(request: http.Request) -> http.Response:
    actor, hub, form = keys.actor(request), keys.deps(request), await forms.read(request)
    case_id = request.match_info["case_id"]
    try:
        new = _representative(form)
        form.check()
        async with hub.database.transaction() as db:
            await representing.add(db, hub.vault, actor, case_id, new)
            odd_numbers.ask_back(form)
    except BadInput as error:
        return await _people_page(request, dict(form.fields), error)
    except OddNumber as odd:
        return await _people_page(request, dict(form.fields), odd=odd)
    return view.redirect(request, f"/cases/{case_id}/people", notice="representative_added")


@routes.post("/cases/{case_id}/people/{row_id}/end")
async def end_representative(request: http.Request) -> http.Response:
    actor, case_id = keys.actor(request), request.match_info["case_id"]
    async with keys.deps(request).database.transaction() as db:
        await representing.end(db, actor, case_id, request.match_info["row_id"])
    return view.redirect(request, f"/cases/{case_id}/people", notice="representative_ended")


@routes.post("/cases/{case_id}/needs")
async def set_needs(request: http.Request) -> http.Response:
    actor, hub, form = keys.actor(request), keys.deps(request), await forms.read(request)
    case_id = request.match_info["case_id"]
    try:
        async with hub.database.transaction() as db:
            await representing.set_need(
                db,
                hub.vault,
                actor,
                case_id,
                nationality=form.text("nationality"),
                language=form.text("language"),
                interpreter=form.yes("interpreter"),
                needs=form.text("needs"),
            )
    except BadInput as error:
        return await _people_page(request, dict(form.fields), error)
    return view.redirect(request, f"/cases/{case_id}/people", notice="needs_recorded")


def _representative(form: Form) -> NewRepresentative:
    return NewRepresentative(
        kind=form.choice("kind", RepresentationKind, RepresentationKind.AUTHORISED, N_("Hãy chọn là ai.")),
        name=form.text("name"),
        address=form.text("address"),
        birth=form.text("birth"),
        id_number=form.text("id_number"),
        phone=form.text("phone"),
        document_number=form.text("document_number"),
        document_day=form.day("document_day", required=False),
        scope=form.text("scope"),
        card_number=form.text("card_number"),
        member=form.yes("member"),
        signed_by_all=form.yes("signed_by_all"),
    )


async def _people_page(
    request: http.Request,
    values: dict[str, str] | None,
    error: BadInput | None = None,
    odd: OddNumber | None = None,
) -> http.Response:
    actor = keys.actor(request)
    async with keys.deps(request).database.reading() as db:
        case = _editable(request, await cases.get(db, actor, request.match_info["case_id"]))
        spoken = await representing.of_case(db, case)
        need = await representing.need(db, case)
    knows = may(actor, identity.reading(case.party), identity.identity_target(case))
    shown = {}
    if need is not None and (knows or not case.party.secret):
        shown = {"nationality": need.nationality, "language": need.language, "needs": need.needs}
        shown |= {"interpreter": "yes" if need.interpreter else ""}
    return view.render(
        request,
        "cases/people.html",
        status=error.status if error else 200,
        case=case,
        spoken=spoken,
        values=shown | (values or {}),
        odd=odd,
        message=error.text if error else "",
        errors=error.fields if error else {},
    )


@routes.get("/cases/{case_id}/split")
async def ask_split(request: http.Request) -> http.Response:
    return await _split_page(request, None)


@routes.post("/cases/{case_id}/split")
async def split(request: http.Request) -> http.Response:
    """One part at a time; a third part is taken out by splitting again."""
    actor, hub, form = keys.actor(request), keys.deps(request), await forms.read(request)
    case_id = request.match_info["case_id"]
    try:
        wanted = Split(
            kept_summary=form.text("kept_summary"),
            kept_content=form.text("kept_content"),
            type=form.choice("type", CaseType, CaseType.COMPLAINT, N_("Hãy chọn loại vụ việc.")),
            summary=form.text("summary"),
            content=form.text("content"),
            attachment_ids=form.many("attachment_ids"),
        )
        form.check()
        async with hub.database.transaction() as db:
            part = await splitting.split(db, hub.vault, actor, case_id, form.number("version", 0), wanted)
    except (BadInput, Stale, Conflict) as error:
        return await _split_page(request, form, error)
    if wanted.type == CaseType.DENUNCIATION:
        # With the store away the hub's housekeeping seals the documents later.
        with suppress(NotReady):
            await cases.seal_pending(hub.database, hub.store, hub.vault)
    return view.redirect(request, f"/cases/{part.id}", notice="case_split")


async def _split_page(
    request: http.Request, form: Form | None, error: BadInput | Conflict | None = None
) -> http.Response:
    actor = keys.actor(request)
    async with keys.deps(request).database.reading() as db:
        case = _editable(request, await cases.get(db, actor, request.match_info["case_id"]))
    values: dict[str, object] = {"kept_summary": case.summary, "kept_content": case.content, "attachment_ids": ()}
    if form is not None:
        values |= {**dict(form.fields), "attachment_ids": form.many("attachment_ids")}
    return view.render(
        request,
        "cases/split.html",
        status=error.status if error else 200,
        case=case,
        values=values | {"version": str(case.version)},
        possible=case.state in splitting.EARLY,
        message=error.text if error else "",
        errors=forms.field_errors(error),
    )


def _editable(request: http.Request, case: Case) -> Case:
    require(keys.actor(request), Action.EDIT_CASE, Target(paths=(case.unit.path,)))
    require_here(case)
    return case
