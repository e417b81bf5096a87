"""How a unit's papers are headed and signed (Decree 30/2020, Appendix I, part II): set by its administrator, else
guessed from its name. What has been made keeps what stood on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.auth import Action, Actor, Target, require
from hub.errors import BadInput, NotFound
from hub.forms.signing import Signing, Style, guessed, of_head, of_person
from hub.i18n import N_, Text
from hub.models import OrgUnit, PaperStyle, UnitHead
from hub.papers import Paper, Para, Signer
from hub.services import audit
from hub.text import clean

LONGEST = {"authority": 200, "place": 80, "on_behalf": 120, "head": 80, "deputy": 80, "signer": 120}
NAMES = tuple(one.name for one in fields(Style))
WATERMARK = "BẢN XEM TRƯỚC"
_SAMPLE = (
    "Văn bản này chỉ để xem thể thức: cơ quan cấp trên, địa danh và chữ ký. Nội dung, số và ngày do từng văn bản quyết"
    " định."
)


async def of(db: AsyncSession, unit: OrgUnit) -> Style:
    """What has been set, or the guess."""
    row = await db.get(PaperStyle, unit.id)
    return _style(row) if row is not None else await guess(db, unit)


async def guess(db: AsyncSession, unit: OrgUnit) -> Style:
    above = await db.get(OrgUnit, unit.parent_id) if unit.parent_id else None
    return guessed(unit.name, above.name if above is not None else "")


async def head_name(db: AsyncSession, unit: OrgUnit, day: date) -> str:
    """Of whoever heads the unit on that day; empty where nobody has been written down."""
    wanted = select(UnitHead).where(UnitHead.unit_id == unit.id, UnitHead.valid_from <= day)
    wanted = wanted.where(or_(UnitHead.valid_to.is_(None), UnitHead.valid_to >= day)).order_by(
        UnitHead.valid_from.desc()
    )
    head = (await db.execute(wanted.limit(1))).unique().scalar_one_or_none()
    return head.account.full_name if head else ""


async def managed(db: AsyncSession, actor: Actor, unit_id: str) -> tuple[OrgUnit, Style, bool]:
    """The unit, its style and whether that was set. Raises ``NotFound``, ``Forbidden``."""
    unit = await db.get(OrgUnit, unit_id)
    if unit is None:
        raise NotFound(N_("Không có cơ quan này."))
    require(actor, Action.MANAGE_UNITS, Target(paths=(unit.path,)))
    row = await db.get(PaperStyle, unit_id)
    return unit, _style(row) if row is not None else await guess(db, unit), row is not None


def wanted(typed: Mapping[str, str]) -> Style:
    """Raises ``BadInput`` by field."""
    values = {name: clean(typed.get(name, "")) for name in NAMES}
    faults = {
        name: Text(N_("Dài quá %(longest)d ký tự."), {"longest": longest})
        for name, longest in LONGEST.items()
        if len(values[name]) > longest
    }
    for name in ("place", "head", "deputy"):
        if not values[name]:
            faults[name] = Text(N_("Hãy điền mục này."))
    if faults:
        raise BadInput(N_("Một số mục chưa đúng. Hãy xem lại."), fields=faults)
    return Style(**values)


async def save(db: AsyncSession, actor: Actor, unit_id: str, style: Style) -> None:
    """For papers made from now on. What equals the guess is kept as set: a later rename of the unit changes nothing."""
    unit, before, _ = await managed(db, actor, unit_id)
    locked = select(PaperStyle).where(PaperStyle.unit_id == unit_id).with_for_update()
    row = (await db.execute(locked)).scalar_one_or_none()
    if row is None:
        db.add(PaperStyle(unit_id=unit_id, **asdict(style)))
    else:
        for name in NAMES:
            setattr(row, name, getattr(style, name))
    await db.flush()
    await _audit(db, actor, unit, before, style)


async def reset(db: AsyncSession, actor: Actor, unit_id: str) -> None:
    """Back to the guess."""
    unit, before, _ = await managed(db, actor, unit_id)
    row = await db.get(PaperStyle, unit_id)
    if row is not None:
        await db.delete(row)
        await db.flush()
        await _audit(db, actor, unit, before, await guess(db, unit))


def samples(unit: str, style: Style, today: date) -> list[Paper]:
    """One page signed by the head, one by a deputy and one by somebody on the head's order."""
    name = "Nguyễn Văn A"
    deputy = of_person(style, name, style.deputy)
    division = of_person(style, name, "Trưởng Ban Tiếp công dân")
    return [_sample(unit, style, today, by) for by in (of_head(style), deputy, division)]


def _sample(unit: str, style: Style, today: date, by: Signing) -> Paper:
    return Paper(
        title="Thông báo",
        agency=unit,
        authority=style.authority,
        place=style.place,
        day=today,
        number="......",
        blocks=(Para(_SAMPLE),),
        signer=Signer(by.title, by.name, by.on_behalf, ""),
        recipients=("Như trên", "Lưu: VT, hồ sơ"),
        watermark=WATERMARK,
    )


def _style(row: PaperStyle) -> Style:
    return Style(**{name: getattr(row, name) for name in NAMES})


async def _audit(db: AsyncSession, actor: Actor, unit: OrgUnit, before: Style, after: Style) -> None:
    old, new = asdict(before), asdict(after)
    changes = {name: [old[name], new[name]] for name in NAMES if old[name] != new[name]}
    await audit.record(db, actor, "paper_style_changed", "unit", unit.id, unit_path=unit.path, changes=changes)
