"""Conclusions: drafted, issued, printed; their tasks carried out and followed up; the list of what is left."""

from __future__ import annotations

from typing import Any

from aiohttp import web as http

from hub import conclusions as rules
from hub.auth import Action, may
from hub.errors import BadInput, Conflict, NotReady, TooLarge
from hub.ids import utc_now
from hub.models import Conclusion, ConclusionState
from hub.services import (
    conclusion_tasks,
    conclusions,
    hearing_documents,
    hearing_lists,
    legal_rules,
    minutes,
    signed_texts,
)
from hub.services.conclusions import Draft, WantedTask
from hub.services.signed_texts import SignedText
from web import format as formats
from web import forms, keys, view
from web.forms import Form

routes = http.RouteTableDef()

BLANK_TASKS = 3
"""Rows for tasks that the form offers beyond those that are there."""


@routes.get("/conclusions")
async def index(request: http.Request) -> http.Response:
    """What waits for me, and what others have not carried out yet."""
    actor = keys.actor(request)
    async with keys.deps(request).database.reading() as db:
        mine = await conclusion_tasks.of_owner(db, actor)
        others = await conclusion_tasks.not_carried_out(db, actor)
    return view.render(request, "conclusions/index.html", mine=mine, others=others)


@routes.get("/hearings/{hearing_id}/conclusions/new")
async def ask_new(request: http.Request) -> http.Response:
    return await _form(request, request.match_info["hearing_id"], None, _blank(request.query.get("case", "")))


@routes.post("/hearings/{hearing_id}/conclusions/new")
async def create(request: http.Request) -> http.Response:
    actor, hub, form = keys.actor(request), keys.deps(request), await forms.read(request)
    hearing_id = request.match_info["hearing_id"]
    try:
        async with hub.database.transaction() as db:
            await conclusions.writable_hearing(db, actor, hearing_id)
            found = await conclusions.create(db, hub.vault, actor, hearing_id, _draft(form))
    except BadInput as error:
        return await _form(request, hearing_id, None, _typed(form), error)
    return view.redirect(request, f"/conclusions/{found.id}", notice="conclusion_saved")


@routes.get("/conclusions/{conclusion_id}")
async def show(request: http.Request) -> http.Response:
    return await conclusion_page(request)


@routes.get("/conclusions/{conclusion_id}/edit")
async def ask_change(request: http.Request) -> http.Response:
    found = await _found(request)
    return await _form(request, found.hearing_id, found, _values(found))


@routes.post("/conclusions/{conclusion_id}/edit")
async def change(request: http.Request) -> http.Response:
    actor, hub, form = keys.actor(request), keys.deps(request), await forms.read(request)
    found = await _found(request)
    try:
        async with hub.database.transaction() as db:
            await conclusions.change(db, hub.vault, actor, found.id, form.number("version", 0), _draft(form))
    except (BadInput, Conflict) as error:
        return await _form(request, found.hearing_id, found, _typed(form), error)
    return view.redirect(request, f"/conclusions/{found.id}", notice="conclusion_saved")


@routes.post("/conclusions/{conclusion_id}/issue")
async def issue(request: http.Request) -> http.Response:
    actor, hub, form = keys.actor(request), keys.deps(request), await forms.read(request)
    conclusion_id = request.match_info["conclusion_id"]
    try:
        async with hub.database.transaction() as db:
            await conclusions.issue(db, hub.config, actor, conclusion_id, form.number("version", 0))
    except Conflict as error:
        return await conclusion_page(request, error=error)
    return view.redirect(request, f"/conclusions/{conclusion_id}", notice="conclusion_issued")


@routes.get("/conclusions/{conclusion_id}/print")
async def printed(request: http.Request) -> http.Response:
    actor = keys.actor(request)
    async with keys.deps(request).database.reading() as db:
        shown = await conclusions.get(db, actor, request.match_info["conclusion_id"])
    return view.render(request, "conclusions/print.html", shown=shown, found=shown.conclusion)


@routes.post("/conclusions/{conclusion_id}/tasks/{task_id}/{step}")
async def step(request: http.Request) -> http.Response:
    """``report`` by the owner; ``confirm``, ``return`` and ``extend`` by who follows it up."""
    actor, hub, form = keys.actor(request), keys.deps(request), await forms.read(request)
    conclusion_id, task_id, wanted = (request.match_info[name] for name in ("conclusion_id", "task_id", "step"))
    words = form.text("words")
    await _found(request)
    try:
        due = form.day("due", required=wanted == "extend")
        async with hub.database.transaction() as db:
            args = db, hub.vault, actor, task_id
            if wanted == "report":
                await conclusion_tasks.report(*args, words)
            elif wanted == "confirm":
                await conclusion_tasks.confirm(*args, words)
            elif wanted == "return":
                await conclusion_tasks.give_back(*args, words)
            else:
                form.check()
                await conclusion_tasks.extend(*args, due, words)
    except (BadInput, Conflict) as error:
        return await conclusion_page(request, error=error, dialog=f"{wanted}-{task_id}", values=dict(form.fields))
    return view.redirect(request, f"/conclusions/{conclusion_id}", notice="task_stepped")


async def conclusion_page(
    request: http.Request,
    conclusion_id: str = "",
    *,
    error: BadInput | Conflict | NotReady | TooLarge | None = None,
    dialog: str = "",
    values: dict[str, str] | None = None,
) -> http.Response:
    actor, hub = keys.actor(request), keys.deps(request)
    async with hub.database.reading() as db:
        shown = await conclusions.get(db, actor, conclusion_id or request.match_info["conclusion_id"])
        found = shown.conclusion
        days, today = (await legal_rules.rule_book(db)).days, formats.today()
        steps = await conclusion_tasks.steps(db, found.id)
        paper = await hearing_documents.of_source(db, found.id)
    signed = SignedText(found.document, found.sha256, found.signature, found.seal_key)
    return view.render(
        request,
        "conclusions/show.html",
        status=error.status if error else 200,
        shown=shown,
        found=found,
        hearing=shown.hearing,
        case=shown.case,
        steps=steps,
        left={task.id: rules.left(task.due, today, days) for task in found.tasks},
        owned={task.id for task in found.tasks if conclusions.owns(actor, task)},
        genuine=found.state == ConclusionState.DRAFT or signed_texts.genuine(hub.config, signed),
        now=utc_now(),
        message=error.text if error else "",
        errors=forms.field_errors(error) if isinstance(error, BadInput | Conflict) else {},
        paper=paper,
        may_make=may(actor, Action.WRITE_CONCLUSION, minutes.target(actor, shown.hearing)),
        attachment_max_mb=hub.config.attachment_max_mb,
        dialog=dialog,
        values=values or {},
    )


async def _found(request: http.Request) -> Conclusion:
    async with keys.deps(request).database.reading() as db:
        return (await conclusions.get(db, keys.actor(request), request.match_info["conclusion_id"])).conclusion


async def _form(
    request: http.Request,
    hearing_id: str,
    found: Conclusion | None,
    values: dict[str, Any],
    error: BadInput | Conflict | None = None,
) -> http.Response:
    actor = keys.actor(request)
    async with keys.deps(request).database.reading() as db:
        hearing = await conclusions.writable_hearing(db, actor, hearing_id)
        owners = await conclusions.owners(db, hearing)
        await hearing_lists.get(db, actor, hearing_id)
    rows = list(values["tasks"])
    rows += [{"text": "", "owner": "", "due": ""} for _ in range(max(1, BLANK_TASKS - len(rows)))]
    return view.render(
        request,
        "conclusions/form.html",
        status=error.status if error else 200,
        hearing=hearing,
        found=found,
        owners=owners,
        values=values,
        rows=rows[: rules.MOST_TASKS],
        message=error.text if error else "",
        errors=forms.field_errors(error),
    )


def _draft(form: Form) -> Draft:
    """A row without anything in it is no task."""
    tasks = []
    for row in _rows(form):
        working_days = rules.working_days(row["due"])
        try:
            due = None if working_days else formats.parse_day(row["due"])
        except ValueError:
            due = None
        tasks.append(WantedTask(text=row["text"], owner=row["owner"], due=due, working_days=working_days))
    return Draft(text=form.text("text"), case_id=form.text("case_id"), tasks=tuple(tasks))


def _rows(form: Form) -> list[dict[str, str]]:
    columns = [form.fields.getall(name, []) for name in ("task", "owner", "due")]
    rows = [dict(zip(("text", "owner", "due"), each, strict=True)) for each in zip(*columns, strict=False)]
    return [row for row in rows if any(value.strip() for value in row.values())]


def _typed(form: Form) -> dict[str, Any]:
    return {"text": form.text("text"), "case_id": form.text("case_id"), "tasks": _rows(form)}


def _blank(case_id: str) -> dict[str, Any]:
    return {"text": "", "case_id": case_id, "tasks": []}


def _values(found: Conclusion) -> dict[str, Any]:
    tasks = [
        {"text": task.text, "owner": task.owner_id or task.owner_unit_id, "due": formats.short_date(task.due)}
        for task in found.tasks
    ]
    return {"text": found.text, "case_id": found.case_id or "", "tasks": tasks}
