"""What was handed over with a case, and what may not be here at all."""

from __future__ import annotations

from aiohttp import web as http

from hub.auth import Action, Target, require
from hub.errors import BadInput, Conflict
from hub.services import cases, receipts, state_secrets
from hub.services.case_access import require_here
from hub.services.receipts import Item
from web import forms, keys, view
from web.forms import Form

routes = http.RouteTableDef()
ROWS = 8


@routes.get("/cases/{case_id}/receipts/new")
async def ask_receipt(request: http.Request) -> http.Response:
    return await _receipt_page(request, None)


@routes.post("/cases/{case_id}/receipts/new")
async def make_receipt(request: http.Request) -> http.Response:
    actor, hub, form = keys.actor(request), keys.deps(request), await forms.read(request)
    case_id = request.match_info["case_id"]
    try:
        items = _items(form)
        form.check()
        async with hub.database.transaction() as db:
            await receipts.make(db, hub.vault, actor, case_id, items)
    except BadInput as error:
        return await _receipt_page(request, dict(form.fields), error)
    return view.redirect(request, f"/cases/{case_id}", notice="receipt_made")


def _items(form: Form) -> list[Item]:
    """Rows are numbered as they stand in the form; one in which nothing was typed is none."""
    found = []
    for row in range(1, receipts.ITEMS_MAX + 1):
        if not any(form.text(f"{name}_{row}") for name in ("name", "pages")):
            continue
        pages, originals = form.number(f"pages_{row}", 0), form.number(f"originals_{row}", 0)
        found.append(Item(form.text(f"name_{row}"), pages, originals, form.number(f"copies_{row}", 0)))
    return found


async def _receipt_page(
    request: http.Request, values: dict[str, str] | None, error: BadInput | None = None
) -> http.Response:
    actor = keys.actor(request)
    async with keys.deps(request).database.reading() as db:
        case = await cases.get(db, actor, request.match_info["case_id"])
    require(actor, Action.EDIT_CASE, Target(paths=(case.unit.path,)))
    require_here(case)
    if values is None:
        values = {f"name_{row}": one.file_name for row, one in enumerate(case.attachments[:ROWS], 1)}
        values |= {f"originals_{row}": "1" for row in range(1, ROWS + 1)}
    return view.render(
        request,
        "cases/receipt.html",
        status=error.status if error else 200,
        case=case,
        values=values,
        rows=ROWS,
        message=error.text if error else "",
        errors=error.fields if error else {},
    )


@routes.get("/cases/{case_id}/state-secret")
async def ask_flag(request: http.Request) -> http.Response:
    return await _flag_page(request, {})


@routes.post("/cases/{case_id}/state-secret")
async def flag(request: http.Request) -> http.Response:
    """Irreversible: the case's number is typed to confirm."""
    actor, hub, form = keys.actor(request), keys.deps(request), await forms.read(request)
    case_id = request.match_info["case_id"]
    try:
        await state_secrets.flag(
            hub.database,
            hub.store,
            hub.vault,
            actor,
            case_id,
            form.number("version", 0),
            register_entry=form.text("register_entry"),
            confirmed=form.text("confirmed"),
        )
    except (BadInput, Conflict) as error:
        return await _flag_page(request, dict(form.fields), error)
    return view.redirect(request, f"/cases/{case_id}", notice="state_secret_flagged")


async def _flag_page(
    request: http.Request, values: dict[str, str], error: BadInput | Conflict | None = None
) -> http.Response:
    actor = keys.actor(request)
    async with keys.deps(request).database.reading() as db:
        case = await cases.get(db, actor, request.match_info["case_id"])
    require(actor, Action.DECIDE_CASE, Target(paths=(case.unit.path,)))
    require_here(case)
    return view.render(
        request,
        "cases/state_secret.html",
        status=error.status if error else 200,
        case=case,
        values=values,
        message=error.text if error else "",
        errors=forms.field_errors(error),
    )
