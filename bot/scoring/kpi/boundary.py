"""The boundary board (17): what the brand does to the rooms, and what became of it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select

from bot.scoring import days
from bot.scoring.kpi.figure import Figure, percent
from bot.scoring.kpi.ledger import LEFT_ALONE
from bot.scoring.kpi.period import MONTH, Period
from bot.scoring.kpi.posts import Said
from bot.store.tables import interaction

IsQuiet = Callable[[datetime], bool]
_THOUSAND, _WEEK = 1_000, 7


def figures(period: Period, is_quiet: IsQuiet) -> Iterator[Figure]:
    begun = [it for it in period.said if it.at >= period.begins]
    posts = [it for it in begun if it.room_id]
    yield Figure("quiet_sends", "夜间", sum(is_quiet(it.at) for it in begun), len(begun), summed=True)
    yield _calls(period, posts)
    yield _left(period, posts)
    yield _left_alone(period)
    yield _held_back(period)


def _calls(period: Period, posts: Sequence[Said]) -> Figure:
    """@所有人, whoever called."""
    calls = sum(post.at_all for post in posts)
    weeks = (period.last - period.first + 1) / _WEEK
    parts = {"每群每周": calls / len(period.rooms) / weeks if period.rooms else None}
    return Figure("at_all", "@全员", calls, len(posts), parts=parts, summed=True)


# --- who left ---


def _left(period: Period, posts: Sequence[Said]) -> Figure:
    """Members who left, and who of them within a day after a promotion; then of a thousand who saw a post, by
    its intent."""
    after = len(left_after_promotion(period))
    rates = {
        f"{name}后每千人退": _rate(period, [post for post in posts if post.intent == intent])
        for name, intent in (("推广", "promo"), ("要", "ask"), ("给", "give"))
    }
    left = len(_leavings(period))
    return Figure("left", "退群", left, left, parts={"推广后24小时": after, **rates}, summed=True)


def _leavings(period: Period) -> list[tuple[int, int]]:
    """From which room, and when."""
    since, until = days.milliseconds(period.begins), days.milliseconds(period.ends)
    return [(id, at) for id, crowd in period.crowds.items() for at in crowd.leavings(since, until)]


def left_after_promotion(period: Period) -> list[int]:
    """The room of each who left one within a day after a promotion there."""
    sold: defaultdict[int, list[int]] = defaultdict(list)
    for post in period.said:
        if post.sells:
            sold[post.room_id].append(days.milliseconds(post.at))
    return [id for id, at in _leavings(period) if any(0 <= at - it <= days.DAY for it in sold[id])]


def _rate(period: Period, posts: Sequence[Said]) -> float | None:
    seen = left = 0
    for post in posts:
        crowd, at = period.crowds[post.room_id], days.milliseconds(post.at)
        seen += crowd.size(at)
        left += len(crowd.leavings(at, min(at + days.DAY, days.milliseconds(period.ends))))
    return _THOUSAND * left / seen if seen else None


# --- who was left alone ---


def _left_alone(period: Period) -> Figure:
    """Who asked not to be mentioned or written to; and the share of E who did in 30 days."""
    asked = [row for row in period.recorded(LEFT_ALONE) if period.is_about(row.member_id)]
    now = {row.member_id for row in asked if row.occurred_at >= period.begins}
    month_ago = period.ends - timedelta(days=MONTH)
    lately = {row.member_id for row in asked if row.occurred_at >= month_ago} & period.eligible
    there = len(period.eligible)
    parts = {"30天占会员": percent(len(lately), there)}
    return Figure("dnc", "别@我", len(now - {None}), there, parts=parts, summed=True)


def _held_back(period: Period) -> Figure:
    """What the guard held back or refused, by rule."""
    i = interaction.c
    here = i.room_id.in_(period.rooms)
    query = select(i.props).where(
        i.name == "send_suppressed",
        i.occurred_at >= period.begins,
        i.occurred_at < period.ends,
        here | i.room_id.is_(None) if period.whole else here,
    )
    rules = Counter(props["rule"] for props in period.connection.scalars(query))
    return Figure("held_back", "规矩拦下", sum(rules.values()), parts=dict(rules), summed=True)
