"""Segments of sound tell when somebody speaks"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("segment", sa.Column("voice", sa.String(length=200), server_default="", nullable=False))
