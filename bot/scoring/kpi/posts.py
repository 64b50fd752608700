"""What the brand begins: posts in rooms, by the bot or by hand, and the bot's words to members in private."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from bot.store.tables import interaction, outgoing

if TYPE_CHECKING:
    from bot.scoring.kpi.period import Period

LATELY = timedelta(days=28)
_COUNTED = ("sending", "sent", "unknown")
_BEGUN = ("give", "ask", "promo")


@dataclass(frozen=True, slots=True)
class Said:
    """In a room, or to a ``member`` in private (``room_id`` 0). ``intent``: give, ask, promo; hand: by hand,
    and it sells nothing."""

    at: datetime
    intent: str
    room_id: int = 0
    member: int | None = None
    at_all: bool = False

    @property
    def sells(self) -> bool:
        return self.intent == "promo"


def begun(period: Period) -> list[Said]:
    """Since the period began, and four weeks before its end at least; what is private belongs to no room."""
    since = min(period.begins, period.ends - LATELY)
    return [*_by_bot(period, since), *_by_hand(period, since)]


def _by_bot(period: Period, since: datetime) -> Iterator[Said]:
    """A post's first part stands for it: without that none of the others is sent."""
    o = outgoing.c
    here = o.room_id.in_(period.rooms)
    calls = o.payload["at_all"].as_boolean()
    query = select(o.sending_at, o.intent, o.room_id, o.identity_id, calls).where(
        o.sending_at >= since,
        o.sending_at < period.ends,
        o.sequence == 0,
        o.intent.in_(_BEGUN),
        o.state.in_(_COUNTED),
        here | o.room_id.is_(None) if period.whole else here,
    )
    for at, intent, room_id, identity_id, at_all in period.connection.execute(query):
        member = period.member_of.get(identity_id)
        if room_id is not None:
            yield Said(at, intent, room_id, at_all=bool(at_all))
        elif member is not None:
            yield Said(at, intent, member=member)


def _by_hand(period: Period, since: datetime) -> Iterator[Said]:
    i = interaction.c
    query = select(i.room_id, i.occurred_at, i.props).where(
        i.name == "post_made_by_hand",
        i.room_id.in_(period.rooms),
        i.occurred_at >= since,
        i.occurred_at < period.ends,
    )
    for room_id, at, props in period.connection.execute(query):
        yield Said(at, "promo" if props["sells"] else "hand", room_id, at_all=props["at_all"])
