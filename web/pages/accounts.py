"""Accounts, for administrators: who may sign in, and which roles they hold over which units."""

from __future__ import annotations

from typing import Any

from aiohttp import web as http

from hub.auth import Action, Target, may, require
from hub.errors import BadInput, Conflict
from hub.i18n import DEFAULT_LANGUAGE, LANGUAGES, N_, Text
from hub.ids import utc_now
from hub.models import Account, Role
from hub.services import handing_over, people
from hub.services.people import AccountEdit, GrantInput, NewAccount
from web import forms, keys, view
from web.forms import Form

routes = http.RouteTableDef()

Refused = (BadInput, Conflict)
SPARE_ROWS = 2
"""Empty rows for further roles, for browsers in which the script that adds them does not run."""


@routes.get("/accounts")
async def index(request: http.Request) -> http.Response:
    actor, asked = keys.actor(request), request.query
    async with keys.deps(request).database.reading() as db:
        rows = await people.list_accounts(
            db, actor, text=asked.get("q", "")[:100], disabled=asked.get("disabled") == "yes"
        )
    return view.render(request, "admin/accounts.html", rows=rows, asked=dict(asked), now=utc_now())


@routes.get("/accounts/new")
async def ask_new(request: http.Request) -> http.Response:
    values = {"language": DEFAULT_LANGUAGE, "unit_id": keys.actor(request).unit_id, "grants": [("", "")]}
    return await _page(request, values)


@routes.post("/accounts/new")
async def create(request: http.Request) -> http.Response:
    """The password given here is for the first sign-in only; its owner must choose another."""
    actor = keys.actor(request)
    form = await forms.read(request)
    try:
        new = NewAccount(
            username=form.text("username"),
            password=form.secret("password"),
            must_change_password=True,
            grants=_grants(form),
            **_common(form),
        )
        form.check()
        async with keys.deps(request).database.transaction() as db:
            account = await people.create_account(db, actor, new)
    except Refused as error:
        return await _page(request, _typed(form), error=error)
    return view.redirect(request, f"/accounts/{account.id}", notice="account_created")


@routes.get("/accounts/{account_id}")
async def show(request: http.Request) -> http.Response:
    account = await _managed(request)
    return await _page(request, _values_of(account), account)


@routes.post("/accounts/{account_id}")
async def save(request: http.Request) -> http.Response:
    actor, account_id = keys.actor(request), request.match_info["account_id"]
    form = await forms.read(request)
    try:
        edit = AccountEdit(grants=_grants(form), **_common(form))
        form.check()
        async with keys.deps(request).database.transaction() as db:
            await people.update_account(db, actor, account_id, edit)
    except Refused as error:
        return await _page(request, _typed(form), await _managed(request), error=error)
    keys.tell_live(request, account_id)
    return view.redirect(request, f"/accounts/{account_id}", notice="account_saved")


@routes.post("/accounts/{account_id}/password")
async def set_password(request: http.Request) -> http.Response:
    actor, account_id = keys.actor(request), request.match_info["account_id"]
    form = await forms.read(request)
    try:
        async with keys.deps(request).database.transaction() as db:
            await people.set_password(db, actor, account_id, form.secret("password"))
    except BadInput as error:
        account = await _managed(request)
        return await _page(request, _values_of(account), account, error=error, dialog="password")
    keys.tell_live(request, account_id)
    return view.redirect(request, f"/accounts/{account_id}", notice="account_password_set")


@routes.post("/accounts/{account_id}/disable")
async def disable(request: http.Request) -> http.Response:
    actor, account_id = keys.actor(request), request.match_info["account_id"]
    form = await forms.read(request)
    try:
        if not form.text("reason"):
            form.faults["reason"] = Text(N_("Hãy nêu lý do khóa tài khoản."))
        form.check()
        async with keys.deps(request).database.transaction() as db:
            await people.disable_account(db, actor, account_id, form.text("reason"))
    except BadInput as error:
        account = await _managed(request)
        return await _page(request, _values_of(account), account, error=error, dialog="disable")
    keys.tell_live(request, account_id)
    return view.redirect(request, f"/accounts/{account_id}", notice="account_disabled")


@routes.post("/accounts/{account_id}/enable")
async def enable(request: http.Request) -> http.Response:
    actor, account_id = keys.actor(request), request.match_info["account_id"]
    async with keys.deps(request).database.transaction() as db:
        await people.enable_account(db, actor, account_id)
    return view.redirect(request, f"/accounts/{account_id}", notice="account_enabled")


async def _managed(request: http.Request) -> Account:
    """The account of the address. One's own is shown only to who administers it; others have their account page."""
    actor = keys.actor(request)
    async with keys.deps(request).database.reading() as db:
        account = await people.get_account(db, actor, request.match_info["account_id"])
    require(actor, Action.MANAGE_ACCOUNTS, Target(paths=(account.unit.path,)))
    return account


def _common(form: Form) -> dict[str, Any]:
    language = form.text("language")
    return {
        "full_name": form.text("full_name"),
        "title": form.text("title"),
        "phone": form.text("phone"),
        "email": form.text("email"),
        "unit_id": form.text("unit_id"),
        "language": language if language in LANGUAGES else DEFAULT_LANGUAGE,
    }


def _grants(form: Form) -> tuple[GrantInput, ...]:
    """Pairs of role and unit; a row without a role is an empty row."""
    found = []
    for role, unit_id in _rows(form):
        if not role:
            continue
        if role not in set(Role) or not unit_id:
            form.faults["grants"] = Text(N_("Hãy chọn cơ quan cho từng vai trò."))
        else:
            found.append(GrantInput(Role(role), unit_id))
    return tuple(found)


def _rows(form: Form) -> list[tuple[str, str]]:
    roles, units = form.fields.getall("role", []), form.fields.getall("role_unit", [])
    return list(zip(roles, units, strict=False))


def _typed(form: Form) -> dict[str, Any]:
    return {**form.fields, "grants": [row for row in _rows(form) if row[0]]}


def _values_of(account: Account) -> dict[str, Any]:
    return {
        "username": account.username,
        "full_name": account.full_name,
        "title": account.title,
        "phone": account.phone,
        "email": account.email,
        "unit_id": account.unit_id,
        "language": account.language,
        "grants": [(str(grant.role), grant.unit_id) for grant in account.grants],
    }


async def _page(
    request: http.Request,
    values: dict[str, Any],
    account: Account | None = None,
    *,
    error: BadInput | Conflict | None = None,
    dialog: str = "",
) -> http.Response:
    actor = keys.actor(request)
    async with keys.deps(request).database.reading() as db:
        await people.list_accounts(db, actor, text="\0")  # refuses who administers nothing
        units = await people.list_units(db, actor)
        work = await handing_over.open_work(db, actor, account) if account else None
    values["grants"] = [*values["grants"], *[("", "")] * SPARE_ROWS]
    return view.render(
        request,
        "admin/account.html",
        status=error.status if error else 200,
        edited=account,
        values=values,
        units=[unit for unit in units if may(actor, Action.MANAGE_ACCOUNTS, Target(paths=(unit.path,)))],
        locked=bool(account and account.locked_until and account.locked_until > utc_now()),
        own=bool(account and account.id == actor.account_id),
        message=error.text if error else "",
        errors=forms.field_errors(error),
        dialog=dialog,
        work=work,
    )
