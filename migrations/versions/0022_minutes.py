"""Minutes of hearings, the order of their cases, and who has read the papers"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.add_column("hearing_case", sa.Column("position", sa.Integer(), server_default="0", nullable=False))
    _written()
    _read_back()


def _written() -> None:
    op.create_table(
        "minutes",
        sa.Column("hearing_id", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("locked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("locked_by", sa.String(length=32), nullable=True),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("signature", sa.String(length=128), nullable=False),
        sa.Column("seal_key", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["hearing_id"], ["hearing.id"], name=op.f("fk_minutes_hearing_id_hearing")),
        sa.ForeignKeyConstraint(["locked_by"], ["account.id"], name=op.f("fk_minutes_locked_by_account")),
        sa.PrimaryKeyConstraint("hearing_id", name=op.f("pk_minutes")),
    )
    op.create_index(op.f("ix_minutes_state"), "minutes", ["state"])
    op.create_table(
        "paper_read",
        sa.Column("hearing_id", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.String(length=32), nullable=False),
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_paper_read_account_id_account")),
        sa.ForeignKeyConstraint(["case_id"], ["case_record.id"], name=op.f("fk_paper_read_case_id_case_record")),
        sa.ForeignKeyConstraint(["hearing_id"], ["hearing.id"], name=op.f("fk_paper_read_hearing_id_hearing")),
        sa.PrimaryKeyConstraint("hearing_id", "case_id", "account_id", name=op.f("pk_paper_read")),
    )
    op.create_table(
        "minutes_edit",
        sa.Column("hearing_id", sa.String(length=32), nullable=False),
        sa.Column("key", sa.String(length=48), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("save_id", sa.String(length=32), nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("removed", sa.Integer(), nullable=False),
        sa.Column("inserted", sa.Text(), nullable=False),
        sa.Column("sent", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_minutes_edit_account_id_account")),
        sa.ForeignKeyConstraint(
            ["hearing_id"], ["minutes.hearing_id"], name=op.f("fk_minutes_edit_hearing_id_minutes")
        ),
        sa.PrimaryKeyConstraint("hearing_id", "key", "number", name=op.f("pk_minutes_edit")),
        sa.UniqueConstraint("hearing_id", "key", "save_id", name=op.f("uq_minutes_edit_hearing_id")),
    )
    op.create_table(
        "minutes_section",
        sa.Column("hearing_id", sa.String(length=32), nullable=False),
        sa.Column("key", sa.String(length=48), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("edits", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["hearing_id"], ["minutes.hearing_id"], name=op.f("fk_minutes_section_hearing_id_minutes")
        ),
        sa.PrimaryKeyConstraint("hearing_id", "key", name=op.f("pk_minutes_section")),
    )


def _read_back() -> None:
    op.create_table(
        "minutes_annex",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("hearing_id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("signature", sa.String(length=128), nullable=False),
        sa.Column("seal_key", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_minutes_annex_account_id_account")),
        sa.ForeignKeyConstraint(
            ["hearing_id"], ["minutes.hearing_id"], name=op.f("fk_minutes_annex_hearing_id_minutes")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_minutes_annex")),
        sa.UniqueConstraint("hearing_id", "number", name=op.f("uq_minutes_annex_hearing_id")),
    )
    op.create_table(
        "minutes_version",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("hearing_id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("frozen_by", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["frozen_by"], ["account.id"], name=op.f("fk_minutes_version_frozen_by_account")),
        sa.ForeignKeyConstraint(
            ["hearing_id"], ["minutes.hearing_id"], name=op.f("fk_minutes_version_hearing_id_minutes")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_minutes_version")),
        sa.UniqueConstraint("hearing_id", "number", name=op.f("uq_minutes_version_hearing_id")),
    )
    op.create_table(
        "minutes_answer",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("version_id", sa.String(length=32), nullable=False),
        sa.Column("seat_id", sa.String(length=32), nullable=False),
        sa.Column("position", sa.String(length=16), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_minutes_answer_account_id_account")),
        sa.ForeignKeyConstraint(["seat_id"], ["seat.id"], name=op.f("fk_minutes_answer_seat_id_seat")),
        sa.ForeignKeyConstraint(
            ["version_id"], ["minutes_version.id"], name=op.f("fk_minutes_answer_version_id_minutes_version")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_minutes_answer")),
    )
    op.create_index(op.f("ix_minutes_answer_version_id"), "minutes_answer", ["version_id"])
    op.create_table(
        "minutes_scan",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("hearing_id", sa.String(length=32), nullable=False),
        sa.Column("version_id", sa.String(length=32), nullable=False),
        sa.Column("seat_id", sa.String(length=32), nullable=True),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("object_key", sa.String(length=200), nullable=False),
        sa.Column("attachment_id", sa.String(length=32), nullable=True),
        sa.Column("created_by", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["attachment_id"], ["attachment.id"], name=op.f("fk_minutes_scan_attachment_id_attachment")
        ),
        sa.ForeignKeyConstraint(["created_by"], ["account.id"], name=op.f("fk_minutes_scan_created_by_account")),
        sa.ForeignKeyConstraint(
            ["hearing_id"], ["minutes.hearing_id"], name=op.f("fk_minutes_scan_hearing_id_minutes")
        ),
        sa.ForeignKeyConstraint(["seat_id"], ["seat.id"], name=op.f("fk_minutes_scan_seat_id_seat")),
        sa.ForeignKeyConstraint(
            ["version_id"], ["minutes_version.id"], name=op.f("fk_minutes_scan_version_id_minutes_version")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_minutes_scan")),
    )
    op.create_index(op.f("ix_minutes_scan_hearing_id"), "minutes_scan", ["hearing_id"])


def downgrade() -> None:
    written = ("minutes_annex", "minutes_scan", "minutes_answer", "minutes_version")
    for name in (*written, "paper_read", "minutes_edit", "minutes_section", "minutes"):
        op.drop_table(name)
    op.drop_column("hearing_case", "position")
