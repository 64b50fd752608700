from __future__ import annotations

import pytest

from bot.lexicon import Lexicon
from bot.sop.complaints import UNLESS, WORDS


@pytest.mark.parametrize(
    "text",
    [
        "番茄坏了",
        "收到就发霉了，要退款",
        "里面有异物！",
        "孩子吃了以后過敏、过敏了",
        "吃完拉肚子",
        "吃坏肚子了",
        "笑坏了，这个酱真的坏了",
        "会不会过敏？我吃完就过敏了",
        "要投诉你们",
    ],
)
def test_words_of_harm_are_found(text: str) -> None:
    assert Lexicon(WORDS, UNLESS).is_in(text)


@pytest.mark.parametrize(
    "text", ["", "番茄真好吃", *UNLESS, "这个鸡蛋过敏吗", "看到照片饿坏了", "我家冰箱坏了，吃不完"]
)
def test_manners_of_speaking_and_questions_are_none(text: str) -> None:
    assert not Lexicon(WORDS, UNLESS).is_in(text)


def test_case_and_full_width_forms_make_no_difference() -> None:
    assert Lexicon(["SOS"], ["sos酱"]).is_in("ｓｏｓ")
    assert not Lexicon(["SOS"], ["sos酱"]).is_in("ＳＯＳ酱")


def test_without_words_nothing_is_a_complaint() -> None:
    assert not Lexicon([], UNLESS).is_in("番茄坏了")
