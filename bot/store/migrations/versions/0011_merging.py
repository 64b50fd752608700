"""accounts that are nobody's yet, members who turn out to be one, and what was merged and split"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from bot.store.types import Json

revision = "0011"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("member", schema=None) as batch_op:
        batch_op.add_column(sa.Column("merged_into", sa.BigInteger(), nullable=True))
    merged = sa.text("merged_into IS NOT NULL")
    op.create_index(
        "ix_member_merged_into", "member", ["merged_into"], sqlite_where=merged, postgresql_where=merged
    )
    with op.batch_alter_table("identity", schema=None) as batch_op:
        batch_op.alter_column("member_id", existing_type=sa.BigInteger(), nullable=True)
        batch_op.add_column(sa.Column("origin_id", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("phone", sa.String(), nullable=True))
    op.create_index("ix_identity_member_id", "identity", ["member_id"])
    given = sa.text("phone IS NOT NULL")
    op.create_index("ix_identity_phone", "identity", ["phone"], sqlite_where=given, postgresql_where=given)
    _create_log()


def _create_log() -> None:
    op.create_table(
        "identity_log",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("from_id", sa.BigInteger(), nullable=True),
        sa.Column("to_id", sa.BigInteger(), nullable=False),
        sa.Column("moved", Json, nullable=False),
        sa.Column("proof", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("by_id", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_by", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_log")),
        sa.UniqueConstraint("number", name=op.f("uq_identity_log_number")),
    )
    open_ = sa.text("ended_at IS NULL")
    for column in ("from_id", "to_id"):
        op.create_index(
            f"ix_identity_log_{column}",
            "identity_log",
            [column],
            sqlite_where=open_,
            postgresql_where=open_,
        )
