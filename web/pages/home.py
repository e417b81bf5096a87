"""The home page: what waits for this person today, by role."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import web as http
from sqlalchemy.ext.asyncio import AsyncSession

from hub.auth import Action, Actor, may_somewhere
from hub.db import Database
from hub.i18n import N_, Text
from hub.models import LIVE_STATES, HearingState
from hub.services import (
    cases,
    conclusion_tasks,
    desk,
    dues,
    hearing_lists,
    hearings,
    legal_rules,
    mailing,
    minimums,
    people,
    reminding,
    tasks,
    transfers,
)
from hub.services.hearings import HearingQuery
from hub.services.live import LiveView
from hub.services.tasks import TaskQuery
from hub.tasks import OF_CASES, Bucket, Day
from hub.working_days import ONE_DAY
from web import format as formats
from web import keys, view
from web.pages.hearings import row_of
from web.pages.tasks import CLOCK_NAMES, TASK_NAMES, away_of

routes = http.RouteTableDef()

SHOWN = 5
NOTHING: dict[str, Any] = {
    "now_live": [],
    "rows": None,
    "next_hearings": [],
    "cases": None,
    "closed": None,
    "hub_parts": [],
    "work": None,
    "away": {},
    "counted": None,
    "arrived": [],
    "reminded": [],
    "my_minimum": [],
    "left_tasks": [],
    "due_tasks": [],
    "left": [],
}
"""Of what this person's roles do not show."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the hub and whether it works, as the administrator and the technician see it."""

    name: str
    good: bool
    text: str


@routes.get("/")
async def show(request: http.Request) -> http.Response:
    actor, hub = keys.actor(request), keys.deps(request)
    context: dict[str, Any] = {"today_day": formats.today()}
    works = may_somewhere(actor, Action.DECIDE_CASE)
    async with dues.reading(hub.database) if works else _reading(hub.database) as (db, counted):
        if may_somewhere(actor, Action.READ_HEARING):
            context |= await _hearings(db, actor)
        if may_somewhere(actor, Action.REGISTER_CASE):
            context["cases"] = await cases.find(db, hub.vault, actor, cases.CaseQuery(limit=SHOWN))
        if may_somewhere(actor, Action.REPLAY_RECORDING):
            context["closed"] = await _closed(db, actor)
        context["left"] = await desk.left(db, actor, limit=SHOWN)
        context["due_tasks"] = await conclusion_tasks.of_owner(db, actor, limit=SHOWN)
        if may_somewhere(actor, Action.FOLLOW_CONCLUSION):
            context["left_tasks"] = await conclusion_tasks.not_carried_out(db, actor, limit=SHOWN)
        if may_somewhere(actor, Action.MANAGE_ACCOUNTS):
            context |= await _organisation(db, actor)
            context["mail"] = await mailing.counts(db, actor)
            context["mail_on"] = bool(hub.config.smtp_host)
        if counted is not None:
            context |= await _work(db, actor, counted)
    if may_somewhere(actor, Action.WATCH_HELP_DESK):
        context["hub_parts"] = _parts(request, hub.live)
    return view.render(
        request,
        "home.html",
        may_register=may_somewhere(actor, Action.REGISTER_CASE),
        may_book=may_somewhere(actor, Action.BOOK_HEARING),
        may_read_cases=may_somewhere(actor, Action.READ_CASE),
        **NOTHING | context,
    )


@asynccontextmanager
async def _reading(database: Database) -> AsyncIterator[tuple[AsyncSession, None]]:
    """For who is shown no due days."""
    async with database.reading() as db:
        yield db, None


async def _hearings(db: AsyncSession, actor: Actor) -> dict[str, Any]:
    """Today's by time, those under way apart; and the next few after today."""
    today = await hearings.today(db, actor, bare=True)
    after = HearingQuery(first_day=formats.today() + ONE_DAY, newest_first=False, limit=SHOWN)
    coming = await hearing_lists.titles(db, actor, after)
    rows = [row_of(actor, hearing) for hearing in today]
    return {
        "now_live": [row for row in rows if row.hearing.state in LIVE_STATES],
        "rows": [row for row in rows if row.hearing.state not in LIVE_STATES],
        "next_hearings": [hearing for hearing in coming if hearing.state == HearingState.SCHEDULED],
    }


async def _work(db: AsyncSession, actor: Actor, counted: dues.Fresh) -> dict[str, Any]:
    """What is due for an officer or a leader, the most pressing first, and what waits for their answer."""
    query = TaskQuery(limit=SHOWN, kinds=OF_CASES)
    day = Day.of(formats.today(), await legal_rules.rule_book(db))
    found = await tasks.find(db, actor, query, counted.mark, day)
    work = [one for one in found.tasks if one.bucket not in (Bucket.LATER, Bucket.UNDATED) or one.waits]
    return {
        "work": work,
        "away": await away_of(db, work, day.today),
        "counted": counted,
        "clock_names": CLOCK_NAMES,
        "task_names": TASK_NAMES,
        "arrived": await transfers.arrived(db, actor, limit=SHOWN),
        "reminded": await reminding.mine(db, actor, limit=SHOWN),
        "my_minimum": await minimums.of_leader(db, actor),
    }


async def _closed(db: AsyncSession, actor: Actor) -> list[hearing_lists.Brief]:
    """The latest hearings that were held: what an auditor replays and a leader remembers."""
    return await hearing_lists.briefly(db, actor, HearingQuery(states=(HearingState.CLOSED,), limit=SHOWN))


async def _organisation(db: AsyncSession, actor: Actor) -> dict[str, Any]:
    accounts = await people.list_accounts(db, actor, disabled=False)
    points = await people.list_points(db, actor)
    return {"account_count": len(accounts), "point_count": len(points)}


def _parts(request: http.Request, live: LiveView | None) -> list[Part]:
    """What a hearing needs besides the pages; they answered, so the database does too."""
    if live is None:
        return []
    recorder = live.recorder()
    reason = view.sentence(request, recorder.reason) if recorder.reason else ""
    if not recorder.connected:
        reason = reason or view.sentence(request, N_("Không kết nối được; buổi tiếp không mở được."))
    parts = [Part(view.sentence(request, N_("Máy ghi")), recorder.connected and recorder.ready, reason)]
    if recorder.store_reachable is not None:
        waiting = "" if recorder.store_reachable else N_("Không tới được; bản ghi tạm nằm trên máy này.")
        parts.append(
            Part(view.sentence(request, N_("Kho lưu trữ")), recorder.store_reachable, view.sentence(request, waiting))
        )
    for worker in live.workers():
        name = Text(N_("Máy chủ hình và tiếng %(number)s"), {"number": worker.index + 1})
        parts.append(Part(view.sentence(request, name), worker.connected, ""))
    return parts
