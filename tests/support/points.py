"""The points of the test media: each has a code burnt into its picture, a colour people see, a tone and a beep."""

from __future__ import annotations

from dataclasses import dataclass

WIDTH, HEIGHT = 320, 180
FRAMES_PER_S = 15
LOOP_S = 30
"""A whole number of seconds, so that flash and beep keep their rhythm when Chromium starts the files again."""
FRAMES = FRAMES_PER_S * LOOP_S
SAMPLES_PER_S = 48_000


@dataclass(frozen=True)
class Point:
    code: int
    """1–15, in the picture; 0 is nobody."""
    name: str
    colour: tuple[int, int, int]
    """RGB, dark enough (luma below 110) to be told from the flash."""
    tone_hz: int
    beep_hz: int


# No frequency is a multiple of another's, so that a distorted tone is not taken for a neighbour's.
CHAIR = Point(1, "chair", (150, 40, 40), 470, 2050)
PROVINCE = Point(2, "province", (30, 110, 50), 730, 2650)
COMMUNE = Point(3, "commune", (40, 60, 170), 1130, 3350)
POINTS = (CHAIR, PROVINCE, COMMUNE)


def by_code(code: int) -> Point:
    return next(point for point in POINTS if point.code == code)
