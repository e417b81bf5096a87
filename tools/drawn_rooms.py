"""Rooms for the screenshots' cameras: drawn as SVG, shown by Chromium, looped by ffmpeg as fake cameras want them."""

from __future__ import annotations

import subprocess
from pathlib import Path

from playwright.sync_api import Browser

from tests.support.points import CHAIR, COMMUNE, PROVINCE

WIDTH, HEIGHT = 1280, 720


def person(x: int, clothes: str, hair: str, skin: str = "#c99272", scale: float = 1.0) -> str:
    """Head and shoulders behind the table, seen from the front."""
    return f"""<g transform="translate({x} 560) scale({scale})">
      <path d="M-150 130 C-150 -10 -95 -60 0 -60 C95 -60 150 -10 150 130 Z" fill="{clothes}"/>
      <path d="M-38 -58 L0 10 L38 -58 Z" fill="#f3f1ec"/>
      <rect x="-26" y="-120" width="52" height="72" rx="22" fill="{skin}"/>
      <ellipse cx="0" cy="-168" rx="66" ry="82" fill="{skin}"/>
      <path d="M-70 -168 C-82 -296 82 -296 70 -168 C58 -214 30 -226 0 -226 C-30 -226 -58 -214 -70 -168 Z" fill="{hair}"/>
      <circle cx="-24" cy="-166" r="6" fill="#3a2b25"/><circle cx="24" cy="-166" r="6" fill="#3a2b25"/>
      <path d="M-20 -124 Q0 -112 20 -124" stroke="#7c4a3b" stroke-width="5" fill="none" stroke-linecap="round"/>
    </g>"""


def table(front: str, top: str) -> str:
    return (
        f'<rect y="640" width="1280" height="80" fill="{front}"/><rect y="628" width="1280" height="18" fill="{top}"/>'
    )


def microphone(x: int) -> str:
    return (
        f'<path d="M{x} 640 q-6 -70 26 -104" stroke="#2b2b2b" stroke-width="7" fill="none"/>'
        f'<rect x="{x + 12}" y="512" width="26" height="40" rx="13" fill="#1d1d1d" transform="rotate(28 {x + 25} 532)"/>'
    )


ROOMS = {
    CHAIR.name: f"""<rect width="1280" height="720" fill="#7a2a26"/>
      <g fill="#6d2421">{"".join(f'<rect x="{x}" width="46" height="720"/>' for x in range(0, 1280, 92))}</g>
      <rect x="150" y="90" width="240" height="160" fill="#c8202a"/>
      <path d="M270 112 L286 160 L336 160 L296 190 L311 238 L270 209 L229 238 L244 190 L204 160 L254 160 Z" fill="#f4cd3c"/>
      {person(640, "#24344f", "#1e1a18", scale=1.15)} {table("#5a3a22", "#744c2d")} {microphone(820)}""",
    PROVINCE.name: f"""<rect width="1280" height="720" fill="#d9dfe4"/>
      <rect x="80" y="70" width="360" height="330" fill="#a9c7da"/><path d="M260 70V400M80 235H440" stroke="#fff" stroke-width="12"/>
      <rect x="900" y="110" width="270" height="400" fill="#b58a5e"/><g fill="#8a6341">{
        "".join(f'<rect x="915" y="{y}" width="240" height="70"/>' for y in range(125, 500, 95))
    }</g>
      {person(500, "#e9edf0", "#241d1a")} {person(840, "#5b6f4b", "#4a4442", "#b9805f")}
      {table("#8b6a48", "#a9845d")} {microphone(660)}""",
    COMMUNE.name: f"""<rect width="1280" height="720" fill="#e8dfc8"/><rect y="400" width="1280" height="320" fill="#c9b992"/>
      <rect x="760" y="60" width="420" height="300" fill="#bcd6c0"/><path d="M970 60V360" stroke="#fff" stroke-width="14"/>
      <path d="M780 360 q60 -170 150 0 M1000 360 q70 -130 160 0" fill="#6f9a6c"/>
      {person(380, "#2f5f8a", "#1f1a17")} {person(720, "#8c4f5b", "#5b5552", "#c08a69")}
      {person(1000, "#6b6470", "#d8d4cf", "#b98763", 0.92)} {table("#7b5b3d", "#98734f")} {microphone(545)}""",
}


def draw(browser: Browser, folder: Path) -> dict[str, Path]:
    """A short film per point's name, which Chromium repeats; few pictures a second, so that four browsers have time."""
    page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
    made = {}
    for name, inside in ROOMS.items():
        page.set_content(
            f'<body style="margin:0"><svg width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}">{inside}</svg>'
        )
        still, made[name] = folder / f"{name}.png", folder / f"{name}.y4m"
        page.screenshot(path=still)
        encode = ["-t", "2", "-r", "8", "-vf", "scale=640:360", "-pix_fmt", "yuv420p", "-f", "yuv4mpegpipe"]
        subprocess.run(["ffmpeg", "-v", "error", "-y", "-loop", "1", "-i", still, *encode, made[name]], check=True)
    page.close()
    return made
