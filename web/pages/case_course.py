"""The course of a case: its next steps, what its deadlines depend on, and the cases that belong to it."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web as http
from sqlalchemy.ext.asyncio import AsyncSession

from hub.auth import Action, Target, require
from hub.case_moves import MoveCode, target_of
from hub.errors import BadInput, Conflict, NotFound, Stale
from hub.i18n import N_, Text
from hub.models import Case, Complexity, LinkKind
from hub.services import case_course, case_links, case_locking, case_steps, cases
from hub.services.case_course import Assessment, WantedMove
from web import format as formats
from web import forms, keys, merging, view
from web.forms import Form
from web.pages.cases import case_page

routes = http.RouteTableDef()


@routes.get("/cases/{case_id}/moves/{code}")
async def ask_move(request: http.Request) -> http.Response:
    if request.match_info["code"] == MoveCode.TRANSFER:  # which asks where to
        return view.redirect(request, f"/cases/{request.match_info['case_id']}/transfer")
    return await _move_page(request, {"day": formats.today().isoformat()})


@routes.post("/cases/{case_id}/moves/{code}")
async def make_move(request: http.Request) -> http.Response:
    """Write down a step; after a collision what was typed stays, and the page says what has changed."""
    actor, hub, form = keys.actor(request), keys.deps(request), await forms.read(request)
    case_id, code = request.match_info["case_id"], _code(request)
    if code is MoveCode.TRANSFER:
        raise NotFound(N_("Không có bước này."))
    try:
        # A day that cannot be read is told together with the service's own faults.
        wanted = WantedMove(
            code=code,
            day=form.day("day"),
            document_number=form.text("document_number"),
            document_day=form.day("document_day", required=False),
            reason=form.text("reason"),
        )
        async with hub.database.transaction() as db:
            await cases.get(db, actor, case_id)
            await case_steps.take(db, hub.vault, actor, case_id, form.number("version", 0), wanted)
            form.check()
    except (BadInput, Conflict) as error:
        return await _move_page(request, dict(form.fields), forms.together(form, error))
    return view.redirect(request, f"/cases/{case_id}", notice="case_moved")


async def _move_page(
    request: http.Request, values: dict[str, str], error: BadInput | Conflict | None = None
) -> http.Response:
    actor = keys.actor(request)
    async with keys.deps(request).database.reading() as db:
        case = await cases.get(db, actor, request.match_info["case_id"])
        move = case_course.require_move(actor, case, _code(request))
        events = (await case_course.events_of(db, [case.id]))[case.id]
        since = await _since(db, case, values, error)
    try:
        target = target_of(move, case_course.facts_of(case), case_course.happened(case, events))
    except Conflict:
        target = None
    return view.render(
        request,
        "cases/move.html",
        status=error.status if error else 200,
        case=case,
        move=move,
        target=target,
        values=values,
        message=error.text if error else "",
        errors=forms.field_errors(error),
        merged=None,
        since=since,
    )


async def _since(
    db: AsyncSession, case: Case, values: Mapping[str, str], error: BadInput | Conflict | None
) -> list[Text]:
    """What others did, for who came second."""
    version = values.get("version", "")
    return await case_locking.since(db, case, int(version)) if isinstance(error, Stale) and version.isdecimal() else []


def _code(request: http.Request) -> MoveCode:
    try:
        return MoveCode(request.match_info["code"])
    except ValueError as error:
        raise NotFound(N_("Không có bước này.")) from error


@routes.get("/cases/{case_id}/facts")
async def ask_facts(request: http.Request) -> http.Response:
    return await _facts_page(request, None)


@routes.post("/cases/{case_id}/facts")
async def save_facts(request: http.Request) -> http.Response:
    actor, form, case_id = keys.actor(request), await forms.read(request), request.match_info["case_id"]
    if take := form.text("take"):
        return await _facts_page(request, form, take=take)
    try:
        wanted = Assessment(
            complexity=form.choice("complexity", Complexity, Complexity.ORDINARY, N_("Hãy chọn độ phức tạp.")),
            remote=form.yes("remote"),
            several_places=form.yes("several_places"),
            competent=not form.yes("not_competent"),
            forwarded=form.yes("forwarded"),
        )
        async with keys.deps(request).database.transaction() as db:
            case = await cases.get(db, actor, case_id)
            require(actor, Action.EDIT_CASE, Target(paths=(case.unit.path,)))
            form.check()
            await case_course.assess(db, actor, case_id, form.number("version", 0), wanted)
    except (BadInput, Conflict) as error:
        return await _facts_page(request, form, error)
    return view.redirect(request, f"/cases/{case_id}", notice="case_assessed")


async def _facts_page(
    request: http.Request, form: Form | None, error: BadInput | Conflict | None = None, *, take: str = ""
) -> http.Response:
    actor, typed = keys.actor(request), dict(form.fields) if form else {}
    async with keys.deps(request).database.reading() as db:
        case = await cases.get(db, actor, request.match_info["case_id"])
        since = await _since(db, case, typed, error)
    require(actor, Action.EDIT_CASE, Target(paths=(case.unit.path,)))
    now = {
        "complexity": str(case.complexity),
        "remote": "yes" if case.remote else "",
        "several_places": "yes" if case.several_places else "",
        "not_competent": "" if case.competent else "yes",
        "forwarded": "yes" if case.forwarded else "",
    }
    merged = merging.merge(typed, now, take=take) if isinstance(error, Stale) or take else None
    fresh = {"version": str(case.version), **merging.bases(now)}
    return view.render(
        request,
        "cases/facts.html",
        status=error.status if error else 200,
        case=case,
        values={**merged.values, **({} if take else fresh)} if merged else {**fresh, **(typed or now)},
        merged=merged,
        bases=[f"base_{name}" for name in now],
        since=since,
        message=error.text if error else Text(N_("Hãy xem lại rồi lưu.")) if take else "",
        errors=forms.field_errors(error),
    )


@routes.post("/cases/{case_id}/links")
async def link(request: http.Request) -> http.Response:
    """To another case by its number."""
    actor, form, case_id = keys.actor(request), await forms.read(request), request.match_info["case_id"]
    try:
        kind = form.choice("kind", LinkKind, LinkKind.DUPLICATE, N_("Hãy chọn một mục trong danh sách."))
        async with keys.deps(request).database.transaction() as db:
            case = await cases.get(db, actor, case_id)
            require(actor, Action.EDIT_CASE, Target(paths=(case.unit.path,)))
            form.check()
            await case_links.link(db, actor, case_id, form.number("version", 0), form.text("number"), kind)
    except (BadInput, Conflict) as error:
        return await case_page(
            request,
            case_id,
            status=error.status,
            dialog="link",
            message=error.text,
            errors=forms.field_errors(error),
            typed=dict(form.fields),
        )
    return view.redirect(request, f"/cases/{case_id}", notice="case_linked")
