"""What a soak concludes: a leak is found, a steady process is not accused, and too little is called too little."""

from __future__ import annotations

import pytest

from bench.flooder import KINDS, datagrams
from bench.soak_report import slope
from signaling.media.ice import Credentials, IceAgent
from tests.support.mutation import kind_of


def samples(per_hour: float, noise: float, minutes: int = 15) -> list[tuple[float, float]]:
    return [
        (at, 100e6 + per_hour * at / 3600 + (noise if at // 15 % 2 else -noise)) for at in range(0, minutes * 60, 15)
    ]


@pytest.mark.parametrize(
    ("per_hour", "noise", "verdict"),
    [(50e6, 1e5, "grows"), (0, 1e5, "steady"), (1e6, 1e5, "steady"), (0, 50e6, "cannot tell")],
)
def test_growth_is_told_from_noise(per_hour: float, noise: float, verdict: str) -> None:
    assert slope(samples(per_hour, noise)).verdict(allowed=5e6) == verdict


def test_what_fills_up_at_the_beginning_is_no_leak() -> None:
    filling = [(at, min(100e6, 1e6 * at)) for at in range(0, 900, 15)]
    assert slope(filling).verdict(allowed=5e6) == "steady"


def test_too_few_samples_tell_nothing() -> None:
    assert slope([(0, 1.0), (1, 2.0)]).verdict(allowed=5.0) == "cannot tell"


@pytest.mark.parametrize("kind", KINDS)
def test_no_junk_of_the_flood_is_a_check_that_would_be_answered(kind: str) -> None:
    agent: IceAgent[str] = IceAgent()
    agent.add("somebody", Credentials("0123456789abcdef", "the true password"))
    for datagram in datagrams(kind, "0123456789abcdef", 7):
        if kind_of(datagram) == "stun":
            assert agent.check(datagram, ("192.0.2.1", 1)) is None


def test_the_flood_looks_like_what_it_is_called() -> None:
    for kind, seen in (("rtp", "rtp"), ("rtcp", "rtcp"), ("stun-forged", "stun"), ("dtls", "dtls")):
        assert {kind_of(datagram) for datagram in datagrams(kind, "ufrag", 7)} == {seen}
