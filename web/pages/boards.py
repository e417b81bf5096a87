"""The reception room's screen: opened by a secret address without sign-in, it asks again by itself.

A screen has no menu, so its address says which language it speaks: ``?lang=vi``, ``en``, or ``vi-en`` for both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from aiohttp import web as http

from hub.calendar import local_day
from hub.i18n import DEFAULT_LANGUAGE, N_, Text
from hub.models import HearingKind, HearingState
from hub.services import boards
from hub.services.boards import Board, BoardSession
from web import format as formats
from web import keys, view
from web.keys import LANGUAGE, RENDERER
from web.translate import catalogue

routes = http.RouteTableDef()

SPOKEN = {"vi": ("vi",), "en": ("en",), "vi-en": ("vi", "en")}
"""Languages by what the address says; the first is written large."""
STATES = {
    HearingState.SCHEDULED: N_("Chưa bắt đầu"),
    HearingState.OPEN: N_("Đang tiếp"),
    HearingState.RECESS: N_("Đang tạm nghỉ"),
    HearingState.INTERRUPTED: N_("Đang tạm dừng"),
    HearingState.CLOSED: N_("Đã tiếp xong"),
    HearingState.POSTPONED: N_("Đã hoãn"),
    HearingState.CANCELLED: N_("Đã hủy"),
}
LATE, MISSED = N_("Đã đến giờ, chưa mở"), N_("Đã quá giờ, chưa mở")
WAITING_SHOWN = 14
"""Numbers for which a screen has room."""
KINDS = {HearingKind.REGULAR: N_("Tiếp công dân định kỳ"), HearingKind.AD_HOC: N_("Tiếp công dân đột xuất")}
TEXTS = {
    "title": N_("Mời số"),
    "also": N_("Đã gọi trước:"),
    "soon": N_("Chưa gọi số"),
    "wait": N_("Xin ngồi chờ; số của bạn sẽ hiện tại đây."),
    "waiting": N_("Đang chờ"),
    "today": N_("Hôm nay"),
    "none": N_("Hôm nay không có buổi tiếp công dân tại đây."),
    "sound": N_("Bật tiếng gọi số"),
    "lost": N_("Mất kết nối, đang thử lại…"),
    "gone": N_("Địa chỉ màn hình này đã được đổi. Cán bộ mở địa chỉ mới giúp."),
    "old": N_("Số trên màn hình có thể đã cũ."),
}
"""What stands on the page itself."""

Say = Callable[[Text | str], list[str]]
"""A text in each of the board's languages, the large one first; once where both say the same."""


@routes.get("/board/{token}")
async def board(request: http.Request) -> http.Response:
    asked = _asked(request)
    request[LANGUAGE] = SPOKEN[asked][0]
    say = _say(SPOKEN[asked])
    said = {name: say(text) for name, text in TEXTS.items()}
    response = view.render(
        request, "calendar/board.html", board=await _shown(request), asked=asked, spoken=SPOKEN[asked], said=said
    )
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@routes.get("/board/{token}/state")
async def board_state(request: http.Request) -> http.Response:
    """What the page shows, as JSON; ``now`` in ms since 1970, ``script`` changes with the hub's release."""
    return view.json(await _shown(request))


def _asked(request: http.Request) -> str:
    asked = request.query.get("lang", "")
    return asked if asked in SPOKEN else DEFAULT_LANGUAGE


def _say(languages: Sequence[str]) -> Say:
    books = [catalogue(language) for language in languages]
    return lambda text: list(dict.fromkeys(book.text(text) for book in books))


async def _shown(request: http.Request) -> dict[str, Any]:
    async with keys.deps(request).database.reading() as db:
        found = await boards.of_token(db, request.match_info["token"])
    languages = SPOKEN[_asked(request)]
    say = _say(languages)
    beyond = len(found.waiting) - WAITING_SHOWN
    return {
        "point": found.point,
        "unit": found.unit,
        "now": round(found.now.timestamp() * 1000),
        "day": [formats.long_date(local_day(found.now), language) for language in languages],
        "called": found.called,
        "calling": say(Text(N_("Mời số %(number)s"), {"number": found.called[0]})) if found.called else [],
        "waiting": found.waiting[:WAITING_SHOWN],
        "more": say(Text(N_("và %(count)s số nữa"), {"count": beyond})) if beyond > 0 else [],
        "calls": found.calls,
        "sessions": [_session(one, found.now, say) for one in found.sessions],
        "coming": say(_coming(found)),
        "script": request.app[RENDERER].static("js/board.js"),
    }


def _session(one: BoardSession, now: datetime, say: Say) -> dict[str, Any]:
    mark, words = _stands(one, now)
    return {
        "time": f"{formats.clock(one.starts_at)}–{formats.clock(one.ends_at)}",
        "what": [one.content] if one.content else say(KINDS[one.kind]),
        "who": one.leader,
        "state": mark,
        "said": say(words),
    }


def _stands(one: BoardSession, now: datetime) -> tuple[str, str]:
    """A reception that nobody has opened at its hour is not said to be still ahead."""
    if one.state is not HearingState.SCHEDULED or now < one.starts_at:
        return str(one.state), STATES[one.state]
    return ("late", LATE) if now < one.ends_at else ("missed", MISSED)


def _coming(board: Board) -> Text:
    if board.next_at is None:
        return Text(N_("Chưa có lịch tiếp công dân sắp tới tại đây."))
    if local_day(board.next_at) == local_day(board.now):
        return Text(N_("Buổi tiếp theo bắt đầu lúc %(clock)s hôm nay"), {"clock": formats.clock(board.next_at)})
    return Text(N_("Buổi tiếp theo: %(time)s"), {"time": board.next_at})
