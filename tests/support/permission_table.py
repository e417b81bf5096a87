"""Who may do what, as the law and the design of the hub want it: one row for each address, written by hand.

A person is named by a role and how their unit stands to the unit that the object belongs to, or by their own part in it
(``tests.support.permission_world``). ``Row.who`` reads:

=============  =======================================================================================
``officer``    the role over the object's own unit or over one above it
``officer!``   over the very unit only
``officer*``   over any unit at all: nothing of a unit is asked for, or lists are cut to one's own scope
``all``        whoever is signed in, with any role or none
``chair``      or another name: this one person, by their part (``PARTIES``, ``SEATED``)
``anyone``     needs no sign-in
``device``     whoever carries a device's bearer token for it; no sign-in counts
=============  =======================================================================================
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from hub.models import Role
from tests.support.permission_world import EVERYBODY, PARTIES, RELATIONS

ANYONE = "anyone"
DEVICE = "device"


@dataclass(frozen=True)
class Row:
    method: str
    path: str
    who: str
    why: str = ""
    variant: str = ""
    """Which object is asked for, where it is another than usual (``PermissionWorld.instead``)."""
    sends: Mapping[str, str] = field(default_factory=dict)
    """What the form holds; nothing by default, so that whoever is let in is told what is missing."""

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}" + (f" ({self.variant})" if self.variant else "")

    def address(self, known: Mapping[str, str]) -> str:
        """With what the address names, and for a GET with its query."""
        path = self.path.format(**(dict(known) | dict(self.sends)))
        query = {name: text for name, text in self.sends.items() if f"{{{name}}}" not in self.path}
        return f"{path}?{urlencode(query)}" if query and self.method == "GET" else path

    def form(self, known: Mapping[str, str]) -> dict[str, str]:
        return {name: text.format(**known) for name, text in self.sends.items()}

    def people(self) -> frozenset[str]:
        """Everybody signed in who is let in."""
        return frozenset(person for word in self.who.split() for person in _people(word))


def _people(word: str) -> Iterator[str]:
    role = word.rstrip("!*")
    if word in ("all", ANYONE):
        yield from EVERYBODY
    elif word == DEVICE:
        return
    elif role not in list(Role):
        assert word in EVERYBODY, word
        yield word
    elif word.endswith("*"):
        yield from (f"{role}.{relation}" for relation in RELATIONS)
        yield from (name for name, (held, _) in PARTIES.items() if held == role)
    else:
        yield f"{role}.own"
        if not word.endswith("!"):
            yield f"{role}.above"
        if role == Role.OFFICER:
            yield "assignee"  # an officer of the unit like any other


def get(path: str, who: str, why: str = "", variant: str = "", **sends: str) -> Row:
    return Row("GET", path, who, why, variant, sends)


def post(path: str, who: str, why: str = "", variant: str = "", **sends: str) -> Row:
    return Row("POST", path, who, why, variant, sends)
