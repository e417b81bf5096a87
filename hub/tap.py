"""The tap: how a media worker hands the recorder every packet, over the Unix stream socket ``run/tap.sock``.

A Unix datagram socket would hold eleven packets; a stream with a bounded buffer on the worker's side survives a
restart of the recorder. Frames both ways are ``u32 length`` (of what follows), ``u8 kind``, then the payload.

Worker to recorder; every kind but HELLO begins with ``u64 record`` counting up from 1 per worker start:

====  =======  ======================================================================================
kind  name     payload after the record number
====  =======  ======================================================================================
1     HELLO    JSON ``Hello``; no record number; first on each connection
2     TRACK    JSON ``TrackOpened``; sent again after HELLO for every track still open
3     RTP      u32 track, u64 monotonic_ns of arrival, then the RTP packet in plain (RFC 3550)
4     SR       u32 track, u64 monotonic_ns, u64 NTP time, u32 RTP time: the publisher's sender report
5     STATE    u32 track, u64 monotonic_ns, UTF-8 cause: '' flows; else why it is paused on purpose
6     END      u32 track, u64 monotonic_ns: no more will come
====  =======  ======================================================================================

Recorder to worker: ``1 ACK`` u64 record (everything up to it is on disk, the worker forgets it) and
``2 KEYFRAME`` u32 track (ask the publisher for a keyframe).
The worker keeps what is not acknowledged, at most ``KEEP_S`` seconds, and sends it again after a reconnection; the
recorder drops what it already has. ``track`` numbers are per worker start; ``track_id`` is unique for ever.
"""

from __future__ import annotations

import struct

import msgspec

KEEP_S = 5
MAX_FRAME_BYTES = 1 << 16

HELLO, TRACK, RTP, SR, STATE, END = range(1, 7)
ACK, KEYFRAME = 1, 2

RTP_HEAD = struct.Struct("!IBQIQ")  # length, kind, record, track, monotonic_ns
SR_FRAME = struct.Struct("!IBQIQQI")
TRACK_HEAD = struct.Struct("!IBQ")
ACK_FRAME = struct.Struct("!IBQ")
KEYFRAME_FRAME = struct.Struct("!IBI")


class Hello(msgspec.Struct, frozen=True):
    worker: int
    start_id: str
    """A new one each time the worker starts: record and track numbers count from there."""


class TrackOpened(msgspec.Struct, frozen=True):
    track: int
    track_id: str
    recording_id: str
    seat_id: str
    source: str
    """camera, microphone, screen or screen_audio"""
    kind: str
    """audio or video"""
    codec: str
    """VP8, H264 or opus"""
    clock_rate: int
    payload_type: int
    ssrc: int
    rtx_ssrc: int | None = None
    sender: str = ""
    """Whose clock the sender reports tell: a seat's browser and its room encoder have one each."""
    level_id: int = 0
    """Under which id packets carry the audio level (RFC 6464); 0 where they do not."""


def rtp_frame(record: int, track: int, at_ns: int, packet: bytes) -> bytes:
    """An RTP frame, ready to send. The hot path: one ``pack`` and one concatenation."""
    return RTP_HEAD.pack(21 + len(packet), RTP, record, track, at_ns) + packet
