"""``hub check`` about the network, with a real TURN server."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import pytest

from hub import net
from hub.cli import network_checks
from hub.cli.findings import Finding, Verdict
from hub.config import Config
from tests.support import coturn


def settings(data_dir: Path, **changed: object) -> Config:
    return Config(data_dir=data_dir, media_addresses=("127.0.0.1",), **changed)  # type: ignore[arg-type]


def turn_findings(data_dir: Path, urls: str, secret: str = coturn.SECRET) -> list[Finding]:
    return list(network_checks.turn_servers(settings(data_dir, turn_urls=tuple(urls.split(",")), turn_secret=secret)))


def test_a_turn_server_that_relays_to_us_is_fine_by_udp_and_by_tcp(data_dir: Path) -> None:
    with coturn.running() as server:
        found = turn_findings(data_dir, server.urls)
    assert [(each.verdict, each.remedy) for each in found] == [(Verdict.OK, "")] * 2, found
    assert all("127.0.0.1" in each.detail for each in found)


def test_another_secret_is_told(data_dir: Path) -> None:
    with coturn.running() as server:
        [found] = turn_findings(data_dir, server.url("udp"), "quite another secret")
    assert found.verdict is Verdict.WARNING
    assert "401" in found.detail
    assert "static-auth-secret" in found.remedy


def test_a_turn_server_that_may_not_relay_to_us_is_told(data_dir: Path) -> None:
    with coturn.running(options=["--denied-peer-ip=127.0.0.0-127.255.255.255"]) as server:
        [found] = turn_findings(data_dir, server.url("udp"))
    assert found.verdict is Verdict.WARNING
    assert "forbidden" in found.detail
    assert "allowed-peer-ip=127.0.0.1" in found.remedy


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_a_turn_server_that_does_not_answer_is_told_within_seconds(data_dir: Path, transport: str) -> None:
    with socket.socket(type=socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM) as silent:
        silent.bind(("127.0.0.1", 0))
        began = time.monotonic()
        [found] = turn_findings(data_dir, f"turn:127.0.0.1:{silent.getsockname()[1]}?transport={transport}")
    assert found.verdict is Verdict.WARNING
    assert "does not answer" in found.detail
    assert time.monotonic() - began < 20


def test_small_socket_buffers_are_warned_of_with_the_remedy(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    [found] = network_checks.socket_buffers(settings(data_dir))
    assert found.verdict in (Verdict.OK, Verdict.WARNING)
    # No machine grants this much.
    monkeypatch.setattr(net, "BUFFER_BYTES", 1 << 32)
    monkeypatch.setattr(net, "enlarge_buffers", lambda probe: (212_992, 212_992))
    [found] = network_checks.socket_buffers(settings(data_dir))
    assert found.verdict is Verdict.WARNING
    assert "sysctl" in found.remedy


def test_large_buffers_are_granted_where_the_machine_allows_them() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as made:
        receiving, sending = net.enlarge_buffers(made, 100_000)
    assert receiving >= 100_000
    assert sending >= 100_000


def test_a_media_port_that_is_taken_for_tcp_alone_is_told(data_dir: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("0.0.0.0", 0))
        taken.listen()
        port = taken.getsockname()[1]
        found = {each.what: each.verdict for each in network_checks.media_ports(settings(data_dir, media_port=port))}
        assert found["media port (TCP)"] is Verdict.FAULT
        without = settings(data_dir, media_port=port, media_tcp=False)
        assert "media port (TCP)" not in {each.what for each in network_checks.media_ports(without)}


def test_the_configuration_we_ship_for_coturn_relays_to_the_hub_and_to_nobody_else(data_dir: Path) -> None:
    text = (Path(__file__).parents[2] / "deploy" / "coturn.conf").read_text(encoding="utf-8")
    # What is marked there as to be changed, and what a test without certificate and privileges must leave out.
    ours = {"listening-ip", "relay-ip", "static-auth-secret", "listening-port", "tls-listening-port", "cert", "pkey"}
    lines = [line for line in text.splitlines() if line.partition("=")[0] not in ours]
    for allowed, verdict in (("127.0.0.1", Verdict.OK), ("203.0.113.10", Verdict.WARNING)):
        file = data_dir / "coturn.conf"
        file.write_text("\n".join(lines).replace("203.0.113.10", allowed), encoding="utf-8")
        with coturn.running(file=file) as server:
            [found] = turn_findings(data_dir, server.url("udp"))
            said = server.log.read_text(errors="replace")
        assert found.verdict is verdict, found
        assert "onfiguration format" not in said, "coturn understands every line"
        assert "nknown" not in said
