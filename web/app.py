"""The web application: ``make_app(deps)`` puts the pages, the API and the middleware together."""

from __future__ import annotations

from aiohttp import web as http

from hub.services.knocks import Knocks
from hub.services.minutes_discretion import Discretion
from hub.services.strangers import Strangers
from web import import_jobs, metrics, static, verifying
from web.api import doors, intake, lookups, replays, session
from web.api import hearings as hearings_api
from web.api import minutes as minutes_api
from web.archive_metrics import ARCHIVE_METRICS, ArchiveMetrics
from web.keys import DEPS, KNOCKS, RENDERER, STRANGERS, Deps
from web.middleware import MIDDLEWARES, headers
from web.pages import (
    account,
    accounts,
    assigning,
    audit,
    boards,
    booking,
    calendar,
    case_course,
    cases,
    conclusions,
    deadlines,
    devices,
    documents,
    health,
    hearing_documents,
    hearing_papers,
    hearings,
    home,
    importing,
    invitations,
    keeping,
    lines,
    live,
    mail,
    minimums,
    minutes,
    notices_to_citizens,
    paper_styles,
    papers,
    paperwork,
    parting,
    places,
    postings,
    queueing,
    recordings,
    register,
    registering,
    replay,
    rules,
    seal_keys,
    search,
    series,
    signin,
    staff,
    tasks,
    transferring,
    verify,
    visiting,
)
from web.view import renderer

__all__ = ["Deps", "make_app"]

MAX_BODY_BYTES = 1_000_000
"""Forms and JSON; uploads are streamed past this limit and have their own."""

ROUTES = (
    signin.routes,
    account.routes,
    home.routes,
    registering.routes,  # before a case's own address: it is no case called "new"
    cases.routes,
    case_course.routes,
    documents.routes,
    tasks.routes,
    paper_styles.routes,
    assigning.routes,
    staff.routes,
    transferring.routes,
    notices_to_citizens.routes,
    papers.routes,
    parting.routes,
    visiting.routes,
    paperwork.routes,
    register.routes,
    verify.routes,
    booking.routes,
    devices.routes,
    hearings.routes,
    calendar.routes,
    invitations.routes,
    queueing.routes,
    boards.routes,
    series.routes,
    postings.routes,
    minimums.routes,
    lines.routes,
    minutes.routes,
    hearing_papers.routes,
    conclusions.routes,
    hearing_documents.routes,
    recordings.routes,
    accounts.routes,
    places.routes,
    importing.routes,
    mail.routes,
    audit.routes,
    deadlines.routes,
    rules.routes,
    search.routes,
    lookups.routes,
    session.routes,
    intake.routes,
    hearings_api.routes,
    minutes_api.routes,
    replays.routes,
    doors.routes,
    live.routes,
    replay.routes,
    keeping.routes,
    seal_keys.routes,
    health.routes,
)


def make_app(deps: Deps) -> http.Application:
    """The application, ready to be served; ``signaling.socket.add_routes`` may add its own to it."""
    app = http.Application(middlewares=MIDDLEWARES, client_max_size=MAX_BODY_BYTES)
    app.on_response_prepare.append(headers)
    app[DEPS] = deps
    app[STRANGERS] = Strangers()
    app[ARCHIVE_METRICS] = ArchiveMetrics(deps.registry)
    app[KNOCKS] = Knocks()
    app[minutes_api.DISCRETION] = Discretion()
    app[verify.CHECKS] = Knocks()
    app[RENDERER] = renderer()
    app[verifying.VERIFYING] = verifying.Verifying()
    app.cleanup_ctx.append(verifying.context)
    app[import_jobs.IMPORT_JOBS] = import_jobs.ImportJobs()
    app.cleanup_ctx.append(import_jobs.context)
    app[metrics.METRICS] = metrics.RequestMetrics(deps.registry)
    for routes in ROUTES:
        app.add_routes(routes)
    static.add_routes(app)
    return app
