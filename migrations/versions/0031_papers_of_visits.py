"""Papers of visits without a case and of receipts; papers that were made void"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    with op.batch_alter_table("document") as table:
        table.alter_column("case_id", existing_type=sa.String(length=32), nullable=True)
        table.add_column(sa.Column("visit_id", sa.String(length=32), nullable=True))
        table.add_column(sa.Column("receipt_id", sa.String(length=32), nullable=True))
        table.add_column(sa.Column("voided_at", sa.DateTime(timezone=True), nullable=True))
        table.add_column(sa.Column("voided_by", sa.String(length=32), nullable=True))
        table.add_column(sa.Column("void_reason", sa.String(length=500), server_default="", nullable=False))
        table.create_foreign_key(op.f("fk_document_visit_id_visit"), "visit", ["visit_id"], ["id"])
        table.create_foreign_key(op.f("fk_document_receipt_id_receipt"), "receipt", ["receipt_id"], ["id"])
        table.create_foreign_key(op.f("fk_document_voided_by_account"), "account", ["voided_by"], ["id"])
        table.create_index(op.f("ix_document_visit_id"), ["visit_id"])
        table.create_index(op.f("ix_document_receipt_id"), ["receipt_id"])


def downgrade() -> None:
    op.execute(
        sa.text("DELETE FROM document_scan WHERE document_id IN (SELECT id FROM document WHERE case_id IS NULL)")
    )
    op.execute(sa.text("DELETE FROM document WHERE case_id IS NULL"))
    with op.batch_alter_table("document") as table:
        for column in ("receipt_id", "visit_id"):
            table.drop_index(op.f(f"ix_document_{column}"))
        for name in ("visit_id_visit", "receipt_id_receipt", "voided_by_account"):
            table.drop_constraint(op.f(f"fk_document_{name}"), type_="foreignkey")
        for column in ("void_reason", "voided_by", "voided_at", "receipt_id", "visit_id"):
            table.drop_column(column)
        table.alter_column("case_id", existing_type=sa.String(length=32), nullable=False)
