"""the words by which texts are found again"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from bot.store.search import POSTGRESQL, SQLITE

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "document",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("object_id", sa.String(), nullable=False),
        sa.Column("room_id", sa.BigInteger(), nullable=True),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("keep_until", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document")),
    )
    with op.batch_alter_table("document", schema=None) as batch_op:
        batch_op.create_index(
            "ix_document_keep_until",
            ["keep_until"],
            unique=False,
            sqlite_where=sa.text("keep_until IS NOT NULL"),
            postgresql_where=sa.text("keep_until IS NOT NULL"),
        )
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)
