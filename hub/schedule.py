"""Bookings without a database: the moves of a hearing, what overlaps, and what a booking must satisfy. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from hub.errors import Conflict
from hub.i18n import N_, Text
from hub.models.hearings import AdHocGround, HearingKind, HearingState

S = HearingState

NEXT: dict[HearingState, frozenset[HearingState]] = {
    S.SCHEDULED: frozenset({S.OPEN, S.POSTPONED, S.CANCELLED}),
    S.POSTPONED: frozenset({S.SCHEDULED, S.CANCELLED}),
    S.OPEN: frozenset({S.RECESS, S.INTERRUPTED, S.CLOSED}),
    S.RECESS: frozenset({S.OPEN, S.INTERRUPTED, S.CLOSED}),
    S.INTERRUPTED: frozenset({S.OPEN, S.RECESS, S.CLOSED}),
    S.CLOSED: frozenset(),
    S.CANCELLED: frozenset(),
}

GRACE = timedelta(minutes=1)
"""A booking for "now" takes a moment to fill in and send."""
LONGEST = timedelta(hours=12)


def move(now: HearingState, wanted: HearingState) -> HearingState:
    """The wanted state, or ``Conflict`` when it does not follow; staying is allowed, so that events may be repeated."""
    if wanted != now and wanted not in NEXT[now]:
        raise Conflict(N_("Buổi tiếp đã kết thúc, đã hủy hoặc chưa đến bước này, nên không thể làm việc đó."))
    return wanted


@dataclass(frozen=True, slots=True)
class Slot:
    """Who and what a booking occupies from ``starts_at`` until just before ``ends_at``."""

    starts_at: datetime
    ends_at: datetime
    people: frozenset[str] = frozenset()
    points: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Clash:
    people: frozenset[str]
    points: frozenset[str]


def overlap(one: Slot, other: Slot) -> bool:
    """Whether two slots share an instant; one that begins as the other ends does not."""
    return one.starts_at < other.ends_at and other.starts_at < one.ends_at


def clash(wanted: Slot, other: Slot) -> Clash | None:
    """What both occupy at the same time, or None."""
    if not overlap(wanted, other):
        return None
    people, points = wanted.people & other.people, wanted.points & other.points
    return Clash(people, points) if people or points else None


def peak(wanted: Slot, others: Iterable[Slot], point: str) -> int:
    """How many of the others are at the point at one time, at most, while ``wanted`` lasts."""
    there = [other for other in others if point in other.points and overlap(wanted, other)]
    # The number only grows where one of them begins.
    starts = {max(other.starts_at, wanted.starts_at) for other in there}
    return max((sum(other.starts_at <= at < other.ends_at for other in there) for at in starts), default=0)


def full(wanted: Slot, others: Sequence[Slot], capacity: Mapping[str, int]) -> frozenset[str]:
    """Points where ``wanted`` finds no room: ``capacity`` is how many hearings each holds at once, one unless named."""
    return frozenset(point for point in wanted.points if peak(wanted, others, point) >= capacity.get(point, 1))


def clashes(wanted: Slot, others: Sequence[Slot], capacity: Mapping[str, int]) -> list[Clash | None]:
    """For each of the others what keeps ``wanted`` from being booked beside it, or None."""
    no_room = full(wanted, others, capacity)
    found = [clash(wanted, other) for other in others]
    kept = [Clash(one.people, one.points & no_room) if one else None for one in found]
    return [one if one and (one.people or one.points) else None for one in kept]


def time_faults(starts_at: datetime, ends_at: datetime, now: datetime) -> dict[str, Text]:
    """What is wrong with the times, by form field."""
    faults = {}
    if starts_at < now - GRACE:
        faults["starts_at"] = Text(N_("Giờ bắt đầu đã qua. Hãy chọn thời điểm từ bây giờ trở đi."))
    if ends_at <= starts_at:
        faults["ends_at"] = Text(N_("Giờ kết thúc phải sau giờ bắt đầu."))
    elif ends_at - starts_at > LONGEST:
        faults["ends_at"] = Text(
            N_("Một buổi tiếp không dài quá %(hours)d giờ. Hãy kiểm tra lại ngày kết thúc."),
            {"hours": LONGEST // timedelta(hours=1)},
        )
    return faults


def ground_faults(kind: HearingKind, ground: AdHocGround | None) -> dict[str, Text]:
    """Ad hoc reception needs its legal ground, regular has none (Law on Citizen Reception 42/2013 Art 18.3)."""
    if kind is HearingKind.AD_HOC and ground is None:
        return {"ad_hoc_ground": Text(N_("Tiếp đột xuất phải nêu căn cứ: khoản 3 Điều 18, điểm a hoặc điểm b."))}
    if kind is HearingKind.REGULAR and ground is not None:
        return {"ad_hoc_ground": Text(N_("Tiếp định kỳ không có căn cứ tiếp đột xuất."))}
    return {}


def repeated(ids: Iterable[str | None]) -> set[str]:
    """Those that occur more than once."""
    seen: set[str] = set()
    twice: set[str] = set()
    for one in ids:
        if one is not None:
            (twice if one in seen else seen).add(one)
    return twice
