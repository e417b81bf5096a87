"""How much a worker keeps: every table that could grow for ever if somebody forgot to forget. For measuring over hours
(``bench/soak.py``), so it looks into private tables, and nothing else may rely on it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from signaling.media.plane import Plane
    from signaling.media.router import Router


def count(plane: Plane, routers: Iterable[Router]) -> dict[str, int]:
    """Entries by table, tasks, and the interpreter's blocks of memory."""
    found = {
        "tasks": len(asyncio.all_tasks()),
        "blocks": sys.getallocatedblocks(),
        "fragments": len(plane.ice._owners),  # noqa: SLF001
        "asked": len(plane.rebinding._asked),  # noqa: SLF001
        "spawned": len(plane._tasks),  # noqa: SLF001
        "addresses": sum(len(one.owners) for one in plane.udp._sockets),  # noqa: SLF001
        "connections": len(plane.tcp.wires) if plane.tcp is not None else 0,
        "tap_tracks": len(plane.tap._tracks),  # noqa: SLF001
        "tap_waiting": plane.tap.waiting,
        "fresh": len(plane.fresh),
    }
    for router in routers:
        for name, size in _in_router(router).items():
            found[name] = found.get(name, 0) + size
    return found


def _in_router(router: Router) -> dict[str, int]:
    subscribers = router.subscribers.values()
    return {
        "publishers": len(router.publishers),
        "subscribers": len(router.subscribers),
        "producers": len(router.producers),
        "wishes": len(router._wishes),  # noqa: SLF001
        "meters": len(router._meters),  # noqa: SLF001
        "voices": len(router._voices._seats),  # noqa: SLF001
        "speakers": len(router._speakers._known),  # noqa: SLF001
        "chosen": len(router._speakers.chosen),  # noqa: SLF001
        "lines": sum(len(one.lines()) for one in subscribers),
        "consumers": sum(len(producer.consumers) for producer in router.producers.values()),
        "rows": sum(len(stream.consumers) for one in router.producers.values() for stream in one.streams),
        "sources": sum(one._inbound.sources for one in router.transports() if one.connected),  # noqa: SLF001
        "ssrcs": sum(len(one._media) + len(one._rtx) for one in router.publishers.values()),  # noqa: SLF001
    }
