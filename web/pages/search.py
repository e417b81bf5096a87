"""Search: one page over cases, hearings and notes; the searches that a person keeps."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from aiohttp import web as http
from sqlalchemy.ext.asyncio import AsyncSession

from hub.db import Database
from hub.errors import BadInput
from hub.i18n import N_
from hub.keyset import Cursor
from hub.models import CaseState, CaseType, HearingState, SearchKind
from hub.services import dues, saved_searches, search, search_choices, search_rows, shared_searches
from hub.services.search import Count, Found, Held, Overdue, Search
from hub.services.search_rows import ResultRow
from web import format as formats
from web import forms, keys, paging, view

routes = http.RouteTableDef()

FILTERS = ("q", "type", "state", "unit", "from", "to", "due", "held", "officer")
CHANGED = {"forget": "search_forgotten", "share": "search_shared"}
KINDS = tuple(kind.value for kind in SearchKind)


@routes.get("/search")
async def index(request: http.Request) -> http.Response:
    """Without anything asked, how to search and what one has kept; else the hits of one kind."""
    return await _page(request, request.query)


async def _page(
    request: http.Request,
    query: Mapping[str, str],
    error: BadInput | None = None,
    values: dict[str, str] | None = None,
) -> http.Response:
    actor, hub = keys.actor(request), keys.deps(request)
    asked = _asked(query)
    search.require_any(actor)
    async with _reading(hub.database, asked) as (db, counted):
        wanted = _wanted(asked, counted.mark)
        shown = await _shown(db, request, query, asked, wanted)
        lists = await _lists(db, request)
        choices = await search_choices.choices(db, actor, wanted.unit_id)
        built = await search.is_built(db)
    if shown.kind is SearchKind.NOTE and shown.rows:
        async with hub.database.transaction() as db:
            await search_rows.tell(db, actor, shown.rows)
    return view.render(
        request,
        "search/index.html",
        **view.told(error),
        **_links(asked, query, shown),
        asked=asked,
        kind=shown.kind.value,
        kinds=[one.value for one in search.kinds(actor)],
        counts=_amounts(request, shown.counts),
        beside=[kind.value for kind, count in shown.counts.items() if kind is not shown.kind and count.value],
        searching=bool(asked),
        rows=shown.rows,
        helps=_helps(asked, shown.kind),
        **lists,
        choices=choices,
        built=built,
        counted=counted,
        message=error.text if error else "",
        values={"opened": "", "name": "", **(values or {})},
    )


async def _lists(db: AsyncSession, request: http.Request) -> dict[str, Any]:
    """One's own searches, those of them that may be shared, and what one's unit shares."""
    actor, hub = keys.actor(request), keys.deps(request)
    kept = await saved_searches.mine(db, hub.vault, actor)
    wordless = {one.id for one in kept if not dict(parse_qsl(one.query)).get(shared_searches.WORDS)}
    return {"saved": kept, "wordless": wordless, "shared": await shared_searches.of_unit(db, actor)}


@asynccontextmanager
async def _reading(database: Database, asked: Mapping[str, str]) -> AsyncIterator[tuple[AsyncSession, dues.Fresh]]:
    """Due days are made right first where they are asked for."""
    if asked.get("due"):
        async with dues.reading(database) as both:
            yield both
        return
    async with database.reading() as db:
        yield db, dues.Fresh("")


@dataclass(frozen=True, slots=True)
class _Shown:
    """One page of one kind, and how many there are of each."""

    kind: SearchKind
    rows: list[ResultRow]
    counts: dict[SearchKind, Count]
    next: Cursor | None


def _links(asked: dict[str, str], query: Mapping[str, str], shown: _Shown) -> dict[str, Any]:
    """To the pages before and after, to the other kinds, and to this search itself."""
    with_kind = {**asked, "kind": shown.kind.value}
    return {
        "paging": paging.paging("/search", with_kind, paging.trail(query), shown.next),
        "query": urlencode(with_kind),
        "tabs": {one: "/search?" + urlencode({**asked, "kind": one}) for one in KINDS},
    }


async def _shown(
    db: AsyncSession, request: http.Request, query: Mapping[str, str], asked: dict[str, str], wanted: Search
) -> _Shown:
    actor, vault, may = keys.actor(request), keys.deps(request).vault, search.kinds(keys.actor(request))
    named = [SearchKind(one) for one in (query.get("kind", ""),) if one in may]
    if not asked:
        return _Shown((named or may)[0], [], {}, None)
    found: dict[SearchKind, Found] = {}
    for kind in named or may:
        found[kind] = await search.find(db, vault, actor, kind, wanted, after=paging.trail(query).here)
        if found[kind].hits:
            break
    # The one asked for, else the first in which something was found.
    shown = next((kind for kind in found if found[kind].hits), (named or may)[0])
    counts = {kind: one.count for kind, one in found.items()}
    if not found[shown].hits:  # what else there is may be what was meant; else the page asks when it is on the screen
        counts |= await _counted(db, request, wanted, [kind for kind in may if kind not in counts])
    return _Shown(shown, await search_rows.rows(db, shown, found[shown]), counts, found[shown].next)


async def _counted(
    db: AsyncSession, request: http.Request, wanted: Search, which: Sequence[SearchKind]
) -> dict[SearchKind, Count]:
    actor, vault = keys.actor(request), keys.deps(request).vault
    return {kind: await search.count(db, vault, actor, kind, wanted) for kind in which}


@routes.get("/search/counts")
async def counts(request: http.Request) -> http.Response:
    """``{"counts": {kind: "over 100"}}``: what else a search (``q`` and the filters) finds, for the tabs beside
    ``kind``; as texts in the reader's language."""
    actor, hub, query = keys.actor(request), keys.deps(request), request.query
    search.require_any(actor)
    asked = _asked(query)
    which = [kind for kind in search.kinds(actor) if asked and kind.value != query.get("kind")]
    async with _reading(hub.database, asked) as (db, counted):
        found = await _counted(db, request, _wanted(asked, counted.mark), which)
    return view.json({"counts": _amounts(request, found)})


def _amounts(request: http.Request, found: Mapping[SearchKind, Count]) -> dict[str, str]:
    """A bounded number as people read it."""
    more = view.sentence(request, N_("hơn %(number)s"))
    return {kind.value: more % {"number": one.shown} if one.more else str(one.shown) for kind, one in found.items()}


def _asked(query: Mapping[str, str]) -> dict[str, str]:
    return {name: query[name][:200] for name in FILTERS if query.get(name)}


def _wanted(asked: dict[str, str], mark: str) -> Search:
    return Search(
        text=asked.get("q", ""),
        type=asked.get("type", "") if asked.get("type") in tuple(CaseType) else "",
        state=asked.get("state", "") if asked.get("state") in (*CaseState, *HearingState) else "",
        unit_id=asked.get("unit", ""),
        first_day=forms.query_day(asked, "from"),
        last_day=forms.query_day(asked, "to"),
        held=forms.query_choice(asked, "held", Held),
        officer_id=asked.get("officer", ""),
        overdue=Overdue(formats.today(), mark) if mark else None,
    )


def _helps(asked: dict[str, str], kind: SearchKind) -> dict[str, str]:
    """When nothing was found: addresses of searches that may find more, by what they leave out."""
    without = {name: value for name, value in asked.items() if name not in ("from", "to")}
    helps = {}
    if without != asked:
        helps["period"] = without
    text = asked.get("q", "")
    if any(quote in text for quote in '"“”'):
        helps["quotes"] = {**asked, "q": "".join(" " if c in '"“”' else c for c in text).strip()}
    if text and len(asked) > 1:
        helps["filters"] = {"q": text}
    return {name: "/search?" + urlencode({**query, "kind": kind.value}) for name, query in helps.items() if query}


@routes.post("/search/saved")
async def save(request: http.Request) -> http.Response:
    """Keep the search that is shown, under a name."""
    actor, hub = keys.actor(request), keys.deps(request)
    form = await forms.read(request)
    query = _clean(form.text("query"))
    try:
        async with hub.database.transaction() as db:
            await saved_searches.save(db, hub.vault, actor, form.text("name"), query)
    except BadInput as error:
        return await _again(request, query, error, {"name": form.text("name"), "opened": "save"})
    return view.redirect(request, f"/search?{query}", notice="search_saved")


@routes.post("/search/saved/{saved_id}")
async def change(request: http.Request) -> http.Response:
    """``do``: rename, forget, or share what was chosen with one's unit."""
    actor, hub, saved_id = keys.actor(request), keys.deps(request), request.match_info["saved_id"]
    form = await forms.read(request)
    do = form.text("do")
    try:
        async with hub.database.transaction() as db:
            if do == "forget":
                await saved_searches.forget(db, actor, saved_id)
            elif do == "share":
                query = await saved_searches.query_of(db, hub.vault, actor, saved_id)
                await shared_searches.share(db, actor, _dated(dict(parse_qsl(query))))
            else:
                await saved_searches.rename(db, hub.vault, actor, saved_id, form.text("name"))
    except BadInput as error:
        return await _again(request, "", error, {"name": form.text("name"), "opened": saved_id})
    return view.redirect(request, "/search", notice=CHANGED.get(do, "search_renamed"))


@routes.post("/search/shared/{shared_id}")
async def withdraw(request: http.Request) -> http.Response:
    """Share it no longer."""
    await forms.read(request)
    async with keys.deps(request).database.transaction() as db:
        await shared_searches.withdraw(db, keys.actor(request), request.match_info["shared_id"])
    return view.redirect(request, "/search", notice="search_withdrawn")


def _dated(asked: Mapping[str, str]) -> dict[str, str]:
    """With days as services write them; what is no day stays, and is refused there."""
    days = {name: forms.query_day(asked, name) for name in ("from", "to") if asked.get(name)}
    return {**asked, **{name: day.isoformat() for name, day in days.items() if day is not None}}


async def _again(request: http.Request, query: str, error: BadInput, values: dict[str, str]) -> http.Response:
    """The page that the form was on, with what was wrong."""
    return await _page(request, dict(parse_qsl(query)), error, values)


def _clean(query: str) -> str:
    """Only what this page understands, so that nothing else is kept or followed."""
    given = dict(parse_qsl(query, max_num_fields=50))
    return urlencode({name: given[name][:200] for name in (*FILTERS, "kind") if name in given})
