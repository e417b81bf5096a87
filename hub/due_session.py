"""A session that says of each case it has changed that its due day must be counted anew, in the same transaction."""

from __future__ import annotations

from sqlalchemy import event, insert, update
from sqlalchemy.orm import Session, UOWTransaction

from hub.models import Case, CaseDue, CaseEvent
from hub.search_session import IndexingSession


@event.listens_for(IndexingSession, "after_flush")
def _after_flush(session: Session, _context: UOWTransaction) -> None:
    new = sorted({(row.id, row.unit_id) for row in session.new if isinstance(row, Case)})
    changed = {row.case_id for row in session.new if isinstance(row, CaseEvent)}
    changed |= {row.id for row in session.dirty if isinstance(row, Case)}
    if new:
        rows = [{"case_id": case_id, "unit_id": unit_id, "clock": "", "book": ""} for case_id, unit_id in new]
        session.execute(insert(CaseDue), [{**row, "due": None} for row in rows])
    if changed:
        session.execute(update(CaseDue.__table__).where(CaseDue.case_id.in_(changed)).values(book=""))  # type: ignore[arg-type]
