"""What the brand says of its own accord: how much of it sells (11), and what it gives for an ask (12)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import timedelta
from statistics import median

from bot.scoring import days
from bot.scoring.kpi.figure import Figure, percent, share
from bot.scoring.kpi.period import Period
from bot.scoring.kpi.posts import LATELY, Said

WEEK = timedelta(days=7)


def figures(period: Period) -> Iterator[Figure]:
    posts = [it for it in period.said if it.room_id]
    now = [it for it in posts if it.at >= period.begins]
    lately = [it for it in posts if it.at >= period.ends - LATELY]
    yield _promotion(period, now, lately)
    yield _gives(period, now, lately)


def _by_room(posts: Iterable[Said]) -> Collection[Counter[str]]:
    """How many of each intent, in each room that had any."""
    found: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for post in posts:
        found[post.room_id][post.intent] += 1
    return found.values()


# --- what sells ---


def _promotion(period: Period, now: Collection[Said], lately: Collection[Said]) -> Figure:
    """Of the posts; and of those who saw them, each as often as they did."""
    parts = {
        "按当时人数": _weighed(period, now),
        "7天": _selling(it for it in lately if it.at >= period.ends - WEEK),
        "28天": _selling(lately),
        "28天最多的群": max(
            (100 * intents["promo"] / intents.total() for intents in _by_room(lately)), default=None
        ),
    }
    return share("promo_share", "推广占比", sum(it.sells for it in now), len(now), **parts)


def _selling(posts: Iterable[Said]) -> float | None:
    count = Counter(post.sells for post in posts)
    return percent(count[True], count.total())


def _weighed(period: Period, posts: Iterable[Said]) -> float | None:
    """Each post by the members whom its room had then."""
    seen: Counter[bool] = Counter()
    for post in posts:
        seen[post.sells] += period.crowds[post.room_id].size(days.milliseconds(post.at))
    return percent(seen[True], seen.total())


# --- gives for asks ---


def _gives(period: Period, now: Collection[Said], lately: Collection[Said]) -> Figure:
    count = Counter(post.intent for post in now)
    gives, asks = count["give"], count["ask"]
    asked = [intents for intents in _by_room(lately) if intents["ask"]]
    parts = {
        "给": float(gives),
        "要": float(asks),
        "卖": float(count["promo"]),
        "28天最少的群": min((intents["give"] / intents["ask"] for intents in asked), default=None),
        "28天每人收到": _received(period),
    }
    return Figure("gives_per_ask", "给:要", gives / max(1, asks), len(now), parts=parts, summed=not asks)


def _received(period: Period) -> float | None:
    """Gives for an ask that a member of E got in 28 days, in the rooms and in private: the median."""
    gives, asks = _heard(period, "give"), _heard(period, "ask")
    each = [gives[member] / max(1, asks[member]) for member in period.eligible]
    return median(each) if each else None


def _heard(period: Period, intent: str) -> Counter[int]:
    """How many of these each member got in 28 days."""
    lately = [it for it in period.said if it.intent == intent and it.at >= period.ends - LATELY]
    heard = Counter(it.member for it in lately if it.member is not None)
    moments: defaultdict[int, list[int]] = defaultdict(list)
    for it in lately:
        moments[it.room_id].append(days.milliseconds(it.at))
    for room_id, crowd in period.crowds.items():
        for member, times in crowd.witnessed(sorted(moments[room_id])):
            heard[member] += times
    return heard
