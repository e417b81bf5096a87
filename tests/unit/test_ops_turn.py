"""TURN: what an address may look like, and credentials that a coturn with the same secret accepts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub import turn

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
SECRET = "a secret of sixteen"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("turn:turn.example.vn", ("turn.example.vn", 3478, "udp", False)),
        ("turn:10.0.0.5:3479?transport=tcp", ("10.0.0.5", 3479, "tcp", False)),
        ("turns:turn.example.vn", ("turn.example.vn", 5349, "tcp", True)),
        ("turns:turn.example.vn:443?transport=tcp", ("turn.example.vn", 443, "tcp", True)),
        ("turn:[fd00::5]:3478?transport=udp", ("fd00::5", 3478, "udp", False)),
    ],
)
def test_an_address_says_host_port_and_way(url: str, expected: tuple[str, int, str, bool]) -> None:
    found = turn.parse(url)
    assert (found.host, found.port, found.transport, found.tls) == expected
    assert found.url == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "stun:10.0.0.5",
        "turn://10.0.0.5",
        "turn:10.0.0.5:0",
        "turn:10.0.0.5:70000",
        "turn:user@host",
        "turn:host?transport=sctp",
        "turns:host?transport=udp",
        "turn:host name",
        "https://turn.example.vn",
    ],
)
def test_what_is_no_turn_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="is not turn:"):
        turn.parse(url)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        found = turn.parse(text)
    except ValueError:
        return
    assert 0 < found.port < 65_536


def test_the_password_is_the_user_names_hmac() -> None:
    """The value was computed with: printf '1795507200:seat' | openssl dgst -sha1 -hmac … -binary | base64"""
    made = turn.credentials(SECRET, "seat", NOW)
    assert made.username == "1795507200:seat"
    assert made.password == "Pp4V0VuEe/BzSC7Cnk+aCdbpacE="


def test_credentials_end() -> None:
    made = turn.credentials(SECRET, "seat", NOW, timedelta(hours=1))
    assert int(made.username.split(":")[0]) == NOW.timestamp() + 3600


def test_servers_need_a_secret_and_a_secret_needs_servers() -> None:
    assert turn.faults((), "") == []
    assert turn.faults(("turn:host",), SECRET) == []
    assert "turn_secret" in turn.faults(("turn:host",), "short")[0]
    assert "turn_urls" in turn.faults((), SECRET)[0]
    assert "stun:host" in turn.faults(("stun:host",), SECRET)[0]
    assert not any(SECRET in fault for fault in turn.faults(("x",), SECRET))


def test_a_browser_is_told_the_configured_servers_and_no_other() -> None:
    assert turn.ice_servers((), "", "seat", NOW) == []
    [server] = turn.ice_servers(("turn:10.0.0.5", "turns:10.0.0.5"), SECRET, "seat", NOW)
    assert server.urls == ("turn:10.0.0.5", "turns:10.0.0.5")
    assert server.username.endswith(":seat")
    assert SECRET not in repr(server)
