"""what humans told us not to begin, and what the guard has to know of a room"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "restraint",
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.Column("member_id", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("account", "kind", "target", name=op.f("pk_restraint")),
    )
    with op.batch_alter_table("room", schema=None) as batch_op:
        batch_op.add_column(sa.Column("heard_at", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("gift_at", sa.BigInteger(), nullable=True))
    begun = sa.text("intent IN ('give', 'ask', 'promo') AND sending_at IS NOT NULL")
    with op.batch_alter_table("outgoing", schema=None) as batch_op:
        batch_op.create_index(
            "ix_outgoing_begun",
            ["room_id", "sending_at"],
            unique=False,
            sqlite_where=begun,
            postgresql_where=begun,
        )
