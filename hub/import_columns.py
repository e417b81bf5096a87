"""What the columns of an imported table are, and what is written in them. PURE."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from hub.i18n import N_, Text
from hub.import_kinds import ImportKind
from hub.models import Role, UnitLevel
from hub.tables import Row, Table, letter
from hub.text import fold


@dataclass(frozen=True, slots=True)
class Column:
    """``key`` with spaces for underscores is its heading in English tables."""

    key: str
    heading: str
    about: str
    longest: int
    required: bool = False


CODE_MAX, NAME_MAX = 24, 200
_CODE = N_("Chữ in hoa không dấu, chữ số, dấu gạch ngang; mã đã có thì dòng này sửa mục ấy.")
_ACTIVE = Column("active", N_("Đang dùng"), N_("Có hoặc không; để trống: có, hoặc giữ nguyên."), 10)
_PHONE = Column("phone", N_("Điện thoại"), "", 40)

COLUMNS: dict[ImportKind, tuple[Column, ...]] = {
    ImportKind.UNITS: (
        Column("code", N_("Mã cơ quan"), _CODE, CODE_MAX, required=True),
        Column("name", N_("Tên cơ quan"), "", NAME_MAX, required=True),
        Column("level", N_("Cấp"), N_("Trung ương, tỉnh hoặc xã; không đổi được ở cơ quan đã có."), 40, required=True),
        Column("parent", N_("Mã cơ quan cấp trên"), N_("Đã có, hoặc ở dòng khác của bảng này."), CODE_MAX),
        _ACTIVE,
    ),
    ImportKind.POINTS: (
        Column("code", N_("Mã điểm cầu"), _CODE, CODE_MAX, required=True),
        Column("name", N_("Tên điểm cầu"), "", NAME_MAX, required=True),
        Column("unit", N_("Mã cơ quan"), N_("Của một cơ quan đang dùng."), CODE_MAX, required=True),
        Column("address", N_("Địa chỉ"), "", 400),
        _PHONE,
        Column("bridge", N_("Điểm cầu trung tâm"), N_("Có hoặc không."), 10),
        _ACTIVE,
    ),
    ImportKind.ACCOUNTS: (
        Column("username", N_("Tên đăng nhập"), N_("Chữ thường không dấu, chữ số, dấu chấm, gạch."), 64, required=True),
        Column("full_name", N_("Họ tên"), "", 120, required=True),
        Column("unit", N_("Mã cơ quan"), N_("Của một cơ quan đang dùng."), CODE_MAX, required=True),
        Column("title", N_("Chức vụ"), "", 120),
        _PHONE,
        Column("email", N_("Thư điện tử"), "", 254),
        Column("language", N_("Ngôn ngữ"), N_("vi hoặc en."), 10),
        Column(
            "roles", N_("Vai trò"), N_("Như: Lãnh đạo; Cán bộ tiếp công dân @ MÃ. Cách nhau bằng dấu chấm phẩy."), 400
        ),
    ),
}

KEY = {ImportKind.UNITS: "code", ImportKind.POINTS: "code", ImportKind.ACCOUNTS: "username"}

_LEVELS = {
    UnitLevel.CENTRAL: ("central", "trung uong", "tw", "cap trung uong"),
    UnitLevel.PROVINCE: ("province", "provincial", "tinh", "cap tinh", "thanh pho"),
    UnitLevel.COMMUNE: ("commune", "communal", "xa", "cap xa", "phuong", "dac khu"),
}
_ROLES = {
    Role.OFFICER: ("officer", "reception officer", "can bo tiep cong dan", "can bo", "tiep cong dan"),
    Role.LEADER: ("leader", "lanh dao"),
    Role.SECRETARY: ("secretary", "thu ky"),
    Role.AUDITOR: ("auditor", "inspector", "thanh tra", "thanh tra, kiem tra", "kiem tra"),
    Role.TECHNICIAN: ("technician", "ky thuat"),
    Role.ADMINISTRATOR: ("administrator", "quan tri"),
}
MOST_NAMED = 10
"""So many rows a note names."""
TITLE_ROWS = 10
"""So many rows may stand above the heading."""
_ORDINALS = frozenset({"stt", "tt", "so tt", "so thu tu"})
"""A column that numbers the rows says nothing."""
_YES, _NO = ("co", "yes", "x", "1", "true", "dang dung"), ("khong", "no", "0", "false", "ngung dung")


_NO_ZERO = re.compile(r"[35789]\d{8}|2\d{9}")
"""Mobile and landline numbers of Vietnam without their 0: Excel takes it off what it believes to be an amount."""
_ROUNDED = re.compile(r"\d([.,]\d+)?E\+?\d+", re.IGNORECASE)
"""As Excel writes a number into a CSV when its column was too narrow: the digits are lost."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Where and what: ``row`` as the spreadsheet shows it, ``column`` its letter or empty for the row as a whole."""

    row: int
    column: str
    heading: str
    text: Text


@dataclass(frozen=True, slots=True)
class FaultKind:
    """Faults of one kind in one column; ``first`` is an example."""

    first: Fault
    count: int


def by_kind(faults: Iterable[Fault]) -> list[FaultKind]:
    """The most frequent first: three thousand faults are mostly a handful made again and again."""
    found: dict[tuple[str, str], list[Fault]] = {}
    for fault in faults:
        found.setdefault((fault.heading, fault.text.message), []).append(fault)
    kinds = [FaultKind(same[0], len(same)) for same in found.values()]
    return sorted(kinds, key=lambda kind: (-kind.count, kind.first.row))


@dataclass(slots=True)
class Entry:
    """A row by column key; a column that the table lacks is not in ``values``, an empty cell is the empty text."""

    row: int
    values: dict[str, str]
    letters: dict[str, str]
    faults: list[Fault] = field(default_factory=list)
    zero_added: bool = False
    """Its phone number came without the 0 in front."""

    def fault(self, key: str, message: str, **params: object) -> None:
        self.faults.append(Fault(self.row, self.letters.get(key, ""), key, Text(message, params)))

    def __getitem__(self, key: str) -> str:
        return self.values.get(key, "")


def bind(kind: ImportKind, table: Table) -> tuple[list[Entry], list[Fault]]:
    """The rows by column, with the faults that each cell shows by itself; faults of the heading apart."""
    places: dict[str, int] = {}
    faults: list[Fault] = []
    names = {fold(name): column.key for column in COLUMNS[kind] for name in (column.heading, _english(column))}
    table = _below_its_title(table, names)
    for place, cell in enumerate(table.heading.cells):
        key = names.get(_named(cell), "")
        if (not cell and place not in table.heading.faults) or _named(cell) in _ORDINALS:
            continue
        if not key or key in places:
            wrong = N_("Tiêu đề cột lặp lại.") if key else N_("Không biết cột này. Hãy dùng tiêu đề của tệp mẫu.")
            faults.append(Fault(table.heading.number, letter(place), key, Text(wrong)))
        else:
            places[key] = place
    for column in COLUMNS[kind]:
        if column.required and column.key not in places:
            text = Text(N_("Thiếu cột “%(heading)s”."), {"heading": Text(column.heading)})
            faults.append(Fault(table.heading.number, "", column.key, text))
    letters = {key: letter(place) for key, place in places.items()}
    return ([] if faults else [_entry(kind, row, places, letters) for row in table.rows]), faults


def _below_its_title(table: Table, names: Mapping[str, str]) -> Table:
    """Lists of offices often begin with what they are called: the heading is the row that names the most columns."""
    known = [sum(_named(cell) in names for cell in row.cells) for row in (table.heading, *table.rows[:TITLE_ROWS])]
    at = known.index(max(known))
    return replace(table, heading=table.rows[at - 1], rows=table.rows[at:]) if at and known[at] > 1 else table


def _named(cell: str) -> str:
    return fold(cell.rstrip("* "))


def _english(column: Column) -> str:
    return column.key.replace("_", " ")


def _entry(kind: ImportKind, row: Row, places: dict[str, int], letters: dict[str, str]) -> Entry:
    values = {key: row.cells[place] if place < len(row.cells) else "" for key, place in places.items()}
    entry = Entry(row.number, values, letters)
    for column in COLUMNS[kind]:
        place = places.get(column.key)
        if place is None:
            continue
        if place in row.faults:
            found = row.faults[place]
            entry.fault(column.key, found.message, **found.params)
        elif column.required and not values[column.key] and column.key != "level":
            entry.fault(column.key, N_("Ô này không được để trống."))
        elif len(values[column.key]) > column.longest:
            entry.fault(column.key, N_("Dài quá %(longest)d ký tự."), longest=column.longest)
    _whole_phone(entry)
    return entry


def _whole_phone(entry: Entry) -> None:
    number = entry["phone"]
    if _ROUNDED.fullmatch(number):
        entry.fault(
            "phone", N_("Excel đã rút gọn số này (%(number)s). Hãy đặt cột là Văn bản rồi ghi lại."), number=number
        )
    elif _NO_ZERO.fullmatch(re.sub(r"[ .-]", "", number)):
        entry.values["phone"], entry.zero_added = f"0{number}", True


def zero_notes(entries: Iterable[Entry]) -> tuple[Text, ...]:
    """That, and where, phone numbers were completed; nothing when none was."""
    rows = [entry.row for entry in entries if entry.zero_added]
    if not rows:
        return ()
    told = ", ".join(str(row) for row in rows[:MOST_NAMED]) + (", …" if len(rows) > MOST_NAMED else "")
    text = N_("%(count)d số điện thoại thiếu số 0 ở đầu (Excel lưu như con số) được ghi thêm số 0: dòng %(rows)s")
    return (Text(text, {"count": len(rows), "rows": told}),)


def level_of(text: str) -> UnitLevel | None:
    return next((level for level, words in _LEVELS.items() if fold(text) in words), None)


def yes_or_no(text: str) -> bool | None:
    """None for what is neither."""
    folded = fold(text)
    return True if folded in _YES else False if folded in _NO else None


def roles_of(text: str, own_unit: str) -> Iterator[tuple[Role | None, str, str]]:
    """``(role, code of its unit, as written)`` for each part; the role is None when it is no role."""
    for part in (piece.strip() for piece in text.split(";")):
        if part:
            name, _, code = part.partition("@")
            role = next((role for role, words in _ROLES.items() if fold(name) in words), None)
            yield role, code.strip().upper() or own_unit, part
