"""What remains: recordings with their tracks, segments and gaps, who replayed them, and the audit trail."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, Integer, LargeBinary, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from hub.ids import utc_now
from hub.models.base import Base, id_column


class RecordingState(StrEnum):
    RECORDING = "recording"
    CLOSED = "closed"  # the hearing is over; segments may still be under way to the store
    DESTROYED = "destroyed"  # by two people; manifest, seal and certificate remain
    ARCHIVED = "archived"  # every segment and the manifest are in the store, read back and checked


class SegmentState(StrEnum):
    SPOOLED = "spooled"
    STORED = "stored"


class Recording(Base):
    """One hearing's recording. Object keys begin with ``recordings/{id}/`` and say nothing about the case."""

    __tablename__ = "recording"

    id: Mapped[str] = id_column()
    hearing_id: Mapped[str] = mapped_column(ForeignKey("hearing.id"), unique=True)
    state: Mapped[RecordingState] = mapped_column(String(16), default=RecordingState.RECORDING, index=True)
    started_at: Mapped[datetime]
    """The instant of position 0 ms; segment and gap positions count from it on the server's monotonic clock."""
    ended_at: Mapped[datetime | None]
    duration_ms: Mapped[int | None]
    manifest_key: Mapped[str | None] = mapped_column(String(200))
    manifest_sha256: Mapped[str | None] = mapped_column(String(64))
    sealed_at: Mapped[datetime | None]
    seal_key: Mapped[str | None] = mapped_column(String(64))
    """Fingerprint of the public key that the seal is checked with."""
    stamped_at: Mapped[datetime | None]
    """The time that a time-stamping authority vouches for; None until it has been asked."""
    retain_until: Mapped[datetime | None]
    """May be destroyed from then on; None while ``retention`` is, else kept for ever."""
    retention: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """The rule that said so (``hub.retention.Rule``), as it was then; None until the first file is archived."""
    locked_until: Mapped[datetime | None]
    """Every file is locked in the store until then; None where the store does not lock."""
    stamp_locked: Mapped[bool] = mapped_column(default=False, server_default=false())
    held: Mapped[bool] = mapped_column(default=False, server_default=false())
    """A legal hold: never destroyed while it lasts."""
    versions: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """Which versions of manifest and seal are ours, by the name in the recording's folder."""
    custody_count: Mapped[int] = mapped_column(default=0, server_default="0")
    custody_sha256: Mapped[str] = mapped_column(String(64), default="", server_default="")
    """How many entries the chain of custody has, and the hash of the last."""


class Track(Base):
    """One producer's packets: the sound or the picture of one seat, from one publication to its end."""

    __tablename__ = "track"

    id: Mapped[str] = id_column()
    recording_id: Mapped[str] = mapped_column(ForeignKey("recording.id"), index=True)
    seat_id: Mapped[str] = mapped_column(String(32))
    source: Mapped[str] = mapped_column(String(16))
    """``camera``, ``microphone``, ``screen`` or ``screen_audio``."""
    kind: Mapped[str] = mapped_column(String(8))
    """``audio`` or ``video``."""
    codec: Mapped[str] = mapped_column(String(16))


class Segment(Base):
    """At most ten seconds of one track as a self-contained file that needs no other to play."""

    __tablename__ = "segment"
    __table_args__ = (
        UniqueConstraint("track_id", "number"),
        Index("ix_segment_state", "state"),
        Index("ix_segment_recording_id_start_ms", "recording_id", "start_ms"),
    )

    id: Mapped[str] = id_column()
    recording_id: Mapped[str] = mapped_column(ForeignKey("recording.id"))
    track_id: Mapped[str] = mapped_column(ForeignKey("track.id"))
    number: Mapped[int]
    start_ms: Mapped[int] = mapped_column(Integer)
    duration_ms: Mapped[int] = mapped_column(Integer)
    media_type: Mapped[str] = mapped_column(String(80))
    """The MediaSource type, for example ``video/webm; codecs="vp8"``."""
    begins_with_keyframe: Mapped[bool] = mapped_column(default=True)
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    object_key: Mapped[str] = mapped_column(String(200), unique=True)
    state: Mapped[SegmentState] = mapped_column(String(8), default=SegmentState.SPOOLED)
    stored_at: Mapped[datetime | None]
    encrypted: Mapped[bool] = mapped_column(default=False, server_default=false())
    """The store holds an envelope (``hub.envelope``); ``size_bytes`` and ``sha256`` are of the file in it."""
    stored_size_bytes: Mapped[int | None] = mapped_column(BigInteger)
    stored_sha256: Mapped[str | None] = mapped_column(String(64))
    """Of the bytes in the store; None: as recorded."""
    voice: Mapped[str] = mapped_column(String(200), default="", server_default="")
    """A digit for each half second of a sound, 0 silence to 9 loud (``recorder.voice``); empty where nothing told."""
    version: Mapped[str] = mapped_column(String(1024), default="", server_default="")
    """Which version of the object is ours, where the store keeps several."""
    locked_until: Mapped[datetime | None]


class RetentionRule(Base):
    """Only for the release before, which reads it: since then these are rules of the law like all others
    (``LegalRule``, ``hub.retention.CODES``). To be dropped with the release after."""

    __tablename__ = "retention_rule"

    id: Mapped[str] = id_column()
    case_type: Mapped[str] = mapped_column(String(16), default="")
    years: Mapped[int | None]
    legal_basis: Mapped[str] = mapped_column(String(300))
    certain: Mapped[bool] = mapped_column(default=False)
    """False: nobody has found the period in a law yet; the page says so."""
    valid_from: Mapped[str] = mapped_column(String(10))
    """Local day, ISO 8601."""
    made_at: Mapped[datetime] = mapped_column(default=utc_now)


class RecordingKey(Base):
    """What a recording's files are encrypted with, wrapped by a master key. Destroying it destroys the recording."""

    __tablename__ = "recording_key"

    recording_id: Mapped[str] = mapped_column(ForeignKey("recording.id"), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64))
    """Of the key itself: which one it is, or was."""
    master: Mapped[str] = mapped_column(String(16), default="")
    """Which master key wraps it (``MasterKey.id``); empty when destroyed."""
    wrapped: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    destroyed_at: Mapped[datetime | None]


class Gap(Base):
    """A stretch in which a track has no media, and why: a gap is part of the record, never hidden."""

    __tablename__ = "gap"

    id: Mapped[str] = id_column()
    recording_id: Mapped[str] = mapped_column(ForeignKey("recording.id"), index=True)
    track_id: Mapped[str | None] = mapped_column(ForeignKey("track.id"))
    start_ms: Mapped[int]
    end_ms: Mapped[int]
    cause: Mapped[str] = mapped_column(String(24))
    """``lost`` (packets never came), ``muted``, ``recess``, ``worker_lost``, ``recorder_lost``, ``spool_full``;
    ``waiting`` (a room encoder whose seat is not let in), ``device`` (the seat's room encoder sends instead)."""


class WithheldRange(Base):
    """A passage that only few may see (a denouncer's identity), until it is lifted; see ``hub.withheld``."""

    __tablename__ = "withheld_range"

    id: Mapped[str] = id_column()
    recording_id: Mapped[str] = mapped_column(ForeignKey("recording.id"), index=True)
    start_ms: Mapped[int]
    end_ms: Mapped[int]
    """As they were asked for; what is withheld reaches to the boundaries of the segments."""
    seat_id: Mapped[str | None] = mapped_column(String(32))
    """None: of every seat."""
    ground: Mapped[str] = mapped_column(String(300))
    """The legal ground, shown to everyone in place of the passage."""
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    created_by: Mapped[str] = mapped_column(ForeignKey("account.id"))
    lifted_at: Mapped[datetime | None]


class Replay(Base):
    """Permission, asked for with a reason, for one account to replay one recording until ``expires_at``."""

    __tablename__ = "replay"

    id: Mapped[str] = id_column()
    recording_id: Mapped[str] = mapped_column(ForeignKey("recording.id"), index=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"))
    reason: Mapped[str] = mapped_column(String(500))
    started_at: Mapped[datetime] = mapped_column(default=utc_now)
    expires_at: Mapped[datetime]
    with_withheld: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether it shows withheld passages: asked for and allowed."""


class CustodyEvent(Base):
    """An entry in a recording's chain of custody: append-only, each hashed together with the one before it."""

    __tablename__ = "custody_event"
    __table_args__ = (UniqueConstraint("recording_id", "seq"),)

    id: Mapped[str] = id_column()
    recording_id: Mapped[str] = mapped_column(ForeignKey("recording.id"))
    seq: Mapped[int]
    """1, 2, 3 … within the recording."""
    at: Mapped[datetime]
    account_id: Mapped[str | None] = mapped_column(ForeignKey("account.id"))
    who: Mapped[str] = mapped_column(String(120), default="")
    """The name as it was then; empty for the hub itself."""
    address: Mapped[str] = mapped_column(String(64), default="")
    action: Mapped[str] = mapped_column(String(40))
    reason: Mapped[str] = mapped_column(String(500), default="")
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
    sha256: Mapped[str] = mapped_column(String(64))


class AuditEvent(Base):
    """Who did what to what, when, from where and why. Append-only; holds no personal data of citizens."""

    __tablename__ = "audit_event"
    __table_args__ = (
        Index("ix_audit_event_object_type_object_id", "object_type", "object_id"),
        Index("ix_audit_event_unit_path_at_id", "unit_path", "at", "id"),
        Index("ix_audit_event_at_id", "at", "id"),
    )

    id: Mapped[str] = id_column()
    at: Mapped[datetime] = mapped_column(default=utc_now)
    account_id: Mapped[str | None] = mapped_column(ForeignKey("account.id"))
    address: Mapped[str] = mapped_column(String(64), default="")
    action: Mapped[str] = mapped_column(String(40))
    object_type: Mapped[str] = mapped_column(String(24))
    object_id: Mapped[str] = mapped_column(String(32))
    unit_path: Mapped[str] = mapped_column(String(400), default="")
    """The unit whose business it was: auditors see the events of their units and below."""
    reason: Mapped[str] = mapped_column(String(500), default="")
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)


class Counter(Base):
    """The last number given out in a series such as ``case/2026``; incremented inside the caller's transaction."""

    __tablename__ = "counter"

    series: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[int] = mapped_column(default=0)
