"""Papers of a hearing's minutes and conclusions"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    with op.batch_alter_table("document") as table:
        table.alter_column("counter", existing_type=sa.Integer(), nullable=True)
        table.add_column(sa.Column("hearing_id", sa.String(length=32), nullable=True))
        table.add_column(sa.Column("source_id", sa.String(length=32), nullable=True))
        table.add_column(sa.Column("text_sha256", sa.String(length=64), server_default="", nullable=False))
        table.create_foreign_key(op.f("fk_document_hearing_id_hearing"), "hearing", ["hearing_id"], ["id"])
        table.create_unique_constraint(op.f("uq_document_source_id"), ["source_id"])
        table.create_index(op.f("ix_document_hearing_id"), ["hearing_id"])


def downgrade() -> None:
    of_hearings = "(SELECT id FROM document WHERE hearing_id IS NOT NULL)"
    op.execute(sa.text(f"DELETE FROM document_scan WHERE document_id IN {of_hearings}"))  # noqa: S608 - no text of users
    op.execute(sa.text("DELETE FROM document WHERE hearing_id IS NOT NULL"))
    with op.batch_alter_table("document") as table:
        table.drop_index(op.f("ix_document_hearing_id"))
        table.drop_constraint(op.f("uq_document_source_id"), type_="unique")
        table.drop_constraint(op.f("fk_document_hearing_id_hearing"), type_="foreignkey")
        for column in ("text_sha256", "source_id", "hearing_id"):
            table.drop_column(column)
        table.alter_column("counter", existing_type=sa.Integer(), nullable=False)
