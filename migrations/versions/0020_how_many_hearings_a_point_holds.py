"""A point may have several rooms"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.add_column("point", sa.Column("capacity", sa.Integer(), server_default="1", nullable=False))


def downgrade() -> None:
    op.drop_column("point", "capacity")
