"""What is due, and who was reminded of it"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    op.create_table(
        "reminder_run",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_reminder_run")),
    )
    op.create_table(
        "case_due",
        sa.Column("case_id", sa.String(length=32), nullable=False),
        sa.Column("due", sa.Date(), nullable=True),
        sa.Column("clock", sa.String(length=40), nullable=False),
        sa.Column("book", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_record.id"], name=op.f("fk_case_due_case_id_case_record")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_case_due")),
    )
    op.create_index("ix_case_due_book_case_id", "case_due", ["book", "case_id"], unique=False)
    op.create_index(op.f("ix_case_due_due"), "case_due", ["due"], unique=False)
    op.create_table(
        "reminder",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.String(length=32), nullable=False),
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("clock", sa.String(length=40), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_reminder_account_id_account")),
        sa.ForeignKeyConstraint(["case_id"], ["case_record.id"], name=op.f("fk_reminder_case_id_case_record")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminder")),
        sa.UniqueConstraint("account_id", "case_id", "clock", "due", "kind", name=op.f("uq_reminder_account_id")),
    )
    op.create_index("ix_reminder_account_id_day", "reminder", ["account_id", "day"], unique=False)
    op.create_index(op.f("ix_reminder_case_id"), "reminder", ["case_id"], unique=False)
    # Counted once the program runs: a row without the name of its rules is shown to nobody.
    op.execute("INSERT INTO case_due (case_id, due, clock, book) SELECT id, NULL, '', '' FROM case_record")


def downgrade() -> None:
    for table in ("reminder", "case_due", "reminder_run"):
        op.drop_table(table)
