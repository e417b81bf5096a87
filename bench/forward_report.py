"""Turns the runs of the forwarding benchmark into its table and its figures. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from bench.report import median, percentile, spread, table

if TYPE_CHECKING:
    from bench.forward import Run

HEADS = (
    "server",
    "subscribers",
    "µs/packet",
    "of it",
    "lost",
    "delay p50 ms",
    "p99 ms",
    "memory MB",
    "kB/subscriber",
    "joins/s",
    "CPU ms/join",
    "client cores",
)


def summarize(runs: Sequence[Run]) -> tuple[str, dict[str, Any]]:
    """The table, and what goes into the JSON line: ``ratio`` and ``loss`` are the worst of all sizes."""
    groups: dict[tuple[int, str], list[Run]] = {}
    for run in runs:
        groups.setdefault((run.size, run.server), []).append(run)
    figures = {key: _figures(group) for key, group in groups.items()}
    rows = [_row(key, groups[key], figures[key]) for key in groups]
    text = table(HEADS, rows)
    compared = _compare(figures)
    if compared:
        text += "\n\n" + table(
            ("hub/Janus", "CPU per packet", "delay p99", "memory", "per subscriber", "joins/s", "CPU/join"),
            [
                (
                    f"{size} subscribers",
                    *(f"{ratios[name]:.2f}" for name in ("cpu", "p99", "memory", "each", "joins", "join_cpu")),
                )
                for size, ratios in compared.items()
            ],
        )
    hub = [figure for (_, server), figure in figures.items() if server == "hub"]
    summary: dict[str, Any] = {
        "loss": max((figure["loss"] for figure in hub), default=None),
        "results": [{"server": server, "subscribers": size, **one} for (size, server), one in figures.items()],
    }
    if compared:
        summary["ratio"] = max(ratios["cpu"] for ratios in compared.values())
        summary["ratios"] = {str(size): ratios for size, ratios in compared.items()}
    return text, summary


def _figures(group: Sequence[Run]) -> dict[str, Any]:
    """Medians of the repeats; of loss and faults the worst."""
    parts = [part for part in group[0].cpu_s if part != "media"]
    return {
        "us_per_packet": round(median([run.us_per_packet for run in group]), 2),
        "us_per_packet_range": [round(f(run.us_per_packet for run in group), 2) for f in (min, max)],
        "us_per_packet_by_part": {
            part: round(median([run.cpu_s[part] / max(1, run.forwarded) * 1e6 for run in group]), 2) for part in parts
        },
        "packets_per_s": round(median([run.forwarded / run.window_s for run in group])),
        "loss": max(run.lost / max(1, run.sent * run.size) for run in group),
        "lost_packets": max(run.lost for run in group),
        "dropped_by_client": max(run.dropped_by_client for run in group),
        "checked_packets": sum(run.checked for run in group),
        "faulty_packets": sum(run.faults for run in group),
        "delay_p50_ms": round(median([percentile(run.delays_ms, 0.5) for run in group]), 3),
        "delay_p99_ms": round(median([percentile(run.delays_ms, 0.99) for run in group]), 3),
        "delay_max_ms": round(max((max(run.delays_ms, default=0.0) for run in group), default=0.0), 3),
        "resident_mb": {
            part: round(median([run.resident[part] for run in group]) / 1e6, 1) for part in group[0].resident
        },
        "kb_per_subscriber": round(median([run.per_subscriber for run in group]) / 1e3, 1),
        "joins_per_s": round(median([run.joins_per_s for run in group]), 1),
        "cpu_ms_per_join": round(median([run.join_cpu_ms for run in group]), 2),
        "client_cores": round(median([run.client_cpu for run in group]), 2),
    }


def _row(key: tuple[int, str], group: Sequence[Run], figure: dict[str, Any]) -> list[object]:
    size, server = key
    parts = ", ".join(f"{part} {used:.2f}" for part, used in figure["us_per_packet_by_part"].items())
    return [
        server,
        size,
        spread([run.us_per_packet for run in group], 2),
        parts,
        figure["lost_packets"],
        f"{figure['delay_p50_ms']:.2f}",
        f"{figure['delay_p99_ms']:.2f}",
        figure["resident_mb"]["media"],
        figure["kb_per_subscriber"],
        figure["joins_per_s"],
        figure["cpu_ms_per_join"],
        figure["client_cores"],
    ]


def _compare(figures: dict[tuple[int, str], dict[str, Any]]) -> dict[int, dict[str, float]]:
    """hub/Janus for each size that both were measured with."""
    compared = {}
    for size in sorted({size for size, _ in figures}):
        hub, janus = figures.get((size, "hub")), figures.get((size, "janus"))
        if hub is None or janus is None:
            continue

        def ratio(name: str, a: dict[str, Any] = hub, b: dict[str, Any] = janus) -> float:
            return round(a[name] / b[name], 3) if b[name] else 0.0

        compared[size] = {
            "cpu": ratio("us_per_packet"),
            "p99": ratio("delay_p99_ms"),
            "memory": round(hub["resident_mb"]["media"] / janus["resident_mb"]["media"], 3),
            "each": ratio("kb_per_subscriber"),
            "joins": ratio("joins_per_s"),
            "join_cpu": ratio("cpu_ms_per_join"),
        }
    return compared
