"""Everybody against every address: the declared table (``tests.support.permission_table``) is what the server does.

Whom a row lets in is asked one by one. Who is refused by role is asked as one person who holds all the refused roles at
once, each over its own unit: permissions only add up, so one request stands for all of them, and where it is let in the
test asks each by himself to name the one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp.hdrs import METH_GET, METH_HEAD, METH_POST

from hub.config import Config
from hub.models import Role
from tests.support import (
    permission_rows_cases,
    permission_rows_hearings,
    permission_rows_live,
    permission_rows_rest,
)
from tests.support.permission_app import Answer, Matrix, running_matrix
from tests.support.permission_table import ANYONE, Row
from tests.support.permission_world import EVERYBODY, PARTIES, SEATED, UNKNOWN
from tools import permission_docs
from web import unknown

pytestmark = pytest.mark.asyncio

AREAS = {
    "cases": permission_rows_cases.ROWS,
    "hearings": permission_rows_hearings.ROWS,
    "rest": permission_rows_rest.ROWS,
}
ROWS = tuple(row for rows in AREAS.values() for row in rows)
AT_ONCE = 18
"""Rows in one test: on a busy machine none takes long, and several share the cores."""
PORTIONS = {
    f"{area}-{start // AT_ONCE + 1}": rows[start : start + AT_ONCE]
    for area, rows in AREAS.items()
    for start in range(0, len(rows), AT_ONCE)
}
RENEWING_MAY = {"/account/password", "/sign-out", "/language"}
THIN = ("own", "below", "foreign")
"""Where a role is let in over any unit, these relations are asked for; over its own and above, each."""
DERIVED = frozenset({"search_doc", "case_due"})
"""Caches of other rows: no fact of anybody's."""


@pytest_asyncio.fixture
async def matrix(config: Config, sqlite_url: str) -> AsyncIterator[Matrix]:
    async with running_matrix(config, sqlite_url) as running:
        yield running


async def test_every_address_has_a_row(matrix: Matrix) -> None:
    routes = {(r.method, r.resource.canonical) for r in matrix.app.router.routes() if r.resource is not None}
    wanted = {(method, path) for method, path in routes if method != METH_HEAD} - permission_rows_live.ADDRESSES
    assert wanted == {(row.method, row.path) for row in ROWS}
    assert {method for method, _ in wanted} == {METH_GET, METH_POST}


async def test_the_document_says_the_same() -> None:
    assert permission_docs.FILE.read_text(encoding="utf-8") == permission_docs.document(), "run make docs"


@pytest.mark.parametrize("portion", PORTIONS)
async def test_each_may_what_the_table_says_and_nothing_else(matrix: Matrix, portion: str) -> None:
    wrong = []
    for row in PORTIONS[portion]:
        wrong += [f"{row.name}: {fault}" for fault in await Asked(matrix, row).faults()]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("area", AREAS)
async def test_nothing_is_posted_without_the_pages_token(matrix: Matrix, area: str) -> None:
    wrong = []
    for row in AREAS[area]:
        who = next((name for name in sorted(row.people()) if row.method == METH_POST and name in EVERYBODY), "")
        if who and row.path != "/api/probe":
            known = matrix.made.parameters(row.variant)
            answer = await matrix.ask(who, METH_POST, row.address(known), row.form(known), csrf=False)
            if answer.status != 403 or answer.changed:
                wrong.append(f"{row.name}: {answer.status} {sorted(answer.changed)}")
    assert not wrong, "\n".join(wrong)


class Asked:
    """One row, asked for by everybody."""

    def __init__(self, matrix: Matrix, row: Row) -> None:
        self.matrix, self.row = matrix, row
        self.known = matrix.made.parameters(row.variant)
        self.object = next((name for name in unknown.WORDS if f"{{{name}}}" in row.path), "")
        self.nothing: Answer | None = None
        """What is answered about an object that does not exist."""

    async def faults(self) -> list[str]:
        row, found = self.row, list[str]()
        allowed = row.people()
        refused = [name for name in EVERYBODY if name not in allowed]
        await self._ask_for_nothing(refused)
        for who in self._thinned(sorted(allowed)):
            found += self._let_in(who, await self._ask(who))
        found += await self._crowd(refused)
        for who in refused:
            if who in (*PARTIES, *SEATED, "nobody"):
                found += self._refused(who, await self._ask(who), knows=bool(self.object) and self._knows(who))
        return found + await self._outside()

    async def _ask(self, who: str, **instead: str) -> Answer:
        known = {**self.known, **instead}
        return await self.matrix.ask(who, self.row.method, self.row.address(known), self.row.form(known))

    async def _ask_for_nothing(self, refused: list[str]) -> None:
        if self.object:
            crowd = await self.matrix.crowd(name for name in refused if not self._knows(name))
            self.nothing = await self._ask(crowd, **{self.object: UNKNOWN})

    def _thinned(self, allowed: list[str]) -> list[str]:
        if self.row.who in ("all", ANYONE):
            return [*(f"{role}.own" for role in Role), "chair", "nobody"]
        if "*" in self.row.who:
            return [name for name in allowed if name.split(".")[-1] in THIN or "." not in name]
        return allowed

    async def _crowd(self, refused: list[str]) -> list[str]:
        by_role = [name for name in refused if "." in name and name not in PARTIES]
        knowing = [name for name in by_role if self.object and self._knows(name)]
        found = list[str]()
        for group, knows in ((knowing, True), ([name for name in by_role if name not in knowing], False)):
            if group:
                found += await self._group(group, knows=knows)
        return found

    async def _group(self, group: list[str], *, knows: bool) -> list[str]:
        """One request for all of them; each by himself where that is let in."""
        answer = await self._ask(await self.matrix.crowd(group))
        found = self._refused("all who are refused", answer, knows=knows)
        if not any("is let in" in fault for fault in found):
            return found
        return [fault for who in group for fault in self._refused(who, await self._ask(who), knows=knows)] or found

    async def _outside(self) -> list[str]:
        """Not signed in, disabled, and who must change the password first."""
        found, row = list[str](), self.row
        for who in ("anonymous", "disabled"):
            answer = await self._ask(who)
            if row.who == ANYONE:
                found += [] if answer.status != 401 or row.method == METH_POST else [f"{who} {answer.status}"]
            elif answer.status != 401 or answer.changed:
                found.append(f"{who} {answer.status} {sorted(answer.changed)}")
        answer = await self._ask("renewing")
        if row.who != ANYONE and row.path not in RENEWING_MAY and (answer.status not in (401, 403) or answer.changed):
            found.append(f"renewing {answer.status} {sorted(answer.changed)}")
        return found

    def _let_in(self, who: str, answer: Answer) -> list[str]:
        turned_away = answer.status in (401, 403) or (self._is_nothing(answer) and self.row.who != ANYONE)
        if turned_away or answer.status == 500:
            return [f"{who} is refused: {answer.status} {answer.told[:200]}"]
        if self.row.method == METH_GET and answer.changed - DERIVED - self._logged(answer):
            return [f"a GET by {who} changed {sorted(answer.changed)}"]
        return []

    def _refused(self, who: str, answer: Answer, *, knows: bool) -> list[str]:
        """Whoever may not know that it is there is told what is told of what is not there."""
        if answer.changed - DERIVED:
            return [f"{who} is refused ({answer.status}) and changed {sorted(answer.changed)}"]
        if answer.status != 403 and not (answer.status == 404 and (knows or self._is_nothing(answer))):
            return [f"{who} is let in: {answer.status} {answer.told[:200]}"]
        if self.nothing is None or knows or self._is_nothing(answer):
            return []
        return [f"{who} can tell that it is there: {answer.status} {answer.told} {self.nothing.told}"]

    def _is_nothing(self, answer: Answer) -> bool:
        if self.nothing is None:
            return answer.status == 404
        return (answer.status, answer.told) == (self.nothing.status, self.nothing.told)

    def _knows(self, who: str) -> bool:
        """By another row: who may look at the object itself."""
        looks = (
            PAPER_LOOKS
            if self.row.path.startswith("/hearings/") and self.object == "document_id"
            else LOOKS[self.object]
        )
        rows = [row for row in ROWS if row.path in looks]
        exact = [row for row in rows if row.variant == self.row.variant]
        return any(who in row.people() for row in exact or [row for row in rows if not row.variant])

    @staticmethod
    def _logged(answer: Answer) -> frozenset[str]:
        return answer.changed & {"audit_event", "custody_event", "recording"}


PAPER_LOOKS = ("/hearings/{hearing_id}/documents/{document_id}/{kind}",)
LOOKS = {
    "document_id": ("/cases/{case_id}",),
    "case_id": ("/cases/{case_id}",),
    "visit_id": ("/cases/{case_id}",),
    "entry_id": ("/register",),
    "assignment_id": ("/cases/{case_id}",),
    "transfer_id": ("/cases/{case_id}",),
    "hearing_id": ("/hearings/{hearing_id}", "/hearings/{hearing_id}/lines"),
    "series_id": ("/series/{series_id}",),
    "conclusion_id": ("/conclusions/{conclusion_id}",),
    "recording_id": ("/recordings/{recording_id}", "/recordings/{recording_id}/verify"),
    "replay_id": ("/replays/{replay_id}",),
    "passage_id": ("/recordings/{recording_id}", "/recordings/{recording_id}/verify"),
    "account_id": ("/accounts/{account_id}", "/staff/{account_id}"),
    "absence_id": ("/staff/{account_id}",),
    "mail_id": ("/mail/{mail_id}/retry",),
}
"""The addresses at which an object may be looked at: whoever may, knows of it."""
