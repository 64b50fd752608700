"""what the figures came to in the baseline month"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from bot.store.types import Json

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "baseline",
        sa.Column("month", sa.String(), nullable=False),
        sa.Column("room", sa.String(), nullable=False),
        sa.Column("figures", Json, nullable=False),
        sa.Column("kept_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("month", "room", name=op.f("pk_baseline")),
    )
