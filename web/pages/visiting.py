"""Receptions of people: those of a unit's day, and one written down, refusals too."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from aiohttp import web as http
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.auth import Action, Target, may, may_somewhere, require
from hub.errors import BadInput
from hub.i18n import N_
from hub.ids import new_id
from hub.models import Account, Case, Hearing, HearingCase, IdentityMethod, OrgUnit, RefusalGround
from hub.services import cases, documents, identity, visits
from hub.visits import NewVisit
from web import format as formats
from web import forms, keys, odd_numbers, view
from web.forms import Form
from web.odd_numbers import OddNumber
from web.pages.registering import registering_points, registering_units, usual_point

routes = http.RouteTableDef()
TEXTS = (
    "identity_note",
    "unit_id",
    "point_id",
    "hearing_id",
    "case_id",
    "requested",
    "advised",
    "settled_by",
    "name",
    "address",
    "birth",
    "id_number",
    "phone",
    "known_party",
    "refusal_reason",
    "decided_by",
    "document_number",
)


@routes.get("/visits")
async def index(request: http.Request) -> http.Response:
    """One unit's day, the officer's own and today's by default."""
    actor, asked = keys.actor(request), request.query
    day = forms.query_day(asked, "day") or formats.today()
    unit_id = asked.get("unit", "") or actor.unit_id
    async with keys.deps(request).database.reading() as db:
        rows = await visits.between(db, actor, day, day, unit_id=unit_id, below=asked.get("below") == "yes")
        unit = await db.get(OrgUnit, unit_id)
        made = await documents.of_visits(db, [row.id for row in rows if row.refusal_ground])
    return view.render(
        request,
        "visits/index.html",
        rows=rows,
        people=sum(row.people_count for row in rows),
        day=day,
        unit=unit,
        below=asked.get("below") == "yes",
        asked={"day": day.isoformat()},
        papers=made,
        may_make=unit is not None and may(actor, Action.MAKE_DOCUMENT, Target(paths=(unit.path,))),
        may_register=may_somewhere(actor, Action.REGISTER_CASE),
        may_identify=unit is not None and may(actor, Action.READ_IDENTITY, Target(paths=(unit.path,))),
    )


@routes.get("/visits/new")
async def ask(request: http.Request) -> http.Response:
    """With ``?case=`` about that case; with ``?refused=yes`` the refusal is open."""
    values = {
        "case_id": request.query.get("case", ""),
        "people_count": "1",
        "identity_method": IdentityMethod.CITIZEN_ID.value,
        "refused": "yes" if request.query.get("refused") == "yes" else "",
    }
    return await _page(request, values)


@routes.post("/visits/new")
async def record(request: http.Request) -> http.Response:
    actor, hub = keys.actor(request), keys.deps(request)
    form = await forms.read(request)
    try:
        new = _visit(form)
        form.check()
        async with hub.database.transaction() as db:
            found = await visits.already_recorded(db, actor, new)
            if found is None:
                found = await visits.record(db, hub.vault, actor, new)
                odd_numbers.ask_back(form)
    except BadInput as error:
        return await _page(request, dict(form.fields), error)
    except OddNumber as odd:
        return await _page(request, dict(form.fields), odd=odd)
    notice = "visit_refused" if found.refusal_ground else "visit_recorded"
    if found.case_id:
        return view.redirect(request, f"/cases/{found.case_id}", notice=notice)
    return view.redirect(request, "/visits", notice=notice, unit=found.unit_id, day=found.day.isoformat())


@routes.post("/visits/{visit_id}/identity")
async def show_visitor(request: http.Request) -> http.Response:
    """Who came, for a stated reason that is logged before anything is shown."""
    actor, hub, form = keys.actor(request), keys.deps(request), await forms.read(request)
    message = fault = None
    async with hub.database.transaction() as db:
        visit = await visits.get(db, actor, request.match_info["visit_id"])
        about = visit.case or visit
        known = Action.READ_IDENTITY if about.party is None else identity.reading(about.party)
        require(actor, known, identity.identity_target(about))
        person = None
        if reason := form.text("reason"):
            person = await identity.read_visitor(db, hub.vault, actor, visit, reason)
        else:
            message = fault = N_("Hãy nêu lý do xem danh tính.")
    return view.render(
        request,
        "visits/visitor.html",
        status=200 if person else 400,
        visit=visit,
        person=person,
        reason=form.text("reason"),
        message=message or "",
        errors={"reason": fault} if fault else {},
    )


def _visit(form: Form) -> NewVisit:
    refused = form.yes("refused")
    method = form.choice("identity_method", IdentityMethod, IdentityMethod.CITIZEN_ID, N_("Hãy chọn cách nhận biết."))
    ground = (
        form.choice("refusal_ground", RefusalGround, RefusalGround.OTHER, N_("Hãy chọn căn cứ.")) if refused else None
    )
    texts: dict[str, Any] = {name: form.text(name) for name in TEXTS}
    new = NewVisit(
        id=form.text("entry_id"),
        identity_method=method,
        people_count=form.number("people_count", 1),
        first={"yes": True, "no": False}.get(form.text("first")),
        refusal_ground=ground,
        document_day=form.day("document_day", required=False) if refused else None,
        **texts,
    )
    return replace(new, name="", address="") if new.case_id else new


async def _page(
    request: http.Request, values: dict[str, str], error: BadInput | None = None, odd: OddNumber | None = None
) -> http.Response:
    actor = keys.actor(request)
    async with keys.deps(request).database.reading() as db:
        units = await registering_units(db, actor)
        case = await cases.get(db, actor, values["case_id"]) if values.get("case_id") else None
        values.setdefault("unit_id", actor.unit_id)
        unit = next((one for one in units if one.id == values["unit_id"]), None)
        deciders = await visits.deciders(db, unit or units[0])
        hearings = await _hearings(db, case) if case else []
        points = await registering_points(db, actor, case.unit if case else None)
    values.setdefault("case_id", "")
    values.setdefault("entry_id", new_id())
    values.setdefault("point_id", usual_point(points, values["unit_id"]))
    values.setdefault("decided_by", actor.account_id if unit else "")
    return view.render(
        request,
        "visits/new.html",
        status=error.status if error else 200,
        values=values,
        odd=odd,
        units=units,
        case=case,
        hearings=hearings,
        points=points,
        deciders=[(one.id, _called(one)) for one in deciders],
        message=error.text if error else "",
        errors=error.fields if error else {},
    )


async def _hearings(db: AsyncSession, case: Case) -> list[Hearing]:
    """Those about the case that have been opened: a visit may have been over video."""
    wanted = select(Hearing).join(HearingCase, HearingCase.hearing_id == Hearing.id)
    wanted = wanted.where(HearingCase.case_id == case.id, Hearing.opened_at.is_not(None))
    return list((await db.execute(wanted.order_by(Hearing.opened_at.desc()))).unique().scalars())


def _called(account: Account) -> str:
    return f"{account.full_name} – {account.title}" if account.title else account.full_name
