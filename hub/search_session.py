"""Keeps the search index in step: a session that writes down anew, in the same transaction, whatever it has changed.

Only what goes through the unit of work is seen; a bulk statement on one of these tables calls ``hub.search_index``
itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import event, inspect, select
from sqlalchemy.orm import Session, UOWTransaction

from hub import search_index
from hub.models import (
    Case,
    CaseState,
    Hearing,
    HearingCase,
    HearingEvent,
    Party,
    PartyWord,
    Point,
    Recording,
    Representation,
    Seat,
    Transfer,
    WithheldRange,
)

HEARING_FIELDS = ("number", "title", "reason", "unit_id", "unit", "starts_at", "state", "seats", "cases", "version")


class IndexingSession(Session):
    """What ``hub.db.Database`` makes its sessions of."""


@dataclass(slots=True)
class _Touched:
    """Ids of what is to be written anew."""

    cases: set[str] = field(default_factory=set)
    parties: set[str] = field(default_factory=set)
    hearings: set[str] = field(default_factory=set)
    journals: set[str] = field(default_factory=set)
    """Hearings whose notes are."""
    recordings: set[str] = field(default_factory=set)
    points: set[str] = field(default_factory=set)
    notes: set[tuple[str, int]] = field(default_factory=set)

    def add(self, row: object) -> None:
        match row:
            case HearingEvent():
                if row.kind in search_index.NOTED:
                    self.notes.add((row.hearing_id, row.seq))
            case Case():
                self.cases.add(row.id)
                if row.state == CaseState.STATE_SECRET:
                    self.parties.add(row.party_id)
            case Transfer(case_id=case_id) | Representation(case_id=case_id):
                self.cases.add(case_id)
            case Party(id=party_id) | PartyWord(party_id=party_id):
                self.parties.add(party_id)
            case Hearing():
                self._hearing(row)
            case Seat():
                self.hearings.add(row.hearing_id)
            case HearingCase():
                self.hearings.add(row.hearing_id)
                self.cases.add(row.case_id)
                self.journals.add(row.hearing_id)
            case Recording():
                self.journals.add(row.hearing_id)
            case WithheldRange():
                self.recordings.add(row.recording_id)
            case Point():
                self.points.add(row.id)

    def _hearing(self, row: Hearing) -> None:
        state = inspect(row)
        if not any(state.attrs[name].history.has_changes() for name in HEARING_FIELDS):
            return
        self.hearings.add(row.id)
        cases = state.attrs["cases"].history
        self.cases |= {case.id for case in cases.deleted or ()}
        if cases.has_changes() or state.attrs["unit_id"].history.has_changes():
            self.journals.add(row.id)

    def follow(self, session: Session) -> None:
        """What else hangs on it."""
        connection = session.connection()
        if self.points:
            self.hearings |= set(connection.scalars(select(Seat.hearing_id).where(Seat.point_id.in_(self.points))))
        if self.parties:
            of_parties = list(connection.scalars(select(Case.id).where(Case.party_id.in_(self.parties))))
            self.cases |= set(of_parties)
            spoken = select(Representation.case_id).where(Representation.party_id.in_(self.parties))
            self.cases |= set(connection.scalars(spoken))
            about = select(HearingCase.hearing_id).where(HearingCase.case_id.in_(of_parties))
            self.journals |= set(connection.scalars(about))
        if self.hearings:
            about = select(HearingCase.case_id).where(HearingCase.hearing_id.in_(self.hearings))
            self.cases |= set(connection.scalars(about))
        if self.recordings:
            of = select(Recording.hearing_id).where(Recording.id.in_(self.recordings))
            self.journals |= set(connection.scalars(of))


@event.listens_for(IndexingSession, "after_flush")
def _after_flush(session: Session, _context: UOWTransaction) -> None:
    touched = _Touched()
    for row in (*session.new, *session.dirty, *session.deleted):
        touched.add(row)
    touched.follow(session)
    connection = session.connection()
    if touched.cases:
        search_index.index_cases(connection, touched.cases)
    if touched.hearings:
        search_index.index_hearings(connection, touched.hearings)
    if touched.journals:
        search_index.index_notes(connection, touched.journals)
    for hearing_id, seq in touched.notes:
        if hearing_id not in touched.journals:
            search_index.index_notes(connection, [hearing_id], [seq])
