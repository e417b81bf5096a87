"""Who denounced lies in a vault of its own

The sealed identities move as they are, still under the identity key (``key_id`` empty): no key is at hand here. At its
start, or told to migrate, the program puts them under the vault's own key.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_table(
        "denouncer_vault",
        sa.Column("party_id", sa.String(length=32), nullable=False),
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_denouncer_vault_party_id_party")),
        sa.PrimaryKeyConstraint("party_id", name=op.f("pk_denouncer_vault")),
    )
    op.create_index(op.f("ix_denouncer_vault_key_id"), "denouncer_vault", ["key_id"])
    op.create_table(
        "denouncer_document",
        sa.Column("attachment_id", sa.String(length=32), nullable=False),
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("in_use", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["attachment_id"], ["attachment.id"], name=op.f("fk_denouncer_document_attachment_id_attachment")
        ),
        sa.PrimaryKeyConstraint("attachment_id", name=op.f("pk_denouncer_document")),
    )
    op.create_index(op.f("ix_denouncer_document_key_id"), "denouncer_document", ["key_id"])
    op.execute(
        "INSERT INTO denouncer_vault (party_id, key_id, sealed, sealed_at)"
        " SELECT id, '', sealed_identity, created_at FROM party WHERE secret"
    )
    empty = sa.text("UPDATE party SET sealed_identity = :nothing WHERE secret")
    op.execute(empty.bindparams(sa.bindparam("nothing", b"", type_=sa.LargeBinary())))
