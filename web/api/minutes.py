"""What the minutes' editor sends every few seconds, and what is done with minutes from within a hearing."""

from __future__ import annotations

from typing import Any

import msgspec
from aiohttp import web as http

from hub.errors import BadInput
from hub.i18n import N_
from hub.services import hearing_agenda, minutes, minutes_reading
from hub.services.minutes import Draft, Save
from hub.services.minutes_discretion import Discretion
from web import keys, view

routes = http.RouteTableDef()

DISCRETION: http.AppKey[Discretion] = http.AppKey("minutes_discretion")
MOST_SAVES = 100


class SavedText(msgspec.Struct, frozen=True, kw_only=True):
    """``base`` is the edit that the text was derived from; ``base_sent``: of the text as it was sent, not as merged."""

    key: str
    save_id: str
    base: int = 0
    base_sent: bool = False
    text: str


class SaveBody(msgspec.Struct, frozen=True, kw_only=True):
    """``since`` is the last revision that the page knows."""

    since: int = 0
    saves: list[SavedText] = msgspec.field(default_factory=list)


class AnswerBody(msgspec.Struct, frozen=True, kw_only=True):
    """``position`` is ``agreed`` or ``objected``."""

    seat_id: str
    version: int = 0
    position: str = ""
    words: str = ""


@routes.post("/api/hearings/{hearing_id}/minutes")
async def save(request: http.Request) -> http.Response:
    """Keep what was typed, and tell what has changed since. Without ``saves`` nothing is written.

    ``{state, revision, version, saved: {save_id: edit}, sections: [{key, number, text}], elapsed_ms, case_id}``
    """
    actor, hub, sent = keys.actor(request), keys.deps(request), await view.body(request, SaveBody)
    hearing_id = request.match_info["hearing_id"]
    if len(sent.saves) > MOST_SAVES:
        raise BadInput(N_("Biên bản không có mục này."))
    if not sent.saves:
        async with hub.database.reading() as db:
            found = await minutes.draft(db, actor, hearing_id, sent.since)
            return view.json(await _told(request, found, await hearing_agenda.now_heard(db, hearing_id)))
    wanted = [Save(**msgspec.structs.asdict(one)) for one in sent.saves]
    async with hub.database.transaction() as db:
        found = await minutes.save(
            db, hub.vault, actor, hearing_id, wanted, since=sent.since, discretion=request.app[DISCRETION]
        )
        heard = await hearing_agenda.now_heard(db, hearing_id)
    return view.json(await _told(request, found, heard))


async def _told(request: http.Request, found: Draft, case_id: str | None) -> dict[str, Any]:
    live = keys.deps(request).live
    running = live.hearing(request.match_info["hearing_id"]) if live else None
    return {
        "state": str(found.state),
        "revision": found.revision,
        "version": found.version,
        "saved": found.saved,
        "sections": found.sections,
        "elapsed_ms": running.elapsed_ms if running else None,
        "case_id": case_id,
    }


@routes.post("/api/hearings/{hearing_id}/minutes/freeze")
async def freeze(request: http.Request) -> http.Response:
    """Freeze what is written, to be read back. 201 with ``{"version"}``."""
    actor, hub, hearing_id = keys.actor(request), keys.deps(request), request.match_info["hearing_id"]
    async with hub.database.transaction() as db:
        version = await minutes_reading.freeze(db, hub.vault, actor, hearing_id)
    tell(request, hearing_id)
    return view.json({"version": version.number}, status=201)


@routes.post("/api/hearings/{hearing_id}/minutes/answers")
async def answer(request: http.Request) -> http.Response:
    """Agreement or objection of the people at a point. 201 with ``{"at"}``."""
    actor, hub, hearing_id = keys.actor(request), keys.deps(request), request.match_info["hearing_id"]
    async with hub.database.reading() as db:
        await minutes_reading.require_some_point(db, actor, hearing_id)
    said = await view.body(request, AnswerBody)
    async with hub.database.transaction() as db:
        row = await minutes_reading.answer(
            db,
            hub.vault,
            actor,
            hearing_id,
            said.seat_id,
            version=said.version,
            position=said.position,
            words=said.words,
        )
    tell(request, hearing_id)
    return view.json({"at": row.at}, status=201)


def tell(request: http.Request, hearing_id: str) -> None:
    """Browsers in the hearing read the minutes again."""
    live = keys.deps(request).live
    if live is not None:
        live.minutes_changed(hearing_id)
