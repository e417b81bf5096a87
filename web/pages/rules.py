"""The law's rules and holidays: everybody reads them, an administrator of the whole hub changes them, with history."""

from __future__ import annotations

from datetime import date
from typing import Any

from aiohttp import web as http

from hub.case_clocks import rule_codes
from hub.errors import BadInput, Stale
from hub.i18n import N_, Named
from hub.law import uncovered
from hub.models import Certainty, DayKind, Direction, Holiday, LegalRule, RuleUnit
from hub.services import dues, legal_rules, series_changes
from hub.services.legal_rules import Change, HolidayEdit, RuleEdit
from web import format as formats
from web import forms, keys, view
from web.forms import Form

routes = http.RouteTableDef()

NEW = "new"
RULE_TEXTS = ("code", "name", "name_en", "legal_basis", "note")


@routes.get("/rules")
async def list_rules(request: http.Request) -> http.Response:
    actor = keys.actor(request)
    async with keys.deps(request).database.reading() as db:
        rows = await legal_rules.list_rules(db, actor)
        manages = await legal_rules.may_manage(db, actor)
        counted = await dues.progress(db)
        missing = uncovered(await legal_rules.rule_book(db), rule_codes(), formats.today())
    names = {row.code: Named(row.name, row.name_en) for row in rows}
    return view.render(
        request,
        "rules/index.html",
        rows=rows,
        manages=manages,
        today=formats.today(),
        counted=counted,
        missing=[(names.get(code, Named(code)), code, day) for code, day in missing],
    )


@routes.get("/rules/new")
@routes.get("/rules/{rule_id}")
async def show_rule(request: http.Request) -> http.Response:
    """One version with its history; ``new`` is an empty form, begun from ``?after=`` where a version is to follow."""
    actor, rule_id = keys.actor(request), request.match_info.get("rule_id", NEW)
    async with keys.deps(request).database.reading() as db:
        if rule_id != NEW:
            return await _rule_page(request, await legal_rules.get_rule(db, actor, rule_id))
        await legal_rules.require_manager(db, actor)
        before = request.query.get("after", "")
        values = _rule_values(await legal_rules.get_rule(db, actor, before)) if before else {"active": "yes"}
    values |= {"valid_from": "", "valid_to": "", "version": "0"}
    return await _rule_page(request, None, values=values)


@routes.post("/rules/new")
@routes.post("/rules/{rule_id}")
async def save_rule(request: http.Request) -> http.Response:
    actor, form, rule_id = keys.actor(request), await forms.read(request), request.match_info.get("rule_id", NEW)
    own = "" if rule_id == NEW else rule_id
    try:
        async with keys.deps(request).database.transaction() as db:
            await legal_rules.require_manager(db, actor)
            edit = _rule_edit(form)
            form.check()
            row = await legal_rules.save_rule(db, actor, own, form.number("version", 0), edit, form.text("reason"))
    except (BadInput, Stale) as error:
        async with keys.deps(request).database.reading() as db:
            now = await legal_rules.get_rule(db, actor, own) if own else None
        return await _rule_page(request, now, values=dict(form.fields), error=error)
    return view.redirect(request, f"/rules/{row.id}", notice="rule_saved")


@routes.get("/holidays")
async def list_holidays(request: http.Request) -> http.Response:
    """One year's; the present one when no other is asked for."""
    actor = keys.actor(request)
    year = forms.query_number(request.query, "year") or formats.today().year
    async with keys.deps(request).database.reading() as db:
        years = await legal_rules.holiday_years(db, actor)
        rows = await legal_rules.list_holidays(db, actor, min(max(year, 1990), 2100))
        manages = await legal_rules.may_manage(db, actor)
        counted = await dues.progress(db)
    return view.render(
        request, "rules/holidays.html", rows=rows, year=year, years=years, manages=manages, counted=counted
    )


@routes.get("/holidays/new")
@routes.get("/holidays/{holiday_id}")
async def show_holiday(request: http.Request) -> http.Response:
    actor, holiday_id = keys.actor(request), request.match_info.get("holiday_id", NEW)
    async with keys.deps(request).database.reading() as db:
        if holiday_id != NEW:
            return await _holiday_page(request, await legal_rules.get_holiday(db, actor, holiday_id))
        await legal_rules.require_manager(db, actor)
    return await _holiday_page(request, None, values={"active": "yes", "version": "0"})


@routes.post("/holidays/new")
@routes.post("/holidays/{holiday_id}")
async def save_holiday(request: http.Request) -> http.Response:
    actor, form, holiday_id = keys.actor(request), await forms.read(request), request.match_info.get("holiday_id", NEW)
    own = "" if holiday_id == NEW else holiday_id
    try:
        async with keys.deps(request).database.transaction() as db:
            await legal_rules.require_manager(db, actor)
            edit = _holiday_edit(form)
            form.check()
            version = form.number("version", 0)
            row = await legal_rules.save_holiday(db, actor, own, version, edit, form.text("reason"))
            await series_changes.follow(db, actor)
    except (BadInput, Stale) as error:
        async with keys.deps(request).database.reading() as db:
            now = await legal_rules.get_holiday(db, actor, own) if own else None
        return await _holiday_page(request, now, values=dict(form.fields), error=error)
    return view.redirect(request, f"/holidays/{row.id}", notice="holiday_saved")


def _rule_edit(form: Form) -> RuleEdit:
    unit = form.choice("unit", RuleUnit, RuleUnit.DAYS, N_("Hãy chọn một mục trong danh sách."))
    return RuleEdit(
        **{name: form.text(name) for name in RULE_TEXTS},
        value=1 if unit is RuleUnit.FOREVER else form.number("value", 0),
        unit=unit,
        direction=form.choice("direction", Direction, Direction.AFTER),
        certainty=form.choice("certainty", Certainty, Certainty.UNVERIFIED, N_("Hãy chọn một mục trong danh sách.")),
        valid_from=form.day("valid_from") or date.min,
        valid_to=form.day("valid_to", required=False),
        active=form.yes("active"),
    )


def _holiday_edit(form: Form) -> HolidayEdit:
    return HolidayEdit(
        day=form.day("day") or date.min,
        kind=form.choice("kind", DayKind, DayKind.HOLIDAY, N_("Hãy chọn một mục trong danh sách.")),
        certainty=form.choice("certainty", Certainty, Certainty.UNVERIFIED, N_("Hãy chọn một mục trong danh sách.")),
        name=form.text("name"),
        name_en=form.text("name_en"),
        legal_basis=form.text("legal_basis"),
        note=form.text("note"),
        active=form.yes("active"),
    )


def _rule_values(row: LegalRule) -> dict[str, str]:
    return {
        **{name: getattr(row, name) for name in RULE_TEXTS},
        "value": "" if row.unit == RuleUnit.FOREVER else str(row.value),
        "unit": str(row.unit),
        "direction": str(row.direction),
        "certainty": str(row.certainty),
        "valid_from": row.valid_from.isoformat(),
        "valid_to": row.valid_to.isoformat() if row.valid_to else "",
        "active": "yes" if row.active else "",
        "version": str(row.version),
    }


def _holiday_values(row: Holiday) -> dict[str, str]:
    return {
        "day": row.day.isoformat(),
        "kind": str(row.kind),
        "certainty": str(row.certainty),
        "name": row.name,
        "name_en": row.name_en,
        "legal_basis": row.legal_basis,
        "note": row.note,
        "active": "yes" if row.active else "",
        "version": str(row.version),
    }


async def _rule_page(request: http.Request, row: LegalRule | None, **given: Any) -> http.Response:
    return await _page(request, "rules/rule.html", row, _rule_values(row) if row else {}, **given)


async def _holiday_page(request: http.Request, row: Holiday | None, **given: Any) -> http.Response:
    return await _page(request, "rules/holiday.html", row, _holiday_values(row) if row else {}, **given)


async def _page(
    request: http.Request,
    template: str,
    row: LegalRule | Holiday | None,
    now: dict[str, str],
    *,
    values: dict[str, str] | None = None,
    error: BadInput | Stale | None = None,
) -> http.Response:
    """The row and its history; for who may change it, a form. After a collision the form keeps what was typed and
    stands on the newest version."""
    actor = keys.actor(request)
    async with keys.deps(request).database.reading() as db:
        manages = await legal_rules.may_manage(db, actor)
        changes: list[Change] = await legal_rules.history(db, actor, row) if row else []
    shown = now if values is None else values
    stale = isinstance(error, Stale)
    # A box that is not ticked is not sent, so the form alone cannot say that it was emptied.
    theirs = {name: text for name, text in now.items() if stale and name != "version" and shown.get(name, "") != text}
    if stale:
        shown = {**shown, "version": now["version"]}
    return view.render(
        request,
        template,
        status=error.status if error else 200,
        row=row,
        values=shown,
        changes=changes,
        manages=manages,
        theirs=theirs,
        message=error.text if error else "",
        errors=forms.field_errors(error),
        field_names=FIELD_NAMES,
    )


FIELD_NAMES = {
    "code": N_("Mã"),
    "name": N_("Tên"),
    "name_en": N_("Tên tiếng Anh"),
    "value": N_("Giá trị"),
    "unit": N_("Đơn vị"),
    "direction": N_("Chiều tính"),
    "legal_basis": N_("Căn cứ"),
    "certainty": N_("Mức chắc chắn"),
    "note": N_("Ghi chú"),
    "valid_from": N_("Hiệu lực từ"),
    "valid_to": N_("Hết hiệu lực"),
    "active": N_("Áp dụng"),
    "day": N_("Ngày"),
    "kind": N_("Loại ngày"),
}
