"""what the log comes to by day, and where members stand"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def _key(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), autoincrement=False, nullable=False)


def upgrade() -> None:
    op.create_table(
        "activity",
        _key("identity_id"),
        _key("day"),
        _key("room_id"),
        sa.Column("acts", sa.Integer(), nullable=False),
        sa.Column("own", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("identity_id", "day", "room_id", name=op.f("pk_activity")),
    )
    op.create_index("ix_activity_day", "activity", ["day"])
    op.create_table(
        "contribution",
        _key("identity_id"),
        _key("day"),
        sa.Column("dimension", sa.String(), nullable=False),
        sa.Column("points", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("identity_id", "day", "dimension", name=op.f("pk_contribution")),
    )
    op.create_table(
        "standing",
        _key("member_id"),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("since", sa.Integer(), nullable=False),
        sa.Column("low_since", sa.Integer(), nullable=True),
        sa.Column("notice", sa.Integer(), nullable=True),
        sa.Column("locked", sa.Integer(), nullable=True),
        sa.Column("away", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("member_id", name=op.f("pk_standing")),
    )
    op.create_table(
        "progress",
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("upto", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("rules", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_progress")),
    )
