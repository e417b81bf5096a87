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


def head_title(unit: str) -> str:
    """People's committees and councils have a chair; what other bodies call their head is not known here."""
    return "Chủ tịch" if papers.abbreviation(unit) in _BODIES else "Thủ trưởng"


def of_head(unit: str) -> Signing:
    """Guessed from the unit's name, for who has set nothing."""
    body = _BODIES.get(papers.abbreviation(unit), "")
    return Signing(head_title(unit), on_behalf=f"TM. {body}" if body else "")


def of_person(unit: str, name: str, title: str) -> Signing:
    """Of a person of the unit: its head, a deputy, or somebody on the head's order."""
    head = of_head(unit)
    if not title or title.casefold().startswith(head.title.casefold()):
        return replace(head, name=name)
    if title.casefold().startswith("phó"):
        above = "\n".join(part for part in (head.on_behalf, f"KT. {head.title}") if part)
        return Signing(f"Phó {head.title}", name, above)
    return Signing(title, name, f"TL. {head.title}")
