"""Booking a hearing, and changing, postponing or cancelling one. Afterwards whoever waits in it is told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from aiohttp import web as http
from sqlalchemy.ext.asyncio import AsyncSession

from hub.auth import Action, Actor, Target, may, require, scopes
from hub.errors import BadInput, Conflict, Stale
from hub.i18n import N_, Text
from hub.ids import utc_now
from hub.models import AdHocGround, Case, Hearing, HearingKind, OrgUnit, SeatKind
from hub.services import cases, hearings, people
from hub.services.booking_staff import Staff, staff_of
from hub.services.bookings import booking_of
from hub.services.hearings import Booking, BookingChoices
from web import format as formats
from web import forms, keys, view
from web.forms import Form
from web.pages.hearings import hearing_page

routes = http.RouteTableDef()

Refused = (BadInput, Conflict)


@routes.get("/hearings/new")
async def ask_new(request: http.Request) -> http.Response:
    actor = keys.actor(request)
    asked = request.query
    tomorrow = formats.today() + timedelta(days=1)
    values: dict[str, Any] = {"kind": HearingKind.REGULAR.value, "day": formats.short_date(tomorrow)}
    values |= {"starts": "08:00", "ends": "11:00"}
    values |= {
        name: asked[name] for name in ("title", "day", "starts", "ends", "kind", "ad_hoc_ground") if name in asked
    }
    values |= {"unit_id": asked.get("unit", ""), "point_ids": (), "case_ids": tuple(asked.getall("case", []))}
    return await _page(request, actor, values)


@routes.post("/hearings/new")
async def book(request: http.Request) -> http.Response:
    actor, hub = keys.actor(request), keys.deps(request)
    form = await forms.read(request)
    try:
        booking = _booking(form)
        form.check()
        async with hub.database.transaction() as db:
            hearing = await hearings.book(db, hub.vault, actor, booking)
    except Refused as error:
        return await _page(request, actor, _typed(form), error=error)
    return view.redirect(request, f"/hearings/{hearing.id}", notice="hearing_booked")


@routes.get("/hearings/{hearing_id}/edit")
async def ask_change(request: http.Request) -> http.Response:
    actor, hearing_id = keys.actor(request), request.match_info["hearing_id"]
    async with keys.deps(request).database.reading() as db:
        hearing = await _changeable(db, actor, hearing_id)
    return await _page(request, actor, _values_of(hearing), hearing)


@routes.post("/hearings/{hearing_id}/edit")
async def change(request: http.Request) -> http.Response:
    """Save with a reason; when somebody saved first, say who and keep what was typed."""
    actor, hub = keys.actor(request), keys.deps(request)
    hearing_id = request.match_info["hearing_id"]
    form = await forms.read(request)
    try:
        booking, version = _booking(form), form.number("version", 0)
        form.check()
        async with hub.database.transaction() as db:
            await hearings.change(db, hub.vault, actor, hearing_id, version, booking, form.text("reason"))
    except Refused as error:
        async with hub.database.reading() as db:
            hearing = await _changeable(db, actor, hearing_id)
        return await _page(request, actor, _typed(form), hearing, error=error)
    await _tell(request, hearing_id)
    return view.redirect(request, f"/hearings/{hearing_id}", notice="hearing_changed")


@routes.post("/hearings/{hearing_id}/postpone")
async def postpone(request: http.Request) -> http.Response:
    """To a new time, or without one until it is changed."""
    actor, hub = keys.actor(request), keys.deps(request)
    hearing_id = request.match_info["hearing_id"]
    form = await forms.read(request)
    try:
        times: dict[str, Any] = {}
        if form.text("day"):
            now = utc_now()
            times = {
                "starts_at": form.instant("day", "starts", now),
                "ends_at": form.instant("day", "ends", now),
            }
        version = form.number("version", 0)
        form.check()
        async with hub.database.transaction() as db:
            await hearings.postpone(db, hub.vault, actor, hearing_id, version, form.text("reason"), **times)
    except Refused as error:
        return await hearing_page(request, hearing_id, dialog="postpone", error=_by_day(error), values=form.fields)
    await _tell(request, hearing_id)
    back = view.local_path(form.text("back"), f"/hearings/{hearing_id}")
    return view.redirect(request, back, notice="hearing_moved" if times else "hearing_postponed")


@routes.post("/hearings/{hearing_id}/replace")
async def replace_leader(request: http.Request) -> http.Response:
    """Another leader receives: everything else stays as it was booked."""
    actor, hub = keys.actor(request), keys.deps(request)
    hearing_id = request.match_info["hearing_id"]
    form = await forms.read(request)
    try:
        version = form.number("version", 0)
        form.check()
        async with hub.database.transaction() as db:
            hearing = await _changeable(db, actor, hearing_id)
            booking = replace(booking_of(hearing), chair_id=form.text("chair_id"))
            if booking.deputy_id == booking.chair_id:
                booking = replace(booking, deputy_id="")
            await hearings.change(db, hub.vault, actor, hearing_id, version, booking, form.text("reason"))
    except Refused as error:
        return await hearing_page(request, hearing_id, dialog="replace", error=error, values=form.fields)
    await _tell(request, hearing_id)
    return view.redirect(request, f"/hearings/{hearing_id}", notice="leader_replaced")


@routes.post("/hearings/{hearing_id}/cancel")
async def cancel(request: http.Request) -> http.Response:
    actor, hub = keys.actor(request), keys.deps(request)
    hearing_id = request.match_info["hearing_id"]
    form = await forms.read(request)
    try:
        version = form.number("version", 0)
        form.check()
        async with hub.database.transaction() as db:
            await hearings.cancel(db, hub.vault, actor, hearing_id, version, form.text("reason"))
    except Refused as error:
        return await hearing_page(request, hearing_id, dialog="cancel", error=error, values=form.fields)
    await _tell(request, hearing_id)
    return view.redirect(request, f"/hearings/{hearing_id}", notice="hearing_cancelled")


async def _tell(request: http.Request, hearing_id: str) -> None:
    live = keys.deps(request).live
    if live is not None:
        await live.booking_changed(hearing_id)


async def _changeable(db: AsyncSession, actor: Actor, hearing_id: str) -> Hearing:
    hearing = await hearings.get(db, actor, hearing_id)
    require(actor, Action.BOOK_HEARING, Target(paths=(hearing.unit.path,)))
    return hearing


def _booking(form: Form) -> Booking:
    now = utc_now()
    kind = form.choice("kind", HearingKind, HearingKind.REGULAR, N_("Hãy chọn loại buổi tiếp."))
    ground = form.text("ad_hoc_ground")
    bridge = form.text("bridge_point_id")
    return Booking(
        title=form.text("title"),
        starts_at=form.instant("day", "starts", now),
        ends_at=form.instant("day", "ends", now),
        kind=kind,
        # The field of a regular reception is hidden, not emptied: what was chosen there before is not meant.
        ad_hoc_ground=AdHocGround(ground) if kind is HearingKind.AD_HOC and ground in set(AdHocGround) else None,
        unit_id=form.text("unit_id"),
        chair_id=form.text("chair_id"),
        deputy_id=form.text("deputy_id"),
        secretary_id=form.text("secretary_id"),
        bridge_point_id=bridge,
        point_ids=tuple(point for point in form.many("point_ids") if point != bridge),
        case_ids=form.many("case_ids"),
        staff=tuple(staff_from(form, bridge)),
    )


def staff_from(form: Form, bridge: str) -> Iterator[Staff]:
    """Of the points that are chosen; what was chosen for another before it was taken off is not meant."""
    for point in form.many("point_ids"):
        named = Staff(point, form.text(f"officer_{point}"), form.text(f"interpreter_{point}"))
        if point != bridge and named.people:
            yield named


def _typed(form: Form) -> dict[str, Any]:
    return {**form.fields, "point_ids": form.many("point_ids"), "case_ids": form.many("case_ids")}


def _values_of(hearing: Hearing) -> dict[str, Any]:
    named = {str(seat.kind): seat for seat in hearing.seats if seat.kind != SeatKind.POINT}
    starts, ends = formats.local(hearing.starts_at), formats.local(hearing.ends_at)
    chair = named.get(SeatKind.CHAIR)
    return {
        "kind": str(hearing.kind),
        "ad_hoc_ground": str(hearing.ad_hoc_ground or ""),
        "title": hearing.title,
        "day": formats.short_date(starts.date()),
        "starts": f"{starts:%H:%M}",
        "ends": f"{ends:%H:%M}",
        "unit_id": hearing.unit_id,
        **{f"{kind}_id": seat.account_id or "" for kind, seat in named.items()},
        "bridge_point_id": (chair.point_id if chair else "") or "",
        "point_ids": tuple(seat.point_id for seat in hearing.seats if seat.kind == SeatKind.POINT),
        "case_ids": tuple(case.id for case in hearing.cases),
        **staff_values(staff_of(hearing.seats)),
    }


def staff_values(staff: Iterable[Staff]) -> dict[str, str]:
    """What the fields of those who are named show."""
    values: dict[str, str] = {}
    for one in staff:
        values |= {f"officer_{one.point_id}": one.officer_id, f"interpreter_{one.point_id}": one.interpreter_id}
    return values


def _by_day(error: BadInput | Conflict) -> BadInput | Conflict:
    """The services speak of ``starts_at`` and ``ends_at``; the form has a day and two hours."""
    if isinstance(error, BadInput):
        names = {"starts_at": "day", "ends_at": "ends"}
        error.fields = {names.get(name, name): text for name, text in error.fields.items()}
    return error


async def _page(
    request: http.Request,
    actor: Actor,
    values: dict[str, Any],
    hearing: Hearing | None = None,
    *,
    error: BadInput | Conflict | None = None,
) -> http.Response:
    async with keys.deps(request).database.reading() as db:
        units = await units_to_book(db, actor)
        known = {unit.id for unit in units}
        chosen = values.get("unit_id", "")
        unit_id = chosen if chosen in known else (actor.unit_id if actor.unit_id in known else units[0].id)
        choices = await hearings.choices(db, actor, unit_id)
        chosen_cases = await _cases(db, actor, values.get("case_ids", ()), hearing)
    values = {**values, "unit_id": unit_id, "version": str(hearing.version) if hearing else ""}
    return view.render(
        request,
        "hearings/book.html",
        status=error.status if error else 200,
        hearing=hearing,
        values=values,
        units=units,
        choices=choices,
        people_options=people_options(choices),
        cases=chosen_cases,
        today=formats.today(),
        message=error.text if error else "",
        stale=isinstance(error, Stale),
        errors=_field_errors(error),
    )


def _field_errors(error: BadInput | Conflict | None) -> dict[str, Text]:
    if isinstance(error, Conflict):
        return {error.field: error.text} if error.field else {}
    if error is None:
        return {}
    found = _by_day(error)
    return found.fields if isinstance(found, BadInput) else {}


async def units_to_book(db: AsyncSession, actor: Actor) -> list[OrgUnit]:
    """The units for which this person may book. Raises ``Forbidden`` for who may for none."""
    require(actor, Action.BOOK_HEARING, Target(paths=tuple(scopes(actor, Action.BOOK_HEARING))))
    units = await people.list_units(db, actor)
    return [unit for unit in units if may(actor, Action.BOOK_HEARING, Target(paths=(unit.path,)))]


async def _cases(db: AsyncSession, actor: Actor, ids: tuple[str, ...], hearing: Hearing | None) -> list[Case]:
    already = {case.id: case for case in hearing.cases} if hearing else {}
    return [already[one] if one in already else await cases.get(db, actor, one) for one in ids]


def people_options(choices: BookingChoices) -> dict[str, list[tuple[str, str]]]:
    """``(id, name – title)`` for each of the three lists of people."""
    groups = {"chair_id": choices.chairs, "deputy_id": choices.deputies, "secretary_id": choices.secretaries}
    return {
        name: [(one.id, f"{one.full_name} – {one.title}" if one.title else one.full_name) for one in accounts]
        for name, accounts in groups.items()
    }
