"""How people feel (4): what they say is judged, one voice a member, and nothing of it is kept about anybody.

Of many members some are read, the same ones each time; of a loud one some messages.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from math import sqrt
from statistics import stdev
from typing import NamedTuple

from sqlalchemy import select

from bot.scoring.kpi.figure import Figure
from bot.scoring.kpi.period import Period
from bot.scoring.mood import Mood, Tally, corrected_share, mood, tally
from bot.scoring.sentiment import Sign, judge, reliability
from bot.store.session import one_of
from bot.store.tables import interaction, texts

MOST_MEMBERS = 500
MOST_MESSAGES = 20
"""Of one member."""
MOST_SHOWN = 5
"""Messages that somebody should look at."""
_Z = 1.96
_SCATTER = 2_654_435_761
"""Makes ids that follow each other lie far apart."""


class _Said(NamedTuple):
    id: int
    sign: Sign | None


def figures(period: Period) -> Iterator[Figure]:
    voices = _scattered({member for member, *_ in period.acts(period.first, period.last)})
    read = _read(period, voices[:MOST_MEMBERS])
    tallies = [tally(it.sign for it in said) for said in read.values()]
    found = mood(tallies)
    unhappy = sorted(it.id for said in read.values() for it in said if it.sign == -1)
    low, high = _interval(tallies)
    yield Figure(
        "mood",
        "情感",
        found.index,
        found.members,
        low,
        high,
        why="" if found.index is not None else "没有判得出的话",
        parts=_parts(found, len(voices)),
        events=tuple(unhappy[-MOST_SHOWN:]),
    )


def _parts(found: Mood, voices: int) -> dict[str, float | None]:
    """Shares among judged messages, without the errors that the model makes."""
    parts = {"判得出": _percent(found.coverage)}
    if found.glad is not None and found.sorry is not None:
        parts["高兴"] = _percent(corrected_share(found.glad, reliability(1)))
        parts["不高兴"] = _percent(corrected_share(found.sorry, reliability(-1)))
    if voices > MOST_MEMBERS:
        parts["抽看人数"] = float(MOST_MEMBERS)
    return parts


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share


def _interval(tallies: Sequence[Tally]) -> tuple[float | None, float | None]:
    """Of the mean over members, 95 %; one voice tells nothing of the others."""
    means = [(it.glad - it.sorry) / it.judged for it in tallies if it.judged]
    if len(means) < 2:
        return (-100.0, 100.0) if means else (None, None)
    middle, half = sum(means) / len(means), _Z * stdev(means) / sqrt(len(means))
    return 100 * max(-1.0, middle - half), 100 * min(1.0, middle + half)


def _read(period: Period, members: Sequence[int]) -> dict[int, list[_Said]]:
    """By member what they said in the rooms, as far as their words are still kept."""
    wanted = set(members)
    ids = [id for id, member in period.member_of.items() if member in wanted]
    i = interaction.c
    query = (
        select(i.id, i.identity_id, texts.c.body)
        .select_from(interaction.join(texts, texts.c.id == i.text_id))
        .where(one_of(i.identity_id, "ids"), i.name == "message_posted", i.room_id.in_(period.rooms))
        .where(i.occurred_at >= period.begins, i.occurred_at < period.ends, i.is_test.is_(False))
    )
    said: defaultdict[int, dict[int, str]] = defaultdict(dict)
    for id, identity_id, body in period.connection.execute(query, {"ids": ids}):
        said[period.member_of[identity_id]][id] = body
    return {member: _judged(messages) for member, messages in said.items()}


def _judged(messages: dict[int, str]) -> list[_Said]:
    some = _scattered(messages)[:MOST_MESSAGES]
    return [_Said(id, judge(messages[id]).sign) for id in some]


def _scattered(ids: Iterable[int]) -> list[int]:
    """In an order that has nothing to do with their age, the same each time."""
    return sorted(ids, key=lambda id: (id * _SCATTER % 2**32, id))
