"""The table and the figures of the province. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench.report import percentile, table

if TYPE_CHECKING:
    from bench.province import Outcome


def summarize(outcome: Outcome, *, points: int) -> tuple[str, dict[str, Any]]:
    whole = [one.everybody_ms for one in outcome.passes]
    each = [ms for one in outcome.passes for ms in one.points_ms]
    cores = {part: round(seconds / outcome.window_s, 3) for part, seconds in outcome.cpu_s.items()}
    figures: dict[str, Any] = {
        "points": points,
        "sign_in_s": round(outcome.sign_in_s, 2),
        "all_in_s": round(outcome.all_in_s, 2),
        "in_p50_s": round(percentile(outcome.in_after_s, 0.5), 2),
        "join_cpu_s": {part: round(seconds, 2) for part, seconds in outcome.join_cpu_s.items()},
        "seconds": round(outcome.window_s, 1),
        "packets_per_s": round(outcome.forwarded / outcome.window_s),
        "cores": cores,
        "client_cores": round(outcome.client_cores, 2),
        "us_per_packet": round(
            (outcome.cpu_s["worker"] + outcome.cpu_s["recorder"]) / max(1, outcome.forwarded) * 1e6, 2
        ),
        "loss": max(0, outcome.video_lost + outcome.audio_lost)
        / max(1, outcome.video_expected + outcome.audio_expected),
        "lost_video_packets": outcome.video_lost,
        "lost_audio_packets": outcome.audio_lost,
        "dropped_by_client": outcome.dropped_by_client,
        "checked_packets": outcome.checked,
        "faulty_packets": outcome.faults,
        "delay_p50_ms": round(percentile(outcome.delays_ms, 0.5), 2),
        "delay_p99_ms": round(percentile(outcome.delays_ms, 0.99), 2),
        "resident_mb": {part: round(size / 1e6, 1) for part, size in outcome.resident.items()},
        "floor_passes": len(whole),
        "floor_missing": sum(one.missing for one in outcome.passes),
        "floor_p50_ms": round(percentile(whole, 0.5), 1),
        "floor_p95_ms": round(percentile(whole, 0.95), 1),
        "floor_point_p50_ms": round(percentile(each, 0.5), 1),
        "floor_point_p95_ms": round(percentile(each, 0.95), 1),
        "offers_during_passes": outcome.offers_during_passes,
        "pictures_limited": outcome.pictures_limited,
    }
    return table(("what", "figure"), _rows(figures)), figures


def _rows(f: dict[str, Any]) -> list[tuple[str, str]]:
    def parts(figures: dict[str, Any]) -> str:
        return ", ".join(f"{part} {value}" for part, value in figures.items())

    return [
        ("points", f"{f['points']}"),
        ("signing in, one after the other", f"{f['sign_in_s']} s"),
        ("all in after", f"{f['all_in_s']} s (half of them {f['in_p50_s']} s)"),
        ("processor time for that, s", parts(f["join_cpu_s"])),
        ("steady, cores", parts(f["cores"])),
        ("load client, cores", f"{f['client_cores']}"),
        ("packets per second out", f"{f['packets_per_s']}"),
        ("µs per packet (worker and recorder)", f"{f['us_per_packet']}"),
        ("lost pictures' packets, voices' packets", f"{f['lost_video_packets']}, {f['lost_audio_packets']}"),
        ("checked packets, faulty", f"{f['checked_packets']}, {f['faulty_packets']}"),
        ("dropped by the client's own kernel", f"{f['dropped_by_client']}"),
        ("delay p50, p99", f"{f['delay_p50_ms']} ms, {f['delay_p99_ms']} ms"),
        ("resident memory, MB", parts(f["resident_mb"])),
        (f"floor, everybody ({f['floor_passes']} passes) p50, p95", f"{f['floor_p50_ms']} ms, {f['floor_p95_ms']} ms"),
        ("floor, each point p50, p95", f"{f['floor_point_p50_ms']} ms, {f['floor_point_p95_ms']} ms"),
        ("points that had no picture in time", f"{f['floor_missing']}"),
        ("negotiations while the floor passed", f"{f['offers_during_passes']}"),
        ("pictures limited for want of time, level", f"{f['pictures_limited']}"),
    ]
