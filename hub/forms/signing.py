"""Who signs a paper, by Decree 30/2020/NĐ-CP, Appendix I, part II.7: on whose behalf, with which title, by what name. PURE.

TM. (thay mặt) for a body that decides together, KT. (ký thay) of a deputy for the head, TL. (thừa lệnh) of the head of a
division on the head's order, TUQ. (thừa ủy quyền) by a written authorisation, Q. (quyền) of an acting head.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from hub import papers

_BODIES = {"UBND": "Ủy ban nhân dân", "HĐND": "Hội đồng nhân dân"}


@dataclass(frozen=True, slots=True)
class Signing:
    """``on_behalf`` may have two lines: ``TM. Ủy ban nhân dân``, ``KT. Chủ tịch``."""

    title: str
    name: str = ""
    on_behalf: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How a unit's papers are headed and signed: what its administrator has set, or ``guessed`` from its name."""

    authority: str = ""
    """The body above, where papers name one."""
    place: str = ""
    on_behalf: str = ""
    """What stands above the head's title: ``TM. Ủy ban nhân dân``."""
    head: str
    deputy: str
    signer: str = ""
    """The head's name, where it is always the same."""


def guessed(unit: str, authority: str = "") -> Style:
    """People's committees and councils have a chair; what other bodies call their head is not known here."""
    body = _BODIES.get(papers.abbreviation(unit), "")
    head = "Chủ tịch" if body else "Thủ trưởng"
    return Style(
        authority="" if papers.names_a_committee(unit) else authority,
        place=papers.place_of(unit),
        on_behalf=f"TM. {body}" if body else "",
        head=head,
        deputy=f"Phó {head}",
    )


def of_head(style: Style) -> Signing:
    return Signing(style.head, style.signer, style.on_behalf)


def of_person(style: Style, name: str, title: str) -> Signing:
    """Of a person of the unit: its head, a deputy, or somebody on the head's order."""
    head = replace(of_head(style), name=name)
    if not title or title.casefold().startswith(style.head.casefold()):
        return head
    if title.casefold().startswith(("phó", style.deputy.casefold())):
        above = "\n".join(part for part in (head.on_behalf, f"KT. {head.title}") if part)
        return Signing(style.deputy, name, above)
    return Signing(title, name, f"TL. {head.title}")
