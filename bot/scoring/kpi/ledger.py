"""What the log has of orders, costs, benefits, recommendations, who brought whom and words to the silent: few
rows among many."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, select

from bot.scoring.orders import PAID, REFUNDED
from bot.store.reading import stream
from bot.store.tables import identity, interaction

COST, USED, REVERSED = "cost_recorded", "benefit_used", "benefit_reversed"
ASKED, ANSWERED, WITHDRAWN = "nps_asked", "nps_answered", "survey_withdrawn"
REFERRED, REFERRAL_WITHDRAWN, RECALLED = "member_referred", "referral_withdrawn", "message_recalled"
WRITTEN_TO, HELD_OUT = "wakeup_sent", "wakeup_held_out"
_NAMES = (
    *(PAID, REFUNDED, COST, USED, REVERSED),
    *(ASKED, ANSWERED, WITHDRAWN, REFERRED, REFERRAL_WITHDRAWN, RECALLED),
    *(WRITTEN_TO, HELD_OUT),
)


class Ledger:
    """Read once, for all periods that are held side by side."""

    def __init__(self) -> None:
        self._rows: dict[str, list[Any]] | None = None

    def rows(self, connection: Connection, *names: str) -> Iterator[Any]:
        """All of these names, whenever that was, each in the order of the log."""
        if self._rows is None:
            found: defaultdict[str, list[Any]] = defaultdict(list)
            for row in stream(connection, _QUERY):
                found[row.name].append(row)
            self._rows = dict(found)
        for name in names:
            yield from self._rows.get(name, ())


_i = interaction.c
_QUERY = (
    select(_i.id, _i.name, _i.source, _i.occurred_at, _i.identity_id, _i.target_identity_id, _i.object_id)
    .add_columns(_i.amount_cents, _i.cost_cents, _i.value_int, _i.props)
    .add_columns(_i.corrects_event_id, _i.parent_event_id, identity.c.member_id)
    .select_from(interaction.outerjoin(identity, identity.c.id == _i.identity_id))
    .where(_i.name.in_(_NAMES), _i.is_test.is_(False))
    .order_by(_i.id)
)
