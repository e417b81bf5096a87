"""Reading an upload: limited in size while it arrives, and read to its end so that the browser sees our answer."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import BodyPartReader
from aiohttp import web as http
from aiohttp.http_exceptions import HttpProcessingError

from hub.errors import BadInput, HubError, TooLarge
from hub.i18n import N_, Text
from web.keys import MULTIPART

CHUNK_BYTES = 1 << 16
MOST_PARTS = 20
MOST_FIELD_BYTES = 1 << 16
"""Of the fields beside the file."""
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
    try:
        for _ in range(MOST_PARTS):
            part = await reader.next()
            if part is None:
                raise _no_file(name)
            if not isinstance(part, BodyPartReader):  # a multipart within a part: nothing that a form sends
                break
            if part.name == name and part.filename:
                data = await _read(request, part, max_bytes, _too_large(max_bytes))
                await _drain(request)
                return Upload(part.filename, data)
            await _read(request, part, MOST_FIELD_BYTES, _unreadable())
    except (ValueError, HttpProcessingError) as error:
        await _drain(request)
        raise _unreadable() from error
    await _drain(request)
    raise _unreadable()


async def _read(request: http.Request, part: BodyPartReader, max_bytes: int, beyond: HubError) -> bytes:
    data = bytearray()
    while chunk := await part.read_chunk(CHUNK_BYTES):
        data += chunk
        if len(data) > max_bytes:
            await _drain(request)
            raise beyond
    return bytes(data)


async def _drain(request: http.Request) -> None:
    thrown = 0
    while thrown < DRAIN_BYTES and (chunk := await request.content.readany()):
        thrown += len(chunk)


def _too_large(max_bytes: int) -> TooLarge:
    return TooLarge(
        N_("Tệp lớn quá %(most)d MB. Hãy quét lại ở độ phân giải thấp hơn hoặc chia nhỏ."), most=max_bytes // 1_000_000
    )


def _unreadable() -> BadInput:
    return BadInput(N_("Không đọc được biểu mẫu đã gửi."))


def _no_file(name: str) -> BadInput:
    text = Text(N_("Hãy chọn một tệp."))
    return BadInput(text.message, fields={name: text})
