"""Papers as PDF, and as pictures of its pages to look at first: ``await render(paper)``, ``await pictures(paper)``.

Typst sets them in a process of its own, limited in time, memory and size; at most two at once. A paper reaches it as
JSON, so whatever a person typed is text there and can never become a program.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from functools import cache
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import segno
import structlog

from hub import font_faces, papers
from hub.errors import NotReady, TooLarge
from hub.i18n import N_
from hub.papers import Paper

log = structlog.get_logger(__name__)

FOLDER = Path(__file__).parent
FONT_FOLDERS = (
    "/usr/share/fonts/truetype/msttcorefonts",
    "/usr/share/fonts/truetype/liberation2",
    "/usr/share/fonts/truetype/liberation",
    "/usr/share/fonts/truetype/croscore",
)
"""Times-like faces, of the first folder that has every Vietnamese letter alone; else the one within typst."""
FACES = ("Times_New_Roman.ttf", "times.ttf", "LiberationSerif-Regular.ttf", "Tinos-Regular.ttf")
TIMEOUT_S = 60
INPUT_MAX_BYTES = 8_000_000
OUTPUT_MAX_BYTES = 40_000_000
AT_ONCE = 2
PREVIEW_PAGES = 6
_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")
_LONG = re.compile(r"\S{28}(?=\S)")
_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


async def render(paper: Paper) -> bytes:
    """The PDF (PDF/A-2b, to be read for decades). Raises ``TooLarge``, or ``NotReady`` when it cannot be made."""
    return (await _typeset(paper, "pdf"))[0]


async def pictures(paper: Paper) -> list[bytes]:
    """The first pages as PNG, to be looked at. Raises as ``render``."""
    return (await _typeset(paper, "png"))[:PREVIEW_PAGES]


def data_of(paper: Paper) -> dict[str, Any]:
    """What the template reads: the paper's own fields and what follows from them."""
    data: dict[str, Any] = _breakable(papers.as_data(paper))
    return data | {
        "agency_lines": papers.agency_lines(paper.agency),
        "agency_full": papers.written_out(paper.agency),
        "motto_lines": papers.MOTTO,
        "place_and_day": papers.place_and_day(paper.place, paper.day),
        "verify_url": paper.verify_url,
        "qr_words": papers.qr_words(paper),
        "qr": segno.make(paper.verify_url, error="m").svg_inline(border=0) if paper.verify_url else "",
    }


def _breakable(value: Any) -> Any:
    """Texts without control characters, and with places where an endless word may be broken: typst has none."""
    if isinstance(value, str):
        return _LONG.sub("\\g<0>\u200b", _CONTROLS.sub(" ", value))
    if isinstance(value, dict):
        return {name: _breakable(each) for name, each in value.items()}
    return [_breakable(each) for each in value] if isinstance(value, list | tuple) else value


async def _typeset(paper: Paper, kind: str) -> list[bytes]:
    order = json.dumps(
        {
            "template": str(FOLDER / "paper.typ"),
            "root": str(FOLDER),
            "font_paths": _font_folders(),
            "format": kind,
            "paper": data_of(paper),
        }
    ).encode()
    if len(order) > INPUT_MAX_BYTES:
        raise TooLarge(N_("Văn bản quá dài để dựng thành PDF. Hãy chia nhỏ."))
    turn = _turns.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(AT_ONCE))
    async with turn:
        return _parts(await _run(order))


@cache
def _font_folders() -> list[str]:
    """Liberation 1 knows no Vietnamese beyond Latin-1: half of the letters would come from another face."""
    return [folder for folder in FONT_FOLDERS if any(font_faces.sets_vietnamese(Path(folder, one)) for one in FACES)][
        :1
    ]


async def _run(order: bytes) -> bytes:
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", str(FOLDER / "child.py")),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={"LANG": "C.UTF-8", "TYPST_PACKAGE_CACHE_PATH": "/nonexistent"},
    )
    try:
        made, told = await asyncio.wait_for(child.communicate(order), TIMEOUT_S)
    except TimeoutError as error:
        raise _failed("out of time") from error
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if child.returncode != 0:
        raise _failed(told.decode(errors="replace")[:400] or f"ended with {child.returncode}")
    if len(made) > OUTPUT_MAX_BYTES:
        raise TooLarge(N_("Văn bản quá dài để dựng thành PDF. Hãy chia nhỏ."))
    return made


def _failed(why: str) -> NotReady:
    log.error("a paper could not be typeset", why=why)
    return NotReady(N_("Chưa dựng được văn bản. Dữ liệu không bị mất; hãy thử lại hoặc báo quản trị viên."))


def _parts(made: bytes) -> list[bytes]:
    parts, at = [], 0
    while at < len(made):
        size = int.from_bytes(made[at : at + 8], "big")
        parts.append(made[at + 8 : at + 8 + size])
        at += 8 + size
    return parts
