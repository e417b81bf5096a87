"""Conclusions of hearings and their tasks"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    op.create_table(
        "conclusion",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("hearing_id", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.String(length=32), nullable=True),
        sa.Column("unit_id", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("issued_by", sa.String(length=32), nullable=True),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("signature", sa.String(length=128), nullable=False),
        sa.Column("seal_key", sa.String(length=64), nullable=False),
        sa.Column("created_by", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_record.id"], name=op.f("fk_conclusion_case_id_case_record")),
        sa.ForeignKeyConstraint(["created_by"], ["account.id"], name=op.f("fk_conclusion_created_by_account")),
        sa.ForeignKeyConstraint(["hearing_id"], ["hearing.id"], name=op.f("fk_conclusion_hearing_id_hearing")),
        sa.ForeignKeyConstraint(["issued_by"], ["account.id"], name=op.f("fk_conclusion_issued_by_account")),
        sa.ForeignKeyConstraint(["unit_id"], ["org_unit.id"], name=op.f("fk_conclusion_unit_id_org_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conclusion")),
        sa.UniqueConstraint("number", name=op.f("uq_conclusion_number")),
    )
    op.create_index(op.f("ix_conclusion_case_id"), "conclusion", ["case_id"])
    op.create_index(op.f("ix_conclusion_hearing_id"), "conclusion", ["hearing_id"])
    op.create_index(op.f("ix_conclusion_state"), "conclusion", ["state"])
    op.create_index(op.f("ix_conclusion_unit_id"), "conclusion", ["unit_id"])
    op.create_table(
        "conclusion_task",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("conclusion_id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(length=1000), nullable=False),
        sa.Column("owner_id", sa.String(length=32), nullable=True),
        sa.Column("owner_unit_id", sa.String(length=32), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["conclusion_id"], ["conclusion.id"], name=op.f("fk_conclusion_task_conclusion_id_conclusion")
        ),
        sa.ForeignKeyConstraint(["owner_id"], ["account.id"], name=op.f("fk_conclusion_task_owner_id_account")),
        sa.ForeignKeyConstraint(
            ["owner_unit_id"], ["org_unit.id"], name=op.f("fk_conclusion_task_owner_unit_id_org_unit")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conclusion_task")),
        sa.UniqueConstraint("conclusion_id", "number", name=op.f("uq_conclusion_task_conclusion_id")),
    )
    op.create_index(op.f("ix_conclusion_task_due"), "conclusion_task", ["due"])
    op.create_index(op.f("ix_conclusion_task_owner_id"), "conclusion_task", ["owner_id"])
    op.create_index(op.f("ix_conclusion_task_owner_unit_id"), "conclusion_task", ["owner_unit_id"])
    op.create_index(op.f("ix_conclusion_task_state"), "conclusion_task", ["state"])
    op.create_table(
        "conclusion_task_event",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("task_id", sa.String(length=32), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(length=16), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("due", sa.Date(), nullable=True),
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_conclusion_task_event_account_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["task_id"], ["conclusion_task.id"], name=op.f("fk_conclusion_task_event_task_id_conclusion_task")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conclusion_task_event")),
        sa.UniqueConstraint("task_id", "seq", name=op.f("uq_conclusion_task_event_task_id")),
    )


def downgrade() -> None:
    for name in ("conclusion_task_event", "conclusion_task", "conclusion"):
        op.drop_table(name)
