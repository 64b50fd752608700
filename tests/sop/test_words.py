from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.lexicon import MOST_READ, normalize
from bot.sop.words import Words


def test_a_word_is_found_wherever_it_stands() -> None:
    words = Words([("提问", "qa"), ("发霉", "care")])
    assert words.find("我想提问：橘子发霉了") == ["qa", "care"]
    assert words.find("今天的番茄") == []


def test_case_and_width_make_no_difference() -> None:
    words = Words([("Ｑ＆Ａ", 1)])
    assert words.find("今天有q&a吗") == [1]


def test_words_within_words_are_all_found_each_once() -> None:
    words = Words([("餐桌", 1), ("餐桌打卡", 2), ("打卡", 3)])
    assert sorted(words.find("餐桌打卡，餐桌打卡")) == [1, 2, 3]


def test_a_word_may_belong_to_several() -> None:
    assert Words([("提问", 1), ("提问", 2)]).find("提问") == [1, 2]


def test_where_there_are_no_words_nothing_is_found() -> None:
    assert Words[int]([]).find("提问") == []
    assert Words([(" ", 1)]).find("  ") == []


def test_of_an_endless_text_the_beginning_is_read() -> None:
    words = Words([("提问", 1)])
    assert words.find("一" * MOST_READ + "提问") == []
    assert words.find("一" * (MOST_READ - 2) + "提问") == [1]


LETTERS = "提问发霉番茄aAＡ，, "


@given(st.lists(st.text(LETTERS, min_size=1, max_size=3), max_size=8), st.text(LETTERS, max_size=40))
def test_it_finds_what_a_plain_search_finds(known: list[str], text: str) -> None:
    by_hand = {word for word in known if (plain := normalize(word).strip()) and plain in normalize(text)}
    found = Words([(word, word) for word in known]).find(text)
    assert {normalize(word).strip() for word in found} == {normalize(word).strip() for word in by_hand}
