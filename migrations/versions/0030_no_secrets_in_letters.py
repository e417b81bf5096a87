"""Letters that were queued with an invitation's secret in their path forget it

One that still waits gets a new secret when it leaves; links that were sent stay good, for their digests are kept.
"""

from __future__ import annotations

import hashlib

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"

PREFIX = "/invitations/"


def upgrade() -> None:
    letters = sa.table("outgoing_mail", sa.column("id", sa.String), sa.column("path", sa.String))
    invitations = sa.table(
        "invitation",
        sa.column("id", sa.String),
        sa.column("hearing_id", sa.String),
        sa.column("sequence", sa.Integer),
        sa.column("token_sha256", sa.String),
    )
    connection = op.get_bind()
    known = {row.token_sha256: row for row in connection.execute(sa.select(invitations))}
    for letter_id, path in connection.execute(
        sa.select(letters.c.id, letters.c.path).where(letters.c.path.like(f"{PREFIX}%"))
    ).all():
        found = known.get(hashlib.sha256(path.removeprefix(PREFIX).encode()).hexdigest())
        clean = f"{PREFIX}of/{found.id}/{found.sequence}" if found else "/hearings"
        connection.execute(sa.update(letters).where(letters.c.id == letter_id).values(path=clean))


def downgrade() -> None:
    """A secret that was forgotten cannot come back: letters that wait lead to no answer page any more."""
