from __future__ import annotations

import time
from typing import Any

import pytest

from bot.events import MessageKind, Quote
from bot.sop.kinds.qa_day import archive, forms
from bot.sop.kinds.qa_day.model import QaDay
from tests.builders import said

SOP = QaDay.model_validate(
    {"sop": "qa_day", "id": "qa", "name": "问答", "every": "周五 19:30", "until": "21:00"}, strict=True
)


def asked(text: str, **more: Any) -> str | None:
    span = forms.asked(said(text, **more), SOP)
    return None if span is None else text[slice(*span)]


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("提问：羽衣甘蓝要焯水吗", "羽衣甘蓝要焯水吗"),
        ("提问 羽衣甘蓝要焯水吗", "羽衣甘蓝要焯水吗"),
        ("提问羽衣甘蓝要焯水吗", "羽衣甘蓝要焯水吗"),
        ("  问一下，羽衣甘蓝要焯水吗", "羽衣甘蓝要焯水吗"),
        ("@小野\u2005提问:羽衣甘蓝要焯水吗", "羽衣甘蓝要焯水吗"),
        ("提问：", ""),
        ("我想提问：羽衣甘蓝要焯水吗", None),
        ("羽衣甘蓝要焯水吗", None),
    ],
)
def test_a_question_begins_with_its_word(text: str, question: str | None) -> None:
    assert asked(text) == question


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("@小野 羽衣甘蓝要焯水吗", "羽衣甘蓝要焯水吗"),
        ("羽衣甘蓝要不要焯水 @小野\u2005", "羽衣甘蓝要不要焯水"),
        ("番茄放冰箱会不会变味", "番茄放冰箱会不会变味"),
        ("@小野 你好呀", None),
        ("@小野 ？", None),
    ],
)
def test_a_mention_asks_if_it_sounds_like_it(text: str, question: str | None) -> None:
    assert asked(text, to_bot=True) == question


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("#提问 燕麦泡多久", "燕麦泡多久"),
        ("＃提问＃燕麦泡多久", "燕麦泡多久"),
        ("燕麦泡多久 #提问#", "燕麦泡多久 "),
    ],
)
def test_a_tagged_question_stands_behind_its_tag_or_before(text: str, question: str) -> None:
    assert text[slice(*forms.tagged(text))] == question


def test_a_typed_question_stands_behind_the_command() -> None:
    text = "／提问　燕麦泡多久"
    assert text[slice(*forms.typed(text))] == "燕麦泡多久"


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("12 焯20秒", (12, "焯20秒", False)),
        ("12、焯20秒", (12, "焯20秒", False)),
        ("１２：焯20秒", (12, "焯20秒", False)),
        ("#12号 焯20秒", (12, "焯20秒", False)),
        ("@小野 12 焯20秒", (12, "焯20秒", False)),
        ("答12焯20秒", (12, "焯20秒", True)),
        ("答 12：焯20秒", (12, "焯20秒", True)),
        ("回复12号，焯20秒", (12, "焯20秒", True)),
        ("12", None),
        ("12 点开饭", None),
        ("2 斤番茄", None),
        ("3.5 斤", None),
        ("1,000 元", None),
        ("12焯20秒", None),
        ("第12 焯20秒", None),
        ("1234567 焯20秒", None),
    ],
)
def test_an_answer_begins_with_its_number(text: str, read: tuple[int, str, bool] | None) -> None:
    assert forms.answered(text) == read


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("1 焯20秒\n2、提前一晚", [(1, "焯20秒", False), (2, "提前一晚", False)]),
        ("1 焯20秒\n再过凉水\n答2 提前一晚", [(1, "焯20秒\n再过凉水", False), (2, "提前一晚", True)]),
        ("我来答\n1 焯20秒", []),
        ("焯20秒", []),
    ],
)
def test_a_message_may_answer_several(text: str, read: list[tuple[int, str, bool]]) -> None:
    assert forms.answered_each(text) == read


@pytest.mark.parametrize(
    "text", ["同问", "+1", "＋1", "加1", "我也想知道", "同问！", "@小野 同问", "我也同问~"]
)
def test_a_second_says_nothing_else(text: str) -> None:
    assert forms.seconded(text)
    assert not forms.seconded(f"{text}，另外豆腐怎么冻")


@pytest.mark.parametrize(
    ("text", "number"), [("同问12", 12), ("同问 12号", 12), ("+1 12", 12), ("同问", None)]
)
def test_a_second_may_bear_the_number(text: str, number: int | None) -> None:
    assert forms.seconded_number(text) == number


@pytest.mark.parametrize(
    ("text", "is_thanks"),
    [
        ("谢谢", True),
        ("太有用了", True),
        ("谢谢，那要放盐吗？", True),
        ("谢谢老板", False),
        ("谢谢红包", False),
        ("谢" * 40, False),
        ("试了没有用", False),
        ("这个真的有用吗", False),
    ],
)
def test_thanks(text: str, is_thanks: bool) -> None:
    assert forms.thanks(text) is is_thanks


@pytest.mark.parametrize(
    ("text", "is_settled"),
    [
        ("够了", True),
        ("明白了，多谢", True),
        ("哦知道了", True),
        ("清楚了", True),
        ("不明白", False),
        ("还是没明白", False),
        ("不太清楚", False),
        ("不够了", False),
        ("这样就够了吗", False),
        ("明白了，那要放盐吗？", False),
    ],
)
def test_settled(text: str, is_settled: bool) -> None:
    assert forms.settled(text) is is_settled


@pytest.mark.parametrize(
    ("quoted", "numbers"),
    [
        ("12 羽衣甘蓝要焯水吗", [12]),
        ("@老周\u2005 12 羽衣甘蓝要焯水吗\n还没有人接", [12]),
        ("12 羽衣甘蓝\n13 燕麦", [12, 13]),
        ("问答合集，3个问题有了着落：", []),
        ("羽衣甘蓝12", []),
    ],
)
def test_a_card_is_known_by_the_numbers_before_its_lines(quoted: str, numbers: list[int]) -> None:
    assert forms.numbers_at_line_starts(quoted) == numbers


@pytest.mark.parametrize("text", ["好的", "收到！", "哈哈哈", "👍", "[强]", "？？"])
def test_presence_is_no_answer(text: str) -> None:
    assert forms.says_nothing(text)
    assert not forms.says_nothing(f"{text}焯20秒")


@pytest.mark.parametrize("text", ["早", "今晚吃什么", "哈哈", "明天几点开会呢", "🥦"])
def test_most_messages_are_not_looked_at_further(text: str) -> None:
    assert not forms.matter(said(text), SOP)
    assert forms.matter(said(text, to_bot=True), SOP)
    assert forms.matter(said(text, quote=Quote(text="12 羽衣甘蓝")), SOP)
    assert forms.matter(said("", kind=MessageKind.VOICE), SOP)


def test_likeness_is_of_the_pairs_of_letters() -> None:
    assert forms.likeness("芥蓝要焯水吗", "羽衣甘蓝要焯水吗？") == pytest.approx(2 / 3)
    assert forms.likeness("这个怎么做", "番茄怎么做") == 0
    assert forms.likeness("豆腐怎么冻", "羽衣甘蓝要焯水吗") == 0
    assert forms.likeness("", "羽衣甘蓝") == 0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("羽衣甘蓝要焯水吗", "羽衣甘蓝要焯水吗，炒之前"),
        ("羽衣甘蓝要焯水吗", "羽衣甘蓝要焯水吗？做沙拉"),
        ("燕麦泡多久", "燕麦要泡多久才不硬"),
        ("羽衣甘蓝要不要焯水", "羽衣甘蓝需要焯水吗"),
        ("番茄能放冰箱吗", "番茄可以放冰箱吗"),
        ("番茄能放冰箱吗", "请问番茄要不要放冰箱"),
        ("小米粥怎么熬不糊锅", "小米粥怎么熬才不会糊锅"),
        ("豆腐怎么煎不碎", "煎豆腐怎么才不碎"),
        ("羊排腌多久", "羊排要腌多久才入味"),
        ("鸡蛋怎么保存", "鸡蛋怎样保存好"),
        ("红薯发芽了还能吃吗", "红薯发芽能不能吃"),
        ("请问一下大家，羽衣甘蓝到底要不要焯水呀", "羽衣甘蓝要焯水吗"),
        ("年糕怎么保存", "年糕怎么保存比较好"),
        ("有机蔬菜怎么洗", "有机蔬菜应该怎么清洗"),
        ("藜麦怎么煮", "藜麦要怎么煮啊"),
        ("燕麦要泡多久", "燕麦泡多久"),
    ],
)
def test_these_ask_the_same(one: str, other: str) -> None:
    assert forms.sameness(one, other) == forms.sameness(other, one) >= archive.SAME


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("怎么做", "羽衣甘蓝怎么做沙拉"),
        ("能吃吗", "红薯发芽了还能吃吗"),
        ("这个怎么做", "番茄怎么做"),
        ("牛肉怎么炖", "羊肉怎么炖"),
        ("燕麦怎么煮", "燕麦怎么保存"),
        ("番茄能放冰箱吗", "土豆能放冰箱吗"),
        ("番茄能放冰箱吗", "番茄能放冷冻吗"),
        ("羽衣甘蓝要焯水吗", "菠菜要焯水吗"),
        ("怎么保存", "番茄怎么保存"),
        ("要泡多久", "燕麦要泡多久"),
        ("泡多久", "木耳泡多久"),
        ("番茄", "番茄能放冰箱吗"),
        ("番茄怎么吃", "番茄能放冰箱吗"),
        ("怎么洗", "有机蔬菜怎么洗"),
        ("冬天怎么保存红薯", "冬天怎么保存白菜"),
        ("孩子能吃燕麦吗", "老人能吃燕麦吗"),
        ("米饭", "米饭隔夜能吃吗"),
        ("多久能到", "燕麦泡多久"),
        ("鸡蛋怎么煮", "鸡蛋煮多久"),
        ("豆腐怎么煎", "豆腐怎么冻"),
        ("小番茄怎么做沙拉", "羽衣甘蓝怎么做沙拉"),
        ("能放冰箱吗", "番茄能放冰箱吗"),
        ("羽衣甘蓝怎么做", "羽衣甘蓝要焯水吗"),
        ("第3个问题怎么做", "第4个问题怎么做"),
        ("羊排腌多久", "牛排腌多久"),
        ("能不能吃", "红薯发芽能不能吃"),
        ("怎么煮", "藜麦怎么煮"),
        ("多久", "燕麦泡多久"),
        ("能吃羽衣甘蓝吗", "孩子能吃羽衣甘蓝吗"),
        ("能放冰箱冷藏吗", "番茄能放冰箱冷藏吗"),
        ("🌹？", "怎么做"),
        ("怎么做", "怎么做"),
    ],
)
def test_these_ask_for_different_things(one: str, other: str) -> None:
    assert forms.sameness(one, other) == forms.sameness(other, one) < archive.SAME


@pytest.mark.parametrize("piece", ["哈", " ", "@", "@ ", "#", "1 ", "\n", "同问", "[a]", "答"])
def test_ten_thousand_characters_are_read_in_no_time(piece: str) -> None:
    text = piece * 10_000 + "。"
    begun = time.perf_counter()
    forms.matter(said(text), SOP)
    forms.asked(said(text, to_bot=True), SOP)
    forms.tagged(text), forms.typed(text), forms.says_nothing(text)
    forms.is_follow_up(text), forms.numbers_at_line_starts(text), forms.seconded_number(text)
    forms.sameness(text, text), forms.numbered(text)
    assert time.perf_counter() - begun < 1
