"""How the lines of a hearing were: a report to print, and one seat's minutes."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web as http

from hub.errors import Forbidden, NotFound
from hub.i18n import N_, Text
from hub.lines import BAD_LOSS
from hub.services import hearing_lists, lines
from hub.services.lines import LineReport, SeatLines, Way
from web import charts, keys, view
from web.charts import Chart, Tick
from web.format import clock

routes = http.RouteTableDef()

SPARK_WIDTH, SPARK_HEIGHT, SPARK_POINTS = 120, 24, 60
WIDE, TALL, WIDE_POINTS = 640, 140, 640
LOSS_TOP = 0.1
"""A loss of 10 % fills a chart; less must not look like much."""
RATE_TOP = 100_000.0


@dataclass(frozen=True, slots=True)
class Row:
    lines: SeatLines
    verdict: Text
    up: Chart | None
    down: Chart | None


@dataclass(frozen=True, slots=True)
class Wide:
    """One direction of one seat, large: loss and rate."""

    way: Way
    loss: Chart
    rate: Chart
    loss_ticks: list[Tick]
    rate_ticks: list[Tick]


@routes.get("/hearings/{hearing_id}/lines")
async def show(request: http.Request) -> http.Response:
    """Every seat that this person may see, those with the most bad minutes first."""
    report, may_open = await _report(request)
    rows = [Row(one, verdict(one), _spark(one.up, report), _spark(one.down, report)) for one in report.seats]
    return view.render(
        request,
        "hearings/lines.html",
        report=report,
        hearing=report.hearing,
        rows=rows,
        troubled=sum(one.bad_minutes > 0 for one in report.seats),
        may_open=may_open,
        spark=(SPARK_WIDTH, SPARK_HEIGHT),
    )


@routes.get("/hearings/{hearing_id}/lines/{seat_id}")
async def show_seat(request: http.Request) -> http.Response:
    """One seat, minute by minute."""
    report, may_open = await _report(request)
    one = next((one for one in report.seats if one.seat.id == request.match_info["seat_id"]), None)
    if one is None:
        raise NotFound(N_("Không tìm thấy chỗ này trong buổi tiếp."))
    ways = [(direction, way) for direction, way in (("up", one.up), ("down", one.down)) if way.minutes]
    ticks = charts.time_ticks(report.first, report.last, WIDE) if report.first and report.last else []
    return view.render(
        request,
        "hearings/line.html",
        report=report,
        hearing=report.hearing,
        one=one,
        verdict=verdict(one),
        ways=[(direction, _wide(way, report)) for direction, way in ways],
        ticks=ticks,
        size=(WIDE, TALL),
        may_open=may_open,
    )


async def _report(request: http.Request) -> tuple[LineReport, bool]:
    """The report, and whether this person may open the hearing's own page: administrators may not."""
    actor, hearing_id = keys.actor(request), request.match_info["hearing_id"]
    async with keys.deps(request).database.reading() as db:
        report = await lines.report(db, actor, hearing_id)
        try:
            await hearing_lists.get(db, actor, hearing_id)
        except Forbidden:
            return report, False
    return report, True


def verdict(one: SeatLines) -> Text:
    """What a layman takes away: good throughout, or how many minutes were bad and what was the worst."""
    bad, total = one.bad_minutes, one.connected_minutes
    if not total:
        return Text(N_("Không có số đo: chưa vào hoặc chưa có hình và tiếng."))
    if not bad:
        return Text(N_("Tốt suốt %(total)d phút."), {"total": total})
    part: dict[str, object] = {"bad": bad, "total": total}
    up, down = one.up.worst, one.down.worst
    worst = max((row for row in (up, down) if row is not None), key=lambda row: row.loss_avg, default=None)
    if worst is not None and worst.loss_avg > BAD_LOSS:
        part |= {"loss": round(worst.loss_avg * 100), "when": clock(worst.minute)}
        if worst is up:
            return Text(
                N_("%(bad)d trên %(total)d phút xấu; nặng nhất mất %(loss)d%% gói chiều gửi lúc %(when)s."), part
            )
        return Text(N_("%(bad)d trên %(total)d phút xấu; nặng nhất mất %(loss)d%% gói chiều nhận lúc %(when)s."), part)
    rows = [*one.up.minutes, *one.down.minutes]
    if any(row.gone for row in rows):
        return Text(N_("%(bad)d trên %(total)d phút xấu; có lúc mất liên lạc."), part)
    slowest = max((row.round_trip_ms_avg or 0.0 for row in rows), default=0.0)
    return Text(N_("%(bad)d trên %(total)d phút xấu; hỏi đáp trễ tới %(ms)d ms."), part | {"ms": round(slowest)})


def _spark(way: Way, report: LineReport) -> Chart | None:
    if not way.minutes or report.first is None or report.last is None:
        return None
    losses = charts.minutes(((row.minute, row.loss_avg) for row in way.minutes), report.first, report.last)
    thin = charts.thinned(losses, SPARK_POINTS)
    return charts.chart(thin, width=SPARK_WIDTH, height=SPARK_HEIGHT, least_top=LOSS_TOP)


def _wide(way: Way, report: LineReport) -> Wide:
    assert report.first is not None
    assert report.last is not None
    first, last = report.first, report.last
    losses = charts.thinned(charts.minutes(((m.minute, m.loss_avg) for m in way.minutes), first, last), WIDE_POINTS)
    rates = charts.thinned(charts.minutes(((m.minute, m.bps_avg) for m in way.minutes), first, last), WIDE_POINTS)
    loss = charts.chart(losses, width=WIDE, height=TALL, least_top=LOSS_TOP)
    rate = charts.chart(rates, width=WIDE, height=TALL, least_top=RATE_TOP)
    return Wide(way, loss, rate, charts.value_ticks(loss), charts.value_ticks(rate))
