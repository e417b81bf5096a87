"""The tasks of the day: what is due, by whom, the most pressing first."""

from __future__ import annotations

from aiohttp import web as http

from hub.auth import Action, may_somewhere
from hub.case_clocks import SPECS
from hub.i18n import N_
from hub.models import CaseType
from hub.services import dues, duties, legal_rules, reminding, tasks, transfers
from hub.services.duties import DutyKind
from hub.services.tasks import Bucket, TaskQuery
from web import format as formats
from web import forms, keys, view

routes = http.RouteTableDef()

CLOCK_NAMES = {spec.code: spec.name for spec in SPECS}
DUTY_NAMES = {
    DutyKind.CONCLUSION: N_("Nhiệm vụ theo thông báo kết luận"),
    DutyKind.CONFIRM: N_("Xác nhận nhiệm vụ đã được báo cáo"),
    DutyKind.POSTING: N_("Niêm yết lịch tiếp"),
    DutyKind.MINIMUM: N_("Số buổi tiếp tối thiểu của người đứng đầu"),
    DutyKind.INVITATION: N_("Trả lời lời mời dự buổi tiếp"),
}


@routes.get("/tasks")
async def show(request: http.Request) -> http.Response:
    actor, hub, asked = keys.actor(request), keys.deps(request), request.query
    page = forms.query_number(asked, "page")
    owner = asked.get("owner", "")
    query = TaskQuery(
        owner=actor.account_id if owner == "me" else owner[:32],
        unit_id=asked.get("unit", "")[:32],
        type=forms.query_choice(asked, "type", CaseType),
        bucket=forms.query_choice(asked, "due", Bucket),
        limit=tasks.PAGE + 1,
        offset=page * tasks.PAGE,
    )
    mark, waiting = await dues.fresh(hub.database)
    today = formats.today()
    async with hub.database.reading() as db:
        book = await legal_rules.rule_book(db)
        days = book.days
        rows = await tasks.find(db, actor, query, mark, today, days)
        besides = await duties.find(db, actor, query, book, today)
        units = await tasks.by_unit(db, actor, TaskQuery(owner=query.owner, type=query.type), mark, today, days)
        owners = await tasks.owners(db, actor)
        counts = tasks.summed(units, query.unit_id)
        receives = may_somewhere(actor, Action.RECEIVE_TRANSFER)
        arrived = await transfers.arrived(db, actor) if receives and not page else []
        reminded = await reminding.mine(db, actor) if not page else []
    shown = [one for one in besides if query.bucket in (None, one.bucket)]
    return view.render(
        request,
        "handling/tasks.html",
        rows=rows[: tasks.PAGE],
        more=len(rows) > tasks.PAGE,
        page=page,
        counts={one: count + duties.counts(besides)[one] for one, count in counts.items()},
        besides=shown[: duties.SHOWN],
        hidden=max(0, len(shown) - duties.SHOWN),
        duty_names=DUTY_NAMES,
        units=units,
        owners=owners,
        arrived=arrived,
        reminded=reminded,
        waiting=waiting,
        today=today,
        asked=dict(asked),
        bucket=query.bucket,
        clock_names=CLOCK_NAMES,
    )
