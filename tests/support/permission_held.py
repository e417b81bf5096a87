"""What a hearing that was held leaves behind: minutes, conclusions and their papers, and the recording."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import TYPE_CHECKING

from sqlalchemy.ext.asyncio import AsyncSession

from hub import models
from hub.ids import new_id, utc_now
from hub.services import conclusions, minutes_document
from hub.services.sealed_objects import key_for
from tests.support.filling import filled

if TYPE_CHECKING:
    from tests.support.permission_world import PermissionWorld


async def written(db: AsyncSession, made: PermissionWorld) -> None:
    """What was written of the hearing that was held: frozen minutes, a draft of a conclusion, one that was issued."""
    hearing_id, chair = made.known["hearing_id"], made.accounts["chair"].id
    minutes = models.Minutes(hearing_id=hearing_id, state=models.MinutesState.READING, revision=1, version=1)
    db.add(minutes)
    await db.flush()
    version = filled(models.MinutesVersion, hearing_id=hearing_id, number=1, frozen_by=chair)
    version.body = await minutes_document.build(db, await db.get_one(models.Hearing, hearing_id), {})
    db.add(version)
    await db.flush()
    signed = filled(models.MinutesScan, hearing_id=hearing_id, version_id=version.id, created_by=chair)
    db.add(signed)
    made.instead["minutes"] = {"scan_id": signed.id}
    await _papers(db, made, version)
    await _concluded(db, made)


async def _papers(db: AsyncSession, made: PermissionWorld, version: models.MinutesVersion) -> None:
    """The paper of the frozen version with its signed copy; an annex, of minutes that are still being written."""
    hearing_id, chair, coming = made.known["hearing_id"], made.accounts["chair"].id, made.instead["coming"]
    paper = filled(
        models.Document,
        hearing_id=hearing_id,
        source_id=version.id,
        unit_id=made.world.units["TINH1"].id,
        form_code="reception_minutes",
        edition=date(2020, 3, 5),
        counter=104,
        token=new_id(),
        sealed=True,
        created_by=chair,
    )
    other = models.Minutes(hearing_id=coming["hearing_id"], state=models.MinutesState.WRITING, revision=0, version=0)
    db.add_all([paper, other])
    await db.flush()
    await key_for(db, made.world.vault, paper.id, sealed=True)
    scan = filled(models.DocumentScan, document_id=paper.id, created_by=chair)
    annex = filled(models.MinutesAnnex, hearing_id=coming["hearing_id"], account_id=chair)
    db.add_all([scan, annex])
    made.instead["paper of minutes"] = {"document_id": paper.id, "scan_id": scan.id}
    made.known |= {"annex_id": annex.id}


async def _concluded(db: AsyncSession, made: PermissionWorld) -> None:
    hearing_id, chair, units = made.known["hearing_id"], made.accounts["chair"].id, made.world.units
    hearing = await db.get_one(models.Hearing, hearing_id)
    for name, state in (("draft", models.ConclusionState.DRAFT), ("issued", models.ConclusionState.ISSUED)):
        conclusion = filled(models.Conclusion, hearing_id=hearing_id, created_by=chair, state=state, text="Giao việc")
        conclusion.unit_id = units["TINH1"].id
        task = filled(models.ConclusionTask, conclusion_id=conclusion.id, number=1, text="Trả lời")
        task.owner_unit_id = units["XA1"].id
        db.add(conclusion)
        await db.flush()
        db.add(task)
        await db.flush()
        if name == "issued":
            await db.refresh(conclusion)
            conclusion.number, conclusion.issued_by, conclusion.issued_at = "1/TB", chair, utc_now()
            conclusion.document = json.dumps(await conclusions.document(db, conclusion, hearing, "Chủ trì"))
        made.instead[name] = {"conclusion_id": conclusion.id, "task_id": task.id}
    made.known |= made.instead["issued"] | {"step": "report"}


async def recorded(db: AsyncSession, made: PermissionWorld) -> None:
    recording = filled(
        models.Recording,
        hearing_id=made.known["hearing_id"],
        state=models.RecordingState.ARCHIVED,
        started_at=utc_now() - timedelta(days=1),
        ended_at=utc_now(),
        duration_ms=60_000,
    )
    db.add(recording)
    await db.flush()
    track = filled(models.Track, recording_id=recording.id, seat_id=made.known["seat_id"], kind="audio", codec="opus")
    track.source = "microphone"
    db.add(track)
    await db.flush()
    segment = filled(models.Segment, recording_id=recording.id, track_id=track.id, number=1, object_key=new_id())
    passage = filled(models.WithheldRange, recording_id=recording.id, start_ms=50_000, end_ms=51_000)
    passage.created_by = made.accounts["leader.own"].id
    asked = filled(models.Replay, recording_id=recording.id, account_id=made.accounts["auditor.own"].id)
    asked.expires_at = utc_now() + timedelta(hours=1)
    db.add_all([segment, passage, asked])
    made.known |= {
        "recording_id": recording.id,
        "segment_id": segment.id,
        "passage_id": passage.id,
        "replay_id": asked.id,
    }
