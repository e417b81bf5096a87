"""The search index: documents made from cases, hearings and journals, and written where both databases find them.

Everything here runs on the caller's connection and in its transaction. ``hub.search_session`` calls it when rows
change; ``hub search rebuild`` makes all of it again. Needs no key: names come as the hashes that ``party_word`` holds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Connection, Executable, Select, delete, exists, func, literal, select
from sqlalchemy.dialects import postgresql, sqlite

from hub.models import (
    Case,
    CaseState,
    Counter,
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
    Representation,
    SearchDoc,
    SearchKind,
    Seat,
    SeatKind,
    Transfer,
    TransferState,
    WithheldRange,
)
from hub.search_words import GAP, Document, number_marks, pairs

VERSION = 2
"""Of what is written; another one makes every hub build its index again."""
SERIES = "search/version"
BATCH = 300
NOTED = ("noted", "said")
SEGMENT = timedelta(seconds=10)
"""Withheld passages grow to the boundaries of their segments, which are no longer (``Config.segment_max_s``)."""
SETTLING = (TransferState.SENT, TransferState.ACKNOWLEDGED, TransferState.REPORTED)
"""Transfers whose recipient may read the case."""
READING_SEATS = (SeatKind.CHAIR, SeatKind.DEPUTY, SeatKind.SECRETARY)

Row = dict[str, Any]


def index_cases(connection: Connection, ids: Collection[str], *, lock: bool = False) -> None:
    """Write the documents of these cases anew."""
    wanted = (
        select(
            *(Case.id, Case.number, Case.summary, Case.content, Case.type, Case.state, Case.received_at),
            *(Case.created_by, Case.party_id, OrgUnit.path, Party.secret, Party.id_number_hash),
        )
        .join(OrgUnit, OrgUnit.id == Case.unit_id)
        .join(Party, Party.id == Case.party_id)
        .where(Case.id.in_(ids))
    )
    rows = connection.execute(wanted.with_for_update(of=Case.__table__) if lock else wanted).all()
    open_parties = {row.party_id for row in rows if not row.secret}
    names = _grouped(
        connection, select(PartyWord.party_id, PartyWord.word_hash).where(PartyWord.party_id.in_(open_parties))
    )
    speaking = _grouped(connection, _representatives(ids))
    seats = _grouped(connection, _case_seats(ids))
    elsewhere = _grouped(connection, _case_transfers(ids))
    found = []
    for row in rows:
        marks = {f"t:{row.type}", f"s:{row.state}", f"o:{row.created_by}"} | number_marks(row.number)
        marks |= _units(row.path, *elsewhere[row.id])
        marks |= {f"a:{one}" for one in seats[row.id]}
        # A denouncer is in no index (Law on Denunciations 2018 Art 56).
        if not row.secret:
            marks |= {f"n:{one}" for one in names[row.party_id]} | speaking[row.id]
            marks |= {f"i:{row.id_number_hash}"} if row.id_number_hash else set()
        document = Document((row.number, row.summary, row.content), frozenset(marks))
        found.append(_row(connection, SearchKind.CASE, row.id, 0, row.received_at, document))
    _write(connection, found)


def _representatives(ids: Collection[str]) -> Select[str, str]:
    """Who speaks for a party is found like the party itself."""
    named = (
        select(Representation.case_id, literal("n:") + PartyWord.word_hash)
        .join(PartyWord, PartyWord.party_id == Representation.party_id)
        .join(Party, Party.id == Representation.party_id)
        .where(Representation.case_id.in_(ids), Party.secret.is_(False))
    )
    numbered = (
        select(Representation.case_id, literal("i:") + func.coalesce(Party.id_number_hash, ""))
        .join(Party, Party.id == Representation.party_id)
        .where(Representation.case_id.in_(ids), Party.secret.is_(False), Party.id_number_hash.is_not(None))
    )
    return cast(Select[str, str], named.union_all(numbered))


def _case_seats(ids: Collection[str]) -> Select[str, str | None]:
    """As ``services.case_access`` decides."""
    return (
        select(HearingCase.case_id, Seat.account_id)
        .join(Seat, Seat.hearing_id == HearingCase.hearing_id)
        .join(Hearing, Hearing.id == HearingCase.hearing_id)
        .where(HearingCase.case_id.in_(ids), Seat.account_id.is_not(None), Seat.kind.in_(READING_SEATS))
        .where(Hearing.state != HearingState.CANCELLED)
    )


def _case_transfers(ids: Collection[str]) -> Select[str, str]:
    """As ``services.case_access`` decides: units to which it was transferred and not returned."""
    return (
        select(Transfer.case_id, OrgUnit.path)
        .join(OrgUnit, OrgUnit.id == Transfer.to_unit_id)
        .where(Transfer.case_id.in_(ids), Transfer.state.in_(SETTLING))
    )


def index_hearings(connection: Connection, ids: Collection[str], *, lock: bool = False) -> None:
    """Write the documents of these hearings anew, without their notes."""
    wanted = (
        select(
            *(Hearing.id, Hearing.number, Hearing.title, Hearing.reason, Hearing.state, Hearing.starts_at),
            OrgUnit.path,
        )
        .join(OrgUnit, OrgUnit.id == Hearing.unit_id)
        .where(Hearing.id.in_(ids))
    )
    rows = connection.execute(wanted.with_for_update(of=Hearing.__table__) if lock else wanted).all()
    points = _grouped(connection, _point_paths(ids))
    people = select(Seat.hearing_id, Seat.kind, Seat.account_id).where(
        Seat.hearing_id.in_(ids), Seat.account_id.is_not(None)
    )
    seated: dict[str, set[str]] = defaultdict(set)
    for hearing_id, kind, account_id in connection.execute(people):
        seated[hearing_id] |= {f"a:{account_id}"} | ({f"o:{account_id}"} if kind == SeatKind.CHAIR else set())
    found = []
    for row in rows:
        marks = {f"s:{row.state}"} | number_marks(row.number) | _units(row.path, *points[row.id]) | seated[row.id]
        document = Document((row.number, row.title, row.reason), frozenset(marks))
        found.append(_row(connection, SearchKind.HEARING, row.id, 0, row.starts_at, document))
    _write(connection, found)


def _point_paths(ids: Collection[str]) -> Select[str, str]:
    return (
        select(Seat.hearing_id, OrgUnit.path)
        .join(Point, Point.id == Seat.point_id)
        .join(OrgUnit, OrgUnit.id == Point.unit_id)
        .where(Seat.hearing_id.in_(ids))
    )


def index_notes(connection: Connection, ids: Collection[str], seqs: Collection[int] | None = None) -> None:
    """Write what was noted and said in these hearings anew, or only these events of one; what is withheld, or whose
    recording is destroyed, leaves the index."""
    if seqs is None:
        connection.execute(delete(SearchDoc).where(SearchDoc.kind == SearchKind.NOTE, SearchDoc.object_id.in_(ids)))
    wanted = select(HearingEvent.hearing_id, HearingEvent.seq, HearingEvent.at, HearingEvent.payload).where(
        HearingEvent.hearing_id.in_(ids), HearingEvent.kind.in_(NOTED)
    )
    events = connection.execute(wanted if seqs is None else wanted.where(HearingEvent.seq.in_(seqs))).all()
    if not events:
        return
    readers, hidden = _note_readers(connection, ids), _hidden(connection, ids)
    erased = set(connection.scalars(_about_state_secrets(ids)))
    found = []
    for event in events:
        gone = hidden.get(event.hearing_id, [])
        if event.hearing_id in erased or any(first <= event.at <= last for first, last in gone):
            continue
        document = Document((str(event.payload.get("text", "")),), frozenset(readers[event.hearing_id]))
        found.append(_row(connection, SearchKind.NOTE, event.hearing_id, event.seq, event.at, document))
    _write(connection, found)


def _about_state_secrets(ids: Collection[str]) -> Select[str]:
    """What was noted in a hearing about a case that may not be here is found by nobody."""
    return (
        select(HearingCase.hearing_id)
        .join(Case, Case.id == HearingCase.case_id)
        .where(HearingCase.hearing_id.in_(ids), Case.state == CaseState.STATE_SECRET)
    )


def _note_readers(connection: Connection, ids: Collection[str]) -> dict[str, set[str]]:
    """As ``services.hearing_lists.record_target``: a denunciation's record is the holding unit's alone."""
    secret = {
        hearing_id
        for (hearing_id,) in connection.execute(
            select(HearingCase.hearing_id)
            .join(Case, Case.id == HearingCase.case_id)
            .join(Party, Party.id == Case.party_id)
            .where(HearingCase.hearing_id.in_(ids), Party.secret)
        )
    }
    points = _grouped(connection, _point_paths([one for one in ids if one not in secret]))
    holding = select(Hearing.id, OrgUnit.path).join(OrgUnit, OrgUnit.id == Hearing.unit_id).where(Hearing.id.in_(ids))
    return {hearing_id: _units(path, *points[hearing_id]) for hearing_id, path in connection.execute(holding)}


def _hidden(connection: Connection, ids: Collection[str]) -> dict[str, list[tuple[datetime, datetime]]]:
    """By hearing, the stretches of time whose notes nobody finds; rather too wide than too narrow."""
    found: dict[str, list[tuple[datetime, datetime]]] = defaultdict(list)
    recordings = select(Recording.id, Recording.hearing_id, Recording.started_at, Recording.state).where(
        Recording.hearing_id.in_(ids)
    )
    of: dict[str, tuple[str, datetime]] = {}
    for recording_id, hearing_id, started_at, state in connection.execute(recordings):
        of[recording_id] = (hearing_id, started_at)
        if state == RecordingState.DESTROYED:
            found[hearing_id].append((started_at - timedelta(days=36500), started_at + timedelta(days=36500)))
    ranges = select(WithheldRange.recording_id, WithheldRange.start_ms, WithheldRange.end_ms).where(
        WithheldRange.recording_id.in_(of), WithheldRange.lifted_at.is_(None)
    )
    for recording_id, start_ms, end_ms in connection.execute(ranges):
        hearing_id, begun = of[recording_id]
        first = begun + timedelta(milliseconds=start_ms) - SEGMENT
        found[hearing_id].append((first, begun + timedelta(milliseconds=end_ms) + SEGMENT))
    return found


# All of it ------------------------------------------------------------------------------------------------------


def is_built(connection: Connection) -> bool:
    """Whether everything from before the index was there has been written."""
    return connection.scalar(select(Counter.value).where(Counter.series == SERIES)) == VERSION


def forget_strays(connection: Connection) -> None:
    """Drop documents of things that are there no longer."""
    cases, hearings = exists().where(Case.id == SearchDoc.object_id), exists().where(Hearing.id == SearchDoc.object_id)
    connection.execute(delete(SearchDoc).where(SearchDoc.kind == SearchKind.CASE, ~cases))
    connection.execute(delete(SearchDoc).where(SearchDoc.kind != SearchKind.CASE, ~hearings))


def index_batch(connection: Connection, kind: SearchKind, after: str) -> tuple[str, int]:
    """The next ``BATCH`` by id; ``("", 0)`` when there is none."""
    column = Case.id if kind is SearchKind.CASE else Hearing.id
    ids = list(connection.scalars(select(column).where(column > after).order_by(column).limit(BATCH)))
    if not ids:
        return "", 0
    if kind is SearchKind.CASE:
        index_cases(connection, ids, lock=True)
    else:
        index_hearings(connection, ids, lock=True)
        index_notes(connection, ids)
    return ids[-1], len(ids)


def mark_built(connection: Connection) -> None:
    connection.execute(delete(Counter).where(Counter.series == SERIES))
    connection.execute(Counter.__table__.insert().values(series=SERIES, value=VERSION))  # type: ignore[attr-defined]


def build(connection: Connection) -> Iterator[int]:
    """All of it on one connection: how many cases and hearings are done so far, after each batch."""
    forget_strays(connection)
    done = 0
    for kind in (SearchKind.CASE, SearchKind.HEARING):
        after, count = index_batch(connection, kind, "")
        while after:
            done += count
            yield done
            after, count = index_batch(connection, kind, after)
    mark_built(connection)


# Writing --------------------------------------------------------------------------------------------------------


def _units(*paths: str) -> set[str]:
    return {f"u:{part}" for path in paths for part in path.strip("/").split("/") if part}


def _grouped(connection: Connection, wanted: Executable) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for key, value in connection.execute(wanted):
        found[key].add(value)
    return found


def _row(connection: Connection, kind: SearchKind, object_id: str, seq: int, at: datetime, document: Document) -> Row:
    ordered, marks = document.ordered(), document.all_marks() | {f"k:{kind}"}
    if connection.dialect.name == "postgresql":
        tokens = _tsvector(ordered, marks | pairs(ordered))
    else:
        tokens = " ".join([*ordered, *sorted(marks)])
    return {"kind": kind, "object_id": object_id, "seq": seq, "at": at, "tokens": tokens}


def _tsvector(ordered: Iterable[str], marks: Iterable[str]) -> str:
    """As PostgreSQL reads it. Tokens hold neither quotes nor backslashes."""
    places: dict[str, list[str]] = defaultdict(list)
    for place, word in enumerate(ordered, 1):
        if word != GAP:
            places[word].append(str(place))
    return " ".join([*(f"'{word}':{','.join(at)}" for word, at in places.items()), *(f"'{one}'" for one in marks)])


def _write(connection: Connection, rows: list[Row]) -> None:
    if not rows:
        return
    insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(SearchDoc)
    kept = insert.on_conflict_do_update(
        index_elements=["object_id", "kind", "seq"], set_={"at": insert.excluded.at, "tokens": insert.excluded.tokens}
    )
    connection.execute(kept, sorted(rows, key=lambda row: (row["object_id"], row["seq"])))
