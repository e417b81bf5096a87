"""The tasks of the day: everything that is due, by whom and why, in one list, the most pressing first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from urllib.parse import urlencode

from aiohttp import web as http
from sqlalchemy.ext.asyncio import AsyncSession

from hub.auth import Action, Actor, may_somewhere
from hub.case_clocks import SPECS
from hub.i18n import N_
from hub.models import CaseType
from hub.services import absences, dues, duties, legal_rules, reminding, search_choices, tasks, transfers
from hub.services.absences import Away
from hub.services.tasks import TaskQuery
from hub.tasks import OF_CASES, Bucket, Day, TaskKind
from web import format as formats
from web import forms, keys, paging, view

routes = http.RouteTableDef()

CLOCK_NAMES = {spec.code: spec.name for spec in SPECS}
TASK_NAMES = {
    TaskKind.ASSIGNED: N_("Việc được giao"),
    TaskKind.CONCLUSION: N_("Nhiệm vụ theo thông báo kết luận"),
    TaskKind.CONFIRM: N_("Xác nhận nhiệm vụ đã được báo cáo"),
    TaskKind.POSTING: N_("Niêm yết lịch tiếp"),
    TaskKind.MINIMUM: N_("Số buổi tiếp tối thiểu của người đứng đầu"),
    TaskKind.INVITATION: N_("Trả lời lời mời dự buổi tiếp"),
}
KINDS: Mapping[str, tuple[str, frozenset[TaskKind]]] = {
    "case": (N_("Mọi vụ việc"), OF_CASES),
    "conclusion": (N_("Thông báo kết luận"), frozenset({TaskKind.CONCLUSION, TaskKind.CONFIRM})),
    "posting": (N_("Niêm yết lịch tiếp"), frozenset({TaskKind.POSTING})),
    "minimum": (N_("Số buổi tiếp tối thiểu"), frozenset({TaskKind.MINIMUM})),
    "invitation": (N_("Lời mời chưa trả lời"), frozenset({TaskKind.INVITATION})),
}
"""What one may narrow the list to, besides a type of case."""


@routes.get("/tasks")
async def show(request: http.Request) -> http.Response:
    """The list; how much there is of each kind is asked by the page's script, once the list is on the screen."""
    actor, hub, asked = keys.actor(request), keys.deps(request), request.query
    here = paging.trail(asked)
    query = _query(actor, asked)
    async with dues.reading(hub.database) as (db, counted):
        day = Day.of(formats.today(), await legal_rules.rule_book(db))
        found = await tasks.find(db, actor, query, counted.mark, day)
        units = await search_choices.units(db, actor)
        owners = await tasks.owners(db, actor)
        first = not here.page
        receives = may_somewhere(actor, Action.RECEIVE_TRANSFER)
        arrived = await transfers.arrived(db, actor) if receives and first else []
        reminded = await reminding.mine(db, actor) if first else []
        away = await away_of(db, found.tasks, day.today)
    last = found.tasks[tasks.PAGE - 1].cursor if len(found.tasks) > tasks.PAGE else None
    return view.render(
        request,
        "handling/tasks.html",
        rows=found.tasks[: tasks.PAGE],
        more_duties=duties.MOST if found.more else 0,
        paging=paging.paging("/tasks", asked, here, last),
        counts=None,
        counts_query=urlencode(_kept(asked)),
        units=units,
        owners=owners,
        arrived=arrived,
        reminded=reminded,
        away=away,
        counted=counted,
        today=day.today,
        asked=dict(asked),
        bucket=query.bucket,
        buckets=list(Bucket),
        kinds={name: text for name, (text, _) in KINDS.items()},
        clock_names=CLOCK_NAMES,
        task_names=TASK_NAMES,
    )


@routes.get("/tasks/counts")
async def counts(request: http.Request) -> http.Response:
    """Of what the list is narrowed to (``owner``, ``unit``, ``kind``): the tabs with their figures, and the table by
    unit; to be put into the page in place of what stands there."""
    actor, hub, asked = keys.actor(request), keys.deps(request), request.query
    query = _query(actor, asked)
    async with dues.reading(hub.database) as (db, counted):
        day = Day.of(formats.today(), await legal_rules.rule_book(db))
        found = await tasks.counts(db, actor, query, counted.mark, day)
    return view.render(
        request,
        "handling/_counts.html",
        counts=found,
        asked=_kept(asked),
        bucket=query.bucket,
        buckets=list(Bucket),
    )


async def away_of(db: AsyncSession, rows: Sequence[tasks.Task], today: date) -> Mapping[str, Away]:
    """Of the people whose work is listed, who is away."""
    return await absences.away(db, today, {row.owner_id for row in rows if row.owner_id})


def _kept(asked: Mapping[str, str]) -> dict[str, str]:
    return {name: asked[name] for name in ("owner", "unit", "kind", "due") if asked.get(name)}


def _query(actor: Actor, asked: Mapping[str, str]) -> TaskQuery:
    owner, (_, kinds) = asked.get("owner", ""), KINDS.get(asked.get("kind", ""), ("", frozenset()))
    return TaskQuery(
        owner=actor.account_id if owner == "me" else owner[:32],
        unit_id=asked.get("unit", "")[:32],
        kinds=kinds,
        type=forms.query_choice(asked, "kind", CaseType),
        bucket=forms.query_choice(asked, "due", Bucket),
        limit=tasks.PAGE + 1,
        after=paging.trail(asked).here,
    )
