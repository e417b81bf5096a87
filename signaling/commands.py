"""What only who runs the hearing may send: part of ``signaling.protocol``, which names all."""

from __future__ import annotations

from signaling.message import Message


class Open(Message, frozen=True):
    """Chair: begin; answered by ``opened`` only when the recorder has confirmed, else by ``error``."""


class Admit(Message, frozen=True):
    """Chair: let a waiting seat in; no seat means all that wait."""

    seat_id: str | None = None


class Remove(Message, frozen=True):
    seat_id: str
    reason: str = ""


class Mute(Message, frozen=True):
    """Chair: mute one seat, or all but the chair when ``seat_id`` is absent."""

    seat_id: str | None = None
    lock: bool = True


class Unmute(Message, frozen=True):
    seat_id: str | None = None


class GiveFloor(Message, frozen=True):
    seat_id: str


class TakeFloor(Message, frozen=True):
    """Take the floor back from whoever has it."""


class SetPublishing(Message, frozen=True):
    """Chair: who may send picture and sound, ``all`` or ``invited``."""

    policy: str


class AllowPublishing(Message, frozen=True):
    """Chair: this seat may send although others only listen."""

    seat_id: str


class WithdrawPublishing(Message, frozen=True):
    """Chair: take that back."""

    seat_id: str


class Recess(Message, frozen=True):
    pass


class Resume(Message, frozen=True):
    pass


class TakeChair(Message, frozen=True):
    """Deputy or secretary, when the hearing is interrupted."""


class CallCase(Message, frozen=True):
    """Chair or secretary: this case is heard now; null: none is."""

    case_id: str | None = None


class End(Message, frozen=True):
    """Chair; ``confirm`` must be the hearing's number: it cannot be reopened."""

    confirm: str
