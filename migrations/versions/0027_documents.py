"""Papers made from cases, and their signed scans"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    op.create_table(
        "document",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.String(length=32), nullable=False),
        sa.Column("unit_id", sa.String(length=32), nullable=False),
        sa.Column("form_code", sa.String(length=64), nullable=False),
        sa.Column("edition", sa.Date(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("counter", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=80), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("named", sa.Boolean(), nullable=False),
        sa.Column("sealed_paper", sa.LargeBinary(), nullable=False),
        sa.Column("token", sa.String(length=32), nullable=False),
        sa.Column("object_key", sa.String(length=200), nullable=True),
        sa.Column("sealed", sa.Boolean(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("size_bytes", sa.Integer(), nullable=True),
        sa.Column("signature", sa.String(length=128), nullable=True),
        sa.Column("signed_with", sa.String(length=64), nullable=True),
        sa.Column("created_by", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_record.id"], name=op.f("fk_document_case_id_case_record")),
        sa.ForeignKeyConstraint(["created_by"], ["account.id"], name=op.f("fk_document_created_by_account")),
        sa.ForeignKeyConstraint(["unit_id"], ["org_unit.id"], name=op.f("fk_document_unit_id_org_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document")),
        sa.UniqueConstraint("token", name=op.f("uq_document_token")),
        sa.UniqueConstraint("unit_id", "year", "counter", name=op.f("uq_document_unit_id")),
    )
    op.create_index(op.f("ix_document_case_id"), "document", ["case_id"])
    op.create_table(
        "document_scan",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("document_id", sa.String(length=32), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("object_key", sa.String(length=200), nullable=False),
        sa.Column("sealed", sa.Boolean(), nullable=False),
        sa.Column("created_by", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["account.id"], name=op.f("fk_document_scan_created_by_account")),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_document_scan_document_id_document")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document_scan")),
    )
    op.create_index(op.f("ix_document_scan_document_id"), "document_scan", ["document_id"])
    op.create_table(
        "denouncer_paper",
        sa.Column("paper_id", sa.String(length=32), nullable=False),
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("paper_id", name=op.f("pk_denouncer_paper")),
    )
    op.create_index(op.f("ix_denouncer_paper_key_id"), "denouncer_paper", ["key_id"])


def downgrade() -> None:
    for table in ("denouncer_paper", "document_scan", "document"):
        op.drop_table(table)
