"""An index of closed cases by time: the newest of them lie behind all that is open"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"

_CLOSED = "state = 'closed'"


def upgrade() -> None:
    columns = ["received_at", "id", "type"]
    where = {"postgresql_where": sa.text(_CLOSED), "sqlite_where": sa.text(_CLOSED)}
    op.create_index("ix_case_record_closed", "case_record", columns, **where)


def downgrade() -> None:
    op.drop_index("ix_case_record_closed", table_name="case_record")
