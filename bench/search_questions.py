"""What is asked when search is measured: by whom, at which address, and how it was asked before."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urlencode

from sqlalchemy.ext.asyncio import AsyncSession

from bench import search_before
from bench.search_text import Writer
from bench.search_world import Made
from hub.auth import Actor
from hub.models import SearchKind
from hub.services import audit, case_lists, hearing_lists, search
from hub.services.identity import Vault
from hub.services.search import Search

Before = Callable[[AsyncSession, Vault, Actor], Awaitable[int]]
DEEP = 40
"""Pages turned for the last one measured."""


@dataclass(frozen=True, slots=True)
class Question:
    """``addresses`` are asked in turn by ``who``; ``turned`` first goes so many pages on. ``before`` is the same in the
    old way, once for each address; none: there was no such thing."""

    name: str
    who: str
    addresses: tuple[str, ...]
    before: tuple[Before, ...] = ()
    turned: int = 0
    now: tuple[Before, ...] = ()
    """The query of ``before`` as it is asked today, on the first page: to be compared without the page around it."""


def questions(made: Made) -> list[Question]:
    writer = Writer()
    rare = [writer.rare_word(rank) for rank in (2100, 2200, 2300, 2400)]
    middle = [writer.rare_word(rank) for rank in (150, 250, 350)]
    never = [f"{one} {other}" for one, other in zip(middle, reversed(middle), strict=True)][:2]
    found = [
        _words("rare word, all units", "central", rare),
        _words("rare word, one commune", "commune", rare),
        _words("common word, all units", "central", ["đất", "nhân dân", "quyết định"]),
        _words("common word without marks", "central", ["dat", "duong", "nha"]),
        _words("common word, one province", "province", ["đất", "nhân dân"]),
        _words("common word, one commune", "commune", ["đất", "nhân dân"]),
        _words("two common words", "central", ["đất ruộng", "bồi thường mương"]),
        _words("two words that seldom meet", "central", never),
        _words("phrase", "central", ['"thu hồi đất"', '"mùi hôi và khói bụi"']),
        _words("phrase of common words, not there", "central", ['"đất dân nhân"', '"thường bồi"']),
        _words("number", "central", made.numbers[:4]),
        _words("number, partly typed", "central", [one[:-2] for one in made.numbers[:4]]),
        _words("name", "central", made.names[:4]),
        _words("common surname, one commune", "commune", ["nguyễn", "trần"]),
        _words("ID number", "central", made.id_numbers[:4]),
        _words("common word, type and state", "central", ["đất"], type="complaint", state="received"),
        _words("common word, short period", "central", ["đất"], since="1/3/2026", to="7/3/2026"),
        _words("common word, page 41", "central", ["đất"], turned=DEEP),
        Question("overdue, one commune", "commune", ("/search?due=overdue&kind=case",)),
    ]
    return found + _lists()


def _lists() -> list[Question]:
    async def cases_now(db: AsyncSession, vault: Vault, actor: Actor) -> int:
        return len(await case_lists.find(db, vault, actor, case_lists.CaseQuery(limit=51)))

    async def hearings_now(db: AsyncSession, _vault: Vault, actor: Actor) -> int:
        return len(await hearing_lists.find(db, actor, hearing_lists.HearingQuery(limit=51)))

    async def events_now(db: AsyncSession, _vault: Vault, actor: Actor) -> int:
        return len(await audit.list_events(db, actor, audit.AuditQuery(limit=101)))

    def listed(page: int) -> Before:
        return lambda db, vault, actor: search_before.cases(db, vault, actor, "", "", page)

    def held(page: int) -> Before:
        return lambda db, _vault, actor: search_before.hearings(db, actor, page)

    def told(page: int) -> Before:
        return lambda db, _vault, actor: search_before.events(db, actor, page)

    return [
        Question("list of cases, all units", "central", ("/cases",), (listed(0),), 0, (cases_now,)),
        Question("list of cases, one commune", "commune", ("/cases",), (listed(0),), 0, (cases_now,)),
        Question("list of cases, page 41", "central", ("/cases",), (listed(100),), DEEP, (cases_now,)),
        Question("list of hearings, all units", "central", ("/hearings/all",), (held(0),), 0, (hearings_now,)),
        Question("list of hearings, one commune", "commune", ("/hearings/all",), (held(0),), 0, (hearings_now,)),
        Question("list of hearings, page 41", "central", ("/hearings/all",), (held(DEEP),), DEEP, (hearings_now,)),
        Question("audit trail, all units", "central", ("/audit",), (told(0),), 0, (events_now,)),
        Question("audit trail, page 41", "central", ("/audit",), (told(DEEP),), DEEP, (events_now,)),
        Question("archive", "province", ("/archive",)),
        Question("tasks, all units", "central", ("/tasks",)),
        Question("tasks, one province", "province", ("/tasks",)),
        Question("tasks, one commune", "commune", ("/tasks",)),
        Question("figures of tasks, all units", "central", ("/tasks/counts",)),
        Question("figures of tasks, one province", "province", ("/tasks/counts",)),
        Question("tasks, overdue, page 41", "central", ("/tasks?due=overdue",), (), DEEP),
        Question("calendar, one province", "province", ("/calendar",)),
        Question("week of the calendar, one province", "province", ("/calendar?view=week",)),
        Question("first page, one province", "province", ("/",)),
        Question("first page, one commune", "commune", ("/",)),
    ]


def _words(name: str, who: str, texts: list[str], turned: int = 0, **filters: str) -> Question:
    def before(text: str) -> Before:
        plain = text.replace('"', "")
        return lambda db, vault, actor: search_before.cases(db, vault, actor, plain, filters.get("type", ""), turned)

    def now(text: str) -> Before:
        async def ask(db: AsyncSession, vault: Vault, actor: Actor) -> int:
            asked = Search(text=text, type=filters.get("type", ""), state=filters.get("state", ""))
            return len((await search.find(db, vault, actor, SearchKind.CASE, asked)).hits)

        return ask

    if "since" in filters:
        filters["from"] = filters.pop("since")
    addresses = tuple("/search?" + urlencode({"q": text, "kind": "case", **filters}) for text in texts)
    old, new = tuple(before(text) for text in texts), tuple(now(text) for text in texts)
    return Question(name, who, addresses, old, turned, new)
