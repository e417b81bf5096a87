"""The main menu: only what a person may open, in the same order for everyone."""

from __future__ import annotations

from dataclasses import dataclass

from hub.auth import Actor
from hub.i18n import N_
from hub.models.people import Role

CASE_ROLES = (Role.OFFICER, Role.LEADER, Role.SECRETARY, Role.AUDITOR)
HEARING_ROLES = (*CASE_ROLES, Role.TECHNICIAN)


@dataclass(frozen=True, slots=True)
class MenuItem:
    path: str
    label: str
    icon: str
    current: bool


_ITEMS: tuple[tuple[str, str, str, tuple[Role, ...]], ...] = (
    ("/", N_("Trang chủ"), "home", tuple(Role)),
    ("/hearings", N_("Buổi tiếp"), "calendar", HEARING_ROLES),
    ("/cases", N_("Vụ việc"), "folder", CASE_ROLES),
    ("/help-desk", N_("Bàn hỗ trợ"), "lifebuoy", (Role.TECHNICIAN, Role.ADMINISTRATOR)),
    ("/accounts", N_("Tài khoản"), "people", (Role.ADMINISTRATOR,)),
    ("/units", N_("Cơ quan"), "building", (Role.ADMINISTRATOR,)),
    ("/points", N_("Điểm cầu"), "point", (Role.ADMINISTRATOR,)),
    ("/audit", N_("Nhật ký"), "shield", (Role.ADMINISTRATOR, Role.AUDITOR)),
)


def menu(actor: Actor | None, path: str) -> list[MenuItem]:
    """The items for this person; a page below an item marks it as current."""
    if actor is None:
        return []
    return [
        MenuItem(target, label, icon, current=path == target or (target != "/" and path.startswith(f"{target}/")))
        for target, label, icon, roles in _ITEMS
        if any(actor.has_role(role) for role in roles)
    ]
