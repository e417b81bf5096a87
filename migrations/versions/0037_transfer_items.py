"""What goes along with a transfer is chosen; until now all documents of the case did"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"


def upgrade() -> None:
    op.create_table(
        "transfer_item",
        sa.Column("transfer_id", sa.String(length=32), nullable=False),
        sa.Column("object_id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["transfer_id"], ["transfer.id"], name=op.f("fk_transfer_item_transfer_id_transfer")),
        sa.PrimaryKeyConstraint("transfer_id", "object_id", name=op.f("pk_transfer_item")),
    )
    op.create_index(op.f("ix_transfer_item_object_id"), "transfer_item", ["object_id"])
    for table in ("attachment", "document"):
        op.execute(
            sa.text(
                "INSERT INTO transfer_item (transfer_id, object_id) SELECT transfer.id, one.id FROM transfer "  # noqa: S608
                f"JOIN {table} AS one ON one.case_id = transfer.case_id WHERE transfer.to_unit_id IS NOT NULL"
            )
        )


def downgrade() -> None:
    op.drop_table("transfer_item")
