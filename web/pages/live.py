"""The page of a seat in a hearing, from its device check to its end, and the technician's help desk."""

from __future__ import annotations

from aiohttp import web as http

from hub import minutes as rules
from hub.auth import Action, Target, may, scopes
from hub.errors import Forbidden, NotFound
from hub.i18n import N_
from hub.models import OVER_STATES, Hearing, HearingState, MinutesState, Seat, SeatKind
from hub.services import hearing_agenda, hearing_lists, hearing_seats, minutes
from web import keys, view
from web.labels import LABELS

routes = http.RouteTableDef()

OFFICIALS = frozenset({SeatKind.CHAIR, SeatKind.DEPUTY, SeatKind.SECRETARY})

NOTICE_BASIS = (
    N_("Luật Tiếp công dân số 42/2013/QH13, được sửa đổi, bổ sung bởi Luật số 136/2025/QH15 (Điều 3a)"),
    N_("Quyết định số 748/QĐ-TTCP ngày 28/12/2023 về tiếp công dân trực tuyến"),
    N_("Luật Bảo vệ dữ liệu cá nhân số 91/2025/QH15"),
)
"""On what the recording rests; read to the citizen before he enters."""


@routes.get("/hearings/{hearing_id}/seats/{seat_id}")
async def enter(request: http.Request) -> http.Response:
    """Raises ``NotFound``, and ``Forbidden`` to who may not take this seat."""
    actor = keys.actor(request)
    async with keys.deps(request).database.reading() as db:
        hearing = await hearing_lists.get(db, actor, request.match_info["hearing_id"])
        seat = _seat(hearing, request.match_info["seat_id"])
        if seat not in hearing_seats.seats_for(actor, hearing):
            raise Forbidden(N_("Chỗ này dành cho người khác."))
        told = await hearing_seats.notices(db, hearing.id)
        written = await minutes.get(db, hearing.id)
    if hearing.state in OVER_STATES or hearing.state == HearingState.POSTPONED:
        return view.redirect(request, f"/hearings/{hearing.id}")
    writes = seat.kind in OFFICIALS and minutes.may_write(actor, hearing)
    boot = {
        "hearingId": hearing.id,
        "seatId": seat.id,
        "seatKind": str(seat.kind),
        "state": str(hearing.state),
        "noticeConfirmed": seat.id in told,
        "cases": _listed(request, hearing, seat),
        "minutesState": str(written.state) if written else str(MinutesState.WRITING),
        "writesMinutes": writes,
    }
    # Cases are the business of those who hear them; at a point the citizen sees the screen.
    cases = hearing.cases if seat.kind in OFFICIALS else []
    return view.render(
        request,
        "live/enter.html",
        hearing=hearing,
        seat=seat,
        boot=boot,
        cases=cases,
        basis=NOTICE_BASIS,
        writes_minutes=writes,
        rules=rules,
    )


def _listed(request: http.Request, hearing: Hearing, seat: Seat) -> list[dict[str, str]]:
    """The cases in their order, as far as this seat may know them; at a point the citizen sees the screen."""
    known = hearing_agenda.known_to(hearing)
    shown = []
    for case in hearing.cases:
        kind = view.sentence(request, LABELS["case_type"][case.type])
        one = {"id": case.id, "number": case.number, "type": kind}
        if seat.kind in OFFICIALS:
            shown.append({**one, "summary": case.summary})
        elif seat.id in known[case.id]:
            shown.append(one)
    return shown


def _seat(hearing: Hearing, seat_id: str) -> Seat:
    for seat in hearing.seats:
        if seat.id == seat_id:
            return seat
    raise NotFound(N_("Không tìm thấy chỗ này trong buổi tiếp."))


@routes.get("/help-desk")
async def help_desk(request: http.Request) -> http.Response:
    """A frame that the page script fills from ``/api/help-desk``."""
    actor = keys.actor(request)
    if not may(actor, Action.WATCH_HELP_DESK, Target(paths=tuple(scopes(actor, Action.WATCH_HELP_DESK)))):
        raise Forbidden(N_("Bạn không có quyền làm việc này."))
    return view.render(request, "live/help_desk.html")
