"""Tables for people and one JSON line for machines. Pure, but for ``finish``, which prints."""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from bench import cpu


def table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Columns as wide as they need to be: the first to the left, the others to the right."""
    cells = [[str(cell) for cell in row] for row in (heads, *rows)]
    widths = [max(len(row[n]) for row in cells) for n in range(len(heads))]
    lines = []
    for row in cells:
        first, *others = (cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        lines.append("  ".join([row[0].ljust(len(first)), *others]).rstrip())
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that ``share`` (0–1) of them do not exceed; 0 of nothing."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return float(ordered[min(len(ordered) - 1, max(0, -(-round(share * len(ordered) * 1e9) // 10**9) - 1))])


def median(values: Sequence[float]) -> float:
    return float(statistics.median(values)) if values else 0.0


def spread(values: Sequence[float], digits: int = 1) -> str:
    """``median`` and, when it was measured more than once, the lowest and highest."""
    text = f"{median(values):.{digits}f}"
    return text if len(values) < 2 else f"{text} ({min(values):.{digits}f}–{max(values):.{digits}f})"


def finish(name: str, figures: Mapping[str, Any]) -> None:
    """Print the JSON object, the last line of every benchmark."""
    everything = {
        "benchmark": name,
        **figures,
        "machine": cpu.machine(),
        "date": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    print(json.dumps(everything, ensure_ascii=False, separators=(",", ":")), flush=True)
