"""Sending a case to the body that is to settle it, and that body's answer."""

from __future__ import annotations

from aiohttp import web as http

from hub.case_moves import MoveCode
from hub.errors import BadInput, Conflict
from hub.services import case_course, cases, transfer_items, transfers
from hub.services.transfers import WantedTransfer
from web import format as formats
from web import forms, keys, view
from web.pages.cases import case_page

routes = http.RouteTableDef()


@routes.get("/cases/{case_id}/transfer")
async def ask(request: http.Request) -> http.Response:
    return await _page(request, {"day": formats.today().isoformat()})


@routes.post("/cases/{case_id}/transfer")
async def send(request: http.Request) -> http.Response:
    actor, hub, form = keys.actor(request), keys.deps(request), await forms.read(request)
    case_id = request.match_info["case_id"]
    try:
        wanted = WantedTransfer(
            unit_id=form.text("unit_id"),
            to_name=form.text("to_name"),
            day=form.day("day"),
            document_number=form.text("document_number"),
            document_day=form.day("document_day"),
            reason=form.text("reason"),
            items=form.many("items"),
        )
        async with hub.database.transaction() as db:
            case = await cases.get(db, actor, case_id)
            case_course.require_move(actor, case, MoveCode.TRANSFER)
            await transfers.send(db, hub.vault, actor, case_id, form.number("version", 0), wanted)
            form.check()
    except (BadInput, Conflict) as error:
        return await _page(request, dict(form.fields), forms.together(form, error), chosen=form.many("items"))
    return view.redirect(request, f"/cases/{case_id}", notice="case_transferred")


async def _page(
    request: http.Request,
    values: dict[str, str],
    error: BadInput | Conflict | None = None,
    *,
    chosen: tuple[str, ...] | None = None,
) -> http.Response:
    """``chosen`` documents go along; None: all, as when the page is first shown."""
    actor = keys.actor(request)
    async with keys.deps(request).database.reading() as db:
        case = await cases.get(db, actor, request.match_info["case_id"])
        move = case_course.require_move(actor, case, MoveCode.TRANSFER)
        units = await transfers.units(db, case)
        items = await transfer_items.choices(db, case)
    return view.render(
        request,
        "handling/transfer.html",
        status=error.status if error else 200,
        case=case,
        move=move,
        units=units,
        items=items,
        chosen=[one.id for one in items] if chosen is None else chosen,
        values=values,
        message=error.text if error else "",
        errors=forms.field_errors(error),
    )


@routes.post("/transfers/{transfer_id}/acknowledge")
async def acknowledge(request: http.Request) -> http.Response:
    actor, hub, form = keys.actor(request), keys.deps(request), await forms.read(request)
    try:
        async with hub.database.transaction() as db:
            day = form.day("received_day")
            received = await transfers.acknowledge(db, hub.vault, actor, request.match_info["transfer_id"], day)
    except BadInput as error:
        return await _case_again(request, form, error)
    return view.redirect(request, f"/cases/{received.id}", notice="transfer_taken")


@routes.post("/transfers/{transfer_id}/return")
async def give_back(request: http.Request) -> http.Response:
    actor, hub, form = keys.actor(request), keys.deps(request), await forms.read(request)
    try:
        async with hub.database.transaction() as db:
            transfer_id = request.match_info["transfer_id"]
            await transfers.give_back(db, hub.vault, actor, transfer_id, form.text("return_reason"))
    except BadInput as error:
        return await _case_again(request, form, error)
    return view.redirect(request, "/", notice="transfer_returned")


async def _case_again(request: http.Request, form: forms.Form, error: BadInput) -> http.Response:
    shown = {"message": error.text, "errors": error.fields, "values": form.fields}
    return await case_page(request, form.text("case_id"), status=error.status, dialog="arrival", **shown)
