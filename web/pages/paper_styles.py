"""How a unit's papers are headed and signed: set by its administrator, looked at before it counts."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import asdict

from aiohttp import web as http

from hub import pdf
from hub.errors import BadInput, NotReady
from hub.forms.signing import Style
from hub.services import paper_styles
from web import format as formats
from web import forms, keys, view

routes = http.RouteTableDef()


@routes.get("/units/{unit_id}/papers")
async def show(request: http.Request) -> http.Response:
    return await _page(request)


@routes.post("/units/{unit_id}/papers")
async def save(request: http.Request) -> http.Response:
    """``do``: ``preview`` shows three papers with what was typed, ``reset`` goes back to the guess; else it is kept."""
    actor, hub, form = keys.actor(request), keys.deps(request), await forms.read(request)
    unit_id, what = request.match_info["unit_id"], form.text("do")
    async with hub.database.reading() as db:
        unit, _, _ = await paper_styles.managed(db, actor, unit_id)
    try:
        if what == "reset":
            async with hub.database.transaction() as db:
                await paper_styles.reset(db, actor, unit_id)
            return view.redirect(request, f"/units/{unit_id}/papers", notice="paper_style_saved")
        style = paper_styles.wanted(form.fields)
        if what == "preview":
            return await _page(request, form.fields, pages=await _pages(unit.name, style))
        async with hub.database.transaction() as db:
            await paper_styles.save(db, actor, unit_id, style)
    except (BadInput, NotReady) as error:
        return await _page(request, form.fields, error=error)
    return view.redirect(request, f"/units/{unit_id}/papers", notice="paper_style_saved")


async def _pages(unit: str, style: Style) -> list[str]:
    papers = paper_styles.samples(unit, style, formats.today())
    pages = [page for paper in papers for page in (await pdf.pictures(paper))[:1]]
    return [base64.b64encode(page).decode() for page in pages]


async def _page(
    request: http.Request,
    values: Mapping[str, str] | None = None,
    *,
    pages: list[str] | None = None,
    error: BadInput | NotReady | None = None,
) -> http.Response:
    async with keys.deps(request).database.reading() as db:
        unit, style, is_set = await paper_styles.managed(db, keys.actor(request), request.match_info["unit_id"])
        guess = await paper_styles.guess(db, unit)
    return view.render(
        request,
        "admin/paper_style.html",
        status=error.status if error else 200,
        unit=unit,
        values=asdict(style) if values is None else values,
        guess=asdict(guess),
        is_set=is_set,
        pages=pages or [],
        message=error.text if error else "",
        errors=forms.field_errors(error) if isinstance(error, BadInput) else {},
    )
