"""Periods of retention are legal rules like all others

The old table stays for the release before, and nothing reads it any more.
"""

from __future__ import annotations

import hashlib
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"

FIRST = date(2000, 1, 1)
BASIS = (
    "Chưa tìm thấy thời hạn riêng cho bản ghi buổi tiếp công dân; tạm theo thời hạn bảo quản hồ sơ giải quyết "
    "khiếu nại, tố cáo (Thông tư 10/2022/TT-BNV, cần đối chiếu)"
)
NAMES = {
    "": ("Lưu bản ghi buổi tiếp không có vụ việc", "Keep recordings of hearings without a case", 5),
    "complaint": ("Lưu bản ghi buổi tiếp về khiếu nại", "Keep recordings of hearings on complaints", 15),
    "denunciation": ("Lưu bản ghi buổi tiếp về tố cáo", "Keep recordings of hearings on denunciations", 15),
    "petition": ("Lưu bản ghi buổi tiếp về kiến nghị", "Keep recordings of hearings on petitions", 5),
    "feedback": ("Lưu bản ghi buổi tiếp về phản ánh", "Keep recordings of hearings on feedback", 5),
}
OLD = sa.table(
    "retention_rule",
    *(sa.column(name) for name in ("id", "case_type", "years", "legal_basis", "certain")),
    sa.column("valid_from", sa.String),
    sa.column("made_at"),
)
NEW = sa.table(
    "legal_rule",
    *(sa.column(name) for name in ("id", "code", "name", "name_en", "value", "unit", "direction", "legal_basis")),
    *(sa.column(name) for name in ("certainty", "note", "shipped_key", "version")),
    sa.column("valid_from", sa.Date),
    sa.column("valid_to", sa.Date),
    sa.column("active", sa.Boolean),
    sa.column("edited", sa.Boolean),
)


def upgrade() -> None:
    """What was entered goes over under its id; the version that came with the program ends the day before the first of
    them. Where nothing was entered, the shipped file puts its rows in at the next start."""
    connection = op.get_bind()
    rows = connection.execute(sa.select(OLD).order_by(OLD.c.made_at, OLD.c.id)).mappings().all()
    entered: dict[str, dict[date, dict[str, Any]]] = {}
    for row in rows:  # of two for one day the later counted
        entered.setdefault(row["case_type"], {})[date.fromisoformat(row["valid_from"])] = dict(row)
    for case_type, by_day in entered.items():
        if case_type in NAMES:
            op.bulk_insert(NEW, _versions(case_type, by_day))


def _versions(case_type: str, by_day: dict[date, dict[str, Any]]) -> list[dict[str, Any]]:
    code = "retention_recording" + (f"_{case_type}" if case_type else "")
    years = NAMES[case_type][2]
    shipped = {
        "id": hashlib.sha256(code.encode()).hexdigest()[:32],
        "years": years,
        "legal_basis": BASIS,
        "certain": False,
    }
    found = {FIRST: shipped, **by_day} if min(by_day) > FIRST else by_day
    days = sorted(found)
    return [
        _row(code, case_type, day, found[day], days[number + 1] - timedelta(days=1) if number + 1 < len(days) else None)
        for number, day in enumerate(days)
    ]


def _row(code: str, case_type: str, day: date, row: dict[str, Any], valid_to: date | None) -> dict[str, Any]:
    name, name_en, _ = NAMES[case_type]
    return {
        "id": row["id"],
        "code": code,
        "name": name,
        "name_en": name_en,
        "value": row["years"] or 1,
        "unit": "forever" if row["years"] is None else "years",
        "direction": "after",
        "legal_basis": row["legal_basis"],
        "certainty": "text" if row["certain"] else "unverified",
        "note": "",
        "valid_from": day,
        "valid_to": valid_to,
        "active": True,
        "shipped_key": f"{code}@{day}" if day == FIRST else None,
        "edited": True,
        "version": 1,
    }


def downgrade() -> None:
    op.execute(NEW.delete().where(NEW.c.code.like("retention\\_%", escape="\\")))
