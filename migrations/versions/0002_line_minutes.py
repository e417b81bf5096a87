"""How each seat's line was, minute by minute"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "line_minute",
        sa.Column("hearing_id", sa.String(length=32), nullable=False),
        sa.Column("minute", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seat_id", sa.String(length=32), nullable=False),
        sa.Column("direction", sa.String(length=4), nullable=False),
        sa.Column("part", sa.String(length=32), nullable=False),
        sa.Column("samples", sa.Integer(), nullable=False),
        sa.Column("bps_min", sa.BigInteger(), nullable=False),
        sa.Column("bps_avg", sa.BigInteger(), nullable=False),
        sa.Column("bps_max", sa.BigInteger(), nullable=False),
        sa.Column("loss_min", sa.Double(), nullable=False),
        sa.Column("loss_avg", sa.Double(), nullable=False),
        sa.Column("loss_max", sa.Double(), nullable=False),
        sa.Column("jitter_ms_min", sa.Double(), nullable=False),
        sa.Column("jitter_ms_avg", sa.Double(), nullable=False),
        sa.Column("jitter_ms_max", sa.Double(), nullable=False),
        sa.Column("round_trip_ms_min", sa.Double(), nullable=True),
        sa.Column("round_trip_ms_avg", sa.Double(), nullable=True),
        sa.Column("round_trip_ms_max", sa.Double(), nullable=True),
        sa.Column("height_min", sa.Integer(), nullable=True),
        sa.Column("height_max", sa.Integer(), nullable=True),
        sa.Column("nacks", sa.Integer(), nullable=False),
        sa.Column("keyframe_requests", sa.Integer(), nullable=False),
        sa.Column("freezes", sa.Integer(), nullable=False),
        sa.Column("gone", sa.Integer(), nullable=False),
        sa.Column("score_min", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["hearing_id"], ["hearing.id"], name=op.f("fk_line_minute_hearing_id_hearing")),
        sa.PrimaryKeyConstraint("hearing_id", "minute", "seat_id", "direction", "part", name=op.f("pk_line_minute")),
    )
    op.create_index("ix_line_minute_minute", "line_minute", ["minute"], unique=False)
