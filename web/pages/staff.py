"""Who of a unit is away, who stands in, and handing over what somebody still has open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web as http

from hub.auth import Action, Target, may, may_somewhere, scopes
from hub.errors import BadInput, Conflict
from hub.models import Account
from hub.services import absences, handing_over
from hub.services.absences import WantedAbsence
from hub.services.assignments import AwayThen
from hub.services.handing_over import Turn, WantedHandOver
from web import format as formats
from web import forms, keys, view

routes = http.RouteTableDef()


@routes.get("/staff")
async def index(request: http.Request) -> http.Response:
    """The people of one unit of one's scope; who has none is shown their own page."""
    actor, asked = keys.actor(request), request.query
    if not may_somewhere(actor, Action.SET_ABSENCE):
        raise http.HTTPSeeOther(f"/staff/{actor.account_id}")
    async with keys.deps(request).database.reading() as db:
        units = await absences.units(db, actor)
        inside = {unit.id for unit in units}
        default = actor.unit_id if actor.unit_id in inside or not units else units[0].id
        unit_id = asked.get("unit", "")[:32] or default
        everybody = await absences.people(db, actor, unit_id)
        ids = [one.id for one in everybody]
        counts = await handing_over.open_counts(db, ids)
        found = [one for one in everybody if one.disabled_at is None or counts.get(one.id)]
        away = await absences.away(db, formats.today(), ids)
        coming = await absences.of_accounts(db, ids, formats.today())
    return view.render(
        request,
        "handling/staff.html",
        units=units,
        unit_id=unit_id,
        people=found,
        counts=counts,
        away=away,
        coming=coming,
        hands_over=_hands_over(request, found),
    )


@routes.get("/staff/{account_id}")
async def show(request: http.Request) -> http.Response:
    return await _page(request, {})


@routes.post("/staff/{account_id}/absences")
async def add(request: http.Request) -> http.Response:
    actor, form = keys.actor(request), await forms.read(request)
    account_id = request.match_info["account_id"]
    try:
        first, last = form.day("first_day"), form.day("last_day", required=False)
        async with keys.deps(request).database.transaction() as db:
            await absences.person(db, actor, account_id)
            form.check()
            assert first is not None
            wanted = WantedAbsence(first_day=first, last_day=last, stand_in_id=form.text("stand_in_id"))
            await absences.add(db, actor, account_id, wanted)
    except BadInput as error:
        return await _page(request, dict(form.fields), error)
    return view.redirect(request, f"/staff/{account_id}", notice="absence_set")


@routes.post("/absences/{absence_id}/end")
async def end(request: http.Request) -> http.Response:
    async with keys.deps(request).database.transaction() as db:
        row = await absences.end(db, keys.actor(request), request.match_info["absence_id"])
    return view.redirect(request, f"/staff/{row.account_id}", notice="absence_ended")


@routes.get("/staff/{account_id}/handover")
async def ask_handover(request: http.Request) -> http.Response:
    return await _handover(request, {}, None)


@routes.post("/staff/{account_id}/handover")
async def hand_over(request: http.Request) -> http.Response:
    actor, hub, form = keys.actor(request), keys.deps(request), await forms.read(request)
    account_id, ticked = request.match_info["account_id"], form.many("turn")
    wanted = WantedHandOver(
        to_id=form.text("instead") or form.text("to_id"),
        turns=ticked,
        reason=form.text("reason"),
        though_away=form.text("though_away"),
    )
    try:
        async with hub.database.transaction() as db:
            await handing_over.hand_over(db, hub.vault, actor, account_id, wanted)
    except (BadInput, Conflict) as error:
        return await _handover(request, {**form.fields, "to_id": wanted.to_id}, ticked, error)
    return view.redirect(request, f"/staff/{account_id}", notice="handed_over")


def _hands_over(request: http.Request, people: Sequence[Account]) -> frozenset[str]:
    paths = scopes(keys.actor(request), Action.ASSIGN_CASE)
    return frozenset(one.id for one in people if any(one.unit.path.startswith(path) for path in paths))


async def _page(request: http.Request, values: Mapping[str, str], error: BadInput | None = None) -> http.Response:
    actor, account_id = keys.actor(request), request.match_info["account_id"]
    async with keys.deps(request).database.reading() as db:
        account = await absences.person(db, actor, account_id)
        rows = await absences.of_account(db, account_id, formats.today())
        stand_ins = await absences.stand_ins(db, account)
        away = await absences.away(db, formats.today(), [account_id])
        work = await handing_over.open_work(db, actor, account)
    return view.render(
        request,
        "handling/absences.html",
        **view.told(error),
        person=account,
        own=account.id == actor.account_id,
        rows=rows,
        stand_ins=stand_ins,
        away=away,
        work=work,
        today=formats.today(),
        values=values,
        message=error.text if error else "",
        lists=may(actor, Action.SET_ABSENCE, Target(paths=(account.unit.path,))),
        administers=may(actor, Action.MANAGE_ACCOUNTS, Target(paths=(account.unit.path,))),
        may_hand_over=account.id in _hands_over(request, [account]),
    )


async def _handover(
    request: http.Request,
    values: Mapping[str, str],
    ticked: Sequence[str] | None,
    error: BadInput | Conflict | None = None,
) -> http.Response:
    """``ticked`` None: all, since that is what is done most."""
    actor, account_id = keys.actor(request), request.match_info["account_id"]
    async with keys.deps(request).database.reading() as db:
        account = await handing_over.person(db, actor, account_id)
        every = [one for one in await handing_over.turns(db, actor, account_id) if _assigns(request, one)]
        receivers = await handing_over.receivers(db, every, account_id)
        away = await absences.away(db, formats.today(), [one.id for one in (account, *receivers)])
    context: dict[str, Any] = {"instead": None, "though": ""}
    if isinstance(error, AwayThen):
        able = {one.id for one in receivers}
        context["instead"] = (error.stand_in_id, error.stand_in) if error.stand_in_id in able else None
        context["though"] = values.get("to_id", "")
    return view.render(
        request,
        "handling/handover.html",
        status=error.status if error else 200,
        person=account,
        turns=every,
        ticked={one.assignment.id for one in every} if ticked is None else set(ticked),
        receivers=receivers,
        away=away,
        values=values,
        message=error.text if error else "",
        errors=forms.field_errors(error),
        **context,
    )


def _assigns(request: http.Request, turn: Turn) -> bool:
    return may(keys.actor(request), Action.ASSIGN_CASE, Target(paths=(turn.case.unit.path,)))
