"""Recordings of hours, made in a minute: each point's loop of half a minute, encoded once, packaged again and again.

Pictures carry the counter of ``picture_code`` and sounds the tones of ``tones``, so that what a player shows at a
position can be told from what it should show.
"""

from __future__ import annotations

import fractions
import hashlib
import os
import pickle
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import av
import numpy as np
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub import models, webm
from hub.db import Database
from hub.ids import new_id, utc_now
from hub.services import recordings
from recorder import voice
from tests.support import media_files, picture_code, tones
from tests.support.points import FRAMES_PER_S, LOOP_S, POINTS, SAMPLES_PER_S, Point

MORE_POINTS = (
    Point(4, "hamlet", (110, 70, 20), 610, 2210),
    Point(5, "ward", (90, 30, 110), 890, 2870),
    Point(6, "district", (20, 90, 110), 970, 3110),
    Point(7, "bureau", (70, 80, 90), 1270, 3610),
    Point(8, "council", (120, 90, 40), 1390, 3890),
)
EIGHT = (*POINTS, *MORE_POINTS)
SEGMENT_S = 10
SOUND_MS = 20

Event = tuple[float, str, int | None, dict[str, object]]
"""At so many seconds, kind, point's code, payload."""
Progress = Callable[[int, int], None]
"""Called with (done, in all)."""


@dataclass(frozen=True)
class Loop:
    """A point's half minute: three segments' frames each, with their times from the segment's beginning."""

    pictures: list[list[webm.Frame]]
    sounds: list[list[webm.Frame]]
    voices: list[str]
    size: tuple[int, int]


@dataclass(frozen=True)
class Made:
    hearing_id: str
    recording_id: str
    seats: dict[int, str]
    """Seat by the point's code."""


def loop(point: Point, *, size: tuple[int, int] = (320, 180), frames_per_s: int = FRAMES_PER_S, bps: int = 0) -> Loop:
    """A point's half minute, encoded once and kept beside the other test media. ``bps`` 0: what the encoder likes."""
    path = media_files.cache_dir() / f"{point.name}-{size[1]}-{frames_per_s}-{bps}.loop"
    if not path.exists():
        partial = path.with_suffix(f".{os.getpid()}")
        partial.write_bytes(pickle.dumps(_encode(point, size, frames_per_s, bps)))
        partial.rename(path)
    made: Loop = pickle.loads(path.read_bytes())
    return made


def _encode(point: Point, size: tuple[int, int], frames_per_s: int, bps: int) -> Loop:
    pictures = _pictures(point, size, frames_per_s, bps)
    sound = tones.make(point)
    parts = range(LOOP_S // SEGMENT_S)
    per_part = SEGMENT_S * frames_per_s
    packets = _sounds(sound)
    each = SEGMENT_S * 1000 // SOUND_MS
    return Loop(
        pictures=[
            [
                webm.Frame(i * 1000 // frames_per_s, data, keyframe=key)
                for i, (data, key) in enumerate(pictures[n * per_part : (n + 1) * per_part])
            ]
            for n in parts
        ],
        sounds=[
            [webm.Frame(i * SOUND_MS, data, keyframe=True) for i, data in enumerate(packets[n * each : (n + 1) * each])]
            for n in parts
        ],
        voices=[_voice(sound, n) for n in parts],
        size=size,
    )


def _pictures(point: Point, size: tuple[int, int], frames_per_s: int, bps: int) -> list[tuple[bytes, bool]]:
    codec = av.CodecContext.create("libvpx", "w")
    assert isinstance(codec, av.VideoCodecContext)
    codec.width, codec.height = size
    codec.pix_fmt, codec.time_base = "yuv420p", fractions.Fraction(1, frames_per_s)
    codec.framerate = fractions.Fraction(frames_per_s)
    codec.gop_size = SEGMENT_S * frames_per_s
    codec.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0", "auto-alt-ref": "0"}
    if bps:
        codec.bit_rate = bps
    made: list[tuple[bytes, bool]] = []
    for number in range(LOOP_S * frames_per_s):
        picture = picture_code.draw(point, number * FRAMES_PER_S // frames_per_s)
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(*size, format="yuv420p")
        frame.pts, frame.time_base = number, codec.time_base
        key = number % codec.gop_size == 0
        frame.pict_type = av.video.frame.PictureType.I if key else av.video.frame.PictureType.NONE
        made += [(bytes(packet), packet.is_keyframe) for packet in codec.encode(frame)]
    made += [(bytes(packet), packet.is_keyframe) for packet in codec.encode(None)]
    assert len(made) == LOOP_S * frames_per_s
    return made


def _sounds(sound: tones.Sound) -> list[bytes]:
    codec = av.CodecContext.create("libopus", "w")
    assert isinstance(codec, av.AudioCodecContext)
    codec.sample_rate, codec.layout, codec.format, codec.bit_rate = SAMPLES_PER_S, "mono", "s16", 32_000
    size = SAMPLES_PER_S * SOUND_MS // 1000
    made: list[bytes] = []
    for at in range(0, len(sound), size):
        samples = (sound[None, at : at + size] * 32_767).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate, frame.pts = SAMPLES_PER_S, at
        made += [bytes(packet) for packet in codec.encode(frame)]
    made += [bytes(packet) for packet in codec.encode(None)]
    return made


def _voice(sound: tones.Sound, part: int) -> str:
    """What the packets' audio levels (RFC 6464) would have told."""
    piece = sound[part * SEGMENT_S * SAMPLES_PER_S :][: SEGMENT_S * SAMPLES_PER_S]
    loudness = np.sqrt((piece.reshape(-1, SAMPLES_PER_S * SOUND_MS // 1000) ** 2).mean(axis=1))
    levels = np.clip(-20 * np.log10(np.maximum(loudness, 1e-7)), 0, 127).astype(int)
    told = ((at * SOUND_MS, int(level)) for at, level in enumerate(levels))
    return voice.activity(told, 0, SEGMENT_S * 1000)


async def make(
    database: Database,
    objects: Path,
    loops: dict[Point, Loop],
    *,
    seconds: int,
    away: Sequence[tuple[int, int, int]] = (),
    events: Sequence[Event] = (),
    progress: Progress | None = None,
) -> Made:
    """A closed recording of a new hearing of the demo province; its segments are stored below ``objects``.

    ``away`` are (point's code, from s, to s) without media, ``events`` what happened.
    """
    hearing_id, recording_id, seats = await _hearing(database, list(loops), seconds)
    rows: list[dict[str, object]] = []
    tracks: list[dict[str, object]] = []
    gaps: list[dict[str, object]] = []
    total, done = len(loops) * 2 * (seconds // SEGMENT_S), 0
    for point, one in loops.items():
        for kind in ("video", "audio"):
            track_id = new_id()
            source, codec = ("camera", "VP8") if kind == "video" else ("microphone", "opus")
            tracks.append(
                {"id": track_id, "seat_id": seats[point.code], "source": source, "kind": kind, "codec": codec}
            )
            (objects / "recordings" / recording_id / track_id).mkdir(parents=True)
            gone = [(a, b) for code, a, b in away if code == point.code]
            gaps += [
                {"id": new_id(), "track_id": track_id, "start_ms": a * 1000, "end_ms": b * 1000, "cause": "lost"}
                for a, b in gone
            ]
            starts = [s for s in range(0, seconds, SEGMENT_S) if not any(a <= s < b for a, b in gone)]
            for number, start_s in enumerate(starts):
                rows.append(_segment(objects, recording_id, track_id, number, start_s, kind, one))
                done += 1
                if progress and done % 200 == 0:
                    progress(done, total)
    async with database.transaction() as db:
        for table, values in ((models.Track, tracks), (models.Segment, rows), (models.Gap, gaps)):
            if values:
                await db.execute(insert(table), [{**value, "recording_id": recording_id} for value in values])
        await _events(db, hearing_id, recording_id, seats, events)
        await recordings.close_recording(db, recording_id, duration_ms=seconds * 1000)
    if progress:
        progress(total, total)
    return Made(hearing_id, recording_id, seats)


def _segment(
    objects: Path, recording_id: str, track_id: str, number: int, start_s: int, kind: str, one: Loop
) -> dict[str, object]:
    part = start_s // SEGMENT_S % (LOOP_S // SEGMENT_S)
    frames = (one.pictures if kind == "video" else one.sounds)[part]
    moved = [webm.Frame(start_s * 1000 + f.at_ms, f.data, f.keyframe) for f in frames]
    length_ms = SEGMENT_S * 1000
    data = webm.video(moved, length_ms, *one.size) if kind == "video" else webm.audio(moved, length_ms)
    key = f"recordings/{recording_id}/{track_id}/{number:06d}.webm"
    (objects / key).write_bytes(data)
    return {
        "id": new_id(),
        "track_id": track_id,
        "number": number,
        "start_ms": start_s * 1000,
        "duration_ms": length_ms,
        "media_type": 'video/webm; codecs="vp8"' if kind == "video" else 'audio/webm; codecs="opus"',
        "begins_with_keyframe": True,
        "size_bytes": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
        "object_key": key,
        "state": models.SegmentState.STORED,
        "stored_at": utc_now(),
        "voice": one.voices[part] if kind == "audio" else "",
    }


async def _hearing(database: Database, points: list[Point], seconds: int) -> tuple[str, str, dict[int, str]]:
    began = utc_now() - timedelta(seconds=seconds)
    async with database.transaction() as db:
        like = (await db.execute(select(models.Hearing).order_by(models.Hearing.number).limit(1))).unique().scalar_one()
        places = list(await db.scalars(select(models.Point).order_by(models.Point.code)))
        hearing = models.Hearing(
            number=f"TCD-{new_id()[-8:]}",
            kind=models.HearingKind.REGULAR,
            title="Tiếp công dân định kỳ về thu hồi đất ở thôn Đông",
            state=models.HearingState.CLOSED,
            starts_at=began,
            ends_at=began + timedelta(seconds=seconds),
            unit_id=like.unit_id,
            created_by=like.created_by,
            opened_at=began,
            closed_at=began + timedelta(seconds=seconds),
        )
        db.add(hearing)
        await db.flush()
        seats = {}
        for position, point in enumerate(points):
            kind = models.SeatKind.CHAIR if position == 0 else models.SeatKind.POINT
            place = places[position % len(places)] if position else None
            label = f"{place.name} ({position})" if place else "Chủ trì"
            seat = models.Seat(
                hearing_id=hearing.id, kind=kind, position=position, label=label, point_id=place.id if place else None
            )
            db.add(seat)
            await db.flush()
            seats[point.code] = seat.id
        recording = await recordings.open_recording(db, hearing.id, started_at=began)
        return hearing.id, recording.id, seats


async def _events(
    db: AsyncSession, hearing_id: str, recording_id: str, seats: dict[int, str], events: Sequence[Event]
) -> None:
    recording = await db.get_one(models.Recording, recording_id)
    for seq, (at_s, kind, code, payload) in enumerate(events, start=1):
        db.add(
            models.HearingEvent(
                hearing_id=hearing_id,
                seq=seq,
                kind=kind,
                seat_id=seats[code] if code else None,
                payload=payload,
                at=recording.started_at + timedelta(seconds=at_s),
            )
        )


def course(points: Sequence[Point], seconds: int) -> list[Event]:
    """What happens in a hearing: all come, the floor passes on every five minutes, notes and messages in between."""
    codes = [point.code for point in points]
    events: list[Event] = [(0.0, "opened", None, {})]
    events += [(1.0 + at, "admitted", code, {}) for at, code in enumerate(codes[1:])]
    for turn, at in enumerate(range(20, seconds - 20, 300)):
        code = codes[turn % len(codes)]
        note = f"Ý kiến {turn + 1}: đề nghị đo đạc lại thửa đất số {turn + 11}."
        events += [
            (at, "floor_given", code, {}),
            (at + 60, "noted", codes[0], {"text": note}),
            (at + 90, "said", code, {"text": f"Đã gửi bản đồ địa chính tờ {turn + 3}."}),
            (at + 240, "floor_taken", code, {}),
        ]
    within = sorted((event for event in events if event[0] < seconds), key=lambda event: event[0])
    return [*within, (float(seconds), "ended", None, {})]
