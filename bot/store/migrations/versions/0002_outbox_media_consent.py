"""brakes, holds and what survives a stop; media; consent; waits that try again"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("outgoing", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("despite_stop", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        batch_op.add_column(sa.Column("held_by", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("answers_at", sa.BigInteger(), nullable=True))
    with op.batch_alter_table("outgoing", schema=None) as batch_op:
        batch_op.alter_column("despite_stop", server_default=None)

    with op.batch_alter_table("wait", schema=None) as batch_op:
        batch_op.add_column(sa.Column("since", sa.BigInteger(), nullable=False, server_default="0"))
    op.execute("UPDATE wait SET since = due_at")
    with op.batch_alter_table("wait", schema=None) as batch_op:
        batch_op.alter_column("since", server_default=None)

    with op.batch_alter_table("interaction", schema=None) as batch_op:
        batch_op.drop_index("ix_interaction_object")
        batch_op.create_index(
            "ix_interaction_object",
            ["object_type", "object_id", "room_id"],
            unique=False,
            sqlite_where=sa.text("object_type IS NOT NULL"),
            postgresql_where=sa.text("object_type IS NOT NULL"),
        )

    op.create_table(
        "brake",
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("account", "kind", name=op.f("pk_brake")),
    )
    op.create_table(
        "media",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("interaction_id", sa.BigInteger(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.BigInteger(), nullable=True),
        sa.Column("hash", sa.String(), nullable=True),
        sa.Column("bytes", sa.BigInteger(), nullable=True),
        sa.Column("keep_until", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_media")),
    )
    with op.batch_alter_table("media", schema=None) as batch_op:
        batch_op.create_index(
            "ix_media_wanted",
            ["account"],
            unique=False,
            sqlite_where=sa.text("state = 'wanted'"),
            postgresql_where=sa.text("state = 'wanted'"),
        )
        batch_op.create_index("ix_media_interaction_id", ["interaction_id"], unique=False)
        batch_op.create_index(
            "ix_media_hash",
            ["hash"],
            unique=False,
            sqlite_where=sa.text("hash IS NOT NULL"),
            postgresql_where=sa.text("hash IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_media_keep_until",
            ["keep_until"],
            unique=False,
            sqlite_where=sa.text("keep_until IS NOT NULL"),
            postgresql_where=sa.text("keep_until IS NOT NULL"),
        )
    op.create_table(
        "consent",
        sa.Column("member_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("given", sa.Boolean(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("text_version", sa.String(), nullable=False),
        sa.Column("interaction_id", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("member_id", "purpose", name=op.f("pk_consent")),
    )
