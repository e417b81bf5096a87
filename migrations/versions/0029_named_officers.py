"""Officers and interpreters named for the points of a hearing"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"

COLUMNS = ("officer_id", "interpreter_id")


def upgrade() -> None:
    with op.batch_alter_table("seat") as table:
        for name in COLUMNS:
            table.add_column(sa.Column(name, sa.String(length=32), nullable=True))
            table.create_foreign_key(op.f(f"fk_seat_{name}_account"), "account", [name], ["id"])
            table.create_index(op.f(f"ix_seat_{name}"), [name])


def downgrade() -> None:
    with op.batch_alter_table("seat") as table:
        for name in COLUMNS:
            table.drop_index(op.f(f"ix_seat_{name}"))
            table.drop_constraint(op.f(f"fk_seat_{name}_account"), type_="foreignkey")
            table.drop_column(name)
