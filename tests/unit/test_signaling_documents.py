"""PROTOCOL.md says all that a client must know."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from hub import lines
from signaling import codec, protocol
from signaling.events import AnyEvent, snake

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "PROTOCOL.md").read_text(encoding="utf-8")
MESSAGES = get_args(protocol.FromBrowser) + get_args(protocol.FromHub)
VIEWS = (
    protocol.SeatView,
    protocol.StreamView,
    protocol.TileView,
    protocol.MediaView,
    lines.Figures,
    lines.Way,
    lines.SourceFigures,
    lines.Seen,
    lines.Trouble,
)


@pytest.mark.parametrize("struct", MESSAGES + get_args(AnyEvent) + VIEWS, ids=lambda struct: struct.__name__)
def test_every_message_and_event_is_documented_with_its_fields(struct: type[msgspec.Struct]) -> None:
    named = set(re.findall(r"`([a-z_]+)", TEXT))
    if struct not in VIEWS:
        assert snake(struct.__name__) in named
    missing = set(struct.__struct_fields__) - named
    assert not missing


def test_no_type_is_documented_that_does_not_exist() -> None:
    rows = re.findall(r"^\| ((?:`[a-z_]+`(?:, )?)+) \|", TEXT, flags=re.MULTILINE)
    documented = {name for row in rows for name in re.findall(r"`([a-z_]+)`", row)}
    fields = {name for struct in (protocol.Welcome, *VIEWS) for name in struct.__struct_fields__}
    known = {snake(struct.__name__) for struct in MESSAGES + get_args(AnyEvent)}
    assert documented - fields <= known


def test_the_limits_in_the_document_are_those_of_the_program() -> None:
    from signaling import socket

    large = f"`publish` and `answer`: {codec.MAX_DESCRIPTION_BYTES // 1024} KiB"
    assert f"| one message | {codec.MAX_MESSAGE_BYTES // 1024} KiB; {large} |" in TEXT
    assert f"a frame over {socket.FRAME_BYTES // 1024} KiB: close code 1009" in TEXT
    assert f"{protocol.MAX_TEXT_CHARACTERS:,} characters" in TEXT
    assert f"| sockets of one account at a time | {socket.MAX_SOCKETS} |" in TEXT
    assert f"{socket.RATE_PER_S:.0f} a second, bursts of {socket.RATE_BURST:.0f}" in TEXT
    assert f"| faulty messages in a row | {socket.MAX_FAULTS} |" in TEXT
    assert f"{socket.QUEUE_MESSAGES:,}" in TEXT
    assert f"every {socket.RECHECK_S:.0f} seconds" in TEXT
    assert f"ping every {socket.HEARTBEAT_S:.0f} s; no pong within {socket.HEARTBEAT_S / 2:.0f} s" in TEXT
    assert f"version {protocol.PROTOCOL_VERSION}" in TEXT


def test_every_cause_of_a_bad_line_is_documented() -> None:
    named = set(re.findall(r"`([a-z_]+)`", TEXT))
    assert {str(cause) for cause in lines.Cause} <= named
