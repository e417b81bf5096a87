"""The main menu: only what a person may open, in the same order for everyone."""

from __future__ import annotations

from dataclasses import dataclass

from hub.auth import Action, Actor, may_somewhere
from hub.i18n import N_


@dataclass(frozen=True, slots=True)
class MenuItem:
    path: str
    label: str
    icon: str
    current: bool
    further: bool = False
    """Under "Thêm" where the bar is one line: an old screen has room for six and what stands beside them."""


_ITEMS: tuple[tuple[str, str, str, Action | None], ...] = (
    ("/", N_("Trang chủ"), "home", None),
    ("/hearings", N_("Buổi tiếp"), "calendar", Action.READ_HEARING),
    ("/calendar", N_("Lịch tiếp"), "calendar", Action.READ_HEARING),
    ("/tasks", N_("Việc cần làm"), "check", Action.READ_CASE),
    ("/cases", N_("Vụ việc"), "folder", Action.READ_CASE),
    ("/register", N_("Sổ tiếp dân"), "file", Action.READ_REGISTER),
    ("/deadlines", N_("Thời hạn"), "clock", Action.READ_RULES),
    ("/archive", N_("Kho lưu trữ"), "shield", Action.WATCH_ARCHIVE),
    ("/help-desk", N_("Bàn hỗ trợ"), "lifebuoy", Action.WATCH_HELP_DESK),
    ("/accounts", N_("Tài khoản"), "people", Action.MANAGE_ACCOUNTS),
    ("/units", N_("Các cơ quan"), "building", Action.MANAGE_UNITS),
    ("/points", N_("Điểm cầu"), "point", Action.MANAGE_UNITS),
    ("/mail", N_("Thư"), "mail", Action.MANAGE_MAIL),
    ("/audit", N_("Nhật ký"), "shield", Action.READ_AUDIT),
)

_BELOW = (
    {
        "/visits": "/cases",
        "/conclusions": "/hearings",
        "/staff": "/tasks",
        "/forms": "/deadlines",
        "/rules": "/deadlines",
        "/holidays": "/deadlines",
    }
    | dict.fromkeys(("/series", "/postings", "/minimums"), "/calendar")
    | {f"/import/{kind}": f"/{kind}" for kind in ("accounts", "points", "units")}
)
"""Pages that belong to another item than their address says."""

_IN_THE_BAR = 6


def menu(actor: Actor | None, path: str) -> list[MenuItem]:
    """The items for this person; a page below an item marks it as current."""
    if actor is None:
        return []
    parts = path.split("/")
    top = "/" + parts[1]
    above = _BELOW.get("/".join(parts[:3]), _BELOW.get(top, top))
    mine = [item for item in _ITEMS if item[3] is None or may_somewhere(actor, item[3])]
    # One alone under "Thêm" would take as much room as it gives.
    room = len(mine) if len(mine) <= _IN_THE_BAR + 1 else _IN_THE_BAR
    return [
        MenuItem(target, label, icon, current=target == above, further=place >= room)
        for place, (target, label, icon, _) in enumerate(mine)
    ]
