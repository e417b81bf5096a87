"""Writing down that the citizen was told, that it arrived, and what proves it."""

from __future__ import annotations

from typing import Any

from aiohttp import web as http

from hub.auth import Action, Target, require
from hub.case_moves import MoveCode
from hub.errors import BadInput, Conflict, NotFound, NotReady, TooLarge
from hub.i18n import N_
from hub.models import Case, Channel
from hub.services import cases, citizen_notices
from hub.services.citizen_notices import Told, WantedNotice
from web import format as formats
from web import forms, keys, uploads, view

routes = http.RouteTableDef()


@routes.get("/cases/{case_id}/told/{code}")
async def ask(request: http.Request) -> http.Response:
    return await _page(request, {"day": formats.today().isoformat()})


@routes.post("/cases/{case_id}/told/{code}")
async def tell(request: http.Request) -> http.Response:
    actor, hub, form = keys.actor(request), keys.deps(request), await forms.read(request)
    case_id = request.match_info["case_id"]
    try:
        wanted = WantedNotice(
            about=_code(request),
            channel=form.choice("channel", Channel, Channel.HANDED, N_("Hãy chọn cách báo.")),
            day=form.day("day"),
            delivered=form.day("delivered", required=False),
            proof=form.text("proof"),
        )
        async with hub.database.transaction() as db:
            await _handled(db, request)
            form.check()
            await citizen_notices.tell(db, hub.vault, actor, case_id, form.number("version", 0), wanted)
    except (BadInput, Conflict) as error:
        return await _page(request, dict(form.fields), error)
    return view.redirect(request, f"/cases/{case_id}/told/{wanted.about}", notice="citizen_told")


@routes.post("/cases/{case_id}/told/{code}/{notice_id}/delivered")
async def delivered(request: http.Request) -> http.Response:
    actor, hub, form = keys.actor(request), keys.deps(request), await forms.read(request)
    case_id, notice_id = request.match_info["case_id"], request.match_info["notice_id"]
    try:
        async with hub.database.transaction() as db:
            await _handled(db, request)
            day, version = form.day("delivered"), form.number("version", 0)
            await citizen_notices.confirm(db, hub.vault, actor, case_id, version, notice_id, day, form.text("proof"))
    except (BadInput, Conflict) as error:
        return await _page(request, {}, error, notice_id)
    return view.redirect(request, f"/cases/{case_id}/told/{_code(request)}", notice="notice_delivered")


@routes.post("/cases/{case_id}/told/{code}/{notice_id}/proof")
async def prove(request: http.Request) -> http.Response:
    """The signed receipt, the post's slip: a document of the case like any other."""
    actor, hub, code = keys.actor(request), keys.deps(request), _code(request)
    case_id, notice_id = request.match_info["case_id"], request.match_info["notice_id"]
    most = hub.config.attachment_max_mb * 1_000_000
    async with hub.database.reading() as db:
        case = await _handled(db, request)
        require(actor, Action.EDIT_CASE, Target(paths=(case.unit.path,)))  # before the file is read
        await citizen_notices.of(db, case, notice_id)
    try:
        sent = await uploads.read_file(request, "file", max_bytes=most)
        wanted = cases.AttachmentUpload(sent.file_name, sent.data)
        kept = await cases.add_attachment(hub.database, hub.store, hub.vault, actor, case_id, wanted, max_bytes=most)
        async with hub.database.transaction() as db:
            await citizen_notices.prove(db, actor, case_id, notice_id, kept)
    except (BadInput, TooLarge, NotReady) as error:
        return await _page(request, {}, error, notice_id)
    return view.redirect(request, f"/cases/{case_id}/told/{code}", notice="notice_proved")


async def _handled(db: Any, request: http.Request) -> Case:
    actor = keys.actor(request)
    case = await cases.get(db, actor, request.match_info["case_id"])
    require(actor, Action.HANDLE_CASE, Target(paths=(case.unit.path,)))
    return case


def _code(request: http.Request) -> MoveCode:
    try:
        return MoveCode(request.match_info["code"])
    except ValueError as error:
        raise NotFound(N_("Vụ việc không có kết quả này để báo.")) from error


async def _page(
    request: http.Request,
    values: dict[str, str],
    error: BadInput | Conflict | TooLarge | NotReady | None = None,
    at: str = "",
) -> http.Response:
    code = _code(request)
    async with keys.deps(request).database.reading() as db:
        case = await _handled(db, request)
        found: Told | None = next(
            (one for one in await citizen_notices.of_case(db, case) if one.outcome.happened.code is code), None
        )
    if found is None:
        raise NotFound(N_("Vụ việc không có kết quả này để báo."))
    known = error if isinstance(error, BadInput | Conflict) else None
    return view.render(
        request,
        "handling/told.html",
        status=error.status if error else 200,
        case=case,
        told=found,
        at=at,
        values={"day": formats.today().isoformat()} | values,
        message=error.text if error else "",
        errors=forms.field_errors(known),
    )
