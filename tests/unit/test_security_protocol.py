"""What a hostile browser may put into a message: size, depth and bytes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hub.errors import ProtocolError
from signaling import codec
from signaling.media import sdp
from signaling.media.sdp import SdpError


def text_of(size_bytes: int, **message: Any) -> str:
    """The message as JSON, with its ``sdp`` or ``text`` filled up to ``size_bytes``."""
    field = "sdp" if message["type"] in ("publish", "answer") else "text"
    empty = len(json.dumps({**message, field: ""}))
    return json.dumps({**message, field: "x" * (size_bytes - empty)})


DESCRIPTIONS: list[dict[str, Any]] = [
    {"type": "answer", "generation": 1, "revision": 1},
    {"type": "publish", "generation": 1, "sources": {}},
]


@pytest.mark.parametrize("message", DESCRIPTIONS, ids=lambda message: message["type"])
def test_a_description_of_many_seats_may_be_four_times_as_large_as_other_messages(message: dict[str, Any]) -> None:
    assert codec.parse(text_of(codec.MAX_DESCRIPTION_BYTES, **message))
    with pytest.raises(ProtocolError):
        codec.parse(text_of(codec.MAX_DESCRIPTION_BYTES + 1, **message))


def test_every_other_message_stays_within_64_kib() -> None:
    assert codec.parse(text_of(codec.MAX_MESSAGE_BYTES, type="say"))
    with pytest.raises(ProtocolError):
        codec.parse(text_of(codec.MAX_MESSAGE_BYTES + 1, type="say"))


def test_the_size_is_counted_in_bytes_not_in_letters() -> None:
    with pytest.raises(ProtocolError):
        codec.parse(json.dumps({"type": "say", "text": "ế" * 30_000}, ensure_ascii=False))


@pytest.mark.parametrize("nested", ["[" * 30_000 + "]" * 30_000, '{"a":' * 9_000 + "1" + "}" * 9_000])
def test_deeply_nested_json_is_a_fault_of_the_browser_and_not_of_ours(nested: str) -> None:
    with pytest.raises(ProtocolError):
        codec.parse('{"type":"leave","more":' + nested + "}")


def test_half_a_character_is_a_fault_of_the_browser_too() -> None:
    with pytest.raises(ProtocolError):
        codec.parse(b'{"type":"say","text":"\xc3"}')
    with pytest.raises(ProtocolError):
        codec.parse('{"type":"say","text":"\ud800"}')


def test_why_a_description_was_refused_never_quotes_it() -> None:
    head = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"
    text = f"{head}m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\na=ssrc:pa55word x:y\r\n"
    with pytest.raises(SdpError) as refused:
        sdp.parse(text)
    assert "pa55word" not in str(refused.value)
