"""Regular reception by recurrence: made with a preview of its days, looked at, changed from a day on or as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from aiohttp import web as http
from sqlalchemy.ext.asyncio import AsyncSession

from hub import calendar, posting, recurrence
from hub.auth import Action, Actor, Target, may, may_somewhere, require
from hub.errors import BadInput, Conflict, Stale
from hub.i18n import N_, Text
from hub.ids import utc_now
from hub.models import HearingState, Occurrence, Posting, ReceptionSeries
from hub.posting import PostingDue
from hub.recurrence import Frequency, Recurrence
from hub.services import booking_staff, hearings, postings, series, series_changes
from hub.services.legal_rules import rule_book
from hub.services.series import PlannedDay, SeriesInput
from web import format as formats
from web import forms, keys, view
from web.forms import Form
from web.pages.booking import people_options, staff_from, staff_values, units_to_book
from web.pages.postings import SHOWN
from web.pages.receptions import moved_why

routes = http.RouteTableDef()

Refused = (BadInput, Conflict)
MANY = ("weekdays", "positions", "point_ids")
KEPT = ("title", "starts", "ends", "frequency", "interval", "month_days", "first_day", "last_day")
"""What stays as it was chosen when another unit is; ``series.js`` sends it along, with the days."""


@dataclass(frozen=True, slots=True)
class Row:
    """One reception of a series. ``why``: it moved off a day off; ``off``: it falls on one now."""

    occurrence: Occurrence
    why: Text | None
    off: Text | None
    posted: Posting | None
    due: PostingDue | None
    late: bool


@routes.get("/series")
async def index(request: http.Request) -> http.Response:
    actor = keys.actor(request)
    async with keys.deps(request).database.reading() as db:
        rows = await series.list_series(db, actor)
        off = await series_changes.on_days_off(db, actor)
    return view.render(
        request,
        "calendar/series.html",
        rows=[(row, recurrence.describe(row.rule)) for row in rows],
        off=off,
        today=formats.today(),
        may_book=may_somewhere(actor, Action.BOOK_HEARING),
    )


@routes.get("/series/new")
async def ask_new(request: http.Request) -> http.Response:
    asked, today = request.query, formats.today()
    values: dict[str, Any] = {"title": "Tiếp công dân định kỳ", "starts": "08:00", "ends": "11:00"}
    values |= {"frequency": "monthly", "interval": "1", "point_ids": ()}
    values |= {"first_day": formats.short_date(today), "last_day": formats.short_date(_default_end(today))}
    values |= {name: asked[name] for name in KEPT if name in asked}
    values |= {name: tuple(asked.getall(name, ())) for name in ("weekdays", "positions")}
    return await _page(request, {**values, "unit_id": asked.get("unit", "")})


def _default_end(today: date) -> date:
    """The end of this year, or of the next where that is near; never further than a series may go."""
    return min(date(today.year + (today.month > 9), 12, 31), today + recurrence.LONGEST)


@routes.post("/series/new")
async def create(request: http.Request) -> http.Response:
    """Show the days it would have (``do=preview``), or make it."""
    actor, hub = keys.actor(request), keys.deps(request)
    form = await forms.read(request)
    planned: list[PlannedDay] = []
    try:
        wanted = _input(form)
        form.check()
        async with hub.database.transaction() as db:
            if form.text("do") == "preview":
                planned = await series.preview(db, hub.vault, actor, wanted)
                return await _page(request, _typed(form), planned=planned)
            made = await series.create(db, hub.vault, actor, wanted)
    except Refused as error:
        return await _page(request, _typed(form), error=error)
    return view.redirect(request, f"/series/{made.series.id}", notice="series_created")


@routes.get("/series/{series_id}")
async def show(request: http.Request) -> http.Response:
    actor = keys.actor(request)
    async with keys.deps(request).database.reading() as db:
        row = await series.get(db, actor, request.match_info["series_id"])
        rows = await _rows(db, row)
        points = await booking_staff.at_points(db, row.point_ids, series.staff_of(row))
    return view.render(
        request,
        "calendar/series_show.html",
        series=row,
        rule=recurrence.describe(row.rule),
        rows=rows,
        points=points,
        to_post=urlencode([("hearing", one) for one in _to_post(rows)]),
        may_book=may(actor, Action.BOOK_HEARING, Target(paths=(row.unit.path,))),
        now=utc_now(),
    )


def _to_post(rows: Sequence[Row]) -> list[str]:
    """Ids of those that the page of postings shows and that nobody has posted yet."""
    now, last = utc_now(), formats.today() + SHOWN
    waiting = [row.occurrence.hearing for row in rows if row.posted is None]
    return [
        one.id
        for one in waiting
        if one.state == HearingState.SCHEDULED and one.starts_at > now and calendar.local_day(one.starts_at) <= last
    ]


async def _rows(db: AsyncSession, row: ReceptionSeries) -> list[Row]:
    found = await series.rows_of(db, row.id)
    book, posted = await rule_book(db), await postings.latest(db, [one.hearing_id for one in found])
    today = formats.today()
    rows = []
    for one in found:
        day = calendar.local_day(one.hearing.starts_at)
        due = posting.due(book, day)
        waits = one.hearing.state == HearingState.SCHEDULED and one.hearing_id not in posted
        late = waits and due is not None and due.late(today)
        off = None if book.days.is_working(day) else book.days.why_off(day)
        rows.append(Row(one, moved_why(one, book.days), off, posted.get(one.hearing_id), due, late))
    return rows


@routes.get("/series/{series_id}/edit")
async def ask_change(request: http.Request) -> http.Response:
    async with keys.deps(request).database.reading() as db:
        row = await _changeable(db, keys.actor(request), request.match_info["series_id"])
    from_day = forms.query_day(request.query, "from")
    return await _page(request, _values_of(row, from_day), row, from_day=from_day)


@routes.post("/series/{series_id}/edit")
async def change(request: http.Request) -> http.Response:
    actor, hub = keys.actor(request), keys.deps(request)
    form = await forms.read(request)
    async with hub.database.reading() as db:
        row = await _changeable(db, actor, request.match_info["series_id"])
    from_day = None
    try:
        wanted, version = _input(form), form.number("version", 0)
        from_day = form.day("from", required=False)
        reason = form.text("reason")
        form.check()
        async with hub.database.transaction() as db:
            made = await series_changes.change(db, hub.vault, actor, row.id, version, wanted, reason, from_day=from_day)
    except Refused as error:
        return await _page(request, _typed(form), row, error=error, from_day=from_day)
    for hearing in made.hearings:
        await _tell(request, hearing.id)
    return view.redirect(request, f"/series/{made.series.id}", notice="series_changed")


async def _tell(request: http.Request, hearing_id: str) -> None:
    live = keys.deps(request).live
    if live is not None:
        await live.booking_changed(hearing_id)


async def _changeable(db: AsyncSession, actor: Actor, series_id: str) -> ReceptionSeries:
    row = await series.get(db, actor, series_id)
    require(actor, Action.BOOK_HEARING, Target(paths=(row.unit.path,)))
    return row


def _input(form: Form) -> SeriesInput:
    last = form.day("last_day")
    first = form.day("first_day")
    return SeriesInput(
        unit_id=form.text("unit_id"),
        title=form.text("title"),
        rule=_rule(form),
        first_day=first or date.min,
        last_day=last or date.min,
        starts=_clock(form, "starts"),
        ends=_clock(form, "ends"),
        chair_id=form.text("chair_id"),
        deputy_id=form.text("deputy_id"),
        secretary_id=form.text("secretary_id"),
        bridge_point_id=form.text("bridge_point_id"),
        point_ids=form.many("point_ids"),
        staff=tuple(staff_from(form, form.text("bridge_point_id"))),
        skip_clashes=form.yes("skip_clashes"),
    )


def _clock(form: Form, name: str) -> str:
    try:
        return f"{formats.parse_clock(form.text(name)):%H:%M}"
    except ValueError:
        form.faults[name] = Text(N_("Hãy ghi giờ như 08:30."))
        return "00:00"


def _rule(form: Form) -> str:
    """The RRULE that the chosen fields mean; what was not chosen is a fault of theirs."""
    frequency = form.text("frequency")
    interval = form.number("interval", 1) if frequency == "weekly" else 1
    if frequency == "dates":
        numbers = [one for one in form.text("month_days").replace(",", " ").replace(";", " ").split() if one]
        if not numbers or not all(one.isdecimal() and 1 <= int(one) <= 31 for one in numbers):
            form.faults["month_days"] = Text(N_("Hãy ghi các ngày trong tháng, từ 1 đến 31, như 10, 25."))
            return ""
        return Recurrence(Frequency.MONTHLY, by_month_day=tuple(sorted({int(one) for one in numbers}))).rrule()
    field = "weekdays" if frequency == "weekly" else "positions"
    days = form.many(field)
    if not days:
        form.faults[field] = Text(N_("Hãy chọn ít nhất một ngày."))
        return ""
    kind = Frequency.WEEKLY if frequency == "weekly" else Frequency.MONTHLY
    return Recurrence(kind, interval, days).rrule()


def _values_of(row: ReceptionSeries, from_day: date | None) -> dict[str, Any]:
    rule = recurrence.parse(row.rule)
    weekly = rule.frequency is Frequency.WEEKLY
    plain = ("unit_id", "title", "starts", "ends", "chair_id", "deputy_id", "secretary_id", "bridge_point_id")
    return {
        **{name: getattr(row, name) or "" for name in plain},
        "frequency": "weekly" if weekly else ("dates" if rule.by_month_day else "monthly"),
        "interval": str(rule.interval),
        "weekdays": rule.by_day if weekly else (),
        "positions": () if weekly else rule.by_day,
        "month_days": ", ".join(map(str, rule.by_month_day)),
        "first_day": formats.short_date(row.first_day),
        "last_day": formats.short_date(row.last_day),
        "point_ids": tuple(row.point_ids),
        **staff_values(series.staff_of(row)),
        "version": str(row.version),
        "from": formats.short_date(from_day) if from_day else "",
    }


def _typed(form: Form) -> dict[str, Any]:
    return {**form.fields, **{name: form.many(name) for name in MANY}}


async def _page(
    request: http.Request,
    values: dict[str, Any],
    row: ReceptionSeries | None = None,
    *,
    planned: list[PlannedDay] | None = None,
    error: BadInput | Conflict | None = None,
    from_day: date | None = None,
) -> http.Response:
    actor = keys.actor(request)
    async with keys.deps(request).database.reading() as db:
        units = await units_to_book(db, actor)
        known = {unit.id for unit in units}
        chosen = values.get("unit_id", "")
        unit_id = chosen if chosen in known else (actor.unit_id if actor.unit_id in known else units[0].id)
        choices = await hearings.choices(db, actor, unit_id)
    return view.render(
        request,
        "calendar/series_form.html",
        status=error.status if error else 200,
        series=row,
        values={**values, "unit_id": unit_id, "version": values.get("version", "")},
        units=units,
        choices=choices,
        people_options=people_options(choices),
        planned=planned,
        from_day=from_day,
        message=error.text if error else "",
        stale=isinstance(error, Stale),
        errors=_errors(error),
    )


def _errors(error: BadInput | Conflict | None) -> dict[str, Text]:
    """A booking speaks of instants and a rule; the form has hours and days."""
    names = {"starts_at": "starts", "ends_at": "ends", "rule": "frequency"}
    return {names.get(name, name): text for name, text in forms.field_errors(error).items()}
