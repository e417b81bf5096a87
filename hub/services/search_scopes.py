"""Who may find what: the conditions of the lists and of the index, side by side; and how tokens are looked up."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Integer,
    Select,
    and_,
    cast,
    exists,
    false,
    func,
    literal,
    literal_column,
    or_,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.orm import InstrumentedAttribute, aliased

from hub.auth import Actor
from hub.models import (
    Case,
    CaseDue,
    CaseState,
    Conclusion,
    Hearing,
    HearingCase,
    HearingState,
    OrgUnit,
    Party,
    Point,
    Recording,
    RecordingState,
    SearchDoc,
    SearchKind,
    Seat,
    SeatKind,
    Transfer,
)
from hub.search_index import READING_SEATS, SETTLING
from hub.search_words import Group, Hashes, in_a_row, parse, to_fts5, to_tsquery
from hub.services import audit, unit_scopes

Column = ColumnElement[Any] | InstrumentedAttribute[Any]

# Made once: an alias sets up its columns anew, which takes as long as a small question.
_holding, _hosting, _settling = aliased(OrgUnit), aliased(OrgUnit), aliased(OrgUnit)
HOLDING: InstrumentedAttribute[str] = _holding.path
"""The path of the unit that a hit belongs to."""


def scope_group(kind: SearchKind, actor: Actor, paths: Collection[str]) -> Group | None:
    """The actor's scope as tokens; None: everything is in it, or so much that looking them up costs more than it saves.
    It only makes a narrow scope quick: who may find what is decided by ``readable``."""
    if any(path.count("/") <= unit_scopes.TOP_SLASHES for path in paths):
        return None
    units = sorted({path.strip("/").rpartition("/")[2] for path in paths})
    seat = () if kind is SearchKind.NOTE else ((f"a:{actor.account_id}",),)
    # An actor without any scope finds nothing, by a token that nothing has.
    return (*((f"u:{unit}",) for unit in units), *seat) or (("u:",),)


def readable(
    wanted: Select[Any], object_id: Column, kind: SearchKind, actor: Actor, paths: Collection[str]
) -> Select[Any]:
    """Joined to the rows that the documents are of, with what decides about each of them."""
    if kind is SearchKind.CASE:
        wanted = wanted.join(Case, Case.id == object_id).join(_holding, _holding.id == Case.unit_id)
        return wanted.where(or_(audit.within(_holding.path, paths), _seated_about(actor), _settled_within(paths)))
    wanted = wanted.join(Hearing, Hearing.id == object_id).join(_holding, _holding.id == Hearing.unit_id)
    at_point = any_row(
        select(Seat.id)
        .join(Point, Point.id == Seat.point_id)
        .join(_hosting, _hosting.id == Point.unit_id)
        .where(Seat.hearing_id == Hearing.id, audit.within(_hosting.path, paths))
    )
    if kind is SearchKind.HEARING:
        mine = any_row(select(Seat.id).where(Seat.hearing_id == Hearing.id, Seat.account_id == actor.account_id))
        return wanted.where(or_(audit.within(_holding.path, paths), at_point, mine))
    about = select(HearingCase.case_id).join(Case, Case.id == HearingCase.case_id)
    about = about.where(HearingCase.hearing_id == Hearing.id)
    secret = any_row(about.join(Party, Party.id == Case.party_id).where(Party.secret))
    erased = any_row(about.where(Case.state == CaseState.STATE_SECRET))
    destroyed = any_row(
        select(Recording.id).where(Recording.hearing_id == Hearing.id, Recording.state == RecordingState.DESTROYED)
    )
    return wanted.where(or_(audit.within(_holding.path, paths), and_(at_point, ~secret)), ~destroyed, ~erased)


def _seated_about(actor: Actor) -> ColumnElement[bool]:
    """``case_access``'s question for every row at once."""
    about = (
        select(HearingCase.case_id)
        .join(Seat, Seat.hearing_id == HearingCase.hearing_id)
        .join(Hearing, Hearing.id == HearingCase.hearing_id)
        .where(HearingCase.case_id == Case.id, Seat.account_id == actor.account_id, Seat.kind.in_(READING_SEATS))
        .where(Hearing.state != HearingState.CANCELLED)
    )
    return any_row(about)


def _settled_within(paths: Collection[str]) -> ColumnElement[bool]:
    """``case_access.settling_paths`` for every row at once."""
    transferred = (
        select(Transfer.case_id)
        .join(_settling, _settling.id == Transfer.to_unit_id)
        .where(Transfer.case_id == Case.id, audit.within(_settling.path, paths), Transfer.state.in_(SETTLING))
    )
    return any_row(transferred)


def any_row(wanted: Select[str]) -> ColumnElement[bool]:
    """That a case, hearing or conclusion has such a row, asked when it is needed. Without the offset PostgreSQL gathers
    such rows of all of them first, and thinks longer about how than the answer takes."""
    return exists(wanted.correlate(Case, Hearing, Conclusion).offset(0))


def hearings_with(typed: str, *, sqlite: bool) -> ColumnElement[bool]:
    """That a hearing's number, title or reason holds these words; nobody is named there, so no key is needed."""
    query = parse(typed, Hashes(str, str, str))
    if query is None:
        return false()
    with_words = select(SearchDoc.object_id).where(
        SearchDoc.kind == SearchKind.HEARING, matches(SearchDoc.tokens, query.groups, (), sqlite=sqlite, walking=False)
    )
    return Hearing.id.in_(with_words)


def narrowed(
    wanted: Select[Any], kind: SearchKind, type_: str, state: str, officer_id: str, held: str | None
) -> Select[Any]:
    """By the rows themselves; ``type_`` and ``held`` are only asked of cases."""
    if kind is SearchKind.CASE:
        wanted = wanted.where(*([Case.type == type_] if type_ else []), *([Case.state == state] if state else []))
        if officer_id:
            wanted = wanted.where(Case.created_by == officer_id)
        return wanted.where(_held(held)) if held else wanted
    if state:
        wanted = wanted.where(Hearing.state == state)
    if officer_id:
        chairs = select(Seat.hearing_id).where(Seat.kind == SeatKind.CHAIR, Seat.account_id == officer_id)
        wanted = wanted.where(Hearing.id.in_(chairs))
    return wanted


def due_before(day: date, book: str) -> ColumnElement[bool]:
    """That a case's next due day lies before a day, as it was counted with the rules of that name."""
    late = select(CaseDue.case_id).where(CaseDue.case_id == Case.id, CaseDue.due < day, CaseDue.book == book)
    return exists(late)


def _held(held: str) -> ColumnElement[bool]:
    about = select(HearingCase.hearing_id).where(HearingCase.case_id == Case.id)
    if held == "recording":
        about = about.join(Recording, Recording.hearing_id == HearingCase.hearing_id)
    return exists(about)


def matches(
    tokens: Column, groups: Sequence[Group], without: Sequence[Group], *, sqlite: bool, walking: bool
) -> ColumnElement[bool]:
    """That a document has these tokens and not those. ``walking`` keeps SQLite on the order of time."""
    if not sqlite:
        looked_up = tokens.op("@@")(cast(to_tsquery(groups, without=without), TSQUERY))
        phrases = in_a_row(groups)
        # The function of ``@@`` itself, which no index is asked for: only what was found by the pairs is looked at.
        return and_(looked_up, func.ts_match_vq(tokens, cast(phrases, TSQUERY))) if phrases else looked_up
    asked = literal(to_fts5(groups, without=without))
    fts: ColumnElement[bool] = literal_column("search_fts").op("MATCH", return_type=Boolean())(asked)
    rowids = select(literal_column("rowid", Integer)).select_from(text("search_fts")).where(fts)
    # The plus takes the primary key from the planner: it then walks the index by time and looks each row up.
    row = literal_column("+search_doc.id") if walking else SearchDoc.id
    return row.in_(rowids)
