"""What follows from a browser's message: events to keep, effects to carry out, or a refusal. PURE: no I/O, no clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from hub import auth
from hub.auth import Action, Actor, Target
from hub.i18n import N_, Text
from hub.models import HearingState, SeatKind
from signaling import effects as fx
from signaling import events as ev
from signaling import protocol as p
from signaling.decide_chair import OfChair, decide_chair
from signaling.effects import Effect
from signaling.events import AnyEvent
from signaling.permits import Refusal, refusal, refuse
from signaling.selection import MOST_HEIGHT, MOST_TILES, View
from signaling.state import Hearing, Presence, Publishing, Seat, effective_kind, may_send
from signaling.wishes import SOURCES

MAX_GENERATION = 2**53 - 1
MAX_SOURCES = 16
OFFICIALS = frozenset({SeatKind.CHAIR, SeatKind.DEPUTY, SeatKind.SECRETARY})
"""They need nobody to let them in once the hearing is open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a decision needs to know that is not the hearing's state."""

    actor: Actor
    now: datetime
    may_take: frozenset[str] = frozenset()
    """The seats that were booked for this person (``hearings.seats_for``)."""
    held_by: str | None = None
    """The name of whoever's browser is connected to the seat now."""
    recorder_refuses: Text | None = None
    """Why the recorder could not record now; None: it could."""
    media_ready: bool = True
    listen_above_points: int = 10_000
    """A hearing with more points opens with only those sending whom the chair invites."""
    recording: tuple[str, int] | None = None
    """(recording_id, epoch_ns) once the recorder has confirmed."""


@dataclass(frozen=True, slots=True)
class Decision:
    events: tuple[AnyEvent, ...] = ()
    effects: tuple[Effect, ...] = ()
    reply: p.SeatTaken | p.Pong | None = None
    refusal: Refusal | None = None


OfMedia = p.Publish | p.Subscribe | p.Answer | p.SetMedia | p.View | p.Ping
OfSeat = p.Join | p.Leave | p.RaiseHand | p.LowerHand | p.Say | p.Note | p.TakeChair


def decide(hearing: Hearing, seat_id: str, message: p.FromBrowser, facts: Facts) -> Decision:
    """The decision on ``message`` from the browser in ``seat_id``. Nothing has happened yet."""
    seat = hearing.find(seat_id)
    if seat is None:
        return _no("not_found", N_("Không có chỗ này trong buổi tiếp."))
    why_not = refusal(hearing, seat, type(message), facts.actor)
    if why_not is not None:
        return Decision(refusal=why_not)
    match message:
        case p.Publish() | p.Subscribe() | p.Answer() | p.SetMedia() | p.View() | p.Ping():
            return _media(hearing, seat, message)
        case p.Line() | p.WatchLine():
            return _line(hearing, seat, message)
        case p.Join() | p.Leave() | p.RaiseHand() | p.LowerHand() | p.Say() | p.Note() | p.TakeChair():
            return _seat(hearing, seat, message, facts)
        case _:
            return _chair(hearing, message, facts)


def _no(code: str, message: str, **params: object) -> Decision:
    return Decision(refusal=refuse(code, message, **params))


def _chair(hearing: Hearing, message: OfChair, facts: Facts) -> Decision:
    if isinstance(message, p.Open):
        return _open(hearing, facts)
    outcome = decide_chair(hearing, message)
    if isinstance(outcome, Refusal):
        return Decision(refusal=outcome)
    follow: tuple[Effect, ...] = ()
    if isinstance(message, p.End) and hearing.recording_id is not None:
        follow = (fx.StopRecording(hearing.recording_id), fx.DismissAll("ended"))
    return Decision(events=outcome, effects=follow)


def _open(hearing: Hearing, facts: Facts) -> Decision:
    """No hearing without a record: only what the recorder has confirmed opens."""
    if facts.recorder_refuses is not None:
        return Decision(refusal=Refusal("not_ready", facts.recorder_refuses))
    if not facts.media_ready:
        return _no("not_ready", N_("Máy chủ truyền hình chưa sẵn sàng. Hãy thử lại sau ít giây."))
    if facts.recording is None:
        return Decision(effects=(fx.StartRecording(),))
    recording_id, epoch_ns = facts.recording
    officials = [ev.Admitted(seat_id=seat.seat_id) for seat in hearing.seats if seat.here and seat.kind in OFFICIALS]
    points = sum(seat.kind is SeatKind.POINT for seat in hearing.seats)
    policy = [ev.PublishingSet(policy=str(Publishing.INVITED))] if points > facts.listen_above_points else []
    return Decision(events=(ev.Opened(recording_id=recording_id, epoch_ns=epoch_ns), *policy, *officials))


# A seat's own conduct ------------------------------------------------------------------------------------------------


def _seat(hearing: Hearing, seat: Seat, message: OfSeat, facts: Facts) -> Decision:
    match message:
        case p.Join():
            return _join(hearing, seat, message, facts)
        case p.Leave():
            floor = (ev.FloorTaken(seat_id=seat.seat_id),) if hearing.floor == seat.seat_id else ()
            farewell = fx.Dismiss(seat.seat_id, "left", drop_media=True)
            return Decision(events=(*floor, ev.Left(seat_id=seat.seat_id)), effects=(farewell,))
        case p.RaiseHand():
            raised = () if seat.hand_raised_at else (ev.HandRaised(seat_id=seat.seat_id),)
            return Decision(events=raised)
        case p.LowerHand():
            return _lower_hand(hearing, seat, message, facts)
        case p.Say() | p.Note():
            return _write(seat, message)
        case p.TakeChair():
            back = (ev.Resumed(),) if hearing.state is HearingState.INTERRUPTED else ()
            return Decision(events=(ev.ChairTaken(seat_id=seat.seat_id), *back))
        case _:
            assert_never(message)


def _write(seat: Seat, message: p.Say | p.Note) -> Decision:
    # PostgreSQL keeps no NUL, and nobody types one.
    text = message.text.replace("\x00", "").strip()
    if not text:
        return _no("bad_input", N_("Hãy nhập nội dung."))
    if len(text) > p.MAX_TEXT_CHARACTERS:
        return _no("too_large", N_("Nội dung dài quá %(limit)s ký tự."), limit=p.MAX_TEXT_CHARACTERS)
    event = ev.Said if isinstance(message, p.Say) else ev.Noted
    return Decision(events=(event(seat_id=seat.seat_id, text=text),))


def _join(hearing: Hearing, seat: Seat, message: p.Join, facts: Facts) -> Decision:
    if message.version != p.PROTOCOL_VERSION:
        return _no("protocol_error", N_("Trang này đã cũ; hãy tải lại trang."))
    if seat.seat_id not in facts.may_take:
        return _no("forbidden", N_("Bạn không được mời vào chỗ này."))
    happening: list[AnyEvent] = []
    effects: list[Effect] = []
    if facts.held_by is not None:
        if not message.take_over:
            return Decision(reply=p.SeatTaken(name=facts.held_by))
        happening.append(ev.Displaced(seat_id=seat.seat_id))
        effects.append(fx.Dismiss(seat.seat_id, "displaced", drop_media=True))
    # After a restart of the web process the seat counts as connected until its browser fails to come back: a browser
    # that does come back was never away.
    if not (seat.here and seat.connected and seat.account_id == facts.actor.account_id) or happening:
        happening.append(ev.Joined(seat_id=seat.seat_id, account_id=facts.actor.account_id, name=facts.actor.name))
    if hearing.live and not seat.admitted and seat.kind in OFFICIALS:
        happening.append(ev.Admitted(seat_id=seat.seat_id))
    if hearing.state is HearingState.INTERRUPTED and seat.seat_id == hearing.chair:
        happening.append(ev.Resumed())
    return Decision(events=tuple(happening), effects=tuple(effects))


def _lower_hand(hearing: Hearing, seat: Seat, message: p.LowerHand, facts: Facts) -> Decision:
    other = hearing.find(message.seat_id) if message.seat_id is not None else seat
    if other is None:
        return _no("not_found", N_("Không có chỗ này trong buổi tiếp."))
    if other.seat_id != seat.seat_id and not auth.may(
        facts.actor, Action.CHAIR_HEARING, Target(seat_kind=str(effective_kind(hearing, seat)))
    ):
        return _no("forbidden", N_("Bạn không có quyền làm việc này."))
    return Decision(events=(ev.HandLowered(seat_id=other.seat_id),) if other.hand_raised_at else ())


# Media ---------------------------------------------------------------------------------------------------------------


def _media(hearing: Hearing, seat: Seat, message: OfMedia) -> Decision:
    match message:
        case p.Publish():
            return _publish(message)
        case p.Subscribe():
            return _subscribe(message)
        case p.Answer():
            return Decision(effects=(fx.AcceptAnswer(message.generation, message.revision, message.sdp),))
        case p.SetMedia():
            return _set_media(hearing, seat, message)
        case p.View():
            return Decision(effects=(fx.KeepView(seat.seat_id, _view(hearing, message)),))
        case p.Ping():
            quality = message.quality
            keep = (fx.KeepQuality(seat.seat_id, min(4, max(0, quality))),) if quality is not None else ()
            return Decision(effects=keep, reply=p.Pong(at=message.at))
        case _:
            assert_never(message)


def _line(hearing: Hearing, seat: Seat, message: p.Line | p.WatchLine) -> Decision:
    if isinstance(message, p.Line):
        return Decision(effects=(fx.KeepLine(seat.seat_id, message.seen),))
    if message.seat_id is not None and hearing.find(message.seat_id) is None:
        return _no("not_found", N_("Không có chỗ này trong buổi tiếp."))
    return Decision(effects=(fx.WatchLine(seat.seat_id, message.seat_id),))


def _view(hearing: Hearing, message: p.View) -> View:
    """What makes no sense is left out: a page that knows a seat we have not is only ahead of us."""
    heights = {
        (tile.seat_id, tile.source): min(max(1, tile.height), MOST_HEIGHT)
        for tile in message.tiles[:MOST_TILES]
        if tile.source in ("camera", "screen") and hearing.find(tile.seat_id) is not None
    }
    pinned = tuple(dict.fromkeys(one for one in message.pinned[:MOST_TILES] if hearing.find(one) is not None))
    return View(heights, pinned)


def _publish(message: p.Publish) -> Decision:
    if not 0 <= message.generation <= MAX_GENERATION:
        return _no("bad_input", N_("Số thứ tự kết nối không hợp lệ."))
    if len(message.sources) > MAX_SOURCES or not set(message.sources.values()) <= SOURCES:
        return _no("bad_input", N_("Nguồn hình hoặc tiếng không hợp lệ."))
    return Decision(effects=(fx.NegotiatePublish(message.generation, message.sdp, message.sources),))


def _subscribe(message: p.Subscribe) -> Decision:
    if not 0 <= message.generation <= MAX_GENERATION:
        return _no("bad_input", N_("Số thứ tự kết nối không hợp lệ."))
    return Decision(effects=(fx.NegotiateSubscribe(message.generation, message.restart),))


def _set_media(hearing: Hearing, seat: Seat, message: p.SetMedia) -> Decision:
    """A muted seat that only changes its camera does not ask to speak, though its microphone is said to be on.

    A locked seat may say that its microphone is on (it has just been plugged in); it stays muted all the same.
    """
    pictures_change = (message.camera, message.screen) != (seat.camera, seat.screen)
    changes = pictures_change or message.microphone != seat.microphone
    asks_to_speak = message.microphone and (not seat.microphone or not pictures_change)
    happening: list[AnyEvent] = []
    if seat.muted and asks_to_speak and not seat.locked:
        happening.append(ev.Unmuted(seat_id=seat.seat_id))
    elif seat.muted and asks_to_speak and not changes:
        return _no("forbidden", N_("Chủ trì đã tắt micro của bạn. Giơ tay để xin phát biểu."))
    if message.screen and not seat.screen:
        if seat.presence is not Presence.ADMITTED or not hearing.live:
            return _no("forbidden", N_("Chưa thể chia sẻ màn hình lúc này."))
        if not may_send(hearing, seat):
            return _no("forbidden", N_("Điểm của bạn đang chỉ nghe và xem. Giơ tay để xin phát biểu."))
        if seat.seat_id != hearing.chair and any(other.screen for other in hearing.seats if other.connected):
            return _no("conflict", N_("Một điểm khác đang chia sẻ màn hình."))
    if changes:
        happening.append(
            ev.MediaChanged(
                seat_id=seat.seat_id, microphone=message.microphone, camera=message.camera, screen=message.screen
            )
        )
    return Decision(events=tuple(happening))
