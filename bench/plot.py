"""Line charts as SVG, written by hand: readable on light and dark pages, axes with units, no scripts. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 460, 300
LEFT, RIGHT, TOP, BOTTOM = 58, 96, 34, 46
MOST_DOTS = 40
"""A longer line is drawn without a dot for each value."""
COLOURS = ("#1b6ca8", "#c2571a", "#3f8a4d", "#8a4fa3")
"""Blue, orange, green, violet of middle lightness: told apart on white and on black."""

_STYLE = """<style>
text { font: 12px system-ui, sans-serif; fill: #333 }
.title { font-weight: 600; font-size: 13px }
.axis { stroke: #777; fill: none }
.grid { stroke: #8884; fill: none }
@media (prefers-color-scheme: dark) { text { fill: #ddd } .axis { stroke: #aaa } }
</style>"""


@dataclass(frozen=True, slots=True)
class Chart:
    """``lines``: a name and its (x, y) points each, at most four. Both axes begin at zero."""

    title: str
    x_label: str
    y_label: str
    lines: Sequence[tuple[str, Sequence[tuple[float, float]]]]


def ticks(highest: float, wanted: int = 5) -> list[float]:
    """Round numbers from 0 to at least ``highest``, about ``wanted`` steps of 1, 2 or 5 times a power of ten."""
    if highest <= 0:
        return [0.0, 1.0]
    rough = highest / wanted
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)
    return [round(step * n, 10) for n in range(math.ceil(highest / step * 0.999) + 1)]


def page(charts: Sequence[Chart], columns: int = 2) -> str:
    """All charts in one drawing, row by row."""
    rows = -(-len(charts) // columns)
    size = f'width="{WIDTH * columns}" height="{HEIGHT * rows}" viewBox="0 0 {WIDTH * columns} {HEIGHT * rows}"'
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">', _STYLE]
    for n, chart in enumerate(charts):
        x, y = n % columns * WIDTH, n // columns * HEIGHT
        parts += [f'<g transform="translate({x} {y})">', *_draw(chart), "</g>"]
    return "\n".join([*parts, "</svg>", ""])


class _Scale:
    """Data to pixels."""

    def __init__(self, chart: Chart) -> None:
        points = [point for _, line in chart.lines for point in line]
        self.x_ticks = ticks(max((x for x, _ in points), default=0))
        self.y_ticks = ticks(max((y for _, y in points), default=0))

    def x(self, value: float) -> float:
        return round(LEFT + value / self.x_ticks[-1] * (WIDTH - LEFT - RIGHT), 1)

    def y(self, value: float) -> float:
        return round(HEIGHT - BOTTOM - value / self.y_ticks[-1] * (HEIGHT - TOP - BOTTOM), 1)


def _draw(chart: Chart) -> list[str]:
    scale = _Scale(chart)
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    parts = [f'<text class="title" x="{LEFT}" y="18">{escape(chart.title)}</text>']
    for value in scale.y_ticks:
        y = scale.y(value)
        parts.append(f'<path class="grid" d="M{LEFT} {y}H{right}"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4}" text-anchor="end">{value:g}</text>')
    for value in scale.x_ticks:
        parts.append(f'<text x="{scale.x(value)}" y="{bottom + 16}" text-anchor="middle">{value:g}</text>')
    middle = (LEFT + right) / 2
    parts.append(f'<path class="axis" d="M{LEFT} {TOP}V{bottom}H{right}"/>')
    parts.append(f'<text x="{middle}" y="{bottom + 36}" text-anchor="middle">{escape(chart.x_label)}</text>')
    along = (TOP + bottom) / 2
    parts.append(
        f'<text transform="translate(14 {along}) rotate(-90)" text-anchor="middle">{escape(chart.y_label)}</text>'
    )
    return parts + _lines(chart, scale)


def _lines(chart: Chart, scale: _Scale) -> list[str]:
    parts = []
    heights = _apart([scale.y(line[-1][1]) if line else 0.0 for _, line in chart.lines])
    for (name, line), colour, at in zip(chart.lines, COLOURS, heights, strict=False):
        points = " ".join(f"{scale.x(x)},{scale.y(y)}" for x, y in line)
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
        if len(line) <= MOST_DOTS:
            parts += [f'<circle cx="{scale.x(x)}" cy="{scale.y(y)}" r="2.5" fill="{colour}"/>' for x, y in line]
        if line:
            x = scale.x(line[-1][0]) + 6
            parts.append(f'<text x="{x}" y="{at + 4}" style="fill:{colour}">{escape(name)}</text>')
    return parts


def _apart(heights: Sequence[float], gap: float = 14) -> list[float]:
    """Names beside the ends of lines, moved up as far as they would stand on each other."""
    placed: dict[int, float] = {}
    lowest = math.inf
    for n in sorted(range(len(heights)), key=lambda n: -heights[n]):
        lowest = placed[n] = min(heights[n], lowest - gap)
    return [placed[n] for n in range(len(heights))]
