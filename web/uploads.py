"""Reading an upload: limited in size while it arrives, and read to its end so that the browser sees our answer."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import BodyPartReader
from aiohttp import web as http

from hub.errors import BadInput, TooLarge
from hub.i18n import N_, Text
from web.keys import MULTIPART

CHUNK_BYTES = 1 << 16
DRAIN_BYTES = 256 << 20
"""A browser that is cut off while it sends shows a broken connection instead of our answer, so a file that is too
large is read on and thrown away; up to here, because nobody may keep us busy for ever."""


@dataclass(frozen=True, slots=True)
class Upload:
    file_name: str
    data: bytes


async def read_file(request: http.Request, name: str, *, max_bytes: int) -> Upload:
    """The file part ``name``. Raises ``TooLarge``, or ``BadInput`` when no file was chosen."""
    reader = request.get(MULTIPART)
    if reader is None:
        raise _no_file(name)
    found: Upload | None = None
    while (part := await reader.next()) is not None:
        if found is None and isinstance(part, BodyPartReader) and part.name == name and part.filename:
            found = Upload(part.filename, await _read(request, part, max_bytes))
    if found is None:
        raise _no_file(name)
    return found


async def _read(request: http.Request, part: BodyPartReader, max_bytes: int) -> bytes:
    data = bytearray()
    while chunk := await part.read_chunk(CHUNK_BYTES):
        data += chunk
        if len(data) > max_bytes:
            await _drain(request)
            raise TooLarge(
                N_("Tệp lớn quá %(most)d MB. Hãy quét lại ở độ phân giải thấp hơn hoặc chia nhỏ."),
                most=max_bytes // 1_000_000,
            )
    return bytes(data)


async def _drain(request: http.Request) -> None:
    thrown = 0
    while thrown < DRAIN_BYTES and (chunk := await request.content.readany()):
        thrown += len(chunk)


def _no_file(name: str) -> BadInput:
    text = Text(N_("Hãy chọn một tệp."))
    return BadInput(text.message, fields={name: text})
