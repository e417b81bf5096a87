"""What the player asks for: the timeline of a granted replay, and its segments' bytes."""

from __future__ import annotations

import asyncio
import struct
from typing import Final

from aiohttp import web as http

from hub.envelope import Undecipherable
from hub.errors import BadInput, NotReady
from hub.i18n import N_
from hub.models import Segment
from hub.services import recording_keys, replays
from hub.services.store import ObjectMissing, ObjectStore, StoreAway
from web import keys, view

routes = http.RouteTableDef()

MOST_AT_ONCE: Final = 64
"""Segments of one request: a jump in a hearing of thirty points."""
READ_AT_ONCE: Final = 4
"""So many are held in memory, and so many requests may wait for the store at a time."""
HEAD: Final = struct.Struct(">II")
"""Before each file its place in the request, from 0, and its size in bytes."""


@routes.get("/api/replays/{replay_id}/timeline")
async def timeline(request: http.Request) -> http.Response:
    """``hub.services.replays.Timeline`` as JSON: seats, tracks with their segments, gaps, chapters, notes, messages."""
    actor = keys.actor(request)
    async with keys.deps(request).database.reading() as db:
        found = await replays.timeline(db, actor, request.match_info["replay_id"])
    answer = view.json(found)
    answer.enable_compression()
    return answer


@routes.get("/api/replays/{replay_id}/segments/{segment_id}")
async def segment(request: http.Request) -> http.StreamResponse:
    """The bytes of one segment (at most ten seconds, so read whole), or one range of them (RFC 9110 §14).

    The permission is the replay's own, asked for once with a reason and logged then; here it is only checked.
    """
    actor, hub = keys.actor(request), keys.deps(request)
    async with hub.database.reading() as db:
        found = await replays.segment(db, actor, request.match_info["replay_id"], request.match_info["segment_id"])
        data_key = await recording_keys.to_read(db, hub.config, found.recording_id) if found.encrypted else None
    headers = {"Content-Type": found.media_type.split(";", 1)[0], "Accept-Ranges": "bytes"}
    span = _range(request, found.size_bytes)
    if span is None:
        unsatisfied = {"Content-Range": f"bytes */{found.size_bytes}"}
        return http.Response(status=416, headers=unsatisfied)
    start, end = span
    try:
        data = await asyncio.to_thread(_whole, hub.store, data_key, found, start, end - start)
    except (ObjectMissing, Undecipherable) as error:
        raise NotReady(N_("Đoạn ghi này không có trong kho lưu trữ. Hãy báo quản trị viên.")) from error
    if end - start == found.size_bytes:
        return http.Response(body=data, headers=headers)
    headers["Content-Range"] = f"bytes {start}-{end - 1}/{found.size_bytes}"
    return http.Response(status=206, body=data, headers=headers)


@routes.get("/api/replays/{replay_id}/segments")
async def several(request: http.Request) -> http.StreamResponse:
    """Several segments in one answer, for a jump that needs one of every lane: each as ``HEAD`` and its bytes, as the
    store gives them. One that the store has lost is left out, and told when it is asked for by itself.
    """
    actor, hub = keys.actor(request), keys.deps(request)
    ids = request.query.getall("id", [])
    async with hub.database.reading() as db:
        found = await replays.segments(db, actor, request.match_info["replay_id"], ids[:MOST_AT_ONCE])
        if len(found) != len(ids):
            raise BadInput(N_("Yêu cầu không hợp lệ."))
        encrypted = any(row.encrypted for row in found)
        data_key = await recording_keys.to_read(db, hub.config, found[0].recording_id) if encrypted else None
    answer = http.StreamResponse(headers={"Content-Type": "application/octet-stream"})
    await answer.prepare(request)
    gate, writing = asyncio.Semaphore(READ_AT_ONCE), asyncio.Lock()

    async def send(place: int) -> None:
        async with gate:
            row = found[place]
            try:
                key = data_key if row.encrypted else None
                data = await asyncio.to_thread(_whole, hub.store, key, row, 0, row.size_bytes)
            except (ObjectMissing, StoreAway, Undecipherable):
                return
            async with writing:
                await answer.write(HEAD.pack(place, len(data)) + data)

    try:
        async with asyncio.TaskGroup() as tasks:
            for place in range(len(found)):
                tasks.create_task(send(place))
        await answer.write_eof()
    except* ConnectionResetError:
        pass  # a viewer who jumps again hangs up
    return answer


def _range(request: http.Request, size_bytes: int) -> tuple[int, int] | None:
    """``[start, end)`` of what is asked for; None when no such bytes exist."""
    try:
        asked = request.http_range
    except ValueError:
        return 0, size_bytes  # RFC 9110 §14.2: a range that cannot be parsed is ignored
    start, end, _ = asked.indices(size_bytes)
    return (start, end) if start < end else None


def _whole(store: ObjectStore, data_key: bytes | None, row: Segment, start: int, length: int) -> bytes:
    """Opened and read in one go: a viewer who hangs up in between would leave the file open."""
    return b"".join(recording_keys.read(store, data_key, row, start, length))
