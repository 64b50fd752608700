from __future__ import annotations

import pytest

from bot.outbox.selling import UNLESS, WORDS, seller

SELLS = seller(WORDS, UNLESS)


@pytest.mark.parametrize(
    "text",
    [
        "今晚八点限时秒杀",
        "点击购买",
        "三斤装￥39.9",
        "三斤装 ¥ 39",
        "一份 59元",
        "只剩最后二十箱",
        "新客领券立减",
    ],
)
def test_words_of_selling_and_prices_sell(text: str) -> None:
    assert SELLS(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "番茄切两块，焯水二十秒",
        "罗师傅晒了三个夏天的酱",
        "2027元旦一起包饺子",
        "这一锅不打折扣",
        *UNLESS,
        "补充3元素",
    ],
)
def test_stories_and_recipes_do_not(text: str) -> None:
    assert not SELLS(text)


def test_a_community_may_say_it_in_its_own_words() -> None:
    ours = seller(["开抢"], ["开抢答"])
    assert ours("今晚开抢")
    assert not ours("周五开抢答")
    assert not ours("限时")
