"""Which papers there are, in which edition and since when: ``hub/data/forms.csv``. Pure but for reading that file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import pairwise

from hub.errors import NotFound
from hub.i18n import N_, Named
from hub.law_files import LawFileError, Line, read_table, shipped
from hub.models.law import Certainty

FILE = "forms.csv"
COLUMNS = (
    *("code", "symbol", "form_number", "legal_basis", "valid_from", "valid_to"),
    *("certainty", "citizen", "name", "name_en", "note"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """A form as it stood from ``valid_from`` to ``valid_to``, both included; None: until further notice."""

    code: str
    symbol: str
    form_number: str
    legal_basis: str
    valid_from: date
    valid_to: date | None
    certainty: Certainty
    """How sure the number is."""
    citizen: bool
    """Made out to the person who came."""
    name: str
    name_en: str
    note: str

    @property
    def title(self) -> Named:
        return Named(self.name, self.name_en)

    @property
    def printed_note(self) -> str:
        """What may stand in the paper's corner: a number that is not certain may mislead a court, so it may not."""
        if not self.form_number or self.certainty is not Certainty.TEXT:
            return ""
        return f"{self.form_number}, {self.legal_basis}"


@dataclass(frozen=True, slots=True)
class Registry:
    editions: tuple[Edition, ...]

    def versions(self, code: str) -> list[Edition]:
        """Oldest first. Raises ``NotFound``."""
        found = sorted((one for one in self.editions if one.code == code), key=lambda one: one.valid_from)
        if not found:
            raise NotFound(N_("Không có mẫu “%(code)s”."), code=code)
        return found

    def edition(self, code: str, day: date) -> Edition:
        """The one of that day; before the first known, the first. Raises ``NotFound`` for an unknown code.

        A paper about an old event must still be possible, and the list says which edition was taken.
        """
        versions = self.versions(code)
        return next((one for one in reversed(versions) if one.valid_from <= day), versions[0])

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(one.code for one in self.editions))


@cache
def registry() -> Registry:
    """The shipped one."""
    return Registry(tuple(read(shipped(FILE))))


def read(text: str, name: str = FILE) -> list[Edition]:
    """Raises ``LawFileError``: faults of single lines, and editions of one form that overlap."""
    editions = read_table(text, name, COLUMNS, _edition)
    faults = [
        f"{name}: {code}: the editions from {one} and from {other} overlap" for code, one, other in _clash(editions)
    ]
    if faults:
        raise LawFileError(faults)
    return editions


def _clash(editions: Sequence[Edition]) -> list[tuple[str, date, date]]:
    ordered = sorted(editions, key=lambda one: (one.code, one.valid_from))
    return [
        (one.code, one.valid_from, other.valid_from)
        for one, other in pairwise(ordered)
        if one.code == other.code and (one.valid_to is None or other.valid_from <= one.valid_to)
    ]


def _edition(line: Line) -> Edition:
    if line.cells["citizen"] not in ("yes", "no"):
        line.faults.append(f"citizen {line.cells['citizen']!r} is neither yes nor no")
    if not line.cells["form_number"] and line.cells["certainty"] == Certainty.TEXT:
        line.faults.append("a form without a number cannot be certain of it")
    return Edition(
        code=line.text("code"),
        symbol=line.text("symbol"),
        form_number=line.text("form_number", required=False),
        legal_basis=line.text("legal_basis"),
        valid_from=line.day("valid_from"),
        valid_to=line.day("valid_to") if line.cells["valid_to"] else None,
        certainty=line.choice("certainty", Certainty, Certainty.UNVERIFIED),
        citizen=line.cells["citizen"] == "yes",
        name=line.text("name"),
        name_en=line.text("name_en"),
        note=line.text("note", required=False),
    )
