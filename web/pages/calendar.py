"""The reception calendar by month, week, day and as a list, with filters; moved about by keyboard and by mouse."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from urllib.parse import urlencode

from aiohttp import web as http

from hub import calendar
from hub.auth import Action, Actor, Target, may, may_somewhere
from hub.i18n import Text
from hub.ids import utc_now
from hub.models import HearingState
from hub.services import hearing_lists, hearings, people, search_choices
from hub.services.hearing_lists import Brief, Headline, chairs
from hub.services.legal_rules import rule_book
from hub.working_days import SATURDAY, WorkCalendar
from web import format as formats
from web import forms, keys, view
from web.calendar_layout import Lane, lanes

routes = http.RouteTableDef()

SHOWN_MAX = 2000
DAY_MINUTES = 24 * 60
FILTERS = ("unit", "leader", "point", "mine")
OPENS, CLOSES = 7, 18
"""Hours that a week and a day show in any case."""
LANES_OF_A_WEEK, LANES_OF_A_DAY = 3, 6
"""How many hearings at one time stand side by side; a week leads to the day for the others, a day lists them."""


class View(StrEnum):
    MONTH = "month"
    WEEK = "week"
    DAY = "day"
    LIST = "list"


@dataclass(frozen=True, slots=True)
class Entry:
    """A hearing on the calendar. ``movable``: still to come, and the reader may book it."""

    hearing: Headline
    chair: str
    points: Sequence[str]
    movable: bool


@dataclass(frozen=True, slots=True)
class Piece:
    """What of a hearing lies on one day, by hours: it begins ``minute`` past ``hour`` and lasts ``minutes``.

    ``continued``: since the evening before. ``hidden``: too many at one time; the first of these says how ``many``.
    """

    entry: Entry
    day: date
    hour: int
    minute: int
    minutes: int
    lane: Lane
    continued: bool
    hidden: bool
    many: int


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
    pieces: Sequence[Piece]

    def at(self, hour: int) -> list[Piece]:
        return [one for one in self.pieces if one.hour == hour]


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
        # Of the hundreds in a month only who chairs is told.
        found = await hearing_lists.briefly(db, actor, _query(actor, kept, first, last), points=kind is not View.MONTH)
        days = (await rule_book(db)).days
        units = await people.list_units(db, actor)
        choices = {
            "units": units,
            "leaders": await chairs(db, actor),
            "points": await search_choices.points(db, actor),
        }
    entries = [_entry(actor, one) for one in found]
    cells = _days(kind, first, last, day, entries, days)
    return view.render(
        request,
        "calendar/index.html",
        kind=kind.value,
        day=day,
        first=first,
        last=last,
        cells=cells,
        weeks=[cells[n : n + 7] for n in range(0, len(cells), 7)],
        hours=_hours(cells),
        placed=all(one.lane.lanes <= LANES_OF_A_DAY for cell in cells for one in cell.pieces) or kind is View.WEEK,
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
        first_day=first - timedelta(days=1),  # what began the evening before and lasts into the first day
        last_day=last,
        unit_id=kept.get("unit", ""),
        chair_id=kept.get("leader", ""),
        point_id=kept.get("point", ""),
        person_id=actor.account_id if kept.get("mine") else "",
        newest_first=False,
        limit=SHOWN_MAX,
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


def _entry(actor: Actor, one: Brief) -> Entry:
    movable = (
        one.hearing.state in (HearingState.SCHEDULED, HearingState.POSTPONED)
        and one.hearing.ends_at > utc_now()
        and may(actor, Action.BOOK_HEARING, Target(paths=(one.unit_path,)))
    )
    return Entry(one.hearing, one.chair, one.points, movable)


def _days(kind: View, first: date, last: date, shown: date, entries: Sequence[Entry], days: WorkCalendar) -> list[Day]:
    by_day: dict[date, list[Entry]] = {}
    for one in entries:
        by_day.setdefault(calendar.local_day(one.hearing.starts_at), []).append(one)
    most = LANES_OF_A_WEEK if kind is View.WEEK else SHOWN_MAX
    found, today = [], formats.today()
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        weekend = day.isoweekday() >= SATURDAY
        off = days.why_off(day) if day in days.days and not days.is_working(day) else None
        within = (day.year, day.month) == (shown.year, shown.month)
        here = by_day.get(day, [])
        night = by_day.get(day - timedelta(days=1), []) if kind in (View.WEEK, View.DAY) else []
        pieces = _pieces(day, [*night, *here], most) if kind in (View.WEEK, View.DAY) else []
        found.append(Day(day, within, day == today, day < today, weekend, off, here, pieces))
    return found


def _pieces(day: date, entries: Sequence[Entry], most: int) -> list[Piece]:
    """What of the hearings lies on the day, in lanes; at most ``most`` at one time are shown."""
    spans = [(_minute(day, one.hearing.starts_at), _minute(day, one.hearing.ends_at), one) for one in entries]
    spans = sorted((span for span in spans if span[1] > 0), key=lambda span: (max(span[0], 0), -span[1]))
    found: list[Piece] = []
    placed = lanes([(max(begins, 0), min(ends, DAY_MINUTES)) for begins, ends, _ in spans])
    hidden = [lane.lanes > most and lane.lane >= most - 1 for lane in placed]
    many = Counter(lane.group for lane, beyond in zip(placed, hidden, strict=True) if beyond)
    for (begins, ends, entry), lane, beyond in zip(spans, placed, hidden, strict=True):
        hour, minute = divmod(max(begins, 0), 60)
        lasts = min(ends, DAY_MINUTES) - max(begins, 0)
        told = many.pop(lane.group, 0) if beyond else 0
        found.append(Piece(entry, day, hour, minute, lasts, lane, begins < 0, beyond, told))
    return found


def _minute(day: date, instant: datetime) -> int:
    """Minutes since the day began in Vietnam, which has no summer time; negative before."""
    return int((instant - calendar.day_bounds(day)[0]).total_seconds() // 60)


def _hours(cells: Sequence[Day]) -> list[int]:
    pieces = [one for cell in cells for one in cell.pieces]
    ends = [-(-(60 * one.hour + one.minute + one.minutes) // 60) for one in pieces]
    return list(range(min([OPENS, *(one.hour for one in pieces)]), max([CLOSES, *ends])))
