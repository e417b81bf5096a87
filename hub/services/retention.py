"""How long each recording is kept: the rule chosen when its first file is archived, never shortened afterwards."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from hub import calendar, models
from hub import retention as pure
from hub.db import Database
from hub.ids import utc_now
from hub.law import RuleBook
from hub.services import law_loading, legal_rules


async def rules(db: AsyncSession) -> RuleBook:
    """The law's rules, of which these are some; what is shipped where none has been put in yet, so that nothing is ever
    archived without a lock for want of a start."""
    book = await legal_rules.rule_book(db)
    return book if book.rules else law_loading.shipped_book()


async def settle(database: Database, recording_id: str) -> datetime | None:
    """Choose the recording's rule if that was not done yet; until when its files must be locked now.

    None when there is no such recording, or no rule: then nothing may be locked and nothing destroyed.
    """
    async with database.transaction() as db:
        recording = await db.get(models.Recording, recording_id, with_for_update=True)
        if recording is None or not await choose(db, recording):
            return None
        return lock_until(recording)


async def choose(db: AsyncSession, recording: models.Recording) -> bool:
    """Write the rule into the recording's row, once; False when there is none."""
    if recording.retention is not None:
        return True
    rule = await _rule(db, recording)
    if rule is None:
        return False
    day = calendar.local_day(recording.started_at)
    until = rule.until(day)
    recording.retention = rule.as_json()
    recording.retain_until = None if until is None else pure.end_of(until)
    return True


async def lengthen(db: AsyncSession, recording: models.Recording) -> None:
    """A case that became another type may need longer; never shorter than what was once said."""
    rule = await _rule(db, recording)
    if rule is None or recording.retain_until is None or rule.case_type == (recording.retention or {})["case_type"]:
        return
    until = rule.until(calendar.local_day(recording.started_at))
    if until is None or pure.end_of(until) > recording.retain_until:
        recording.retention = rule.as_json()
        recording.retain_until = None if until is None else pure.end_of(until)


def lock_until(recording: models.Recording) -> datetime:
    """How far its files must be locked today."""
    return pure.lock_until(recording.retain_until, held=recording.held, now=utc_now())


def locked_enough(recording: models.Recording) -> bool:
    if recording.stamped_at is not None and not recording.stamp_locked:
        return False
    wanted = lock_until(recording)
    return pure.enough(recording.locked_until, wanted, fixed=wanted == recording.retain_until)


async def papers(db: AsyncSession, destroyed_at: datetime) -> pure.Rule | None:
    """How long the papers of what was destroyed then are kept at least; None: no rule was in force."""
    found = (await rules(db)).find(pure.PAPERS, calendar.local_day(destroyed_at))
    return pure.rule_of(found) if found is not None else None


async def _rule(db: AsyncSession, recording: models.Recording) -> pure.Rule | None:
    hearing = await db.get_one(models.Hearing, recording.hearing_id)
    types = [str(case.type) for case in hearing.cases]
    return pure.choose(await rules(db), types, calendar.local_day(recording.started_at))
