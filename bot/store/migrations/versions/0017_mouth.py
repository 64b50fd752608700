"""the codes by which members bring others, and whom to thank for what"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from bot.store.types import Json

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "invite_code",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_invite_code")),
        sa.UniqueConstraint("member_id", name=op.f("uq_invite_code_member_id")),
    )
    op.create_table(
        "thanks",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("occasion", sa.String(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("reasons", Json, nullable=False),
        sa.Column("apart", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_by", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_thanks")),
        sa.UniqueConstraint("number", name=op.f("uq_thanks_number")),
        sa.UniqueConstraint("occasion", "member_id", name=op.f("uq_thanks_occasion")),
    )
    op.create_index("ix_thanks_member_id", "thanks", ["member_id"])
