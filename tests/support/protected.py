"""What every answer of the hub carries, streams and refusals too: held in each request that tests make."""

from __future__ import annotations

from collections.abc import Mapping

ALWAYS = (
    "Content-Security-Policy",
    "X-Content-Type-Options",
    "Referrer-Policy",
    "Cross-Origin-Opener-Policy",
    "Cross-Origin-Resource-Policy",
    "Permissions-Policy",
    "Cache-Control",
    "X-Request-Id",
)


def require_protected(headers: Mapping[str, str], path: str) -> None:
    missing = [name for name in ALWAYS if not headers.get(name)]
    assert not missing, f"{path} is answered without {missing}"
    assert headers["X-Content-Type-Options"] == "nosniff", path
    assert headers["Server"] == "hub", path
