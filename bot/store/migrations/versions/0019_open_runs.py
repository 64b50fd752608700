"""open runs, rooms and looks of pictures are found among all that ever were"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _index("ix_run_open", "run", ["sop_id", "room_id"], "closed_at IS NULL")
    op.drop_index("ix_run_listening", "run")
    listening = "listens_until IS NOT NULL AND closed_at IS NULL"
    _index("ix_run_listening", "run", ["identity_id", "room_id"], listening)
    op.create_index("ix_room_address_platform_id", "room_address", ["platform_id"])
    _index("ix_media_look", "media", ["id", "dhash", "interaction_id"], "dhash IS NOT NULL")


def _index(name: str, table: str, columns: list[str], which: str) -> None:
    op.create_index(name, table, columns, sqlite_where=sa.text(which), postgresql_where=sa.text(which))
