"""who was thanked, or spoken of, is found without reading the whole log"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    there_is_one = sa.text("target_identity_id IS NOT NULL")
    op.create_index(
        "ix_interaction_target",
        "interaction",
        ["target_identity_id"],
        sqlite_where=there_is_one,
        postgresql_where=there_is_one,
    )
