"""Officers and interpreters named for the points of a series"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"


def upgrade() -> None:
    with op.batch_alter_table("reception_series") as table:
        table.add_column(sa.Column("staff", sa.JSON(), server_default="[]", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("reception_series") as table:
        table.drop_column("staff")
