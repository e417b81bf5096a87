"""Hearings: today, coming, all; one of them with everything about it. Booking has a module of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web as http
from sqlalchemy.ext.asyncio import AsyncSession

from hub.auth import Action, Actor, Target, may, may_somewhere
from hub.errors import BadInput, Conflict, Forbidden
from hub.ids import utc_now
from hub.models import LIVE_STATES, Case, Hearing, HearingState, Seat, SeatKind
from hub.services import (
    cases,
    conclusions,
    device_tokens,
    hearing_lists,
    hearings,
    minutes,
    recordings,
    search_choices,
)
from hub.services.hearing_lists import Brief, chairs, cursor
from hub.services.hearing_seats import latest_checks
from hub.services.lines import readable_seats
from hub.services.live import SeatLive
from web import format as formats
from web import forms, keys, paging, view
from web.pages.receptions import Reception, reception_of

routes = http.RouteTableDef()

PAGE = 50
FILTERS = ("q", "from", "to", "point", "chair", "case", "state")


@routes.get("/hearings")
async def index(request: http.Request) -> http.Response:
    """Today's; the other two lists are behind tabs."""
    actor = keys.actor(request)
    async with keys.deps(request).database.reading() as db:
        rows = await hearings.today(db, actor, bare=True)
    return _list(request, "today", [row_of(actor, hearing) for hearing in rows])


@routes.get("/hearings/coming")
async def coming(request: http.Request) -> http.Response:
    actor = keys.actor(request)
    async with keys.deps(request).database.reading() as db:
        rows = await hearings.coming(db, actor)
    return _list(request, "coming", [row_of(actor, hearing) for hearing in rows])


@routes.get("/hearings/all")
async def everything(request: http.Request) -> http.Response:
    """By day, point, chair and case, within the actor's scope; the newest first."""
    actor, asked = keys.actor(request), request.query
    here = paging.trail(asked)
    state = forms.query_choice(asked, "state", HearingState)
    query = hearings.HearingQuery(
        first_day=forms.query_day(asked, "from"),
        last_day=forms.query_day(asked, "to"),
        text=asked.get("q", "")[:200],
        point_id=asked.get("point", ""),
        chair_id=asked.get("chair", ""),
        case_number=asked.get("case", "")[:40],
        states=(state,) if state else (),
        limit=PAGE + 1,
        after=here.here,
    )
    async with keys.deps(request).database.reading() as db:
        rows = await hearing_lists.briefly(db, actor, query)
        points = await search_choices.points(db, actor, closed=True)
        chairing = await chairs(db, actor)
    last = cursor(rows[PAGE - 1].hearing) if len(rows) > PAGE else None
    turned = paging.paging("/hearings/all", asked, here, last)
    return _list(request, "all", rows[:PAGE], points=points, chairs=chairing, paging=turned)


def _list(request: http.Request, tab: str, rows: Sequence[HearingRow | Brief], **context: Any) -> http.Response:
    """Only of today's list the seats are shown: there one enters."""
    actor = keys.actor(request)
    asked = {name: value for name, value in request.query.items() if name in FILTERS}
    return view.render(
        request,
        "hearings/index.html",
        tab=tab,
        rows=rows,
        asked=asked,
        filtered=any(asked.values()),
        may_book=may_somewhere(actor, Action.BOOK_HEARING),
        **{"points": [], "chairs": [], "paging": None, **context},
    )


@dataclass(frozen=True, slots=True)
class HearingRow:
    hearing: Hearing
    chair: str
    points: list[str]
    seats: list[Seat]
    """Those the actor may take now."""
    own: list[Seat]
    """Of these, the seat booked for the actor and those at the actor's own unit: where they most likely are."""


def row_of(actor: Actor, hearing: Hearing) -> HearingRow:
    chair = next((seat.account.full_name for seat in hearing.seats if seat.kind == SeatKind.CHAIR and seat.account), "")
    points = [seat.point.name for seat in hearing.seats if seat.kind == SeatKind.POINT and seat.point]
    seats = joinable(actor, hearing)
    return HearingRow(hearing, chair, points, seats, own_seats(actor, seats))


def joinable(actor: Actor, hearing: Hearing) -> list[Seat]:
    """The seats this person may take, while the hearing is still to come or under way."""
    if hearing.state == HearingState.SCHEDULED or hearing.state in LIVE_STATES:
        return hearings.seats_for(actor, hearing)
    return []


def own_seats(actor: Actor, seats: list[Seat]) -> list[Seat]:
    """An officer of the province may sit at each of its 197 points, but sits in the province."""
    booked = [seat for seat in seats if seat.account_id == actor.account_id]
    return booked or [seat for seat in seats if seat.point is not None and seat.point.unit_id == actor.unit_id]


@routes.get("/hearings/{hearing_id}")
async def show(request: http.Request) -> http.Response:
    return await hearing_page(request, request.match_info["hearing_id"], takes=request.query.get("takes", ""))


async def hearing_page(
    request: http.Request,
    hearing_id: str,
    *,
    dialog: str = "",
    error: BadInput | Conflict | None = None,
    takes: str = "",
    **context: Any,
) -> http.Response:
    """The hearing with everything about it. ``dialog`` names the dialog to open again, with the error in it; ``takes``
    is an invitation whose proposed time stands in the dialog that moves the hearing."""
    actor, hub = keys.actor(request), keys.deps(request)
    async with hub.database.reading() as db:
        hearing = await hearings.get(db, actor, hearing_id)
        kept = await _kept(db, actor, hearing)
    proposed = _proposed(kept["reception"], takes)
    return view.render(
        request,
        "hearings/show.html",
        status=error.status if error else 200,
        hearing=hearing,
        live=_live_seats(request, hearing_id),
        now=utc_now(),
        dialog=dialog or ("postpone" if proposed else ""),
        message=error.text if error else "",
        errors=error.fields if isinstance(error, BadInput) else {},
        **kept,
        **_open_to(actor, hearing),
        **{"values": proposed, "shown": None, **context},
    )


def _proposed(reception: Reception, invitation_id: str) -> dict[str, str]:
    """The time that this invitation's answer proposes, as the form takes it; the reason is left to whoever moves."""
    for one in reception.invitations:
        if one.id == invitation_id and one.proposed_starts_at and one.proposed_ends_at:
            starts, ends = one.proposed_starts_at, one.proposed_ends_at
            moved = {"day": formats.short_date(starts), "starts": formats.clock(starts), "ends": formats.clock(ends)}
            return {**moved, "taken": "yes"}
    return {}


async def _kept(db: AsyncSession, actor: Actor, hearing: Hearing) -> dict[str, Any]:
    """What the database holds about the hearing, for the page."""
    connectable = device_tokens.connectable_seats(actor, hearing)
    tokens = await device_tokens.of_hearing(db, hearing.id) if connectable else []
    written = await minutes.get(db, hearing.id)
    return {
        "checks": await latest_checks(db, [hearing.id]),
        "told": await hearings.notices(db, hearing.id),
        "stays": await hearings.attendances(db, actor, hearing.id),
        "recording": await recordings.of_hearing(db, actor, hearing.id),
        "connectable": connectable,
        "tokens": [token for token in tokens if token.seat_id in {seat.id for seat in connectable}],
        "reception": await reception_of(db, actor, hearing),
        "minutes_state": written.state if written else "",
        "concluded": await conclusions.of_hearing(db, actor, hearing.id),
        "readable_cases": {case.id for case in hearing.cases if await _may_read(db, actor, case)},
    }


def _open_to(actor: Actor, hearing: Hearing) -> dict[str, Any]:
    """What this person may do here."""
    seats, written = joinable(actor, hearing), minutes.target(actor, hearing)
    own, opened = own_seats(actor, seats), hearing.opened_at is not None
    return {
        "own": own,
        "others": [seat for seat in seats if seat not in own],
        "changeable": hearing.state in (HearingState.SCHEDULED, HearingState.POSTPONED),
        "underway": hearing.state in LIVE_STATES,
        "may_book": may(actor, Action.BOOK_HEARING, Target(paths=(hearing.unit.path,))),
        "reads_lines": opened and bool(readable_seats(actor, hearing)),
        "reads_minutes": may(actor, Action.READ_MINUTES, written),
        "may_conclude": opened and may(actor, Action.WRITE_CONCLUSION, written),
    }


async def _may_read(db: AsyncSession, actor: Actor, case: Case) -> bool:
    """A point that is connected sees that there is a case, not what it says, unless the case is in its scope."""
    try:
        await cases.require_readable(db, actor, case)
    except Forbidden:
        return False
    return True


def _live_seats(request: http.Request, hearing_id: str) -> dict[str, SeatLive]:
    live = keys.deps(request).live
    running = live.hearing(hearing_id) if live else None
    return {seat.seat_id: seat for seat in running.seats} if running else {}
