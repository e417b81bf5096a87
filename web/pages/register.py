"""The register of receptions: look, print, take away as a workbook, correct by a new entry, close a past year."""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import aclosing
from pathlib import Path
from typing import Any

from aiohttp import web as http

from hub import pdf, register_files
from hub.auth import Action, Target, may, require, scopes
from hub.errors import BadInput, Conflict, NotReady, TooLarge
from hub.i18n import N_
from hub.models import CaseType, OrgUnit
from hub.register import CORRECTION_FIELDS, Line
from hub.services import paper_styles, people, register, register_lists
from hub.services.register_lists import Query
from web import format as formats
from web import forms, keys, view

routes = http.RouteTableDef()

PAGE = 50
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CHUNK_BYTES = 1 << 16


@routes.get("/register")
async def index(request: http.Request) -> http.Response:
    return await _index(request, dict(request.query))


async def _index(request: http.Request, asked: dict[str, str], *, status: int = 200, **context: Any) -> http.Response:
    actor, hub = keys.actor(request), keys.deps(request)
    require(actor, Action.READ_REGISTER, Target(paths=tuple(scopes(actor, Action.READ_REGISTER))))
    query, number = _query(asked, actor.unit_id), forms.query_number(asked, "page")
    async with hub.database.transaction() as db:
        units = [unit for unit in await people.list_units(db, actor) if _reads(actor, unit)]
        if query.unit_id not in {unit.id for unit in units} and units:
            query = _query({**asked, "unit_id": units[0].id}, units[0].id)
        shown = await register_lists.page(db, hub.vault, actor, query, limit=PAGE, offset=number * PAGE)
        years = await register_lists.years(db, query.unit_id)
    here = Target(paths=(shown.unit.path,))
    return view.render(
        request,
        "register/index.html",
        status=status,
        shown=shown,
        query=query,
        units=units,
        years=sorted({*years, formats.today().year}, reverse=True),
        asked={**asked, "unit_id": query.unit_id, "year": str(query.year)},
        page=number,
        may_correct=may(actor, Action.REGISTER_CASE, here),
        may_close=may(actor, Action.CLOSE_REGISTER, here) and query.year < formats.today().year,
        may_identify=may(actor, Action.READ_IDENTITY, here),
        **{"message": "", "dialog": "", **context},
    )


def _reads(actor: Any, unit: OrgUnit) -> bool:
    return may(actor, Action.READ_REGISTER, Target(paths=(unit.path,)))


def _query(asked: Any, own_unit: str) -> Query:
    return Query(
        unit_id=asked.get("unit_id", "") or own_unit,
        year=forms.query_number(asked, "year") or formats.today().year,
        first_day=forms.query_day(asked, "from"),
        last_day=forms.query_day(asked, "to"),
        type=forms.query_choice(asked, "type", CaseType),
    )


@routes.post("/register/export")
async def export(request: http.Request) -> http.StreamResponse:
    """``format=pdf`` or ``xlsx``. Logged before the first line is read."""
    actor, hub, form = keys.actor(request), keys.deps(request), await forms.read(request)
    query, full = _query(form.fields, actor.unit_id), form.yes("full")
    kind = "xlsx" if form.text("format") == "xlsx" else "pdf"
    try:
        unit = await register_lists.start_export(
            hub.database, actor, query, kind=kind, reason=form.text("reason"), full=full
        )
        if kind == "xlsx":
            return await _workbook(request, query, full=full)
        return await _pdf(request, unit, query, full=full)
    except (BadInput, TooLarge, NotReady) as error:
        errors = forms.field_errors(error) if isinstance(error, BadInput) else {}
        asked = {name: str(value) for name, value in form.fields.items() if name not in ("csrf_token", "reason")}
        return await _index(
            request, asked, status=error.status, dialog="export", message=error.text, errors=errors, typed=form.fields
        )


async def _pdf(request: http.Request, unit: OrgUnit, query: Query, *, full: bool) -> http.Response:
    hub, lines = keys.deps(request), list[Line]()
    async for some in register_lists.stream(hub.database, hub.vault, keys.actor(request), query, full=full):
        lines += some
        if len(lines) > register_files.PAPER_MOST:
            raise TooLarge(
                N_("Quá %(most)d mục để in một lần. Hãy chọn kỳ ngắn hơn, hoặc tải Excel."),
                most=register_files.PAPER_MOST,
            )
    subject = register_files.title_of(query.year, query.first_day, query.last_day)
    async with hub.database.reading() as db:
        style = await paper_styles.of(db, unit)
    data = await pdf.render(register_files.paper(unit.name, style, subject, lines, formats.today()))
    return http.Response(body=data, content_type="application/pdf", headers=_named(unit, query, "pdf"))


async def _workbook(request: http.Request, query: Query, *, full: bool) -> http.StreamResponse:
    """Written to a file of its own first: a workbook's parts are only known at its end."""
    hub = keys.deps(request)
    async with hub.database.reading() as db:
        unit = await db.get_one(OrgUnit, query.unit_id)
    with tempfile.TemporaryDirectory(prefix="hub-register-") as folder:
        path = Path(folder) / "register.xlsx"
        subject = register_files.title_of(query.year, query.first_day, query.last_day)
        async with aclosing(
            register_lists.stream(hub.database, hub.vault, keys.actor(request), query, full=full)
        ) as pages:
            await register_files.workbook(path, unit.name, subject, pages)
        response = http.StreamResponse(headers={"Content-Type": XLSX, **_named(unit, query, "xlsx")})
        await response.prepare(request)
        with path.open("rb") as file:
            while chunk := await asyncio.to_thread(file.read, CHUNK_BYTES):
                await response.write(chunk)
        await response.write_eof()
    return response


def _named(unit: OrgUnit, query: Query, suffix: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="so-tiep-cong-dan-{unit.code}-{query.year}.{suffix}"'}


@routes.get("/register/{entry_id:[0-9a-f]{32}}/correct")
async def ask_correct(request: http.Request) -> http.Response:
    return await _correct_page(request, None)


@routes.post("/register/{entry_id:[0-9a-f]{32}}/correct")
async def correct(request: http.Request) -> http.Response:
    actor, hub, form = keys.actor(request), keys.deps(request), await forms.read(request)
    texts = {name: form.text(name) for name in CORRECTION_FIELDS}
    try:
        async with hub.database.transaction() as db:
            entry = await register.correct(
                db, hub.vault, actor, request.match_info["entry_id"], texts, form.text("reason")
            )
    except (BadInput, Conflict) as error:
        return await _correct_page(request, dict(form.fields), error)
    return view.redirect(request, "/register", notice="register_corrected", unit_id=entry.unit_id, year=str(entry.year))


async def _correct_page(
    request: http.Request, values: dict[str, str] | None, error: BadInput | Conflict | None = None
) -> http.Response:
    actor, hub = keys.actor(request), keys.deps(request)
    async with hub.database.transaction() as db:
        entry = await register.get(db, actor, request.match_info["entry_id"])
        require(actor, Action.REGISTER_CASE, Target(paths=(entry.unit.path,)))
        _entry, line = await register_lists.one(db, hub.vault, actor, entry.id)
    now = {name: str(entry.texts.get(name, "")) for name in CORRECTION_FIELDS}
    return view.render(
        request,
        "register/correct.html",
        status=error.status if error else 200,
        entry=entry,
        line=line,
        values=now if values is None else values,
        message=error.text if error else "",
        errors=forms.field_errors(error),
    )


@routes.post("/register/close")
async def close(request: http.Request) -> http.Response:
    actor, hub, form = keys.actor(request), keys.deps(request), await forms.read(request)
    query = _query(form.fields, actor.unit_id)
    try:
        async with hub.database.transaction() as db:
            await register.close_year(db, actor, query.unit_id, query.year)
    except Conflict as error:
        asked = {"unit_id": query.unit_id, "year": str(query.year)}
        return await _index(request, asked, status=error.status, message=error.text)
    return view.redirect(request, "/register", notice="register_closed", unit_id=query.unit_id, year=str(query.year))
