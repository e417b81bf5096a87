"""Giving a case to an officer, and the officer's answer."""

from __future__ import annotations

from aiohttp import web as http

from hub.auth import Action, Target, require
from hub.errors import BadInput, Conflict
from hub.services import absences, assignments, cases
from hub.services.assignments import AwayThen, WantedAssignment
from web import format as formats
from web import forms, keys, view
from web.pages.cases import case_page

routes = http.RouteTableDef()


@routes.get("/cases/{case_id}/assign")
async def ask(request: http.Request) -> http.Response:
    return await _page(request, {})


@routes.post("/cases/{case_id}/assign")
async def assign(request: http.Request) -> http.Response:
    actor, hub, form = keys.actor(request), keys.deps(request), await forms.read(request)
    case_id = request.match_info["case_id"]
    try:
        wanted = WantedAssignment(
            to_id=form.text("instead") or form.text("to_id"),
            due=form.day("due", required=False),
            instruction=form.text("instruction"),
            seen=form.text("seen"),
            though_away=form.text("though_away"),
        )
        async with hub.database.transaction() as db:
            case = await cases.get(db, actor, case_id)
            if not assignments.may_assign(actor, case, wanted.to_id):
                require(actor, Action.ASSIGN_CASE, Target(paths=(case.unit.path,)))
            form.check()
            await assignments.assign(db, hub.vault, actor, case_id, wanted)
    except (BadInput, Conflict) as error:
        return await _page(request, {**form.fields, "to_id": form.text("instead") or form.text("to_id")}, error)
    return view.redirect(request, f"/cases/{case_id}", notice="case_assigned")


async def _page(
    request: http.Request, values: dict[str, str], error: BadInput | Conflict | None = None
) -> http.Response:
    actor = keys.actor(request)
    async with keys.deps(request).database.reading() as db:
        case = await cases.get(db, actor, request.match_info["case_id"])
        if not (error and values.get("to_id") == actor.account_id):
            require(actor, Action.ASSIGN_CASE, Target(paths=(case.unit.path,)))
        people = await assignments.officers(db, case)
        now = await assignments.current(db, case.id)
        away = await absences.away(db, formats.today(), [one.id for one in people])
    return view.render(
        request,
        "handling/assign.html",
        status=error.status if error else 200,
        case=case,
        people=people,
        now=now,
        away=away,
        instead=(error.stand_in_id, error.stand_in) if isinstance(error, AwayThen) and error.stand_in_id else None,
        though=values.get("to_id", "") if isinstance(error, AwayThen) else "",
        values=values,
        message=error.text if error else "",
        errors=forms.field_errors(error),
    )


@routes.post("/assignments/{assignment_id}/{answer:accept|return|finish}")
async def answer(request: http.Request) -> http.Response:
    actor, hub, form = keys.actor(request), keys.deps(request), await forms.read(request)
    assignment_id, wanted = request.match_info["assignment_id"], request.match_info["answer"]
    case_id = form.text("case_id")
    try:
        async with hub.database.transaction() as db:
            if wanted == "accept":
                one = await assignments.accept(db, actor, assignment_id)
            elif wanted == "return":
                one = await assignments.give_back(db, hub.vault, actor, assignment_id, form.text("return_reason"))
            else:
                one = await assignments.finish(db, hub.vault, actor, assignment_id, form.text("report"))
            case_id = one.case_id
    except BadInput as error:
        return await case_page(
            request, case_id, status=error.status, dialog=f"turn-{wanted}", message=error.text, errors=error.fields
        )
    return view.redirect(request, f"/cases/{case_id}", notice=f"assignment_{wanted}")
