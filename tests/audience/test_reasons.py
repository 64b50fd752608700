"""Why somebody is in an audience, or is not, in words."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from bot.audience.conditions import (
    Active,
    AllOf,
    AnyOf,
    Condition,
    Facts,
    InRoom,
    Leveled,
    Not,
    Silent,
    Spends,
    Tagged,
    holds,
)
from bot.audience.reasons import because, reasons
from bot.audience.shown import Why, as_lines
from tests.audience.made_up import LEVELS, Made, conditions, people

COOKS, OFFICE = Tagged("烹饪热情"), Tagged("办公室")
FACTS = Facts(100, frozenset({"会员1群"}), 10, True, {"烹饪热情": 0.5}, 1, 2, (71, 90))


@pytest.mark.parametrize(
    ("condition", "words", "so"),
    [
        (COOKS, "标签“烹饪热情”", "烹饪热情+0.5"),
        (OFFICE, "标签“办公室”", "没有“办公室”"),
        (Leveled(1, 2, LEVELS), "等级同行者以上", "同行者"),
        (Leveled(0, 1, LEVELS), "等级同行者以下", "同行者"),
        (Leveled(1, 1, LEVELS), "等级同行者", "同行者"),
        (Leveled(0, 2, LEVELS), "等级不限", "同行者"),
        (Spends(1, 3), "购物V1以上", "购物V2"),
        (Spends(0, 1), "购物V1以下", "购物V2"),
        (Active(2, 30), "30天里有2天说过话", "30天里2天"),
        (Silent(20), "20天没说话", "10天前说过话"),
        (Silent(7), "7天没说话", "7天没说话"),
        (InRoom(frozenset({"会员2群", "会员1群"})), "在会员1群或会员2群", "在会员1群"),
    ],
)
def test_each_condition_and_what_is_so_has_its_words(condition: Condition, words: str, so: str) -> None:
    (reason,) = reasons(condition, FACTS)
    assert (reason.asked, reason.is_so) == (words, so)


def test_who_just_came_and_who_has_no_grade() -> None:
    (came,) = reasons(Silent(30), replace(FACTS, came=95, days=()))
    assert (came.is_met, came.is_so) == (False, "5天前才进群")
    (buys,) = reasons(Spends(1, 3), replace(FACTS, grade=0))
    assert buys.is_so == "没有购物级别"


def test_who_closed_personalisation_is_told_so_of_each_trait() -> None:
    whole = AllOf((COOKS, Not(OFFICE), InRoom(frozenset({"会员1群"}))))
    told = [it.is_so for it in reasons(whole, replace(FACTS, personal=False))]
    assert told == ["", "关了个性化，不按这个挑", "关了个性化，不按这个挑", "在会员1群"]


def test_the_whole_of_it_is_a_list_with_marks() -> None:
    whole = AllOf((AnyOf((OFFICE, COOKS)), Not(AnyOf((OFFICE, Silent(7))))))
    told = list(as_lines(Why(False, list(reasons(whole, FACTS)))))
    assert told == [
        "✗ 样样都要",
        "  ✓ 有一样就行",
        "    ✗ 标签“办公室”：没有“办公室”",
        "    ✓ 标签“烹饪热情”：烹饪热情+0.5",
        "  ✗ 一样也不能是",
        "    ✓ 不是：标签“办公室”：没有“办公室”",
        "    ✗ 不是：7天没说话：7天没说话",
    ]


def test_a_few_words_tell_no_more_than_it_takes() -> None:
    whole = AllOf((AnyOf((OFFICE, COOKS)), Not(OFFICE), COOKS))
    assert because(whole, FACTS) == ["烹饪热情+0.5", "没有“办公室”"]


@given(condition=conditions, made=people)
def test_the_first_reason_is_the_answer_and_who_is_in_it_hears_why(condition: Condition, made: Made) -> None:
    if not made.here:
        return
    is_in = holds(condition, made.facts)
    assert next(reasons(condition, made.facts)).is_met is is_in
    assert not is_in or because(condition, made.facts)
