"""Whose case a due day is of, so that tasks and their figures need not ask the case; indexes of what has a day"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"

_DATED = "due IS NOT NULL"


def upgrade() -> None:
    op.add_column("case_due", sa.Column("unit_id", sa.String(32), nullable=True))
    op.execute("UPDATE case_due SET unit_id = (SELECT unit_id FROM case_record WHERE id = case_due.case_id)")
    for name, columns in (
        ("ix_case_due_order", ["book", "due", "case_id", "unit_id"]),
        ("ix_case_due_unit", ["book", "unit_id", "due", "case_id"]),
    ):
        op.create_index(name, "case_due", columns, postgresql_where=sa.text(_DATED), sqlite_where=sa.text(_DATED))
    op.drop_index("ix_case_due_due", table_name="case_due")


def downgrade() -> None:
    op.create_index("ix_case_due_due", "case_due", ["due"])
    op.drop_index("ix_case_due_unit", table_name="case_due")
    op.drop_index("ix_case_due_order", table_name="case_due")
    op.drop_column("case_due", "unit_id")
