"""Two hundred thousand cases to search in: units, officials, parties, cases, hearings with notes and recordings, audit.

Written as rows, because the services would take hours; the search index is then built by the hub's own code.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from bench import bulk, search_handling
from bench.bulk import Row
from bench.search_text import Writer
from hub import cases as rules
from hub.ids import new_id, utc_now
from hub.models import (
    Account,
    AuditEvent,
    Case,
    CaseState,
    CaseType,
    Hearing,
    HearingCase,
    HearingEvent,
    HearingState,
    OrgUnit,
    Party,
    PartyWord,
    Point,
    Recording,
    RecordingState,
    Role,
    RoleGrant,
    Seat,
    SeatKind,
    UnitLevel,
)
from hub.services.identity import Identity, Vault
from hub.text import exact, exact_words, fold, words

PROVINCES, COMMUNES = 4, 50
BATCH = bulk.BATCH
HEARING_EVERY = 10
"""One hearing for so many cases, about the last of them."""
DENUNCIATION_EVERY = 12
YEARS = 3

Tell = Callable[[int], None]


@dataclass
class Made:
    """What queries ask for. ``people``: account ids by scope (``central``, ``province``, ``commune``)."""

    people: dict[str, str] = field(default_factory=dict)
    paths: list[str] = field(default_factory=list)
    numbers: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    id_numbers: list[str] = field(default_factory=list)


class Maker:
    """``make`` writes everything on one connection; ``tell`` hears how many cases there are. ``mark``: of the rules
    that the due days count as counted with (``hub.services.dues``)."""

    def __init__(self, connection: Connection, vault: Vault, cases: int, mark: str) -> None:
        self._connection, self._vault, self._cases, self._mark = connection, vault, cases, mark
        self._writer = Writer()
        self._units: list[OrgUnit] = []
        self._officers: list[str] = []
        self._chair = ""
        self._points: list[str] = []
        self._paths: dict[str, str] = {}
        self._hashes: dict[str, set[str]] = {}
        self.made = Made()

    def make(self, tell: Tell) -> Made:
        self._organisation()
        begin = utc_now() - timedelta(days=365 * YEARS)
        step = timedelta(days=365 * YEARS) / self._cases
        for first, count in bulk.every(self._cases, BATCH):
            self._write(first, [begin + step * (first + n) for n in range(count)])
            tell(first + count)
        return self.made

    def _organisation(self) -> None:
        centre = self._unit("TW", UnitLevel.CENTRAL, None)
        for p in range(PROVINCES):
            province = self._unit(f"T{p}", UnitLevel.PROVINCE, centre)
            for c in range(COMMUNES):
                self._units.append(self._unit(f"T{p}X{c:02d}", UnitLevel.COMMUNE, province))
                if (p, c) == (0, 0):
                    self.made.people["commune"] = self._account("commune", self._units[-1], Role.LEADER)
                self._officers.append(self._account(f"officer{p}x{c}", self._units[-1], Role.OFFICER))
                self._points.append(self._point(self._units[-1]))
            if p == 0:
                self.made.people["province"] = self._account("province", province, Role.LEADER)
        self.made.people["central"] = self._account("central", centre, Role.AUDITOR)
        self._chair = self.made.people["province"]
        self.made.paths = [unit.path for unit in self._units]

    def _unit(self, code: str, level: UnitLevel, above: OrgUnit | None) -> OrgUnit:
        unit_id = new_id()
        path = f"{above.path if above else '/'}{unit_id}/"
        unit = OrgUnit(id=unit_id, code=code, name=f"UBND {code}", level=level, path=path)
        self._paths[unit_id] = path
        parent = above.id if above else None
        row = {"id": unit_id, "code": code, "name": unit.name, "level": level, "path": path, "parent_id": parent}
        self._put(OrgUnit, [row | {"active": True}])
        return unit

    def _account(self, username: str, unit: OrgUnit, role: Role) -> str:
        account_id = new_id()
        account = {"id": account_id, "username": username, "full_name": f"Ông {username}", "unit_id": unit.id}
        self._put(Account, [account | {"password_hash": "!", "language": "vi"}])
        self._put(RoleGrant, [{"id": new_id(), "account_id": account_id, "role": role, "unit_id": unit.id}])
        return account_id

    def _point(self, unit: OrgUnit) -> str:
        point_id = new_id()
        self._put(Point, [{"id": point_id, "code": unit.code, "name": f"Điểm cầu {unit.code}", "unit_id": unit.id}])
        return point_id

    def _write(self, first: int, times: list[datetime]) -> None:
        parties: list[Row] = []
        name_words: list[Row] = []
        cases: list[Row] = []
        for n, at in enumerate(times, first):
            party, hashes = self._party(n)
            parties.append(party)
            name_words += [{"party_id": party["id"], "word_hash": one} for one in sorted(hashes)]
            cases.append(self._case(n, at, party["id"], secret=party["secret"]))
        self._put(Party, parties)
        self._put(PartyWord, name_words)
        self._put(Case, cases)
        for table, rows in search_handling.rows(cases, self._mark, self._writer, utc_now()).items():
            self._put(table, rows)
        self._put(AuditEvent, [self._event(one) for one in cases])
        self._hearings(cases[::HEARING_EVERY])

    def _party(self, n: int) -> tuple[Row, set[str]]:
        party_id, secret = new_id(), n % DENUNCIATION_EVERY == 0
        who = Identity(name=self._writer.name(), address="Thôn Đông", id_number=f"001{n:09d}")
        party: Row = {
            "id": party_id,
            "kind": "individual",
            "secret": secret,
            "pseudonym": f"Công dân {n:06X}",
            "sealed_identity": self._vault.seal(party_id, who),
            "id_number_hash": None if secret else self._vault.number_hash(who.id_number),
            "created_at": utc_now(),
        }
        if secret:
            return party, set()
        if n % 997 == 1:
            self.made.names.append(who.name)
            self.made.id_numbers.append(who.id_number)
        return party, self._name(who.name)

    def _name(self, name: str) -> set[str]:
        if name not in self._hashes:
            folded = {self._vault.word_hash(word) for word in words(name)}
            self._hashes[name] = folded | {self._vault.exact_word_hash(word) for word in exact_words(name)}
        return self._hashes[name]

    def _case(self, n: int, at: datetime, party_id: str, *, secret: bool) -> Row:
        # A few units have most of the cases.
        place = min(self._writer.below(len(self._units)), self._writer.below(len(self._units)))
        unit = self._units[place]
        kind = CaseType.DENUNCIATION if secret else self._writer.pick(list(CaseType)[:1] * 3 + list(CaseType)[2:])
        summary, content = self._writer.summary(), self._writer.content()
        number = rules.number(CaseType(kind), unit.code, at.year, n)
        if n % 997 == 0:
            self.made.numbers.append(number)
        searched = f"{number}\n{summary}\n{content}"
        old = n < 0.8 * self._cases
        state = CaseState.CLOSED if old else self._writer.pick([CaseState.RECEIVED, CaseState.CLASSIFIED])
        return {
            "id": new_id(),
            "number": number,
            "type": kind,
            "state": state,
            "summary": summary,
            "content": content,
            "folded": fold(searched),
            "lowered": exact(searched),
            "unit_id": unit.id,
            "party_id": party_id,
            "created_by": self._officers[place],
            "received_at": at,
            "people_count": 1,
            "version": 1,
        }

    def _event(self, case: Row) -> Row:
        return {
            "id": new_id(),
            "at": case["received_at"],
            "account_id": case["created_by"],
            "unit_path": self._paths[case["unit_id"]],
            "action": "case_registered",
            "object_type": "case",
            "object_id": case["id"],
            "detail": {},
        }

    def _hearings(self, cases: list[Row]) -> None:
        hearings: list[Row] = []
        rows: dict[type[Any], list[Row]] = {Seat: [], HearingCase: [], HearingEvent: [], Recording: []}
        for case in cases:
            hearing_id, at = new_id(), case["received_at"] + timedelta(days=9)
            hearings.append(self._hearing(hearing_id, case, at))
            rows[HearingCase].append({"hearing_id": hearing_id, "case_id": case["id"]})
            chair = {"kind": SeatKind.CHAIR, "position": 0, "label": "Chủ trì", "account_id": self._chair}
            point = {
                "kind": SeatKind.POINT,
                "position": 1,
                "label": "Điểm",
                "point_id": self._writer.pick(self._points),
            }
            empty = {"account_id": None, "point_id": None}
            rows[Seat] += [empty | one | {"id": new_id(), "hearing_id": hearing_id} for one in (chair, point)]
            rows[Recording].append(self._recording(hearing_id, at))
            for seq in range(1, 4):
                payload = {"seat_id": "", "text": self._writer.note()}
                event = {"hearing_id": hearing_id, "seq": seq, "at": at + timedelta(minutes=seq), "kind": "noted"}
                rows[HearingEvent].append(event | {"payload": payload})
        self._put(Hearing, hearings)
        for table, some in rows.items():
            self._put(table, some)

    def _hearing(self, hearing_id: str, case: Row, at: datetime) -> Row:
        return {
            "id": hearing_id,
            "number": f"BT-{case['number']}",
            "kind": "regular",
            "title": case["summary"][:200],
            "state": HearingState.CLOSED,
            "starts_at": at,
            "ends_at": at + timedelta(hours=1),
            "unit_id": case["unit_id"],
            "created_by": case["created_by"],
            "created_at": at,
            "version": 1,
        }

    def _recording(self, hearing_id: str, at: datetime) -> Row:
        return {
            "id": new_id(),
            "hearing_id": hearing_id,
            "state": RecordingState.ARCHIVED,
            "started_at": at,
            "duration_ms": 3_600_000,
            "retain_until": at + timedelta(days=365 * 5),
        }

    def _put(self, table: type[Any], rows: list[Row]) -> None:
        bulk.put(self._connection, table, rows)
