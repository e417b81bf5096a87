"""Units, points and accounts from Excel or CSV: template, dry run, import, one-time passwords."""

from __future__ import annotations

from aiohttp import web as http

from hub import import_templates, tables
from hub.auth import Actor, may_somewhere
from hub.errors import BadInput, Conflict, NotFound, TooLarge
from hub.i18n import N_, Text
from hub.import_columns import COLUMNS, Fault, by_kind
from hub.import_kinds import ImportKind
from hub.services import imports
from web import forms, keys, uploads, view
from web.import_jobs import IMPORT_JOBS, Job, JobState

routes = http.RouteTableDef()

SHOWN = 200
"""Faults and changes on a page; more are told as a number, and all faults are in a file."""
FEW = 10
"""Up to so many faults are seen at a glance; more are summed up by kind first."""
MOST_KINDS = 30
TYPES = {"xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "csv": "text/csv"}


@routes.get("/import/{what}")
async def ask(request: http.Request) -> http.Response:
    kind = _kind(request)
    return _ask_page(request, kind)


@routes.post("/import/{what}")
async def upload(request: http.Request) -> http.Response:
    """Try the table at once; nothing is imported yet."""
    actor, hub, kind = keys.actor(request), keys.deps(request), _kind(request)
    try:
        sent = await uploads.read_file(request, "file", max_bytes=tables.MOST_BYTES)
        job = await request.app[IMPORT_JOBS].begin(hub, actor, kind, sent.file_name[:200], sent.data)
    except (BadInput, TooLarge) as error:
        return _ask_page(request, kind, error=error)
    return view.redirect(request, f"/import/{kind}/{job.id}")


@routes.get("/import/{what}/template.{ending}")
async def template(request: http.Request) -> http.Response:
    kind, ending, language = _kind(request), request.match_info["ending"], view.language_of(request)
    if ending not in TYPES:
        raise NotFound(N_("Không có trang này."))
    if ending == "csv":
        body = import_templates.comma_separated(kind, language)
    else:
        body = import_templates.workbook(kind, language, lambda text: view.sentence(request, text))
    return _file(body, TYPES[ending], f"{kind}.{ending}")


@routes.get("/import/{what}/{job_id}")
async def show(request: http.Request) -> http.Response:
    return _job_page(request, _job(request))


@routes.get("/import/{what}/{job_id}/faults.csv")
async def faults(request: http.Request) -> http.Response:
    """Every fault, however many, to be worked off beside the table."""
    job = _job(request)
    body = import_templates.faults(_faults(job), _headings(job), lambda text: view.sentence(request, text))
    return _file(body, TYPES["csv"], "faults.csv")


@routes.post("/import/{what}/{job_id}")
async def start(request: http.Request) -> http.Response:
    """Import what the page showed; when things have changed since then, show how they are now."""
    actor, hub, job = keys.actor(request), keys.deps(request), _job(request)
    form = await forms.read(request)
    if job.state is JobState.TRIED and form.text("fingerprint") != job.plan.fingerprint:
        await request.app[IMPORT_JOBS].try_again(hub, actor, job)
        error = Conflict(N_("Dữ liệu đã thay đổi sau khi bạn kiểm tra thử. Hãy xem lại rồi nhập."))
        return _job_page(request, job, status=error.status, message=error.text)
    if job.plan.faults:
        raise BadInput(N_("Bảng còn lỗi nên chưa nhập dòng nào."))
    request.app[IMPORT_JOBS].start(hub, actor, job)
    return view.redirect(request, f"/import/{job.kind}/{job.id}")


@routes.post("/import/{what}/{job_id}/passwords")
async def hand_out(request: http.Request) -> http.Response:
    """The new accounts' one-time passwords as a table, once."""
    job = _job(request)
    await forms.read(request)
    given = request.app[IMPORT_JOBS].take_passwords(job)
    if not given:
        raise NotFound(N_("Mật khẩu dùng một lần chỉ tải được một lần. Hãy đặt mật khẩu mới cho từng tài khoản."))
    body = import_templates.passwords(given, lambda text: view.sentence(request, text))
    return _file(body, TYPES["csv"], "passwords.csv")


@routes.post("/import/{what}/{job_id}/renew")
async def renew(request: http.Request) -> http.Response:
    """New one-time passwords for the table's accounts that still wait for their owners, as a table."""
    actor, hub, job = keys.actor(request), keys.deps(request), _job(request)
    await forms.read(request)
    given = await imports.renew(hub.database, actor, job.plan.waiting)
    if not given:
        raise NotFound(N_("Không còn tài khoản nào của bảng này chờ đăng nhập lần đầu."))
    body = import_templates.passwords(given, lambda text: view.sentence(request, text))
    return _file(body, TYPES["csv"], "passwords.csv")


def _kind(request: http.Request) -> ImportKind:
    """What the address names, for who may import it. Raises ``NotFound``, ``Forbidden``."""
    try:
        kind = ImportKind(request.match_info["what"])
    except ValueError as error:
        raise NotFound(N_("Không có trang này.")) from error
    imports.require_import(keys.actor(request), kind)
    return kind


def _job(request: http.Request) -> Job:
    kind = _kind(request)
    job = request.app[IMPORT_JOBS].get(keys.actor(request), request.match_info["job_id"])
    if job.kind is not kind:
        raise NotFound(N_("Không có trang này."))
    return job


def _file(body: bytes, media_type: str, name: str) -> http.Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return http.Response(body=body, content_type=media_type, headers=headers)


def _ask_page(request: http.Request, kind: ImportKind, *, error: BadInput | TooLarge | None = None) -> http.Response:
    return view.render(
        request,
        "import/ask.html",
        status=error.status if error else 200,
        kind=kind,
        kinds=_kinds(keys.actor(request)),
        columns=COLUMNS[kind],
        most_mb=tables.MOST_BYTES // 1_000_000,
        most_rows=tables.MOST_ROWS,
        message=error.text if error else "",
        errors={"file": error.text} if error else {},
    )


def _kinds(actor: Actor) -> list[ImportKind]:
    return [kind for kind in ImportKind if may_somewhere(actor, imports.ACTION[kind])]


def _faults(job: Job) -> tuple[Fault, ...]:
    return tuple(job.faults or job.plan.faults)


def _headings(job: Job) -> dict[str, str]:
    return {column.key: column.heading for column in COLUMNS[job.kind]}


def _job_page(request: http.Request, job: Job, *, status: int = 200, message: Text | str = "") -> http.Response:
    found = _faults(job)
    return view.render(
        request,
        "import/job.html",
        status=status,
        job=job,
        plan=job.plan,
        faults=found[:SHOWN],
        fault_count=len(found),
        fault_kinds=by_kind(found)[:MOST_KINDS] if len(found) > FEW else [],
        changes=job.plan.changes[:SHOWN],
        headings=_headings(job),
        shown=SHOWN,
        message=message or job.why or "",
    )
