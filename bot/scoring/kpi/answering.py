"""Whether questions are answered (16): within a day, by whom, and after how long."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from bot.scoring.kpi.figure import Figure, percent, share
from bot.scoring.kpi.intervals import within
from bot.scoring.kpi.period import Period

IN_TIME = timedelta(hours=24)
OPENS, CLOSES = timedelta(hours=9), timedelta(hours=21)
"""When an answer may be hoped for."""
_ASKED, _BY_MEMBERS = "question_asked", "answer_given"
_ANSWERS = (_BY_MEMBERS, "expert_answered")
_TAKEN_BACK = ("question_withdrawn", "answer_withdrawn")
_MINUTE = timedelta(minutes=1)


class Asked(NamedTuple):
    """A question, and its first answer by somebody else, if there is one so far."""

    at: datetime
    answered_at: datetime | None
    by_member: bool


def figures(period: Period) -> Iterator[Figure]:
    questions = _questions(period)
    answered = [it for it in questions if it.answered_at is not None]
    old = [it for it in questions if it.at <= period.ends - IN_TIME]
    in_time = sum(it.answered_at is not None and it.answered_at - it.at <= IN_TIME for it in old)
    yield share(
        "answered",
        "24小时内答了",
        in_time,
        len(old),
        会员互助=percent(sum(it.by_member for it in answered), len(answered)),
        **_waits(questions, period),
    )


def _questions(period: Period) -> list[Asked]:
    """Members' questions in the rooms, with answers from anywhere; what was taken back is neither."""
    rows = period.rows(_ASKED, *_ANSWERS, *_TAKEN_BACK, anywhere=True)
    taken_back = {row.corrects_event_id for row in rows if row.name in _TAKEN_BACK}
    standing = [row for row in rows if row.id not in taken_back]
    asked = {
        row.object_id: row
        for row in standing
        if row.name == _ASKED and row.room_id in period.crowds and row.identity_id in period.member_of
    }
    first: dict[str, Any] = {}
    for row in standing:
        question = asked.get(row.object_id) if row.name in _ANSWERS else None
        if question is not None and not _is_same(period, question, row):
            first.setdefault(row.object_id, row)
    return [_asked(row, first.get(key)) for key, row in asked.items()]


def _is_same(period: Period, question: Any, answer: Any) -> bool:
    """Whether somebody answered themselves, from whichever account."""
    return period.member_of[question.identity_id] == period.member_of.get(answer.identity_id)


def _asked(question: Any, answer: Any) -> Asked:
    if answer is None:
        return Asked(question.occurred_at, None, by_member=False)
    return Asked(question.occurred_at, answer.occurred_at, answer.name == _BY_MEMBERS)


def _waits(questions: Sequence[Asked], period: Period) -> dict[str, float | None]:
    """Minutes to the first answer, which some still wait for; then only those between 9 and 21 o'clock."""
    waits = [(it, it.answered_at or period.ends) for it in questions]
    whole = [((end - it.at) / _MINUTE, it.answered_at is not None) for it, end in waits]
    by_day = [(_by_day(it.at, end, period.zone) / _MINUTE, it.answered_at is not None) for it, end in waits]
    return {
        "首答分钟中位数": within(whole, 0.5),
        "首答分钟九成": within(whole, 0.9),
        "只算9到21点的中位数": within(by_day, 0.5),
        "只算9到21点的九成": within(by_day, 0.9),
    }


def _by_day(since: datetime, until: datetime, zone: ZoneInfo) -> timedelta:
    """What of a time lies between 9 and 21 o'clock."""
    return _open_until(until.astimezone(zone)) - _open_until(since.astimezone(zone))


def _open_until(local: datetime) -> timedelta:
    """All such hours up to a moment."""
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    today = min(max(local - midnight, OPENS), CLOSES) - OPENS
    return local.toordinal() * (CLOSES - OPENS) + today
