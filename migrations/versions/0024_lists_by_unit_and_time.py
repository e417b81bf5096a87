"""Lists are walked by time, and by unit and time, from where one is"""

from __future__ import annotations

from alembic import op

revision = "0024"
down_revision = "0023"

INDICES = (
    ("ix_case_record_unit_id_received_at_id", "case_record", ["unit_id", "received_at", "id"]),
    ("ix_case_record_received_at_id", "case_record", ["received_at", "id"]),
    ("ix_hearing_starts_at_id", "hearing", ["starts_at", "id"]),
    ("ix_audit_event_unit_path_at_id", "audit_event", ["unit_path", "at", "id"]),
    ("ix_audit_event_at_id", "audit_event", ["at", "id"]),
)
SUPERSEDED = (
    ("ix_case_record_unit_id", "case_record", ["unit_id"]),
    ("ix_case_record_received_at", "case_record", ["received_at"]),
    ("ix_hearing_starts_at", "hearing", ["starts_at"]),
    ("ix_audit_event_unit_path", "audit_event", ["unit_path"]),
    ("ix_audit_event_at", "audit_event", ["at"]),
)
"""Each is the beginning of one of the above."""


def upgrade() -> None:
    for name, table, columns in INDICES:
        op.create_index(name, table, columns)
    for name, table, _ in SUPERSEDED:
        op.drop_index(op.f(name), table)


def downgrade() -> None:
    for name, table, columns in SUPERSEDED:
        op.create_index(op.f(name), table, columns)
    for name, table, _ in INDICES:
        op.drop_index(name, table)
