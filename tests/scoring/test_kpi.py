"""The figures of a community of twelve, worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete, select

from bot.scoring.kpi import answering, being_there, boundary, feeling
from bot.scoring.kpi.figure import Figure, share
from bot.scoring.kpi.names import NAMES
from bot.scoring.kpi.people import People
from bot.scoring.kpi.period import Period
from bot.scoring.kpi.report import figures, lines
from bot.scoring.mood import corrected_share
from bot.scoring.sentiment import reliability
from bot.store.session import insert_new
from bot.store.tables import identity, interaction, texts
from bot.store.transaction import Transaction
from tests.scoring.community import ROOM, WHO, ZONE, at, day, happen, live_in
from tests.scoring.customers import bring, buy, recommend
from tests.scoring.november import live_through_november, say

GLAD = 100 * (corrected_share((2 / 3 + 0) / 2, reliability(1)) or 0)
SORRY = 100 * (corrected_share((1 / 3 + 1) / 2, reliability(-1)) or 0)


@pytest.fixture
def november(tx: Transaction) -> Period:
    live_through_november(tx)
    recommend(tx)
    buy(tx)
    bring(tx)
    kinds = {"同事": "staff", "营养师": "expert"}
    return Period(tx.connection, ZONE, day(at(1)), day(at(30)), kinds, [ROOM])


# Answered after 30 minutes and 30 hours (by day 11 + 7); two wait, one since 6 hours (by day 3), one longer.
# So 3/4 still wait after 30 minutes, and 3/4 · 1/2 after 30 hours: nine tenths were never answered.
WAITS: dict[str, float | None] = {
    "首答分钟中位数": 1800,
    "首答分钟九成": None,
    "只算9到21点的中位数": 1080,
    "只算9到21点的九成": None,
}
# 4 answers: middle (2.75 - 1.75)/7 = 14.29, error² = (4.5/7 - 1/49)/7, times 7/10 for 4 of 11 were heard.
# E alone before: middle (0.75 - 1.75)/4 = -25, error² = (2.5/4 - 1/16)/4; 1 of 11 takes nothing off.
Z = (100 / 7 + 25) / (0.7 * (4.5 / 7 - 1 / 49) / 7 + (2.5 / 4 - 1 / 16) / 4) ** 0.5 / 100
EXPECTED: dict[str, tuple[float | None, dict[str, float | None]]] = {
    "monthly_active": (30, {"自发月活": 20}),
    # ten were there on each of 30 days, L from the 11th on, M until the 19th: (300 + 20 + 19) / 30 a day
    "interactions_per_member": (
        15 / 11.3,
        {"日均在群": 11.3, "活跃的人均": 5, "中位数": 0, "自发占比": 1000 / 15},
    ),
    "silent": (70, {"从没说过话": 60, "后来不说了": 10}),
    # written to: A and E, of whom A came; left alone: D and F. B's days are not over, G's are too long ago
    "woken": (50, {"写了的回来": 50, "没写的回来": 0}),
    "mood": (100 * (1 / 3 - 1) / 2, {"判得出": 80, "高兴": GLAD, "不高兴": SORRY}),
    "questionnaire": (50, {"填完的": 200 / 3, "转人工": 50, "婉拒后改判": 50}),
    "complaints": (2, {"首响分钟": 6, "未结": 1}),
    "flywheel": (3, {"共鸣": 3, "连接": 3, "信任": 1, "共创": 1}),
    "works": (3, {"作者": 3, "每百位活跃会员": 75, "前一成作者占": 100 / 3, "作者同意再用": 200 / 3}),
    # eleven were there on 2 November: M was, L was not; C's work is gone, but C had joined
    "challenge_participation": (200 / 11, {"看得到的人里": 200 / 11, "走完的": 50}),
    "answered": (100 / 3, {"会员互助": 50, **WAITS}),
    "nps": (25, {"推荐": 2, "中立": 1, "不推荐": 1, "问了的里答了": 400 / 6, "和再前90天的差z": Z}),
    # A, C to F, H, I, K, L and X bought since 2 September; D and X on two days, each once more
    "repurchase": (20, {"其中优惠单": 50, "会员复购": 100 / 9}),
    "repurchase_90": (50, {"首单月份": 8}),
    "word_of_mouth": (
        50,
        {"算上自己说的": 400 / 6, "共创者带来的": 200 / 6, "介绍人也是被介绍来的": 100 / 6},
    ),
    "ltv": ((43 + 20 + 20) / 3, {"会员": (43 + 20) / 2, "毛利是估的订单": 1200 / 19}),
    "cac": (90 / 6, {"不算别人带来的": 90 / 3, "获客花费": 90, "没算进来的花费": 10}),
    # A and X, who came for 50 + 12: after a month they had brought 40 and 20, with A's second order 75
    "ltv_cac": (63 / 62, {"那批的LTV": 31.5, "那批的CAC": 31, "回本月数": 4}),
    "ltv_predicted": (None, {}),
    # A and B, C and D; E had no thanks of A
    "depth": (10, {"来往是双向的": 75}),
    # by who saw them 12 + 11 of 79; since the 3rd two of six, since the 24th one by hand that sells nothing
    "promo_share": (
        200 / 7,
        {"按当时人数": 2300 / 79, "7天": 0, "28天": 200 / 6, "28天最多的群": 200 / 6},
    ),
    # since the 3rd two gives and an ask; six of ten were asked once more
    "gives_per_ask": (3, {"给": 3, "要": 1, "卖": 2, "28天最少的群": 2, "28天每人收到": 1}),
    "quiet_sends": (1, {}),
    "at_all": (2, {"每群每周": 2 / (30 / 7)}),
    # M, three hours after twelve had seen a promotion; the other was seen by eleven
    "left": (1, {"推广后24小时": 1, "推广后每千人退": 1000 / 23, "要后每千人退": 0, "给后每千人退": 0}),
    "dnc": (1, {"30天占会员": 10}),
    "held_back": (2, {"promo_week": 1, "private_week": 1}),
}


def voices(period: Period) -> Figure:
    (found,) = feeling.figures(period)
    return found


def test_each_member_is_one_voice_and_the_sorry_ones_can_be_looked_up(november: Period) -> None:
    found = voices(november)
    assert (found.n, found.low) == (2, -100)
    assert found.high == pytest.approx(97.3, abs=0.1)
    said = select(interaction.c.id).join(texts, texts.c.id == interaction.c.text_id)
    sorry = said.where(texts.c.body.in_(["难吃死了", "太失望了"])).order_by(interaction.c.id)
    assert found.events == tuple(november.connection.scalars(sorry))


def test_where_words_are_gone_there_is_no_mood_and_it_says_so(november: Period) -> None:
    november.connection.execute(delete(texts))
    found = voices(november)
    assert (found.value, found.n, found.why) == (None, 0, "没有判得出的话")


def test_of_many_some_are_read_and_the_same_ones_each_time(
    november: Period, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeling, "MOST_MEMBERS", 1)
    monkeypatch.setattr(feeling, "MOST_MESSAGES", 2)
    found = voices(november)
    assert found.parts["抽看人数"] == 1
    assert found.n == 1
    assert found == voices(november)


def test_every_figure_has_the_name_by_which_goals_call_it(november: Period) -> None:
    assert {it.id: it.name for it in figures(november, quiet)} == NAMES


def quiet(moment: datetime) -> bool:
    return moment.astimezone(ZONE).hour < 8


def test_every_figure_is_what_was_worked_out_by_hand(november: Period) -> None:
    found = {it.id: (it.value, dict(it.parts)) for it in figures(november, quiet)}
    assert found.keys() == EXPECTED.keys()
    for id, (value, parts) in EXPECTED.items():
        assert found[id][0] == pytest.approx(value), id
        assert found[id][1] == pytest.approx(parts), id


def test_beside_each_figure_stands_what_it_was_before(november: Period) -> None:
    by_id = {line.now.id: line for line in lines(november, quiet)}
    before = by_id["gives_per_ask"].before
    assert before is not None
    assert before.value == 1  # the give of October
    monthly = by_id["monthly_active"].before
    assert monthly is not None
    assert (monthly.value, monthly.n) == (0, 11)  # L had not come, M had not left


def test_who_came_within_a_long_period_is_not_silent_in_it(november: Period) -> None:
    """L came on 10 November and said nothing since the 13th: E of 70 days has no L."""
    longer = replace(november, first=day(at(5, month=10)), last=day(at(13, month=12)))
    (silent,) = (it for it in being_there.figures(longer) if it.id == "silent")
    assert (silent.value, silent.n) == (90, 10)


def test_whose_join_nobody_told_is_there_from_when_we_met_them(tx: Transaction, november: Period) -> None:
    """N showed a sticker, which is no act, and nothing else."""
    live_in(tx, [55], joined_at=None)
    (silent,) = (it for it in being_there.figures(november) if it.id == "silent")
    assert silent.n == 11
    assert silent.parts["从没说过话"] == pytest.approx(700 / 11)
    before = replace(november, first=day(at(1, month=9)), last=day(at(30, month=9)))
    assert before.present == {55}
    assert replace(before, first=day(at(1)) - 400, last=day(at(1)) - 370).present == set()


def test_what_is_said_in_private_is_in_no_room(november: Period) -> None:
    whole, room = november, replace(november, whole=False)
    for period, sends, received, held_back in ((whole, 13, 1, 2), (room, 7, 2, 1)):
        found = {it.id: it for it in figures(period, quiet)}
        assert found["quiet_sends"].n == sends
        assert found["gives_per_ask"].parts["28天每人收到"] == received
        assert found["held_back"].value == held_back


def test_who_left_in_the_morning_left_after_the_promotion_of_the_evening(
    tx: Transaction, november: Period
) -> None:
    live_in(tx, [55], left_at=at(27, 7))
    say(tx, "promo", at(26, 21))
    since = replace(november, first=day(at(27)))
    (left,) = (it for it in boundary.figures(since, quiet) if it.id == "left")
    assert (left.value, left.parts["推广后24小时"]) == (1, 1)


def test_nobody_answers_themselves_from_another_account(tx: Transaction, november: Period) -> None:
    other = {"id": 66, "source": "t", "external_id": "66", "member_id": WHO["B"], "name": ""}
    insert_new(tx.connection, identity, [other])
    happen(tx, "answer_given", 66, at(14, 11), object_type="question", object_id="3")
    (answered,) = answering.figures(replace(november, people=People()))
    assert answered.value == pytest.approx(100 / 3)


COUNTED = [
    "complaints",
    "flywheel",
    "works",
    "gives_per_ask",
    "quiet_sends",
    "at_all",
    "left",
    "dnc",
    "held_back",
]
"""What counts; all else divides."""
COUNTED_BESIDE = {
    *["日均在群", "未结", "共鸣", "连接", "信任", "共创", "作者", "给", "要", "卖", "推广后24小时"],
    *["获客花费", "没算进来的花费", "首单月份"],
}


def test_of_nobody_there_is_no_share_and_no_nought_for_one(tx: Transaction) -> None:
    empty = Period(tx.connection, ZONE, day(at(1)), day(at(30)), {}, [])
    for it in figures(empty, quiet):
        if it.id in COUNTED:
            assert it.value == 0, it.id
        else:
            assert it.value is None, it.id
            assert it.why, it.id
        assert {name for name, part in it.parts.items() if part is not None} <= COUNTED_BESIDE, it.id


def test_a_share_of_few_is_told_apart() -> None:
    assert share("x", "甲", 1, 19).is_small
    assert not share("x", "甲", 1, 20).is_small
    assert not Figure("x", "甲", None).is_small


def test_a_period_ends_with_its_last_day(november: Period) -> None:
    assert november.ends - november.begins == timedelta(days=30)
