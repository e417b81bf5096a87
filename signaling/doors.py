"""The standard doors: room encoders come in by WHIP (RFC 9725), wall displays by WHEP (draft-ietf-wish-whep).

A guest holds no socket: what is known of it is its token's row and its connection in the media worker. ``Keeper.run``
compares the two, so that neither a restart of this process nor a device that just vanished leaves anything behind.
"""

from __future__ import annotations

import asyncio
import re
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import structlog

from hub.errors import BadInput, Conflict, HubError, NotFound, NotReady, Unacceptable
from hub.i18n import N_
from hub.ids import new_id, utc_now
from hub.models import OVER_STATES, DeviceToken, DoorDirection, HearingState
from hub.services import device_tokens
from hub.services.doors import Entered, IceChange, Restarted
from signaling.effects import NegotiatePublish
from signaling.live import Live
from signaling.live_hearing import LiveHearing
from signaling.media import peers
from signaling.media.sdp import Description, SdpError, parse, taking_h264

LOOK_EVERY_S = 5.0
"""A revoked token's session ends within so long, a vanished device's after ``GONE_S`` more."""
GONE_S = 20.0
"""A guest whose connection is silent, or was never made, for so long is gone."""

_UFRAG = re.compile(r"^a=ice-ufrag:(\S+)", re.MULTILINE)
_SOURCES = {"audio": "microphone", "video": "camera"}

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Stay:
    """One guest. ``hold`` keeps its hearing in memory."""

    token: DeviceToken
    hearing: LiveHearing
    hold: AsyncExitStack
    quiet_since: float | None = field(default_factory=time.monotonic)


class Keeper:
    """Implements ``hub.services.doors.Doors``."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._database = live.context.database
        self._stays: dict[str, _Stay] = {}
        self._lock = asyncio.Lock()
        live.guests_known = False

    # Doors ----------------------------------------------------------------------------------------------------------

    async def enter(self, token: DeviceToken, sdp: str, address: str) -> Entered:
        offer = _read(sdp)
        sources = _sources(offer) if token.direction == DoorDirection.PUBLISH else {}
        async with self._lock:
            hearing = await self._admit(token)
            peer, generation = peer_of(token), time.time_ns() // 1_000_000
            try:
                answer = await self._negotiate(hearing, token, sdp, sources, generation)
                entered = Entered(new_id(), _etag(answer), answer)
                async with self._database.transaction() as db:
                    await device_tokens.session_begun(
                        db, token.id, address, session_id=entered.session_id, generation=generation, etag=entered.etag
                    )
                    row = await db.get_one(DeviceToken, token.id)
            except BaseException:
                if hearing.media.link.guest_generation(peer) in (None, generation):
                    await self._forget(peer)
                raise
            self._stays[peer].token = row
            self._stays[peer].quiet_since = time.monotonic()
        log.info("guest came in", hearing_id=token.hearing_id, direction=str(token.direction), token=token.id)
        return entered

    async def change_ice(self, token: DeviceToken, change: IceChange) -> Restarted | None:
        stay = self._stays.get(peer_of(token))
        if stay is None or stay.token.id != token.id:
            raise NotFound(N_("Phiên kết nối này đã kết thúc."))
        generation = stay.hearing.media.link.guest_generation(peer_of(token))
        if generation is None or generation != stay.token.generation or token.session_id is None:
            raise NotFound(N_("Phiên kết nối này đã kết thúc."))
        restarted = await stay.hearing.media.link.restart_ice(peer_of(token), change.ufrag, change.password)
        if restarted is None:
            return None
        async with self._database.transaction() as db:
            await device_tokens.session_restarted(db, token.session_id, restarted.ufrag)
        lines = [f"a=ice-ufrag:{restarted.ufrag}", f"a=ice-pwd:{restarted.password}", "a=ice-lite"]
        lines += [*restarted.candidates, "a=end-of-candidates"]
        return Restarted(restarted.ufrag, "".join(f"{line}\r\n" for line in lines))

    async def leave(self, token: DeviceToken, address: str = "") -> None:
        async with self._lock:
            await self._end(token, address)

    # Coming and going -----------------------------------------------------------------------------------------------

    async def _admit(self, token: DeviceToken) -> LiveHearing:
        """The hearing, with a place for the guest. Raises ``Conflict``, ``NotReady``, ``NotFound``."""
        peer = peer_of(token)
        stay = self._stays.get(peer)
        if stay is None:
            hold = AsyncExitStack()
            hearing = await hold.enter_async_context(self._live.using(token.hearing_id))
            stay = self._stays[peer] = _Stay(token, hearing, hold)
        elif stay.token.id != token.id:
            raise Conflict(N_("Một thiết bị khác đang gửi hình và tiếng của điểm này. Hãy ngắt thiết bị đó trước."))
        state = stay.hearing.state.state
        if state in OVER_STATES:
            await self._forget(peer)
            raise Conflict(N_("Buổi tiếp đã kết thúc hoặc đã hủy."))
        if state is HearingState.POSTPONED or stay.hearing.state.find(token.seat_id) is None:
            await self._forget(peer)
            raise NotReady(N_("Buổi tiếp đã được hoãn. Thiết bị hãy thử lại sau."))
        stay.hearing.media.link.let_in(peer)
        return stay.hearing

    async def _negotiate(
        self, hearing: LiveHearing, token: DeviceToken, sdp: str, sources: dict[str, str], generation: int
    ) -> str:
        link, peer = hearing.media.link, peer_of(token)
        try:
            if token.direction == DoorDirection.PUBLISH:
                return await link.publish(peer, NegotiatePublish(generation, sdp, sources))
            return await link.watch(peer, generation, sdp)
        except BadInput as error:
            raise Unacceptable(error.text.message, **error.text.params) from error

    async def _end(self, token: DeviceToken, address: str = "") -> None:
        peer = peer_of(token)
        stay = self._stays.get(peer)
        if stay is not None and stay.token.id == token.id:
            await self._forget(peer)
            if peers.is_device(peer):
                await stay.hearing.device_left(token.seat_id)
        if token.session_id is not None:
            async with self._database.transaction() as db:
                await device_tokens.session_ended(db, token.session_id, address)
        log.info("guest left", hearing_id=token.hearing_id, token=token.id)

    async def _forget(self, peer: str) -> None:
        stay = self._stays.pop(peer, None)
        if stay is not None:
            stay.hearing.media.link.send_away(peer)
            await stay.hold.aclose()

    # Keeping --------------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                async with self._lock:
                    await self._look()
                self._live.guests_known = True
            except HubError as error:
                log.warning("guests not looked after", fault=str(error))
            except Exception:  # tomorrow's guests must still be looked after
                log.exception("looking after guests failed")
            await asyncio.sleep(LOOK_EVERY_S)

    async def _look(self) -> None:
        async with self._database.reading() as db:
            rows = {row.id: row for row in await device_tokens.sessions(db)}
            db.expunge_all()
        now = utc_now()
        for row in rows.values():
            if peer_of(row) not in self._stays:
                await self._take_over(row)
        for peer, stay in list(self._stays.items()):
            row = rows.get(stay.token.id, stay.token)
            if row.session_id != stay.token.session_id:
                continue  # it has just come in
            if device_tokens.void(row, now) or stay.hearing.state.state in OVER_STATES or self._gone(peer, stay):
                await self._end(row)

    async def _take_over(self, row: DeviceToken) -> None:
        """A session of an earlier life of this process: its media may have been flowing on."""
        try:
            await self._admit(row)
        except HubError:
            async with self._database.transaction() as db:
                await device_tokens.session_ended(db, row.session_id or "")

    def _gone(self, peer: str, stay: _Stay) -> bool:
        link = stay.hearing.media.link
        if link.guest_generation(peer) == stay.token.generation and not link.quiet(peer):
            stay.quiet_since = None
            return False
        if stay.quiet_since is None:
            stay.quiet_since = time.monotonic()
        return time.monotonic() - stay.quiet_since > GONE_S


def peer_of(token: DeviceToken) -> str:
    """A seat has one encoder, and a display for every token."""
    if token.direction == DoorDirection.PUBLISH:
        return peers.device(token.seat_id)
    return peers.display(token.id, token.seat_id)


def _read(sdp: str) -> Description:
    try:
        return taking_h264(parse(sdp))
    except SdpError as error:
        raise BadInput(N_("Không đọc được bản mô tả SDP: %(reason)s"), reason=str(error)) from error


def _sources(offer: Description) -> dict[str, str]:
    """The first sound and the first picture that we can take (RFC 9725 section 4.2: one each)."""
    found: dict[str, str] = {}
    for section in offer.sections:
        source = _SOURCES.get(section.kind, "")
        if source and source not in found.values() and section.sends and section.codec is not None:
            found[section.mid] = source
    if not found:
        raise Unacceptable(N_("Thiết bị phải gửi hình H.264 (packetization-mode 1) hoặc VP8, hoặc tiếng Opus."))
    return found


def _etag(answer: str) -> str:
    """Our ICE fragment names the ICE session (RFC 9725 section 4.3.3)."""
    found = _UFRAG.search(answer)
    return found[1] if found else new_id()
