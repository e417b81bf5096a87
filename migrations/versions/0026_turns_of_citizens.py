"""Turns of citizens in a reception, and boards that show them"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    op.create_table(
        "queue_ticket",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("hearing_id", sa.String(length=32), nullable=False),
        sa.Column("point_id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("slot_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("case_id", sa.String(length=32), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("called_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["hearing_id"], ["hearing.id"], name=op.f("fk_queue_ticket_hearing_id_hearing")),
        sa.ForeignKeyConstraint(["point_id"], ["point.id"], name=op.f("fk_queue_ticket_point_id_point")),
        sa.ForeignKeyConstraint(["case_id"], ["case_record.id"], name=op.f("fk_queue_ticket_case_id_case_record")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_queue_ticket")),
        sa.UniqueConstraint("hearing_id", "point_id", "number", name=op.f("uq_queue_ticket_hearing_id")),
    )
    op.create_index(op.f("ix_queue_ticket_point_id"), "queue_ticket", ["point_id"])
    op.create_table(
        "board_token",
        sa.Column("point_id", sa.String(length=32), nullable=False),
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("created_by", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["point_id"], ["point.id"], name=op.f("fk_board_token_point_id_point")),
        sa.ForeignKeyConstraint(["created_by"], ["account.id"], name=op.f("fk_board_token_created_by_account")),
        sa.PrimaryKeyConstraint("point_id", name=op.f("pk_board_token")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_board_token_token_sha256")),
    )


def downgrade() -> None:
    op.drop_table("board_token")
    op.drop_index(op.f("ix_queue_ticket_point_id"), "queue_ticket")
    op.drop_table("queue_ticket")
