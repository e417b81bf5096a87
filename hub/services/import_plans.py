"""What an imported table would do: every fault by row and column, else every change. Reads, and writes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from hub import mail
from hub.auth import Action, Actor, Target, may
from hub.i18n import LANGUAGES, N_
from hub.import_columns import KEY, Entry, Fault, level_of, roles_of, yes_or_no
from hub.import_kinds import ImportKind
from hub.models import Account, OrgUnit, Point, UnitLevel
from hub.services.people import username_fault
from hub.services.units import code_fault, level_fault


@dataclass(frozen=True, slots=True)
class Change:
    """``before`` and ``after`` by column key, only of what differs; a new object has no ``id`` and no ``before``."""

    row: int
    key: str
    id: str
    before: Mapping[str, str]
    after: Mapping[str, str]

    @property
    def new(self) -> bool:
        return not self.id


@dataclass(slots=True)
class Known:
    """What is there, by code or username; a snapshot of one transaction."""

    units: dict[str, OrgUnit]
    points: dict[str, Point] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)


def plan(actor: Actor, kind: ImportKind, entries: Sequence[Entry], known: Known) -> tuple[list[Change], list[Fault]]:
    """Changes in the order in which they can be made; of no use while there are faults."""
    _keys(kind, entries)
    if kind is ImportKind.UNITS:
        changes = _units(actor, entries, known)
    else:
        each = _point if kind is ImportKind.POINTS else _account
        changes = [change for entry in entries if (change := each(actor, entry, known)) is not None]
    return changes, [fault for entry in entries for fault in entry.faults]


def _keys(kind: ImportKind, entries: Sequence[Entry]) -> None:
    """Bring codes and usernames into their one form, and find those that come twice."""
    first: dict[str, int] = {}
    for entry in entries:
        for name in ("code", "parent", "unit"):
            if name in entry.values:
                entry.values[name] = entry[name].upper()
        if "username" in entry.values:
            entry.values["username"] = entry["username"].lower()
        key = entry[KEY[kind]]
        wrong = username_fault(key) if kind is ImportKind.ACCOUNTS else code_fault(key)
        if key and wrong is not None:
            entry.fault(KEY[kind], wrong.message)
        elif key in first:
            entry.fault(KEY[kind], N_("Trùng với dòng %(row)d của bảng."), row=first[key])
        elif key:
            first[key] = entry.row


def _units(actor: Actor, entries: Sequence[Entry], known: Known) -> list[Change]:
    by_code = {entry["code"]: entry for entry in reversed(entries)}
    below: dict[str, list[Entry]] = {}
    for entry in entries:
        waits = entry["parent"] in by_code and entry["parent"] not in known.units and entry["parent"] != entry["code"]
        below.setdefault(entry["parent"] if waits else "", []).append(entry)
    changes, ready, seen = [], below.pop("", []), 0
    while seen < len(ready):
        entry, seen = ready[seen], seen + 1
        change = _unit(actor, entry, known, by_code)
        changes += [change] if change is not None else []
        ready += below.pop(entry["code"], [])
    for waiting in below.values():
        for entry in waiting:
            entry.fault("parent", N_("Các dòng này là cấp trên của nhau theo vòng tròn."))
    return changes


def _unit(actor: Actor, entry: Entry, known: Known, by_code: Mapping[str, Entry]) -> Change | None:
    now, level = known.units.get(entry["code"]), level_of(entry["level"])
    if entry["level"] and level is None:
        entry.fault("level", N_("Hãy ghi: trung ương, tỉnh hoặc xã."))
    _check_yes_or_no(entry, "active")
    if now is not None:
        return _known_unit(actor, entry, now, level, known)
    if level is None and not entry["level"]:
        entry.fault("level", N_("Ô này không được để trống."))
    _check_parent(actor, entry, level, known, by_code)
    after = {"code": entry["code"], "name": entry["name"], "level": str(level), "parent": entry["parent"]}
    return _change(entry, "", {}, after | _flag(entry, "active"))


def _known_unit(actor: Actor, entry: Entry, now: OrgUnit, level: UnitLevel | None, known: Known) -> Change | None:
    _check_scope(actor, Action.MANAGE_UNITS, entry, "code", now.path)
    parent = next((unit.code for unit in known.units.values() if unit.id == now.parent_id), "")
    if level not in (None, now.level):
        entry.fault("level", N_("Không đổi được cấp của cơ quan đã có."))
    if entry["parent"] and entry["parent"] != parent:
        entry.fault("parent", N_("Không chuyển được cơ quan đã có sang cấp trên khác."))
    return _change(
        entry, now.id, {"name": now.name, "active": _word(now.active)}, {"name": entry["name"]} | _flag(entry, "active")
    )


def _check_parent(
    actor: Actor, entry: Entry, level: UnitLevel | None, known: Known, by_code: Mapping[str, Entry]
) -> None:
    code = entry["parent"]
    above, sister = known.units.get(code), by_code.get(code)
    if not code:
        _check_scope(actor, Action.MANAGE_UNITS, entry, "parent", "/")
    elif code == entry["code"]:
        entry.fault("parent", N_("Cơ quan không thể là cấp trên của chính mình."))
    elif above is not None:
        _check_scope(actor, Action.MANAGE_UNITS, entry, "parent", above.path)
        _check_level(entry, level, UnitLevel(above.level))
    elif sister is None:
        entry.fault("parent", N_("Không có cơ quan nào mang mã %(code)s, cả trong bảng này."), code=code)
    else:
        _check_level(entry, level, level_of(sister["level"]))


def _check_level(entry: Entry, level: UnitLevel | None, above: UnitLevel | None) -> None:
    if level is not None and above is not None and (wrong := level_fault(level, above)) is not None:
        entry.fault("level", wrong.message)


def _point(actor: Actor, entry: Entry, known: Known) -> Change | None:
    now, unit = known.points.get(entry["code"]), _own_unit(actor, Action.MANAGE_UNITS, entry, known)
    for name in ("bridge", "active"):
        _check_yes_or_no(entry, name)
    if now is not None:
        _check_scope(actor, Action.MANAGE_UNITS, entry, "code", now.unit.path)
    texts = {name: entry[name] for name in ("name", "address", "phone")}
    after = texts | {"unit": unit.code if unit else ""} | _flag(entry, "bridge") | _flag(entry, "active")
    if now is None:
        return _change(entry, "", {}, {"code": entry["code"]} | after)
    before = {"name": now.name, "address": now.address, "phone": now.phone, "unit": now.unit.code}
    before |= {"bridge": _word(now.is_bridge), "active": _word(now.active)}
    return _change(entry, now.id, before, after)


def _account(actor: Actor, entry: Entry, known: Known) -> Change | None:
    now, unit = known.accounts.get(entry["username"]), _own_unit(actor, Action.MANAGE_ACCOUNTS, entry, known)
    if now is not None:
        _check_scope(actor, Action.MANAGE_ACCOUNTS, entry, "username", now.unit.path)
        if now.disabled_at is not None:
            entry.fault("username", N_("Tài khoản này đã bị khóa. Hãy mở khóa trước khi sửa."))
    if entry["language"] and entry["language"].lower() not in LANGUAGES:
        entry.fault("language", N_("Hãy ghi vi hoặc en."))
    if entry["email"] and not mail.is_address(entry["email"]):
        entry.fault("email", N_("Địa chỉ thư điện tử không đúng."))
    texts = {name: entry[name] for name in ("full_name", "title", "phone", "email")}
    after = texts | {"language": entry["language"].lower(), "unit": unit.code if unit else ""}
    after["roles"] = _roles(actor, entry, known)
    if now is None:
        return _change(entry, "", {}, {"username": entry["username"]} | after)
    before = {name: getattr(now, name) for name in ("full_name", "title", "phone", "email", "language")}
    before |= {"unit": now.unit.code, "roles": _written((str(g.role), g.unit.code) for g in now.grants)}
    return _change(entry, now.id, before, after)


def _roles(actor: Actor, entry: Entry, known: Known) -> str:
    found = []
    for role, code, written in roles_of(entry["roles"], entry["unit"]):
        unit = known.units.get(code)
        if role is None:
            entry.fault("roles", N_("Không có vai trò “%(role)s”."), role=written)
        elif unit is None:
            entry.fault("roles", N_("Không có cơ quan nào mang mã %(code)s."), code=code)
        else:
            _check_scope(actor, Action.MANAGE_ACCOUNTS, entry, "roles", unit.path)
            found.append((str(role), code))
    return _written(found)


def _written(roles: object) -> str:
    return "; ".join(f"{role} @ {code}" for role, code in sorted(set(roles)))  # type: ignore[call-overload]


def _own_unit(actor: Actor, action: Action, entry: Entry, known: Known) -> OrgUnit | None:
    unit = known.units.get(entry["unit"])
    if not entry["unit"]:
        return None  # told already
    if unit is None:
        entry.fault("unit", N_("Không có cơ quan nào mang mã %(code)s."), code=entry["unit"])
    elif not unit.active:
        entry.fault("unit", N_("Cơ quan này đã ngừng dùng."))
    else:
        _check_scope(actor, action, entry, "unit", unit.path)
    return unit


def _check_scope(actor: Actor, action: Action, entry: Entry, key: str, path: str) -> None:
    if not may(actor, action, Target(paths=(path,))):
        entry.fault(key, N_("Ngoài phạm vi bạn quản trị."))


def _check_yes_or_no(entry: Entry, key: str) -> None:
    if entry[key] and yes_or_no(entry[key]) is None:
        entry.fault(key, N_("Hãy ghi có hoặc không."))


def _flag(entry: Entry, key: str) -> dict[str, str]:
    return {key: _word(bool(yes_or_no(entry[key])))} if entry[key] else {}


def _word(flag: bool) -> str:
    return "yes" if flag else "no"


def _change(entry: Entry, found_id: str, before: Mapping[str, str], after: Mapping[str, str]) -> Change | None:
    """None when nothing changes; an empty cell leaves what is there."""
    differs = {name: text for name, text in after.items() if text and text != before.get(name, "")}
    if found_id and not differs:
        return None
    key = entry["username"] or entry["code"]
    return Change(entry.row, key, found_id, {name: before[name] for name in differs if name in before}, differs)
