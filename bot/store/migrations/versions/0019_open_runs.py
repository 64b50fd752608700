"""open runs are found among all that ever were"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _index("ix_run_open", ["sop_id", "room_id"], "closed_at IS NULL")
    op.drop_index("ix_run_listening", "run")
    _index("ix_run_listening", ["identity_id", "room_id"], "listens_until IS NOT NULL AND closed_at IS NULL")


def _index(name: str, columns: list[str], which: str) -> None:
    op.create_index(name, "run", columns, sqlite_where=sa.text(which), postgresql_where=sa.text(which))
