"""What was handed over with a case, and what may not be here at all."""

from __future__ import annotations

import re
from collections.abc import Mapping

from aiohttp import web as http
from multidict import MultiDict

from hub import forms as papers
from hub.auth import Action, Target, may, require
from hub.errors import BadInput, Conflict, NotReady, TooLarge
from hub.ids import new_id
from hub.services import cases, form_facts, identity, receipt_papers, receipts, state_secrets
from hub.services.case_access import require_here
from hub.services.receipt_papers import WantedReceipt
from hub.services.receipts import Item
from web import forms, keys, view
from web.forms import Form
from web.pages.paperwork import drawn_id

routes = http.RouteTableDef()
LINE = {"name": "", "pages": "1", "originals": "1", "copies": "0"}
"""A line of the receipt, with what it says before anything is typed."""
_LINE_FIELD = re.compile(rf"({'|'.join(LINE)})_\d+")


@routes.get("/cases/{case_id}/receipts/new")
async def ask_receipt(request: http.Request) -> http.Response:
    return await _receipt_page(request, None)


@routes.post("/cases/{case_id}/receipts/new")
async def make_receipt(request: http.Request) -> http.Response:
    """``do=add`` gives one more line, for who has no scripts; anything else makes the receipt and its paper."""
    actor, hub = keys.actor(request), keys.deps(request)
    form = _numbered_anew(await forms.read(request))
    if form.text("do") == "add":
        return await _receipt_page(request, dict(form.fields), more=1)
    try:
        items = _items(form)
        form.check()
        wanted = WantedReceipt(
            case_id=request.match_info["case_id"],
            receipt_id=drawn_id(form.text("receipt_id")),
            document_id=drawn_id(form.text("document_id")),
            items=items,
            typed={name: form.text(name) for name in form.fields},
            named=form.yes("named"),
        )
        row = await receipt_papers.make(hub.database, hub.store, hub.vault, hub.config, actor, wanted)
    except (BadInput, Conflict, NotReady, TooLarge) as error:
        return await _receipt_page(request, dict(form.fields), error)
    return view.redirect(request, f"/cases/{wanted.case_id}/documents#d-{row.id}", notice="receipt_made")


def _numbered_anew(form: Form) -> Form:
    """Without the lines in which nothing was typed, so that a fault's number is that of the line on the page."""
    lines = []
    for row in range(1, receipts.ITEMS_MAX + 1):
        line = {name: form.text(f"{name}_{row}") for name in LINE}
        if line["name"] or any(line[name] not in ("", usual) for name, usual in LINE.items()):
            lines.append(line)
    fields = MultiDict((name, text) for name, text in form.fields.items() if not _LINE_FIELD.fullmatch(name))
    for row, line in enumerate(lines, 1):
        fields.update({f"{name}_{row}": text for name, text in line.items()})
    return Form(fields)


def _count_lines(values: Mapping[str, str]) -> int:
    return sum(f"name_{row}" in values for row in range(1, receipts.ITEMS_MAX + 1))


def _items(form: Form) -> list[Item]:
    numbers = [
        (form.number(f"pages_{row}", 0), form.number(f"originals_{row}", 0), form.number(f"copies_{row}", 0))
        for row in range(1, _count_lines(form.fields) + 1)
    ]
    return [Item(form.text(f"name_{row}"), *counted) for row, counted in enumerate(numbers, 1)]


async def _receipt_page(
    request: http.Request,
    values: dict[str, str] | None,
    error: BadInput | Conflict | NotReady | TooLarge | None = None,
    *,
    more: int = 0,
) -> http.Response:
    actor = keys.actor(request)
    async with keys.deps(request).database.reading() as db:
        case = await cases.get(db, actor, request.match_info["case_id"])
        require(actor, Action.EDIT_CASE, Target(paths=(case.unit.path,)))
        require_here(case)
        form, usual = await form_facts.usual(db, actor, case, receipt_papers.CODE)
    if values is None:
        brought = [one.file_name.rpartition(".")[0] or one.file_name for one in case.attachments]
        values = {f"name_{row}": name for row, name in enumerate(brought[: receipts.ITEMS_MAX], 1)}
        values |= usual | {"named": "yes"}
    rows = min(max(1, _count_lines(values) + more), receipts.ITEMS_MAX)
    for row in range(1, rows + 1):
        values |= {f"{name}_{row}": values.get(f"{name}_{row}", text) for name, text in LINE.items()}
    values.setdefault("receipt_id", new_id())
    values.setdefault("document_id", new_id())
    return view.render(
        request,
        "cases/receipt.html",
        status=error.status if error else 200,
        case=case,
        values=values,
        rows=rows,
        rows_max=receipts.ITEMS_MAX,
        fields=papers.fields_of(form),
        may_name=may(actor, identity.reading(case.party), Target(paths=(case.unit.path,))),
        added=bool(more),
        message=error.text if error else "",
        errors=forms.field_errors(error) if isinstance(error, (BadInput, Conflict)) else {},
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
