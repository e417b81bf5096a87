"""Links to the page before and after in a list that is paged by where one is (``hub.keyset``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from hub.keyset import Cursor, Trail

PARAMETER = "at"


@dataclass(frozen=True, slots=True)
class Paging:
    """``page`` counts from 0; an address is None where there is no such page."""

    page: int
    previous: str | None
    next: str | None


def trail(query: Mapping[str, str]) -> Trail:
    """Where the address says one is; nonsense is the beginning."""
    return Trail.parse(query.get(PARAMETER, ""))


def paging(path: str, asked: Mapping[str, str], here: Trail, last: Cursor | None) -> Paging:
    """``asked`` are the filters, which stay; ``last`` is the last row shown when more follow."""
    return Paging(here.page, _link(path, asked, here.before()), _link(path, asked, here.then(last)))


def _link(path: str, asked: Mapping[str, str], cursors: str | None) -> str | None:
    if cursors is None:
        return None
    kept = {name: value for name, value in asked.items() if value and name != PARAMETER}
    query = urlencode({**kept, PARAMETER: cursors} if cursors else kept)
    return f"{path}?{query}" if query else path
