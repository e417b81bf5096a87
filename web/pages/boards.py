"""The reception room's screen: opened by a secret address without sign-in, it asks again by itself."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from aiohttp import web as http

from hub.calendar import local_day
from hub.i18n import N_, Text
from hub.models import HearingKind, HearingState
from hub.services import boards
from hub.services.boards import Board, BoardSession
from web import format as formats
from web import keys, view
from web.keys import RENDERER

routes = http.RouteTableDef()

STATES = {
    HearingState.SCHEDULED: N_("Chưa bắt đầu"),
    HearingState.OPEN: N_("Đang tiếp"),
    HearingState.RECESS: N_("Đang tạm nghỉ"),
    HearingState.INTERRUPTED: N_("Đang tạm dừng"),
    HearingState.CLOSED: N_("Đã kết thúc"),
    HearingState.POSTPONED: N_("Đã hoãn"),
    HearingState.CANCELLED: N_("Đã hủy"),
}
KINDS = {HearingKind.REGULAR: N_("Tiếp công dân định kỳ"), HearingKind.AD_HOC: N_("Tiếp công dân đột xuất")}


@routes.get("/board/{token}")
async def board(request: http.Request) -> http.Response:
    response = view.render(request, "calendar/board.html", board=await _shown(request))
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@routes.get("/board/{token}/state")
async def board_state(request: http.Request) -> http.Response:
    """What the page shows, as JSON; ``now`` in ms since 1970, ``script`` changes with the hub's release."""
    return view.json(await _shown(request))


async def _shown(request: http.Request) -> dict[str, Any]:
    async with keys.deps(request).database.reading() as db:
        found = await boards.of_token(db, request.match_info["token"])
    say = partial(view.sentence, request)
    return {
        "point": found.point,
        "unit": found.unit,
        "now": round(found.now.timestamp() * 1000),
        "day": formats.long_date(local_day(found.now), view.language_of(request)),
        "called": found.called,
        "waiting": found.waiting,
        "calls": found.calls,
        "sessions": [_session(one, say) for one in found.sessions],
        "coming": say(_coming(found)),
        "script": request.app[RENDERER].static("js/board.js"),
    }


def _session(one: BoardSession, say: Callable[[str], str]) -> dict[str, str]:
    what = one.content or say(KINDS[one.kind])
    return {
        "time": f"{formats.clock(one.starts_at)}–{formats.clock(one.ends_at)}",
        "what": what,
        "who": one.leader,
        "state": str(one.state),
        "said": say(STATES[one.state]),
    }


def _coming(board: Board) -> Text:
    if board.next_at is None:
        return Text(N_("Chưa có lịch tiếp công dân sắp tới tại đây."))
    if local_day(board.next_at) == local_day(board.now):
        return Text(N_("Buổi tiếp theo bắt đầu lúc %(clock)s hôm nay"), {"clock": formats.clock(board.next_at)})
    return Text(N_("Buổi tiếp theo: %(time)s"), {"time": board.next_at})
