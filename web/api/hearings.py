"""What a seat's page reports before it enters, and what the help desk sees of everyone."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import msgspec
from aiohttp import web as http
from sqlalchemy.ext.asyncio import AsyncSession

from hub.auth import Action, Actor, Target, require, scopes
from hub.ids import utc_now
from hub.lines import Figures
from hub.models import DeviceCheck, Seat
from hub.services import hearings
from hub.services.hearings import DeviceCheckResult, HelpDeskHearing, HelpDeskSeat
from hub.services.live import HearingLive, LiveView, SeatLive
from web import keys, view

routes = http.RouteTableDef()


class CheckBody(msgspec.Struct, frozen=True, kw_only=True):
    """Each of the four is ``ok``, ``failed`` or ``skipped``."""

    seat_id: str
    camera: str
    microphone: str
    loudspeaker: str
    connection: str
    detail: str = ""


class NoticeBody(msgspec.Struct, frozen=True, kw_only=True):
    seat_id: str


@routes.post("/api/hearings/{hearing_id}/device-check")
async def save_device_check(request: http.Request) -> http.Response:
    """Keep what the check before entering found. 201 with ``{"at"}``."""
    actor, said = keys.actor(request), await view.body(request, CheckBody)
    result = DeviceCheckResult(
        camera=said.camera,
        microphone=said.microphone,
        loudspeaker=said.loudspeaker,
        connection=said.connection,
        detail=said.detail,
    )
    async with keys.deps(request).database.transaction() as db:
        kept = await hearings.save_device_check(db, actor, request.match_info["hearing_id"], said.seat_id, result)
    return view.json({"at": kept.at}, status=201)


@routes.post("/api/hearings/{hearing_id}/notice")
async def confirm_notice(request: http.Request) -> http.Response:
    """The officer confirms that the citizen was told of the recording. 201 with ``{"at"}``."""
    actor, said = keys.actor(request), await view.body(request, NoticeBody)
    async with keys.deps(request).database.transaction() as db:
        notice = await hearings.confirm_notice(db, actor, request.match_info["hearing_id"], said.seat_id)
    return view.json({"at": notice.at}, status=201)


@routes.get("/api/help-desk")
async def help_desk(request: http.Request) -> http.Response:
    """Today's hearings with every seat's last check, notice and line, and the health of recorder and workers.

    ``{now, recorder, workers, hearings: [{id, number, title, state, starts_at, ends_at, gaps, …, seats: [{id, kind,
    label, presence, quality, troubles, line, check, notice_at, …}]}]}``; what is not known is null. ``recorder`` and
    ``workers`` are as in ``hub.services.live``, with ``reason`` in the reader's language. ``figures`` are those of the
    one seat that the query names in ``seat``: all figures of all seats would be a megabyte.
    """
    actor = keys.actor(request)
    async with keys.deps(request).database.reading() as db:
        found = await _watched(db, actor)
    live, asked = keys.deps(request).live, request.query.get("seat", "")
    body = {
        "now": utc_now(),
        "recorder": _recorder(request, live),
        "workers": [asdict(worker) for worker in live.workers()] if live else [],
        "hearings": [_hearing(one, live.hearing(one.hearing.id) if live else None, asked) for one in found],
    }
    return view.json(body)


async def _watched(db: AsyncSession, actor: Actor) -> list[HelpDeskHearing]:
    require(actor, Action.WATCH_HELP_DESK, Target(paths=tuple(scopes(actor, Action.WATCH_HELP_DESK))))
    return await hearings.help_desk(db, actor)


def _recorder(request: http.Request, live: LiveView | None) -> dict[str, Any] | None:
    if live is None:
        return None
    recorder = live.recorder()
    reason = view.sentence(request, recorder.reason) if recorder.reason else ""
    return {**asdict(recorder), "reason": reason}


def _hearing(found: HelpDeskHearing, live: HearingLive | None, asked: str) -> dict[str, Any]:
    hearing = found.hearing
    lines = {seat.seat_id: seat for seat in live.seats} if live else {}
    return {
        "id": hearing.id,
        "number": hearing.number,
        "title": hearing.title,
        "state": str(hearing.state),
        "starts_at": hearing.starts_at,
        "ends_at": hearing.ends_at,
        "elapsed_ms": live.elapsed_ms if live else None,
        "recorder_lost": live.recorder_lost if live else False,
        "worker": live.worker if live else None,
        "chair": live.chair if live else None,
        "gaps": asdict(found.gaps),
        "seats": [_seat(one, lines.get(one.seat.id), asked) for one in found.seats],
    }


def _seat(found: HelpDeskSeat, live: SeatLive | None, asked: str) -> dict[str, Any]:
    seat = found.seat
    shown: dict[str, Any] = {
        "id": seat.id,
        "kind": str(seat.kind),
        "label": seat.label,
        "phone": _phone(seat),
        "name": found.seated or None,
        "presence": "absent",
        "check": _check(found.check),
        "notice_at": found.notice_at,
    }
    if live is not None:
        shown |= {name: getattr(live, name) for name in ("presence", "name", "muted", "microphone", "camera", "screen")}
        shown |= {"quality": live.quality, "lost_at": live.lost_at, "troubles": live.troubles}
        shown["line"] = _line(live.line)
        if seat.id == asked:
            shown["figures"] = live.line
    return shown


def _line(figures: Figures | None) -> dict[str, Any] | None:
    """What fits in a row of the board."""
    if figures is None:
        return None
    up, down, seen = figures.up, figures.down, figures.seen
    trips = [way.round_trip_ms for way in (up, down) if way is not None and way.round_trip_ms is not None]
    return {
        "up": {"bps": up.bps, "loss": up.loss} if up else None,
        "down": {"bps": down.bps, "loss": down.loss} if down else None,
        "round_trip_ms": max(trips, default=None),
        "via": seen.via if seen else "",
    }


def _phone(seat: Seat) -> str:
    """Whom to call: the point, else the official."""
    if seat.point is not None and seat.point.phone:
        return seat.point.phone
    return seat.account.phone if seat.account is not None else ""


def _check(check: DeviceCheck | None) -> dict[str, Any] | None:
    if check is None:
        return None
    outcomes = ("camera", "microphone", "loudspeaker", "connection", "detail")
    return {"at": check.at, **{name: getattr(check, name) for name in outcomes}}
