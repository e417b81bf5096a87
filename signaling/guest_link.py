"""What ``MediaLink`` does for guests: room encoders and displays, who have no socket and came in by a standard door."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod

from hub.errors import Forbidden
from hub.i18n import N_
from signaling.media import control, peers
from signaling.offered import Wanted
from signaling.wishes import Guests, Wishes


class GuestLink(ABC):
    """The base of ``MediaLink``, which sets all of these."""

    hearing_id: str
    _lock: asyncio.Lock
    _guests: set[str]
    """Peers let in by a standard door, whether or not a worker has their transports now."""
    _producers: dict[str, control.ProducerInfo]
    _publishing: dict[str, int]
    _subscribing: dict[str, int]
    _consuming: dict[str, Wanted]
    _to_drop: set[str]
    _unconnected: set[str]
    _silent: set[str]
    _may_have_media: bool

    @property
    @abstractmethod
    def up(self) -> bool: ...

    @abstractmethod
    def poke(self) -> None: ...

    @abstractmethod
    def _wishes(self) -> Wishes: ...

    @abstractmethod
    async def _require_placed(self) -> None: ...

    @abstractmethod
    async def _drop_peers(self) -> None: ...

    @abstractmethod
    async def _open_router(self, wishes: Wishes) -> None: ...

    @abstractmethod
    async def _call(self, body: control.WorkerReceives) -> object: ...

    def guests(self) -> Guests:
        """Who came in by a standard door, and what of it is sent."""
        devices = {peers.seat_of(peer): set[str]() for peer in self._guests if peers.is_device(peer)}
        for producer in self._producers.values():
            if producer.peer_id in self._guests and producer.peer_id not in self._unconnected:
                devices[peers.seat_of(producer.peer_id)].add(producer.source)
        displays = frozenset(peer for peer in self._guests if peers.is_display(peer))
        return Guests({seat_id: frozenset(sources) for seat_id, sources in devices.items()}, displays)

    @property
    def has_guests(self) -> bool:
        return bool(self._guests)

    def let_in(self, peer_id: str) -> None:
        """Before anything is negotiated with a guest."""
        self._guests.add(peer_id)
        self.poke()

    def send_away(self, peer_id: str) -> None:
        """Close a guest's connection."""
        self._guests.discard(peer_id)
        self._to_drop.add(peer_id)
        self.poke()

    def guest_generation(self, peer_id: str) -> int | None:
        """Of the guest's connection in the worker; None when there is none."""
        side = self._subscribing if peers.is_display(peer_id) else self._publishing
        return side.get(peer_id) if self.up else None

    def quiet(self, peer_id: str) -> bool:
        """Nothing comes from it: not yet connected, or silent."""
        return peer_id in self._unconnected or peer_id in self._silent

    def devices(self) -> frozenset[str] | None:
        """Seats whose room encoder is connected; None when that cannot be known now."""
        if (self._may_have_media or self._guests) and not self.up:
            return None
        return frozenset(
            peers.seat_of(peer)
            for peer in self._publishing
            if peers.is_device(peer) and peer in self._guests and peer not in self._unconnected
        )

    async def watch(self, peer_id: str, generation: int, sdp: str) -> str:
        """The answer to a display's offer. Raises ``BadInput`` for SDP the worker refuses, ``NotReady``."""
        await self._require_placed()
        async with self._lock:
            await self._drop_peers()
            wishes = self._wishes()
            if peer_id not in wishes.consume:
                raise Forbidden(N_("Chủ trì chưa mời bạn vào buổi tiếp."))
            await self._open_router(wishes)
            request = control.Watch(router_id=self.hearing_id, peer_id=peer_id, generation=generation, sdp=sdp)
            reply = await self._call(request)
            assert isinstance(reply, control.Watched)
            self._unconnected.add(peer_id)
            self._subscribing[peer_id] = generation
            self._consuming.pop(peer_id, None)
        self.poke()
        return reply.sdp

    async def restart_ice(self, peer_id: str, ufrag: str, password: str) -> control.IceRestarted | None:
        """Our new credentials for a guest's; None when its are the ones we know. Raises ``BadInput``, ``NotReady``."""
        generation = self.guest_generation(peer_id)
        reply = await self._call(
            control.RestartIce(
                router_id=self.hearing_id,
                peer_id=peer_id,
                generation=-1 if generation is None else generation,
                ufrag=ufrag,
                password=password,
            )
        )
        return reply if isinstance(reply, control.IceRestarted) else None
