"""what members may use, and what they spend"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from bot.store.types import UtcTime

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def _integer(name: str, *, null: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=null)


def upgrade() -> None:
    op.create_table(
        "benefit_entry",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        _integer("member_id"),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("period", sa.String(), nullable=False),
        sa.Column("nth", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("balance", sa.Integer(), nullable=False),
        sa.Column("ends", sa.Integer(), nullable=True),
        sa.Column("until", sa.Integer(), nullable=True),
        sa.Column("cost", sa.Integer(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        _integer("event_id", null=True),
        _integer("undoes", null=True),
        sa.CheckConstraint("balance >= 0", name="not_negative"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_benefit_entry")),
        sa.UniqueConstraint("rule", "member_id", "period", "nth", name=op.f("uq_benefit_entry_rule")),
        sa.UniqueConstraint("undoes", name=op.f("uq_benefit_entry_undoes")),
    )
    op.create_index("ix_benefit_entry_member_id", "benefit_entry", ["member_id"])
    op.create_table(
        "spending",
        sa.Column("member_id", sa.BigInteger(), autoincrement=False, nullable=False),
        _integer("cents"),
        sa.Column("grade", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("member_id", name=op.f("pk_spending")),
    )
