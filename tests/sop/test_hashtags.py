from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sop.hashtags import find, normalize, without_tags

TABLE = "我的原野餐桌"
KNOWN = {TABLE, "打卡", "tomato2026"}
LONGEST = max(map(len, KNOWN))


def tags(text: str) -> list[str]:
    return find(text, KNOWN, LONGEST)


@pytest.mark.parametrize(
    "text",
    [
        "#我的原野餐桌#",
        "#我的原野餐桌",
        "#我的原野餐桌 今天的番茄",
        "#我的原野餐桌#今天的番茄",
        "#我的原野餐桌今天的番茄",
        "今天的番茄#我的原野餐桌#",
        "今天的番茄 #我的原野餐桌",
        "＃我的原野餐桌＃",
        "＃我的原野餐桌# 番茄",
        "﹟我的原野餐桌﹟",
        "# 我的原野餐桌 #",
        "#我的 原野 餐桌#",
        "#我的　原野餐桌#",
        "#我的原野餐桌🍅#",
        "#🍅我的原野餐桌 番茄",
        "#「我的原野餐桌」#",
        "#我的原野餐桌！番茄牛腩",
        "#我的原野餐桌\n番茄牛腩",
        "##我的原野餐桌##",
        "#我的原野餐桌 今天的番茄 #家常菜#",
        "#家常菜# #我的原野餐桌#",
        "#家常菜 #我的原野餐桌",
    ],
)
def test_a_tag_is_found_in_every_form_in_which_people_type_it(text: str) -> None:
    assert tags(text) == [TABLE]


@pytest.mark.parametrize(
    "text",
    [
        "我的原野餐桌",
        "今天的番茄",
        "",
        "#",
        "# #",
        "#我的原野",
        "#我的原野餐桌今天#",
        "#不是我的原野餐桌#",
        "我的原野餐桌#",
        "#接龙\n1. 阿青 #我的原野餐桌#",
        " ＃接龙 #我的原野餐桌#",
        "# 接龙\n#我的原野餐桌",
    ],
)
def test_what_is_no_such_tag_is_not_found(text: str) -> None:
    assert tags(text) == []


def test_several_tags_are_found_in_their_order_and_once_each() -> None:
    assert tags("#打卡# 番茄 #我的原野餐桌# #打卡") == ["打卡", TABLE]


@pytest.mark.parametrize("text", ["#Tomato2026#", "#TOMATO２０２６", "#tomato 2026#", "#tomato_2026# 好吃"])
def test_case_width_and_signs_make_no_difference(text: str) -> None:
    assert tags(text) == ["tomato2026"]


@pytest.mark.parametrize(
    ("text", "beside"),
    [
        ("#我的原野餐桌# 番茄牛腩", "番茄牛腩"),
        ("＃我的 原野餐桌＃番茄牛腩", "番茄牛腩"),
        ("番茄牛腩 #我的原野餐桌", "番茄牛腩"),
        ("#我的原野餐桌番茄牛腩", "番茄牛腩"),
        ("#我的原野餐桌#", ""),
        ("番茄牛腩", "番茄牛腩"),
        ("好吃#我的原野餐桌#极了", "好吃 极了"),
    ],
)
def test_what_was_said_beside_the_tag_is_left(text: str, beside: str) -> None:
    assert without_tags(text, TABLE) == beside


@given(st.text(max_size=30), st.text(max_size=30))
def test_a_tag_that_stands_alone_is_found_whatever_is_around_it(before: str, after: str) -> None:
    text = f"{before} #{TABLE}# {after}"
    is_sign_up = normalize(before).startswith("接龙") and "#" in before.strip()[:1]
    if "#" not in before and "＃" not in before and "﹟" not in before and not is_sign_up:
        assert TABLE in tags(text)


@given(st.text(max_size=60))
def test_whatever_is_written_only_known_tags_are_found(text: str) -> None:
    assert set(tags(text)) <= KNOWN


@given(st.text(max_size=40))
def test_a_normal_form_is_its_own_normal_form(tag: str) -> None:
    assert normalize(normalize(tag)) == normalize(tag)


@given(st.text(max_size=40))
def test_a_text_without_the_tag_bears_it_no_more(text: str) -> None:
    once = without_tags(f"{text} #{TABLE}# 番茄", TABLE)
    assert f"#{TABLE}" not in once


@pytest.mark.parametrize(
    "text",
    [
        "#" * 100_000,
        "#a" * 50_000,
        "#我的 " * 9_999,
        "#a" + "\u0301\u0316" * 50_000,
        "#" + "\ufdfa" * 100_000,
    ],
)
def test_no_text_takes_long_to_be_searched(text: str) -> None:
    begin = time.process_time()
    assert find(text, {"我的原野餐桌"}, 6) == []
    without_tags(text, "我的原野餐桌")
    assert time.process_time() - begin < 0.3


def test_many_marks_hide_no_tag() -> None:
    assert find("🍅🍅🍅🍅🍅🍅🍅🍅🍅🍅🍅🍅#我的原野餐桌", {"我的原野餐桌"}, 6) == ["我的原野餐桌"]
