"""How much work a description may be, judged before it is parsed. PURE.

aiortc's parser looks through all codecs of a section for each line of feedback or parameters, and keeps an object for
each hit: 256 KiB of nothing but such lines would hold a worker for minutes and take gigabytes. What browsers write,
four hundred lines of it included, stays far below these bounds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

MOST_BYTES = 256 * 1024
MOST_SECTIONS = 600
MOST_SESSION_LINES = 100
"""Before the first section: each section gets a copy of what they say."""
MOST_WORK = 150_000
"""Steps of the parser's inner loops, 1 µs each at most; a video section of Chromium's needs about 5,000."""
MOST_RIDS = 16
"""In one section."""


def fault(text: str) -> str | None:
    """Why a description will not be parsed; None when it may be."""
    if len(text) > MOST_BYTES:
        return "description too large"
    sections = work = 0
    for number, names in enumerate(_sections(text)):
        sections = number
        if number == 0 and names.total() > MOST_SESSION_LINES:
            return "description too long before its first media section"
        looked_up = names["a=fmtp"] + names["a=rtcp-fb"]
        work += names["a=rtpmap"] * looked_up + names["a=ssrc"] ** 2
        if sections > MOST_SECTIONS or work > MOST_WORK or names["a=rid"] > MOST_RIDS:
            return "description with too many media sections, codecs or streams"
    return None


def _sections(text: str) -> Iterator[Counter[str]]:
    """How often each kind of line occurs: first the session's own, then section by section."""
    names: Counter[str] = Counter()
    for line in text.splitlines():
        if line.startswith("m="):
            yield names
            names = Counter()
        names[line.partition(":")[0]] += 1
    yield names
