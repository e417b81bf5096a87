"""Indexes of what is not done yet: cases that are not closed, assignments that have not ended"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"


def upgrade() -> None:
    for name, table, columns, where in (
        ("ix_case_record_open", "case_record", ["unit_id", "id", "type"], "state <> 'closed'"),
        ("ix_assignment_open", "assignment", ["due", "case_id"], "ended_at IS NULL"),
    ):
        op.create_index(name, table, columns, postgresql_where=sa.text(where), sqlite_where=sa.text(where))


def downgrade() -> None:
    op.drop_index("ix_assignment_open", "assignment")
    op.drop_index("ix_case_record_open", "case_record")
