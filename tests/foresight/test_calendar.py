from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.foresight import calendar
from bot.foresight.planned import Planned, Result
from bot.outbox.rules import Rule
from bot.sop.loader import SopSet
from tests.builders import MONDAY_9

NOON = MONDAY_9 + timedelta(hours=3, minutes=10)
FRIDAY = MONDAY_9 + timedelta(days=4, hours=11)
POST = Planned(
    at=NOON,
    due_at=NOON,
    room="会员1群",
    member=None,
    sop="monday-origin",
    step="post",
    template="origin_story.j2",
    intent="give",
    text="溯源｜老周先咬一粒稻",
    pictures=(),
    result=Result.SENT,
    rule=None,
    until=None,
)
IN_THREE = [replace(POST, room=f"会员{n}群", at=NOON + timedelta(seconds=3 * n)) for n in (1, 2, 3)]
PRIVATE = replace(POST, room=None, member=37, sop="wakeup")
LOST = replace(POST, at=FRIDAY, due_at=FRIDAY, sop="new", result=Result.EXPIRED, rule=Rule.PROMO_WEEK)


@pytest.mark.parametrize(
    ("planned", "told"),
    [
        (IN_THREE, "今12:10 溯源日→3群"),
        ([*IN_THREE, LOST], "今12:10 溯源日→3群｜五20:00 new→会员1群 ⛔本周推广已满"),
        (
            [replace(POST, text="会员1群好"), replace(POST, room="会员2群", text="会员2群好")],
            "今12:10 溯源日→2群",
        ),
        (
            [POST, replace(POST, room="会员2群", text="另一篇")],
            "今12:10 溯源日→会员1群｜今12:10 溯源日→会员2群",
        ),
        ([replace(POST, at=NOON + timedelta(hours=2), rule=Rule.DISTANCE)], "今14:10 溯源日→会员1群"),
        ([PRIVATE], "今12:10 唤醒沉默→私聊M37"),
        ([PRIVATE, replace(PRIVATE, member=81, text="另一个称呼")], "今12:10 唤醒沉默→私聊2位"),
        ([replace(LOST, result=Result.HELD, rule=None)], "五20:00 new→会员1群 ⏸还没轮到"),
        (
            [replace(POST, at=NOON + timedelta(days=8), due_at=NOON + timedelta(days=8))],
            "12/8 12:10 溯源日→会员1群",
        ),
        ([replace(POST, sop="")], ""),
    ],
)
def test_a_phone_is_told_when_what_where_and_what_is_in_the_way(
    sops: SopSet, planned: list[Planned], told: str
) -> None:
    assert calendar.brief(planned, sops, MONDAY_9) == told


def test_what_does_not_fit_a_phone_is_counted(sops: SopSet) -> None:
    many = [replace(POST, due_at=NOON + timedelta(days=n), at=NOON + timedelta(days=n)) for n in range(20)]
    told = calendar.brief(many, sops, MONDAY_9)
    assert told.endswith("｜还有14条，写少几天或写上群名看")
    assert len(told) <= 120


def test_a_terminal_is_told_why(sops: SopSet) -> None:
    moved = replace(POST, at=NOON + timedelta(hours=2), rule=Rule.DISTANCE, pictures=("封面.jpg",))
    held = replace(
        POST,
        due_at=FRIDAY,
        at=FRIDAY,
        result=Result.HELD,
        rule=Rule.POSTS_WEEK,
        until=FRIDAY + timedelta(days=3),
    )
    assert list(calendar.table([moved, LOST, held], sops)) == [
        "11月30日 周一",
        "  14:10 周一溯源日 → 会员1群｜溯源｜老周先咬一粒稻 📷1（10字）"
        "｜原定11月30日 周一 12:10，离上一条太近",
        "12月4日 周五",
        "  20:00 ⛔new → 会员1群｜溯源｜老周先咬一粒稻（10字）｜本周推广已满，过了时效，不会发",
        "  20:00 ⏸周一溯源日 → 会员1群｜溯源｜老周先咬一粒稻（10字）"
        "｜本周的帖子已满，先扣着，12月7日 周一再看",
    ]
