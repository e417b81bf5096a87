"""What the web process and the recorder say to each other over ``run/recorder.sock`` (see ``hub.rpc``).

The media workers' link to the web process is in ``signaling.media.control``; their packets to the recorder in
``hub.tap``.
"""

from __future__ import annotations

import msgspec


class OpenRecording(msgspec.Struct, tag=True, frozen=True):
    """Make ready to record. Idempotent: asked again for an open recording, it answers the same epoch.

    ``epoch_ns`` is CLOCK_MONOTONIC at position 0 ms, chosen by the caller; ``started_at`` the same instant as UTC
    in ISO 8601. Answered by ``RecordingReady`` only when the journal has been created and fsync'd.
    """

    recording_id: str
    epoch_ns: int
    started_at: str


class RecordingReady(msgspec.Struct, tag=True, frozen=True):
    recording_id: str
    epoch_ns: int


class CloseRecording(msgspec.Struct, tag=True, frozen=True):
    """The hearing is over at ``end_ns``. Answered by ``Done`` once that is durable; packaging and archiving go on."""

    recording_id: str
    end_ns: int


class Done(msgspec.Struct, tag=True, frozen=True):
    pass


class OpenRecordingHealth(msgspec.Struct, frozen=True):
    recording_id: str
    bytes_written: int
    tracks: int
    last_packet_age_ms: int | None
    """None until a first packet has come."""


class RecorderHealth(msgspec.Struct, tag=True, frozen=True):
    """Sent every second as an event, and in answer to ``AskHealth``."""

    spool_free_bytes: int
    accepts: bool
    """False when the free space is below the limit: a hearing cannot open."""
    warns: bool
    store_reachable: bool
    segments_waiting: int
    oldest_waiting_s: float
    recordings: list[OpenRecordingHealth]


class AskHealth(msgspec.Struct, tag=True, frozen=True):
    pass


RecorderReceives = OpenRecording | CloseRecording | AskHealth
RecorderSends = RecordingReady | Done | RecorderHealth
