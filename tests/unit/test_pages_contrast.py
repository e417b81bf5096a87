"""Text is readable: at least 4.5:1 against what it stands on (WCAG 2.1, success criterion 1.4.3)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TOKENS = (Path(__file__).parents[2] / "web" / "static" / "css" / "tokens.css").read_text(encoding="utf-8")
COLOURS = dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{3,6});", TOKENS))

PAIRS = [
    *[(ink, surface) for ink in ("ink", "ink-soft", "accent", "danger") for surface in ("page", "surface")],
    *[(ink, "surface-sunken") for ink in ("ink", "ink-soft")],
    *[(ink, "surface-hover") for ink in ("ink", "ink-soft", "accent")],
    ("ink", "accent-soft"),
    ("accent", "accent-soft"),
    ("ink-soft", "accent-soft"),
    ("danger", "accent-soft"),
    ("on-accent", "accent"),
    ("on-accent", "accent-strong"),
    ("on-accent", "rec"),
    ("on-accent-soft", "accent-strong"),
    *[(tone, f"{tone}-soft") for tone in ("danger", "warn", "good")],
    *[("ink", f"{tone}-soft") for tone in ("danger", "warn", "good")],
    *[(f"stage-{ink}", "stage") for ink in ("ink", "ink-soft", "speaking", "danger", "warn", "good")],
    *[(f"stage-{ink}", "stage-raised") for ink in ("ink", "ink-soft", "speaking", "danger", "warn", "good")],
]
SHAPES = [("line-strong", "surface"), ("line-strong", "page"), ("focus", "surface"), ("focus-on-dark", "accent-strong")]


def luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    if len(digits) == 3:
        digits = "".join(2 * d for d in digits)
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    red, green, blue = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(COLOURS[one]), luminance(COLOURS[other])), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(("ink", "surface"), PAIRS)
def test_text_stands_out(ink: str, surface: str) -> None:
    assert contrast(ink, surface) >= 4.5


@pytest.mark.parametrize(("line", "surface"), SHAPES)
def test_borders_of_fields_and_the_focus_stand_out(line: str, surface: str) -> None:
    assert contrast(line, surface) >= 3


def test_black_on_white_is_twenty_one_to_one() -> None:
    assert round((luminance("#fff") + 0.05) / (luminance("#000") + 0.05), 1) == 21


def test_lines_leave_room_for_stacked_marks() -> None:
    heights = [float(value) for value in re.findall(r"--line(?:-tight)?:\s*([\d.]+);", TOKENS)]
    assert min(heights) >= 1.5
