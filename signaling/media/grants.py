"""Which m-lines of an offer are taken: the one place where the media plane decides what a peer publishes. PURE.

The web process says which sources the peer is allowed; the browser says which m-line carries which. It may lie: sound
that calls itself a camera would be heard while the microphone is muted, and a hundred cameras of one seat would cost
every subscriber a hundred lines.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from signaling.media.sdp import Description

KIND_OF = {"microphone": "audio", "camera": "video", "screen": "video", "screen_audio": "audio"}


def granted(offer: Description, sources: Mapping[str, str], allowed: Collection[str]) -> dict[str, str]:
    """mid → source of what is taken. Of several m-lines that send for one source, the first."""
    taken: dict[str, str] = {}
    for section in offer.sections:
        source = sources.get(section.mid, "")
        fits = section.sends and section.codec is not None and KIND_OF.get(source) == section.kind
        if fits and source in allowed and source not in taken.values():
            taken[section.mid] = source
    return taken
