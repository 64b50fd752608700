"""what on a day speaks for a tag, and how far the nights got with tags"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tag_hit",
        sa.Column("identity_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("day", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("identity_id", "key", "day", "source", name=op.f("pk_tag_hit")),
    )
    op.create_index("ix_tag_hit_day", "tag_hit", ["day"])
    op.add_column("progress", sa.Column("tags_upto", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("progress", sa.Column("tags_rules", sa.String(), server_default="", nullable=False))
