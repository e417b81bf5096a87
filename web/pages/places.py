"""Units and points, for administrators: the organisation's tree, and the rooms with a browser in them."""

from __future__ import annotations

from typing import Any

from aiohttp import web as http
from sqlalchemy.ext.asyncio import AsyncSession

from hub.auth import Action, Actor, Target, may, require, scopes
from hub.errors import BadInput, Conflict
from hub.i18n import N_
from hub.models import OrgUnit, UnitLevel
from hub.services import people
from hub.services.people import NewPoint, NewUnit
from web import forms, keys, view
from web.forms import Form

routes = http.RouteTableDef()

Refused = (BadInput, Conflict)


@routes.get("/units")
async def list_units(request: http.Request) -> http.Response:
    actor = keys.actor(request)
    async with keys.deps(request).database.reading() as db:
        rows = await _managed_units(db, actor, closed=True)
    shortest = min((unit.path.count("/") for unit in rows), default=0)
    depths = {unit.id: unit.path.count("/") - shortest for unit in rows}
    return view.render(request, "admin/units.html", rows=rows, depths=depths)


@routes.get("/units/new")
async def ask_unit(request: http.Request) -> http.Response:
    values = {"parent_id": keys.actor(request).unit_id, "level": UnitLevel.COMMUNE.value, "active": "yes"}
    return await _unit_page(request, values)


@routes.post("/units/new")
async def create_unit(request: http.Request) -> http.Response:
    actor, form = keys.actor(request), await forms.read(request)
    try:
        new = _unit(form)
        form.check()
        async with keys.deps(request).database.transaction() as db:
            await people.create_unit(db, actor, new)
    except Refused as error:
        return await _unit_page(request, dict(form.fields), error=error)
    return view.redirect(request, "/units", notice="unit_saved")


@routes.get("/units/{unit_id}")
async def show_unit(request: http.Request) -> http.Response:
    actor = keys.actor(request)
    async with keys.deps(request).database.reading() as db:
        unit = await people.get_unit(db, actor, request.match_info["unit_id"])
    return await _unit_page(request, _unit_values(unit), unit)


@routes.post("/units/{unit_id}")
async def save_unit(request: http.Request) -> http.Response:
    actor, form = keys.actor(request), await forms.read(request)
    unit_id = request.match_info["unit_id"]
    async with keys.deps(request).database.reading() as db:
        unit = await people.get_unit(db, actor, unit_id)
    # Its place in the tree is shown but not sent: it never changes.
    edit = NewUnit(
        code=form.text("code"),
        name=form.text("name"),
        level=UnitLevel(unit.level),
        parent_id=unit.parent_id or "",
        active=form.yes("active"),
    )
    try:
        async with keys.deps(request).database.transaction() as db:
            await people.update_unit(db, actor, unit_id, edit)
    except Refused as error:
        return await _unit_page(request, {**_unit_values(unit), **form.fields}, unit, error=error)
    return view.redirect(request, "/units", notice="unit_saved")


@routes.get("/points")
async def list_points(request: http.Request) -> http.Response:
    actor = keys.actor(request)
    async with keys.deps(request).database.reading() as db:
        await _managed_units(db, actor)
        rows = await people.list_points(db, actor, closed=True)
    managed = [one for one in rows if may(actor, Action.MANAGE_UNITS, Target(paths=(one.unit.path,)))]
    return view.render(request, "admin/points.html", rows=managed)


@routes.get("/points/new")
async def ask_point(request: http.Request) -> http.Response:
    return await _point_page(request, {"unit_id": keys.actor(request).unit_id, "active": "yes"})


@routes.post("/points/new")
async def create_point(request: http.Request) -> http.Response:
    actor, form = keys.actor(request), await forms.read(request)
    try:
        new = _point(form)
        form.check()
        async with keys.deps(request).database.transaction() as db:
            await people.create_point(db, actor, new)
    except Refused as error:
        return await _point_page(request, dict(form.fields), error=error)
    return view.redirect(request, "/points", notice="point_saved")


@routes.get("/points/{point_id}")
async def show_point(request: http.Request) -> http.Response:
    actor = keys.actor(request)
    async with keys.deps(request).database.reading() as db:
        point = await people.get_point(db, actor, request.match_info["point_id"])
    values = {name: getattr(point, name) for name in ("code", "name", "unit_id", "address", "phone")}
    values["capacity"] = str(point.capacity)
    flags = {"is_bridge": "yes" if point.is_bridge else "", "active": "yes" if point.active else ""}
    return await _point_page(request, {**values, **flags}, point.id)


@routes.post("/points/{point_id}")
async def save_point(request: http.Request) -> http.Response:
    actor, form = keys.actor(request), await forms.read(request)
    point_id = request.match_info["point_id"]
    try:
        edit = _point(form)
        form.check()
        async with keys.deps(request).database.transaction() as db:
            await people.update_point(db, actor, point_id, edit)
    except Refused as error:
        return await _point_page(request, dict(form.fields), point_id, error=error)
    return view.redirect(request, "/points", notice="point_saved")


def _unit(form: Form) -> NewUnit:
    return NewUnit(
        code=form.text("code"),
        name=form.text("name"),
        level=form.choice("level", UnitLevel, UnitLevel.COMMUNE, N_("Hãy chọn cấp.")),
        parent_id=form.text("parent_id"),
    )


def _point(form: Form) -> NewPoint:
    return NewPoint(
        code=form.text("code"),
        name=form.text("name"),
        unit_id=form.text("unit_id"),
        address=form.text("address"),
        phone=form.text("phone"),
        is_bridge=form.yes("is_bridge"),
        active=form.yes("active"),
        capacity=form.number("capacity", 1),
    )


def _unit_values(unit: OrgUnit) -> dict[str, str]:
    return {
        "code": unit.code,
        "name": unit.name,
        "level": str(unit.level),
        "parent_id": unit.parent_id or "",
        "active": "yes" if unit.active else "",
    }


async def _managed_units(db: AsyncSession, actor: Actor, *, closed: bool = False) -> list[OrgUnit]:
    """Raises ``Forbidden`` for who administers none."""
    require(actor, Action.MANAGE_UNITS, Target(paths=tuple(scopes(actor, Action.MANAGE_UNITS))))
    units = await people.list_units(db, actor, closed=closed)
    return [unit for unit in units if may(actor, Action.MANAGE_UNITS, Target(paths=(unit.path,)))]


async def _unit_page(
    request: http.Request,
    values: dict[str, Any],
    unit: OrgUnit | None = None,
    *,
    error: BadInput | Conflict | None = None,
) -> http.Response:
    async with keys.deps(request).database.reading() as db:
        units = await _managed_units(db, keys.actor(request))
    return view.render(
        request,
        "admin/unit.html",
        status=error.status if error else 200,
        unit=unit,
        values=values,
        units=units,
        message=error.text if error else "",
        errors=forms.field_errors(error),
    )


async def _point_page(
    request: http.Request,
    values: dict[str, Any],
    point_id: str = "",
    *,
    error: BadInput | Conflict | None = None,
) -> http.Response:
    async with keys.deps(request).database.reading() as db:
        units = await _managed_units(db, keys.actor(request))
    return view.render(
        request,
        "admin/point.html",
        status=error.status if error else 200,
        point_id=point_id,
        values=values,
        units=units,
        message=error.text if error else "",
        errors=forms.field_errors(error),
    )
