"""Due days in the order of a list, of those that were counted by the rules of today"""

from __future__ import annotations

from alembic import op

revision = "0033"
down_revision = "0032"


def upgrade() -> None:
    op.create_index("ix_case_due_book_due_case_id", "case_due", ["book", "due", "case_id"])
    op.drop_index("ix_case_due_book_case_id", table_name="case_due")


def downgrade() -> None:
    op.create_index("ix_case_due_book_case_id", "case_due", ["book", "case_id"])
    op.drop_index("ix_case_due_book_due_case_id", table_name="case_due")
