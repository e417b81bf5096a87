"""The contract with aiortc's private names: an upgrade that breaks it fails here first, and says where."""

from __future__ import annotations

import asyncio
import importlib.metadata
import re
from pathlib import Path

import pytest
from aiortc import RTCCertificate
from aiortc.rtcdtlstransport import RTCDtlsTransport

from signaling.media.aiortc_private import DtlsSession, SrtpError
from signaling.media.dtls import fingerprint

ROOT = Path(__file__).parents[2]
RTP = bytes([0x80, 96, 0, 1, 0, 0, 0, 1, 0, 0, 0, 9]) + b"payload"
RTCP = bytes([0x80, 201, 0, 1, 0, 0, 0, 1])


def test_the_version_is_the_one_these_names_were_read_in() -> None:
    assert importlib.metadata.version("aiortc").startswith("1.16.")


def test_only_one_file_reaches_into_aiortc() -> None:
    touching = [
        path.name
        for path in (ROOT / "signaling").rglob("*.py")
        if re.search(r"_rx_srtp|_tx_srtp|_set_role|RTCDtlsTransport\(", path.read_text(encoding="utf-8"))
    ]
    assert touching == ["aiortc_private.py"]


@pytest.mark.asyncio
async def test_the_names_exist() -> None:
    session = DtlsSession(RTCCertificate.generateCertificate(), lambda _datagram: None)
    dtls = session._dtls
    for name in ("_set_role", "start", "stop", "state", "_rx_srtp", "_tx_srtp", "on", "remove_all_listeners"):
        assert hasattr(dtls, name), name
    assert isinstance(dtls, RTCDtlsTransport)
    assert dtls.state == "new"
    await session.close()


class Pair:
    """A server and a client wired to each other; ``lose`` drops the first datagrams of each."""

    def __init__(self, lose: int = 0) -> None:
        self.certificates = RTCCertificate.generateCertificate(), RTCCertificate.generateCertificate()
        left = [lose, lose]

        def towards(other: int) -> object:
            def send(datagram: bytes) -> None:
                if left[other] > 0:
                    left[other] -= 1
                else:
                    self.ends[other].feed(datagram)

            return send

        self.ends = [
            DtlsSession(self.certificates[0], towards(1)),  # type: ignore[arg-type]
            DtlsSession(self.certificates[1], towards(0)),  # type: ignore[arg-type]
        ]
        self.closed = [0, 0]

    async def connect(self, *, server_expects: str | None = None) -> list[bool]:
        prints = [fingerprint(certificate) for certificate in self.certificates]

        def count(side: int) -> object:
            def closed() -> None:
                self.closed[side] += 1

            return closed

        expected = [server_expects or prints[1], prints[0]]
        return list(
            await asyncio.gather(
                *(
                    end.connect([("sha-256", expected[side])], server=side == 0, on_closed=count(side))  # type: ignore[arg-type]
                    for side, end in enumerate(self.ends)
                )
            )
        )

    async def close(self) -> None:
        for end in self.ends:
            await end.close()
        await asyncio.sleep(0)


@pytest.mark.asyncio
async def test_both_ends_agree_on_keys_and_take_bytes() -> None:
    pair = Pair()
    assert await pair.connect() == [True, True]
    server, client = pair.ends
    assert server.inbound.open(client.outbound.seal_one(RTP)) == RTP
    assert client.inbound.open(server.outbound.seal_one(RTP)) == RTP
    assert server.inbound.open_control(client.protect_rtcp(RTCP)) == RTCP
    await pair.close()


@pytest.mark.asyncio
async def test_a_handshake_survives_lost_datagrams() -> None:
    pair = Pair(lose=1)
    assert await pair.connect() == [True, True]
    await pair.close()


@pytest.mark.asyncio
async def test_another_certificate_than_the_description_named_is_refused() -> None:
    pair = Pair()
    server, _client = await pair.connect(server_expects=":".join(["00"] * 32))
    assert not server
    await pair.close()


@pytest.mark.asyncio
async def test_replays_and_forgeries_come_to_nothing() -> None:
    pair = Pair()
    await pair.connect()
    server, client = pair.ends
    protected = client.outbound.seal_one(RTP)
    assert server.inbound.open(protected) == RTP
    forged = (protected, RTP, RTP + bytes(16), b"", bytes(3000), bytes(70_000))
    assert [server.inbound.open(datagram) for datagram in forged] == [b""] * 6
    assert [server.inbound.open_control(datagram) for datagram in (b"", RTCP, bytes(3000), bytes(70_000))] == [b""] * 4
    for broken in (b"", bytes(70_000)):
        with pytest.raises(SrtpError):
            server.protect_rtcp(broken)
    await pair.close()


@pytest.mark.asyncio
async def test_a_packet_may_be_protected_again() -> None:
    """A retransmission without RTX is the same packet once more."""
    pair = Pair()
    await pair.connect()
    first = pair.ends[0].outbound.seal_one(RTP)
    assert pair.ends[0].outbound.seal_one(RTP) == first
    await pair.close()


@pytest.mark.asyncio
async def test_the_other_sides_goodbye_is_heard() -> None:
    pair = Pair()
    await pair.connect()
    await pair.ends[1].close()
    for _ in range(5):
        await asyncio.sleep(0)
    assert pair.closed == [1, 0]
    await pair.ends[0].close()
