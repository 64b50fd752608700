"""What the brand does to the rooms: promotion (11), gives and asks (12), the boundary board (17)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from bot.scoring.kpi.figure import Figure, percent, share
from bot.scoring.kpi.period import Period
from bot.store.tables import interaction, membership, outgoing

SOON = timedelta(hours=24)
IsQuiet = Callable[[datetime], bool]
_COUNTED = ("sending", "sent", "unknown")
_BEGUN = ("give", "ask", "promo")


@dataclass(frozen=True, slots=True)
class Said:
    """A post that the brand began in a room, by the bot or by hand."""

    room_id: int
    at: datetime
    intent: str
    at_all: bool = False


def figures(period: Period, is_quiet: IsQuiet) -> Iterator[Figure]:
    posts = _posts(period)
    count = Counter(post.intent for post in posts)
    yield share("promo_share", "推广占比", count["promo"], len(posts))
    gives, asks = count["give"], count["ask"]
    parts = {"给": float(gives), "要": float(asks), "卖": float(count["promo"])}
    yield Figure("gives_per_ask", "给:要", gives / max(1, asks), len(posts), parts=parts, summed=not asks)
    yield Figure("quiet_sends", "夜间", sum(is_quiet(post.at) for post in posts), len(posts), summed=True)
    yield Figure("at_all", "@全员", sum(post.at_all for post in posts), len(posts), summed=True)
    yield _left(period, posts)
    yield _left_alone(period)
    yield _held_back(period)


def _posts(period: Period) -> list[Said]:
    return [*_by_bot(period), *_by_hand(period)]


def _by_bot(period: Period) -> Iterator[Said]:
    o = outgoing.c
    query = (
        select(o.room_id, func.min(o.sending_at), o.intent)
        .where(o.room_id.in_(period.rooms), o.intent.in_(_BEGUN), o.state.in_(_COUNTED))
        .where(o.sending_at >= period.begins, o.sending_at < period.ends)
        .group_by(o.post_id, o.room_id, o.intent)
    )
    return (Said(row[0], row[1], row[2]) for row in period.connection.execute(query))


def _by_hand(period: Period) -> Iterator[Said]:
    i = interaction.c
    query = select(i.room_id, i.occurred_at, i.props).where(
        i.name == "post_made_by_hand",
        i.room_id.in_(period.rooms),
        i.occurred_at >= period.begins,
        i.occurred_at < period.ends,
    )
    for room_id, at, props in period.connection.execute(query):
        yield Said(room_id, at, "promo" if props["sells"] else "hand", props["at_all"])


def _left(period: Period, posts: list[Said]) -> Figure:
    """Members who left, and of these who left within a day after a promotion."""
    left = _leavings(period)
    after = len(_after_promotion(left, posts))
    return Figure("left", "退群", len(left), len(left), parts={"推广后24小时": after}, summed=True)


def left_after_promotion(period: Period) -> list[int]:
    """The room of each who left one within a day after a promotion there."""
    return _after_promotion(_leavings(period), _posts(period))


def _leavings(period: Period) -> list[tuple[int, datetime]]:
    """From which room, and when."""
    m = membership.c
    query = select(m.room_id, m.left_at).where(
        m.room_id.in_(period.rooms), m.left_at >= period.begins, m.left_at < period.ends
    )
    return [(row[0], row[1]) for row in period.connection.execute(query)]


def _after_promotion(left: Iterable[tuple[int, datetime]], posts: Iterable[Said]) -> list[int]:
    promos = [post for post in posts if post.intent == "promo"]
    return [
        room_id
        for room_id, at in left
        if any(it.room_id == room_id and timedelta(0) <= at - it.at <= SOON for it in promos)
    ]


def _left_alone(period: Period) -> Figure:
    """Who asked not to be mentioned or written to."""
    i = interaction.c
    query = select(i.identity_id).where(
        i.name == "dnc_set", i.occurred_at >= period.begins, i.occurred_at < period.ends
    )
    members = {period.member_of.get(it) for it in period.connection.scalars(query)} - {None}
    there = len(period.eligible)
    parts = {"占会员": percent(len(members), there)}
    return Figure("dnc", "别@我", len(members), there, parts=parts, summed=True)


def _held_back(period: Period) -> Figure:
    """What the guard held back or refused, by rule."""
    i = interaction.c
    query = select(i.props).where(
        i.name == "send_suppressed",
        i.room_id.in_(period.rooms),
        i.occurred_at >= period.begins,
        i.occurred_at < period.ends,
    )
    rules = Counter(props["rule"] for props in period.connection.scalars(query))
    return Figure("held_back", "规矩拦下", sum(rules.values()), parts=dict(rules), summed=True)
