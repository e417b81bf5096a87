"""Cases: find, show, edit. Registering, documents and identity have modules of their own."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from aiohttp import web as http
from sqlalchemy.ext.asyncio import AsyncSession

from hub.auth import Action, Actor, Target, may, may_somewhere, require
from hub.errors import BadInput, NotReady, Stale
from hub.i18n import N_, Text
from hub.models import Case, CaseState, CaseType
from hub.services import (
    case_course,
    case_links,
    case_locking,
    case_timeline,
    cases,
    conclusions,
    dues,
    identity,
    receipts,
    recordings,
    representing,
    scan_mistakes,
    state_secrets,
    transfer_items,
    visits,
)
from hub.services.identity import Identity
from web import forms, handling_view, keys, merging, odd_numbers, paging, view
from web.forms import Form
from web.odd_numbers import OddNumber
from web.pages import paperwork

routes = http.RouteTableDef()

PAGE = 50
IDENTITY_FIELDS = ("name", "birth", "id_number", "address", "phone")


@routes.get("/cases")
async def index(request: http.Request) -> http.Response:
    """The newest first; with words, those that hold them all, with or without diacritics."""
    actor, hub = keys.actor(request), keys.deps(request)
    asked = request.query
    here = paging.trail(asked)
    query = cases.CaseQuery(
        text=asked.get("q", "")[:200],
        type=forms.query_choice(asked, "type", CaseType),
        state=forms.query_choice(asked, "state", CaseState),
        first_day=forms.query_day(asked, "from"),
        last_day=forms.query_day(asked, "to"),
        limit=PAGE + 1,
        after=here.here,
    )
    async with hub.database.reading() as db:
        rows = await cases.find(db, hub.vault, actor, query)
        due = await dues.next_days(db, [row.id for row in rows[:PAGE]])
    last = rows[PAGE - 1].cursor if len(rows) > PAGE else None
    return view.render(
        request,
        "cases/index.html",
        rows=rows[:PAGE],
        due=due,
        paging=paging.paging("/cases", asked, here, last),
        asked=dict(asked),
        filtered=any(asked.get(name) for name in ("q", "type", "state", "from", "to")),
        may_register=may_somewhere(actor, Action.REGISTER_CASE),
    )


@routes.get("/cases/{case_id}")
async def show(request: http.Request) -> http.Response:
    return await case_page(request, request.match_info["case_id"])


async def case_page(
    request: http.Request, case_id: str, *, status: int = 200, dialog: str = "", message: object = "", **context: Any
) -> http.Response:
    """The case with its one line of time. ``dialog`` names the dialog to open, with ``message`` in it."""
    actor, hub = keys.actor(request), keys.deps(request)
    async with hub.database.reading() as db:
        found = await cases.get(db, actor, case_id)
        if found.state == CaseState.STATE_SECRET:
            return await _pointer_page(request, db, found)
        shown = await _around(db, actor, found)
    return view.render(
        request,
        "cases/show.html",
        status=status,
        case=found,
        dialog=dialog,
        message=message,
        attachment_max_mb=hub.config.attachment_max_mb,
        **_rights(actor, found),
        **shown,
        **context,
    )


async def _around(db: AsyncSession, actor: Actor, found: Case) -> dict[str, Any]:
    """What the page shows of a case beside its own words."""
    edits = may(actor, Action.EDIT_CASE, Target(paths=(found.unit.path,)))
    handling = await handling_view.of(db, actor, found)
    made, known = await paperwork.card(db, found), handling.seen
    tells_needs = not found.party.secret or _rights(actor, found)["may_identify"]
    return {
        "entries": case_timeline.gathered(await cases.timeline(db, actor, found.id)),
        "recordings": await recordings.of_case(db, actor, found.id),
        "concluded": await conclusions.of_case(db, actor, found.id),
        "course": await case_course.course(db, actor, found),
        "links": await case_links.linked(db, actor, found),
        "handling": handling,
        "attachments": transfer_items.only(known, found.attachments),
        "mistakes": await scan_mistakes.of_attachments(db, [one.id for one in found.attachments]),
        "may_open": await handling_view.may_open(db, actor, found),
        "paperwork": [(row, title) for row, title in made if known is None or row.id in known],
        "alike": await case_links.suggestions(db, actor, found) if edits else [],
        "visits": await visits.of_case(db, actor, found),
        "receipts": await receipts.of_case(db, found),
        "spoken": await representing.of_case(db, found),
        "need": await representing.need(db, found) if tells_needs else None,
    }


async def _pointer_page(request: http.Request, db: AsyncSession, found: Case) -> http.Response:
    """All that is left of a case that holds a state secret."""
    pointer, recorded = await state_secrets.pointer(db, found), await state_secrets.recordings(db, found)
    copies = await state_secrets.copies(db, found)
    links = await case_links.linked(db, keys.actor(request), found)
    return view.render(
        request,
        "cases/pointer.html",
        case=found,
        pointer=pointer,
        recorded=recorded,
        copies=copies,
        links=[one for one in links if one.case.state != CaseState.STATE_SECRET],
    )


def _rights(actor: Actor, found: Case) -> dict[str, bool]:
    here = Target(paths=(found.unit.path,))
    return {
        "may_edit": may(actor, Action.EDIT_CASE, here),
        "may_decide": may(actor, Action.DECIDE_CASE, here),
        "may_make": may(actor, Action.MAKE_DOCUMENT, here),
        "may_book": may(actor, Action.BOOK_HEARING, here),
        "may_identify": may(actor, identity.reading(found.party), here),
    }


@routes.get("/cases/{case_id}/edit")
async def ask_edit(request: http.Request) -> http.Response:
    async with keys.deps(request).database.reading() as db:
        found = await _editable(db, request)
    return _edit_page(request, found, _values_of(found))


@routes.post("/cases/{case_id}/edit")
async def edit(request: http.Request) -> http.Response:
    """Save; when somebody saved first, show theirs beside what was typed, and lose neither."""
    actor, hub = keys.actor(request), keys.deps(request)
    case_id = request.match_info["case_id"]
    form = await forms.read(request)
    if take := form.text("take"):
        async with hub.database.reading() as db:
            found = await _editable(db, request)
        return _edit_page(request, found, dict(form.fields), take=take)
    try:
        wanted = _case_edit(form)
        version = form.number("version", 0)
        form.check()
        async with hub.database.transaction() as db:
            await cases.edit(db, hub.vault, actor, case_id, version, wanted)
            if wanted.identity is not None:
                odd_numbers.ask_back(form)
    except OddNumber as odd:
        async with hub.database.reading() as db:
            return _edit_page(request, await _editable(db, request), dict(form.fields), odd=odd)
    except (BadInput, Stale) as error:
        async with hub.database.reading() as db:
            found = await _editable(db, request)
            since = await case_locking.since(db, found, form.number("version", 0))
        return _edit_page(request, found, dict(form.fields), error=error, since=since)
    if wanted.type == CaseType.DENUNCIATION:
        # Documents from before the case was one; with the store away the hub's housekeeping seals them later.
        with suppress(NotReady):
            await cases.seal_pending(hub.database, hub.store, hub.vault)
    return view.redirect(request, f"/cases/{case_id}", notice="case_saved")


async def _editable(db: AsyncSession, request: http.Request) -> Case:
    actor = keys.actor(request)
    found = await cases.get(db, actor, request.match_info["case_id"])
    require(actor, Action.EDIT_CASE, Target(paths=(found.unit.path,)))
    return found


def _values_of(found: Case) -> dict[str, str]:
    return {
        "type": str(found.type),
        "summary": found.summary,
        "content": found.content,
        "people_count": str(found.people_count),
        "version": str(found.version),
    }


def _edit_page(
    request: http.Request,
    found: Case,
    values: dict[str, str],
    error: BadInput | Stale | None = None,
    *,
    since: Sequence[Text] = (),
    take: str = "",
    odd: OddNumber | None = None,
) -> http.Response:
    now = _values_of(found)
    version = now.pop("version")
    stale = isinstance(error, Stale) or bool(take)
    merged = merging.merge(values, now, take=take) if stale else None
    fresh = {"version": version, **merging.bases(now)}
    return view.render(
        request,
        "cases/edit.html",
        status=error.status if error else 200,
        case=found,
        # After a collision the form stands on the newest version: saving again is then a decision, not an accident.
        values={**merged.values, **(fresh if not take else {})} if merged else {**fresh, **values},
        merged=merged,
        bases=[f"base_{name}" for name in now],
        since=since,
        odd=odd,
        message=error.text if error else Text(N_("Hãy xem lại rồi lưu.")) if take else "",
        errors=error.fields if isinstance(error, BadInput) else {},
        may_identify=_rights(keys.actor(request), found)["may_identify"],
    )


def _case_edit(form: Form) -> cases.CaseEdit:
    replacing = form.yes("replace_identity")
    return cases.CaseEdit(
        type=form.choice("type", CaseType, CaseType.COMPLAINT, N_("Hãy chọn loại vụ việc.")),
        summary=form.text("summary"),
        content=form.text("content"),
        people_count=form.number("people_count", 1),
        identity=Identity(**{name: form.text(name) for name in IDENTITY_FIELDS}) if replacing else None,
    )
