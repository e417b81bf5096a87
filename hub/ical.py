"""Invitations and feeds as iCalendar (RFC 5545, iTIP RFC 5546) that Outlook and Thunderbird update in place. Pure.

One hearing keeps one UID for ever; SEQUENCE rises with each change. Nothing of a case or a party is in them: the
summary is the hearing's number, and where it takes place.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from icalendar import Calendar, Event, Timezone, TimezoneStandard, vCalAddress

from hub import calendar

PRODUCT = "-//Cau Tiep Dan//Citizen Reception//VI"
ZONE = "Asia/Ho_Chi_Minh"
NOBODY = "khong-tra-loi@hub.invalid"
"""Where an organiser without an address would be answered; such answers come through the link in the letter."""


class Method(StrEnum):
    REQUEST = "REQUEST"
    CANCEL = "CANCEL"
    PUBLISH = "PUBLISH"


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    email: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Invite:
    """A hearing as calendars know it. ``sequence`` rises with each change; ``organiser`` stays the same."""

    hearing_id: str
    sequence: int
    summary: str
    description: str
    location: str
    starts_at: datetime
    ends_at: datetime
    changed_at: datetime
    organiser: Person
    attendee: Person | None = None
    cancelled: bool = False

    @property
    def uid(self) -> str:
        return str(UUID(self.hearing_id))


def document(invites: Iterable[Invite], method: Method, *, name: str = "") -> bytes:
    """A whole calendar: one invitation or its cancellation, or with PUBLISH a feed."""
    book = Calendar()
    book.add("prodid", PRODUCT)
    book.add("version", "2.0")
    book.add("calscale", "GREGORIAN")
    book.add("method", str(method))
    if name:
        book.add("x-wr-calname", name)
        book.add("refresh-interval", timedelta(hours=1), parameters={"value": "DURATION"})
    book.add_component(_zone())
    for one in invites:
        book.add_component(_event(one, method))
    return bytes(book.to_ical())


def _zone() -> Timezone:
    """Viet Nam has kept UTC+7 since 1975 without summer time."""
    zone, standard = Timezone(), TimezoneStandard()
    zone.add("tzid", ZONE)
    standard.add("dtstart", datetime(1975, 6, 13))  # noqa: DTZ001 - RFC 5545 3.6.5: local time without a zone
    standard.add("tzoffsetfrom", timedelta(hours=8))
    standard.add("tzoffsetto", timedelta(hours=7))
    standard.add("tzname", "+07")
    zone.add_component(standard)
    return zone


def _event(one: Invite, method: Method) -> Event:
    event = Event()
    event.add("uid", one.uid)
    event.add("sequence", one.sequence)
    event.add("dtstamp", one.changed_at)
    event.add("last-modified", one.changed_at)
    event.add("dtstart", calendar.local(one.starts_at))
    event.add("dtend", calendar.local(one.ends_at))
    event.add("summary", one.summary)
    event.add("description", one.description)
    event.add("location", one.location)
    cancelled = one.cancelled or method is Method.CANCEL
    event.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    event.add("transp", "TRANSPARENT" if cancelled else "OPAQUE")
    event.add("class", "PRIVATE")
    if method is Method.PUBLISH:
        return event
    event["organizer"] = _address(one.organiser)
    if one.attendee is not None:
        guest = _address(one.attendee)
        guest.params["ROLE"] = "REQ-PARTICIPANT"
        guest.params["PARTSTAT"] = "NEEDS-ACTION"
        guest.params["RSVP"] = "FALSE"  # answers come through the link, with a reason or another time
        event.add("attendee", guest, encode=False)
    return event


def _address(person: Person) -> vCalAddress:
    address = vCalAddress(f"mailto:{person.email or NOBODY}")
    address.params["CN"] = person.name
    return address
