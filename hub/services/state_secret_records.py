"""What hearings have written of a case that holds a state secret: minutes, conclusions, their papers, what was posted.

Minutes and conclusions cannot be changed by anybody, so they are erased here or never. Hashes, numbers and signatures
stay: they tell that something was there, and that it is not what was signed any more.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from hub import manifest
from hub import minutes as rules
from hub.models import (
    Case,
    Conclusion,
    Document,
    Hearing,
    Minutes,
    MinutesAnnex,
    MinutesAnswer,
    MinutesEdit,
    MinutesScan,
    MinutesSection,
    MinutesVersion,
    Posting,
    TaskEvent,
)
from hub.services.case_access import hearings_about

TITLE = "Buổi tiếp công dân"
GONE = "–"


async def papers(db: AsyncSession, case: Case) -> list[Document]:
    """Made of minutes, their annexes or conclusions that tell of it."""
    found = await hearings_about(db, case.id)
    ids = [one.id for one in found]
    told = {one.id for one in await _conclusions(db, case, found)}
    others = set(await db.scalars(select(Conclusion.id).where(Conclusion.hearing_id.in_(ids)))) - told
    rows = (await db.execute(select(Document).where(Document.hearing_id.in_(ids)))).unique().scalars()
    return [row for row in rows if row.source_id not in others]


async def scan_keys(db: AsyncSession, case: Case) -> list[str]:
    """Objects of the signed minutes: one scan tells of all cases of its hearing."""
    ids = [one.id for one in await hearings_about(db, case.id)]
    return list(await db.scalars(select(MinutesScan.object_key).where(MinutesScan.hearing_id.in_(ids))))


async def erase(db: AsyncSession, case: Case) -> None:
    """The caller has asked for permission, and deletes the objects. Comes before the case's documents are removed,
    among which the scans of a denunciation's minutes are."""
    found = await hearings_about(db, case.id)
    ids = [one.id for one in found]
    await db.execute(delete(MinutesScan).where(MinutesScan.hearing_id.in_(ids)))
    await db.execute(update(Posting).where(Posting.hearing_id.in_(ids)).values(content=TITLE, reason=""))
    for hearing in found:
        await _minutes(db, case, hearing)
    for one in await _conclusions(db, case, found):
        await _conclusion(db, one)


def _alone(hearing: Hearing) -> bool:
    return len(hearing.cases) == 1


async def _conclusions(db: AsyncSession, case: Case, about: Sequence[Hearing]) -> list[Conclusion]:
    """Those that name the case, and of a hearing about nothing else those that name none."""
    alone = {one.id for one in about if _alone(one)}
    rows = (await db.scalars(select(Conclusion).where(Conclusion.hearing_id.in_([one.id for one in about])))).all()
    return [one for one in rows if one.case_id == case.id or (one.case_id is None and one.hearing_id in alone)]


async def _minutes(db: AsyncSession, case: Case, hearing: Hearing) -> None:
    found = await db.get(Minutes, hearing.id)
    if found is None:
        return
    gone = [rules.key_of(part, case.id) for part in rules.OF_CASE]
    gone += [rules.OPENING.code, rules.CLOSING.code] if _alone(hearing) else []
    for kind in (MinutesEdit, MinutesSection):
        await db.execute(delete(kind).where(kind.hearing_id == hearing.id, kind.key.in_(gone)))
    versions = (await db.scalars(select(MinutesVersion).where(MinutesVersion.hearing_id == hearing.id))).all()
    for one in versions:
        one.body = _without(one.body, case, alone=_alone(hearing))
    answered = MinutesAnswer.version_id.in_([one.id for one in versions])
    await db.execute(update(MinutesAnswer).where(answered).values(words=""))
    await db.execute(update(MinutesAnnex).where(MinutesAnnex.hearing_id == hearing.id).values(text=GONE, document=""))
    if found.document:
        locked = json.loads(found.document)
        locked["body"] = _without(locked["body"], case, alone=_alone(hearing))
        locked["answers"] = [{**one, "words": ""} for one in locked["answers"]]
        locked["reason"] = ""
        found.document = manifest.canonical(locked).decode()
    await db.flush()


def _without(body: Mapping[str, Any], case: Case, *, alone: bool) -> dict[str, Any]:
    nothing = {"summary": "", "party": GONE, "sections": {part.code: "" for part in rules.OF_CASE}}
    cases = [{**one, **nothing} if one["id"] == case.id else one for one in body["cases"]]
    around = {rules.OPENING.code: "", rules.CLOSING.code: ""} if alone else {}
    return {**body, **around, "hearing": {**body["hearing"], "title": TITLE}, "cases": cases}


async def _conclusion(db: AsyncSession, found: Conclusion) -> None:
    found.text, found.version = GONE, found.version + 1
    for task in found.tasks:
        task.text = GONE
    told = TaskEvent.task_id.in_([task.id for task in found.tasks])
    await db.execute(update(TaskEvent).where(told).values(words=""))
    if found.document:
        document = json.loads(found.document)
        document["text"] = GONE
        document["tasks"] = [{**one, "text": GONE} for one in document["tasks"]]
        found.document = manifest.canonical(document).decode()
    await db.flush()
