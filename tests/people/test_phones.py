from __future__ import annotations

import pytest

from bot.people.phones import hashed, masked, normal

NUMBER = "13800138000"


@pytest.mark.parametrize(
    "typed",
    [
        "13800138000",
        " 138 0013 8000 ",
        "138-0013-8000",
        "+86 13800138000",
        "+86-138-0013-8000",
        "8613800138000",
        "008613800138000",
        "１３８００１３８０００",
        "＋86（138）0013—8000",
        "138\u00a00013\u20078000",
    ],
)
def test_one_number_in_many_forms_is_one(typed: str) -> None:
    assert normal(typed) == NUMBER


@pytest.mark.parametrize(
    "typed",
    ["", "138001380", "138001380000", "12800138000", "021-62345678", "+1 3800138000", "一三八", "M37"],
)
def test_what_is_no_mobile_number_of_the_mainland_is_none(typed: str) -> None:
    assert normal(typed) is None


def test_a_hash_needs_its_key_and_tells_nothing() -> None:
    assert hashed(b"key", NUMBER) == hashed(b"key", NUMBER) != hashed(b"other", NUMBER)
    assert NUMBER not in hashed(b"key", NUMBER)


def test_a_number_in_a_text_is_masked_and_other_digits_are_not() -> None:
    assert masked("打 13800138000 或 138-0013-8001。") == "打 138****8000 或 138****8001。"
    assert masked("＋86１３８００１３８０００，") == "＋86１３８****８０００，"
    for text in ("订单 2026113013800138000", "番茄 12 斤", "62345678"):
        assert masked(text) == text
