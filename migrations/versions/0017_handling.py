"""Who handles a case, and how the citizen was told"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.create_table(
        "assignment",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.String(length=32), nullable=False),
        sa.Column("from_id", sa.String(length=32), nullable=False),
        sa.Column("to_id", sa.String(length=32), nullable=False),
        sa.Column("instruction", sa.String(length=1000), nullable=False),
        sa.Column("due", sa.Date(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("answer", sa.String(length=1000), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case_record.id"], name=op.f("fk_assignment_case_id_case_record")),
        sa.ForeignKeyConstraint(["from_id"], ["account.id"], name=op.f("fk_assignment_from_id_account")),
        sa.ForeignKeyConstraint(["to_id"], ["account.id"], name=op.f("fk_assignment_to_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignment")),
    )
    op.create_index(op.f("ix_assignment_case_id"), "assignment", ["case_id"], unique=False)
    op.create_index("ix_assignment_to_id_ended_at", "assignment", ["to_id", "ended_at"], unique=False)
    op.create_table(
        "transfer",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.String(length=32), nullable=False),
        sa.Column("to_unit_id", sa.String(length=32), nullable=True),
        sa.Column("to_name", sa.String(length=200), nullable=False),
        sa.Column("content_sha256", sa.String(length=64), nullable=False),
        sa.Column("document_number", sa.String(length=80), nullable=False),
        sa.Column("document_day", sa.Date(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("sent_by", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("answered_by", sa.String(length=32), nullable=True),
        sa.Column("answered_day", sa.Date(), nullable=True),
        sa.Column("answer", sa.String(length=1000), nullable=False),
        sa.Column("received_case_id", sa.String(length=32), nullable=True),
        sa.Column("result_number", sa.String(length=80), nullable=False),
        sa.Column("result_day", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["answered_by"], ["account.id"], name=op.f("fk_transfer_answered_by_account")),
        sa.ForeignKeyConstraint(["case_id"], ["case_record.id"], name=op.f("fk_transfer_case_id_case_record")),
        sa.ForeignKeyConstraint(
            ["received_case_id"], ["case_record.id"], name=op.f("fk_transfer_received_case_id_case_record")
        ),
        sa.ForeignKeyConstraint(["sent_by"], ["account.id"], name=op.f("fk_transfer_sent_by_account")),
        sa.ForeignKeyConstraint(["to_unit_id"], ["org_unit.id"], name=op.f("fk_transfer_to_unit_id_org_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transfer")),
        sa.UniqueConstraint("received_case_id", name=op.f("uq_transfer_received_case_id")),
    )
    op.create_index(op.f("ix_transfer_case_id"), "transfer", ["case_id"], unique=False)
    op.create_index(op.f("ix_transfer_content_sha256"), "transfer", ["content_sha256"], unique=False)
    op.create_index("ix_transfer_to_unit_id_state", "transfer", ["to_unit_id", "state"], unique=False)
    op.create_table(
        "citizen_notice",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.String(length=32), nullable=False),
        sa.Column("about", sa.String(length=32), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("delivered", sa.Date(), nullable=True),
        sa.Column("proof", sa.String(length=200), nullable=False),
        sa.Column("attachment_id", sa.String(length=32), nullable=True),
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_citizen_notice_account_id_account")),
        sa.ForeignKeyConstraint(
            ["attachment_id"], ["attachment.id"], name=op.f("fk_citizen_notice_attachment_id_attachment")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["case_record.id"], name=op.f("fk_citizen_notice_case_id_case_record")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_citizen_notice")),
    )
    op.create_index(op.f("ix_citizen_notice_case_id"), "citizen_notice", ["case_id"], unique=False)
