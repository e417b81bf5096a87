"""The reception calendar by month, week, day and as a list, with filters; moved about by keyboard and by mouse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from urllib.parse import urlencode

from aiohttp import web as http

from hub import calendar
from hub.auth import Action, Actor, Target, may, may_somewhere
from hub.i18n import Text
from hub.ids import utc_now
from hub.models import Hearing, HearingState, Posting, SeatKind
from hub.services import hearings, people, postings
from hub.services.hearing_lists import chairs
from hub.services.legal_rules import rule_book
from hub.working_days import SATURDAY, WorkCalendar
from web import format as formats
from web import forms, keys, view

routes = http.RouteTableDef()

SHOWN_MAX = 2000
FILTERS = ("unit", "leader", "point", "mine")
OPENS, CLOSES = 7, 18
"""Hours that a week and a day show in any case."""


class View(StrEnum):
    MONTH = "month"
    WEEK = "week"
    DAY = "day"
    LIST = "list"


@dataclass(frozen=True, slots=True)
class Entry:
    """A hearing on the calendar. ``movable``: still to come, and the reader may book it."""

    hearing: Hearing
    chair: str
    points: Sequence[str]
    movable: bool
    posted: Posting | None


@dataclass(frozen=True, slots=True)
class Day:
    """``off``: why nobody works on it, where that is not just a weekend; ``within``: of the month that is shown."""

    day: date
    within: bool
    today: bool
    past: bool
    weekend: bool
    off: Text | None
    entries: Sequence[Entry]

    def at(self, hour: int) -> list[Entry]:
        return [one for one in self.entries if calendar.local(one.hearing.starts_at).hour == hour]


@routes.get("/calendar")
async def show(request: http.Request) -> http.Response:
    actor, asked = keys.actor(request), request.query
    kind = forms.query_choice(asked, "view", View) or View.MONTH
    today = formats.today()
    day = forms.query_day(asked, "day") or today
    day = day if 2000 <= day.year <= 2100 else today
    first, last = span(kind, day)
    kept = {name: asked[name] for name in FILTERS if asked.get(name)}
    async with keys.deps(request).database.reading() as db:
        found = await hearings.find(db, actor, _query(actor, kept, first, last))
        posted = await postings.latest(db, [one.id for one in found])
        days = (await rule_book(db)).days
        units = await people.list_units(db, actor)
        choices = {
            "units": units,
            "leaders": await chairs(db, actor),
            "points": await people.list_points(db, actor),
        }
    entries = [_entry(actor, one, posted.get(one.id)) for one in found]
    cells = _days(first, last, day, entries, days)
    return view.render(
        request,
        "calendar/index.html",
        kind=kind.value,
        day=day,
        first=first,
        last=last,
        cells=cells,
        weeks=[cells[n : n + 7] for n in range(0, len(cells), 7)],
        hours=_hours(entries),
        kept=kept,
        unit_name=next((one.name for one in units if one.id == kept.get("unit", actor.unit_id)), ""),
        choices=choices,
        link=lambda to, kind=kind.value: f"/calendar?{urlencode({'view': kind, 'day': to.isoformat(), **kept})}",
        before=_step(kind, day, -1),
        after=_step(kind, day, 1),
        today=today,
        may_book=may_somewhere(actor, Action.BOOK_HEARING),
    )


def _query(actor: Actor, kept: Mapping[str, str], first: date, last: date) -> hearings.HearingQuery:
    return hearings.HearingQuery(
        first_day=first,
        last_day=last,
        unit_id=kept.get("unit", ""),
        chair_id=kept.get("leader", ""),
        point_id=kept.get("point", ""),
        person_id=actor.account_id if kept.get("mine") else "",
        newest_first=False,
        limit=SHOWN_MAX,
        bare=True,
    )


def span(kind: View, day: date) -> tuple[date, date]:
    """The days that a view shows: a month in whole weeks, a week, one day; a list shows the month alone."""
    monday = day - timedelta(days=day.weekday())
    if kind is View.DAY:
        return day, day
    if kind is View.WEEK:
        return monday, monday + timedelta(days=6)
    first = day.replace(day=1)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    if kind is View.LIST:
        return first, last
    return first - timedelta(days=first.weekday()), last + timedelta(days=6 - last.weekday())


def _step(kind: View, day: date, steps: int) -> date:
    if kind is View.DAY:
        return day + timedelta(days=steps)
    if kind is View.WEEK:
        return day + timedelta(days=7 * steps)
    first = day.replace(day=1)
    return (first - timedelta(days=1)).replace(day=1) if steps < 0 else (first + timedelta(days=31)).replace(day=1)


def _entry(actor: Actor, hearing: Hearing, posted: Posting | None) -> Entry:
    chair = next((seat.account.full_name for seat in hearing.seats if seat.kind == SeatKind.CHAIR and seat.account), "")
    points = [seat.point.name for seat in hearing.seats if seat.kind == SeatKind.POINT and seat.point]
    movable = (
        hearing.state in (HearingState.SCHEDULED, HearingState.POSTPONED)
        and hearing.ends_at > utc_now()
        and may(actor, Action.BOOK_HEARING, Target(paths=(hearing.unit.path,)))
    )
    return Entry(hearing, chair, points, movable, posted)


def _days(first: date, last: date, shown: date, entries: Sequence[Entry], days: WorkCalendar) -> list[Day]:
    by_day: dict[date, list[Entry]] = {}
    for one in entries:
        by_day.setdefault(calendar.local_day(one.hearing.starts_at), []).append(one)
    found, today = [], formats.today()
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        weekend = day.isoweekday() >= SATURDAY
        off = days.why_off(day) if day in days.days and not days.is_working(day) else None
        within = (day.year, day.month) == (shown.year, shown.month)
        found.append(Day(day, within, day == today, day < today, weekend, off, by_day.get(day, [])))
    return found


def _hours(entries: Sequence[Entry]) -> list[int]:
    starts = [calendar.local(one.hearing.starts_at).hour for one in entries]
    return list(range(min([OPENS, *starts]), max([CLOSES, *(hour + 1 for hour in starts)])))
