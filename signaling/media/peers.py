"""Who a media peer is, told by its name: a seat's browser, its room encoder (WHIP), or a display there (WHEP).

A browser's name is its seat's id alone, ``device.<seat>`` is the seat's encoder (one at most), and
``display.<token>.<seat>`` a display, of which a seat may have several.
"""

from __future__ import annotations

_DEVICE, _DISPLAY = "device.", "display."


def device(seat_id: str) -> str:
    return _DEVICE + seat_id


def display(token_id: str, seat_id: str) -> str:
    return f"{_DISPLAY}{token_id}.{seat_id}"


def seat_of(peer_id: str) -> str:
    return peer_id.rpartition(".")[2]


def is_device(peer_id: str) -> bool:
    return peer_id.startswith(_DEVICE)


def is_display(peer_id: str) -> bool:
    return peer_id.startswith(_DISPLAY)


def is_guest(peer_id: str) -> bool:
    """Came in by a standard door, not by a browser's socket."""
    return is_device(peer_id) or is_display(peer_id)
