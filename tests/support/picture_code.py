"""A frame counter and a point's identity burnt into a picture, and their reader.

Two rows of fourteen cells: a white and a black one to measure by at the ends, twelve bits between. The 24 bits are
identity (4), counter (12) and a CRC-8 of both. Cells are 22×40 of 320×180 pixels and survive VP8 at 60 kbit/s and
scaling to a quarter. The lower third flashes white for two frames at each whole second. ``media_probe.js`` reads the
same in a page.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tests.support.points import FRAMES, FRAMES_PER_S, HEIGHT, WIDTH, Point

Picture = NDArray[np.uint8]
"""Height × width × 3, RGB."""

CELL_W, CELL_H = 22, 40
LEFT, ROW_TOPS = 6, (10, 60)
FLASH_TOP = 112
FLASH_FRAMES = 2
LEAST_CONTRAST = 60
"""Between the white and the black cell, of 255: below it there is no code in the picture."""


@dataclass(frozen=True)
class Seen:
    point: int
    counter: int
    flash: bool


def crc8(value: int) -> int:
    """CRC-8 (polynomial 0x07) of 16 bits, begun at 0x55 so that a black picture is not a code."""
    crc = 0x55
    for byte in (value >> 8, value & 0xFF):
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1 ^ 0x07 if crc & 0x80 else crc << 1) & 0xFF
    return crc


def draw(point: Point, counter: int) -> Picture:
    """Frame number ``counter`` of the point's loop."""
    picture = np.full((HEIGHT, WIDTH, 3), point.colour, np.uint8)
    if counter % FRAMES_PER_S < FLASH_FRAMES:
        picture[FLASH_TOP:] = 255
    word = point.code << 12 | counter % FRAMES
    word = word << 8 | crc8(word)
    for row, top in enumerate(ROW_TOPS):
        bits = [1, *(word >> 23 - 12 * row - i & 1 for i in range(12)), 0]
        for cell, bit in enumerate(bits):
            left = LEFT + CELL_W * cell
            picture[top : top + CELL_H, left : left + CELL_W] = 255 * bit
    return picture


def read(picture: Picture) -> Seen | None:
    """What is burnt into a picture of any size, None when no code with a right checksum is there."""
    luma = picture.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
    scale_y, scale_x = luma.shape[0] / HEIGHT, luma.shape[1] / WIDTH

    def mean(left: float, top: float, right: float, bottom: float) -> float:
        y, x = int(top * scale_y), int(left * scale_x)
        area = luma[y : max(y + 1, int(bottom * scale_y)), x : max(x + 1, int(right * scale_x))]
        return float(area.mean())

    word, white, black = 0, 0.0, 0.0
    for top in ROW_TOPS:
        cells = []
        for cell in range(14):
            left = LEFT + CELL_W * cell
            cells.append(mean(left + 6, top + 10, left + CELL_W - 6, top + CELL_H - 10))
        white, black = cells[0], cells[13]
        if white - black < LEAST_CONTRAST:
            return None
        for value in cells[1:13]:
            word = word << 1 | (value > (white + black) / 2)
    if crc8(word >> 8) != word & 0xFF:
        return None
    lower = mean(20, FLASH_TOP + 15, WIDTH - 20, HEIGHT - 10)
    return Seen(word >> 20, word >> 8 & 0xFFF, lower > black + 0.75 * (white - black))
