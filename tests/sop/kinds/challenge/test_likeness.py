"""Which tables are the same again, and how operators name them."""

from __future__ import annotations

import pytest

from bot.sop.kinds.challenge.duplicates import alike, plain, same_words
from bot.sop.kinds.challenge.review import read_numbers

LOOKS = 0x0F0F_3333_5555_00FF


def test_the_same_bytes_are_the_same_picture() -> None:
    assert alike(("a", None), ("a", None))
    assert not alike((None, None), (None, None))


@pytest.mark.parametrize(("bits", "same"), [(0b1111, True), (0b11111, False)])
def test_what_looks_nearly_the_same_is(bits: int, same: bool) -> None:
    assert alike(("a", LOOKS), ("b", LOOKS ^ bits)) is same


def test_a_negative_number_is_compared_by_its_bits() -> None:
    signed = (LOOKS | 1 << 63) - (1 << 64)
    assert alike(("a", signed), ("b", signed ^ 0b11))


def test_pictures_of_one_colour_look_like_nothing() -> None:
    assert not alike(("a", 0), ("b", 0))


def test_long_words_said_again_are_the_same() -> None:
    said = plain("今天用了自家的番茄，炖了一锅牛腩，好吃！")
    assert same_words(said, plain("今天用了自家的番茄 炖了一锅牛腩 好吃"))
    assert not same_words(said, plain("今天用了邻居送的南瓜，蒸了一锅米饭，很香"))


def test_who_counts_their_tables_sets_another_each_time() -> None:
    said = "第{}顿，用了自家的番茄，配一碗米饭，奶奶教我要先炒再炖，炖足一个小时才香"
    assert not same_words(plain(said.format(11)), plain(said.format(1)))


def test_short_words_are_never_the_same() -> None:
    assert not same_words(plain("番茄牛腩"), plain("番茄牛腩"))


@pytest.mark.parametrize(
    ("typed", "numbers"),
    [
        ("31", [31]),
        ("31 32", [31, 32]),
        ("31-33", [31, 32, 33]),
        ("31、31，33", [31, 33]),
        ("原因", []),
        ("31 原因", []),
        ("", []),
        ("9-3", []),
    ],
)
def test_numbers_as_typed(typed: str, numbers: list[int]) -> None:
    assert read_numbers(typed) == numbers


def test_a_long_range_is_cut() -> None:
    assert len(read_numbers("1-999999999")) == 50
