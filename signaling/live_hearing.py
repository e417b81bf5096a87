"""One live hearing: message → decide → commit events → fold → effects, one at a time under a lock.

Nothing is done about an event before it is committed; when the database is away, the message is refused and the
media flows on. Media requests run outside the lock: a worker that answers slowly holds up only who asked.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

import structlog

from hub.errors import Forbidden, HubError
from hub.i18n import N_
from hub.ids import new_id
from hub.services import event_log, recordings
from hub.services.event_log import NewEvent
from hub.services.live import HearingLive
from signaling import effects as fx
from signaling import events as ev
from signaling import protocol as p
from signaling.audience import Audience
from signaling.booking import Booked, is_current, load
from signaling.context import Connection, Context, Refused
from signaling.events import AnyEvent
from signaling.hearing import Decision, Facts, Hearing, Observed, decide, device_left, fold, tick, worker_lost
from signaling.live_media import LiveMedia
from signaling.recording import UnderWay
from signaling.views import Entry, seat_live

SETTLE_S = 5.0
"""After a restart of the web process, how long browsers have to come back before they count as lost."""

PRESSING = (ev.FloorGiven, ev.FloorTaken, ev.ChairTaken, ev.Muted, ev.RecessCalled, ev.Resumed)
"""Everybody waits for what follows from these."""

log = structlog.get_logger(__name__)
T = TypeVar("T")


class LiveHearing:
    """Made by ``signaling.live.Live`` from what the database has."""

    def __init__(self, context: Context, booked: Booked) -> None:
        self.state: Hearing = booked.hearing
        self.audience = Audience(context)
        self.media = LiveMedia(context, self)
        self._born_at = time.monotonic()
        self._nobody_expected = not booked.log
        self._context = context
        self._booked = booked
        self._log: list[Entry] = list(booked.log)
        self._lock = asyncio.Lock()
        self._stale = False
        self._opening: str | None = None
        self._owned: set[asyncio.Task[Any]] = set()

    # Browsers -------------------------------------------------------------------------------------------------------

    async def receive(self, connection: Connection, message: p.FromBrowser) -> None:
        """Carry a message out. Raises ``HubError`` for the browser to be told; then nothing was done.

        Publish, subscribe and answer may wait for the worker: call them where nothing else waits.
        """
        if isinstance(message, p.Join):
            if connection.seat_id is not None:
                raise Forbidden(N_("Trang này đã có chỗ; hãy rời chỗ trước."))
            if self.state.live:
                # After a restart: so that Welcome can say which peer connections have been living on.
                await self.media.link.wait_placed(3)
            effects = await self._whole(self._join(connection, message))
        else:
            await self._require_discreet(connection, message)
            effects = await self._whole(self._handle(connection, message))
        await self.media.negotiate(connection, effects)

    async def _require_discreet(self, connection: Connection, message: p.FromBrowser) -> None:
        """What is typed is kept beside the recording for ever."""
        typed = message.text if isinstance(message, p.Say | p.Note) else ""
        typed = message.reason if isinstance(message, p.Remove) else typed
        seated = connection.seat_id is not None and self.audience.get(connection.seat_id) is connection
        if typed and seated and self._context.discreet is not None:
            await self._context.discreet(connection.actor, self.state.hearing_id, typed)

    def may_stay(self, connection: Connection) -> bool:
        """Whether the person, as he is known now, may still sit where he sits."""
        may_take = {seat.id for seat in self._context.seats_for(connection.actor, self._booked.row)}
        return connection.seat_id is None or connection.seat_id in may_take

    def gone(self, connection: Connection, *, drop_media: bool = False) -> None:
        """The browser's socket is closed, for whatever reason. ``observe`` draws the conclusion.

        Its media flows on, because often only the socket broke, unless ``drop_media``: the person may not go on.
        """
        if self.audience.forget(connection) and connection.seat_id is not None:
            self.media.lines.forget(connection.seat_id)
            if drop_media:
                self.media.link.drop(connection.seat_id)

    async def device_left(self, seat_id: str) -> None:
        """The seat's room encoder hung up or was sent away. Raises ``NotReady``."""
        await self._whole(self._device_left(seat_id))

    async def _device_left(self, seat_id: str) -> None:
        async with self._lock:
            await self._refresh()
            await self._keep(device_left(self.state, seat_id), None)

    async def _whole(self, work: Coroutine[Any, Any, T]) -> T:
        """Run to the end even if the caller is cancelled: between commit and fold there is no stopping."""
        task = asyncio.ensure_future(work)
        self._owned.add(task)
        task.add_done_callback(self._owned.discard)
        return await asyncio.shield(task)

    async def _handle(self, connection: Connection, message: p.FromBrowser) -> tuple[fx.Effect, ...]:
        async with self._lock:
            seat_id = connection.seat_id
            if seat_id is None or self.audience.get(seat_id) is not connection:
                raise Forbidden(N_("Hãy vào chỗ trước."))
            await self._refresh()
            facts = self._facts(connection)
            decision = self._decide(seat_id, message, facts)
            if fx.StartRecording() in decision.effects:
                return await self._open(connection, seat_id, message, facts)
            await self._keep(decision.events, connection)
            if decision.reply is not None:
                connection.send(decision.reply)
            return await self._carry_out(decision.effects)

    async def _join(self, connection: Connection, message: p.Join) -> tuple[fx.Effect, ...]:
        async with self._lock:
            await self._refresh(booking=not self.state.live)
            held_by = self.audience.get(message.seat_id)
            if held_by is not None and _same_browser(held_by, connection, message.client):
                # Its old socket is dead without anybody knowing yet, or it is the same tab copied: one stays.
                self.audience.dismiss(message.seat_id, "displaced")
                held_by = None
            facts = self._facts(connection)
            facts = replace(
                facts,
                may_take=frozenset(seat.id for seat in self._context.seats_for(connection.actor, self._booked.row)),
                held_by=held_by.actor.name if held_by else None,
            )
            decision = self._decide(message.seat_id, message, facts)
            if decision.reply is not None:
                connection.send(decision.reply)
                return ()
            await self._keep(decision.events, connection, but=message.seat_id)
            remaining = await self._carry_out(decision.effects)
            connection.client = message.client
            self.audience.add(message.seat_id, connection)
            self._welcome(message.seat_id)
        await self._resend_offer(message.seat_id)
        return remaining

    async def _resend_offer(self, seat_id: str) -> None:
        try:
            await self.media.link.resend_offer(seat_id)
        except HubError as error:  # the browser negotiates anew when nothing comes
            log.info("offer not sent again", hearing_id=self.state.hearing_id, fault=str(error))

    async def _open(
        self, connection: Connection, seat_id: str, message: p.FromBrowser, facts: Facts
    ) -> tuple[fx.Effect, ...]:
        """No hearing without a record: the recorder confirms first, then the opening is kept, then media begins."""
        clock = self._context.clock
        wanted = UnderWay(new_id(), clock.monotonic_ns(), clock.utc_now())
        await self._context.recorder.open(wanted)
        try:
            facts = replace(facts, recording=(wanted.recording_id, wanted.epoch_ns))
            decision = self._decide(seat_id, message, facts)
            await self._keep(decision.events, connection, at=wanted.started_at)
        finally:
            # Kept or not? When a commit's answer was lost only the database knows: the recorder stops a recording
            # that nobody speaks for, but not before we have read again.
            self._opening = wanted.recording_id
            self._settle_opening()
        return await self._carry_out(decision.effects)

    def _settle_opening(self) -> None:
        if self._opening is not None and not self._stale:
            self._context.recorder.settled(self._opening)
            self._opening = None

    # Observing ------------------------------------------------------------------------------------------------------

    async def observe(self) -> None:
        """Draw conclusions from sockets, recorder, worker and clock. Raises ``NotReady``; simply call it again."""
        await self._whole(self._observe())

    async def _observe(self) -> None:
        settled = time.monotonic() - self._born_at > SETTLE_S or self._nobody_expected
        async with self._lock:
            try:
                await self._refresh()
                if self.media.reset:
                    # Moved to another worker faster than anybody looked: the record shows the gap all the same.
                    await self._keep(worker_lost(self.state), None)
                    self.media.reset = False
                now = self._context.clock.now(self.state)
                await self._keep(tick(self.state, now, self._observed(settled=settled)), None)
            finally:
                self.send_states()

    def _observed(self, *, settled: bool) -> Observed:
        recording_id = self.state.recording_id
        recorder_up = recording_id is not None and self._context.recorder.records(recording_id)
        return Observed(
            connected=self.audience.seats if settled else None,
            recorder_up=True if recorder_up else (False if settled else None),
            worker_up=self._worker_up(settled=settled),
            chair_lost_s=self._context.config.chair_lost_s,
            picture_level=self._picture_level(),
            devices=self.media.link.devices() if settled else None,
        )

    def _picture_level(self) -> int | None:
        """How far the worker that carries the hearing must limit pictures; None while none does."""
        placement = self.media.link.placement
        return self._context.pool.picture_level(placement) if placement is not None else None

    def _worker_up(self, *, settled: bool) -> bool | None:
        """None while the hearing is still looking for a worker: after a restart, or just opened."""
        if self.media.link.up:
            return True
        elapsed_ms = self._context.clock.elapsed_ms(self.state) or 0
        looking = not settled or (self.media.link.untouched and elapsed_ms < SETTLE_S * 1000)
        return None if looking else False

    async def drain(self) -> None:
        """Let what is being kept be kept, before the process ends."""
        await asyncio.gather(*self._owned, return_exceptions=True)

    # Keeping --------------------------------------------------------------------------------------------------------

    def _decide(self, seat_id: str, message: p.FromBrowser, facts: Facts) -> Decision:
        decision = decide(self.state, seat_id, message, facts)
        if decision.refusal is not None:
            raise Refused(decision.refusal)
        return decision

    def _facts(self, connection: Connection) -> Facts:
        return Facts(
            actor=connection.actor,
            now=self._context.clock.now(self.state),
            recorder_refuses=self._context.recorder.refuses(),
            media_ready=self._context.pool.ready,
            listen_above_points=self._context.config.listen_above_points,
        )

    async def _keep(
        self,
        events: Sequence[AnyEvent],
        connection: Connection | None,
        *,
        at: datetime | None = None,
        but: str | None = None,
    ) -> None:
        """Commit events with all that follows from them in the database, then fold, then tell everyone."""
        if not events:
            return
        at = at or self._context.clock.now(self.state)
        if self._log:
            at = max(at, self._log[-1].at)
        account_id = connection.actor.account_id if connection else None
        self._stale = True  # until the commit is known to have happened
        with self._context.metrics.commit_s.time():
            entries = await self._commit(events, at, account_id)
        self._stale = False
        self._log += entries
        self.state = fold(self.state, [(entry.event, entry.at) for entry in entries])
        self.media.link.poke(at_once=any(isinstance(event, PRESSING) for event in events))
        for entry in entries:
            self._context.metrics.events.labels(type(entry.event).__name__).inc()
            self.audience.broadcast(self.state, entry, but=but)
        self.send_states()

    async def _commit(self, events: Sequence[AnyEvent], at: datetime, account_id: str | None) -> list[Entry]:
        hearing_id = self.state.hearing_id
        rows = []
        for event in events:
            kind, seat_id, payload = ev.to_row(event)
            rows.append(NewEvent(kind=kind, at=at, seat_id=seat_id, account_id=account_id, payload=payload))
        after = self._log[-1].seq if self._log else 0
        async with self._context.database.transaction() as db:
            stored = await event_log.append(db, hearing_id, rows, after=after)
            for event in events:
                if isinstance(event, ev.Opened):
                    await recordings.open_recording(db, hearing_id, recording_id=event.recording_id, started_at=at)
                elif isinstance(event, ev.Ended) and self.state.recording_id is not None:
                    length_ms = self._context.clock.elapsed_ms(self.state) or 0
                    await recordings.close_recording(db, self.state.recording_id, duration_ms=length_ms, ended_at=at)
        return [Entry(row.seq, row.at, event) for row, event in zip(stored, events, strict=True)]

    async def _refresh(self, *, booking: bool = False) -> None:
        """Read again what the database has, when a commit's outcome is unknown or the booking may have changed."""
        if not self._stale and (not booking or await is_current(self._context.database, self._booked)):
            return
        booked = await load(self._context.database, self.state.hearing_id)
        known = self._log[-1].seq if self._log else 0
        self._booked, self._log, self.state = booked, list(booked.log), booked.hearing
        self._stale = False
        self._settle_opening()
        self.media.link.poke()
        for entry in self._log:
            if entry.seq > known:  # a commit whose answer was lost, but which was made
                self.audience.broadcast(self.state, entry)

    # Effects --------------------------------------------------------------------------------------------------------

    async def _carry_out(self, effects: Sequence[fx.Effect]) -> tuple[fx.Effect, ...]:
        """Those that need no worker; the others are returned."""
        remaining: list[fx.Effect] = []
        for effect in effects:
            match effect:
                case fx.Dismiss():
                    self.audience.dismiss(effect.seat_id, effect.reason)
                    self.media.forget(effect.seat_id)
                    if effect.drop_media:
                        self.media.link.drop(effect.seat_id)
                case fx.DismissAll():
                    for seat_id, _ in self.audience:
                        self.audience.dismiss(seat_id, effect.reason)
                case fx.StopRecording():
                    self._context.recorder.tend_soon()
                case fx.KeepView():
                    self.media.show(effect.seat_id, effect.view)
                case fx.KeepQuality():
                    self.media.lines.told(effect.seat_id, effect.quality)
                case fx.KeepLine():
                    self.media.lines.seen(effect.seat_id, effect.seen)
                case fx.WatchLine():
                    self.media.watch(effect.seat_id, effect.watched)
                case _:
                    remaining.append(effect)
        return tuple(remaining)

    # Telling --------------------------------------------------------------------------------------------------------

    def _welcome(self, seat_id: str) -> None:
        media = self.media.link.media_of(seat_id)
        self.audience.welcome(self.state, seat_id, media=media, quality=self.media.quality(), log=self._log)

    def send_states(self) -> None:
        self.audience.send_states(self.state, self.media.quality())

    async def booking_changed(self) -> None:
        """Read the booking again and show it to who is waiting; a cancelled or postponed hearing sends them away."""
        async with self._lock:
            await self._refresh(booking=not self.state.live)
            if str(self.state.state) in ("cancelled", "postponed"):
                await self._carry_out((fx.DismissAll("cancelled"),))
            for seat_id, _ in self.audience:
                if self.state.find(seat_id) is None:
                    self.audience.dismiss(seat_id, "cancelled")
                else:
                    self._welcome(seat_id)

    # For others -----------------------------------------------------------------------------------------------------

    @property
    def under_way(self) -> UnderWay | None:
        state = self.state
        if not state.live or state.recording_id is None or state.epoch_ns is None or state.opened_at is None:
            return None
        return UnderWay(state.recording_id, state.epoch_ns, state.opened_at)

    def view(self) -> HearingLive:
        quality, lines = self.media.quality(), self.media.lines
        placement = self.media.link.placement
        return HearingLive(
            hearing_id=self.state.hearing_id,
            state=str(self.state.state),
            chair=self.state.chair,
            floor=self.state.floor,
            elapsed_ms=self._context.clock.elapsed_ms(self.state),
            recorder_lost=self.state.recorder_lost,
            worker=placement.index if placement is not None and self.media.link.up else None,
            seats=tuple(
                seat_live(
                    seat,
                    quality.get(seat.seat_id),
                    lines.figures.get(seat.seat_id),
                    lines.troubles.get(seat.seat_id, ()),
                )
                for seat in self.state.seats
            ),
        )


def _same_browser(held_by: Connection, comes: Connection, client: str) -> bool:
    return bool(client) and held_by.client == client and held_by.actor.account_id == comes.actor.account_id
