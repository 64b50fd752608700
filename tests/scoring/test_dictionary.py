"""The words of tags, found in what people write."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.scoring.dictionary import Dictionary
from bot.scoring.tag_rules import SENSITIVE, Tagging, Value

RULES = Tagging(
    values={"可持续农业": Value(("可持续",))},
    interests={
        "番茄": ("番茄", "西红柿"),
        "米": ("米", "大米"),
        "溯源": ("溯源日",),
        "咖啡": ("Coffee", "咖啡"),
    },
    never=("离婚",),
)
WORDS = Dictionary(RULES)


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("番茄炒蛋，西红柿汤，番茄", {"番茄"}),
        ("今天的大米真香", {"米"}),
        ("买了三厘米厚的砧板", set()),  # a word is no part of another
        ("周一的溯源日看了", {"溯源"}),  # our own words are words
        ("可持续农业怎么做", {"可持续农业"}),
        ("来一杯ＣＯＦＦＥＥ", {"咖啡"}),
        ("", set()),
        ("早啊", set()),
    ],
)
def test_words_are_found_as_they_are_cut_once_each(text: str, keys: set[str]) -> None:
    assert WORDS.keys_in(text) == keys


@given(
    st.sampled_from([word for words in SENSITIVE.values() for word in words] + ["离婚"]), st.text(max_size=9)
)
def test_whatever_is_sensitive_silences_the_whole_message(word: str, more: str) -> None:
    assert WORDS.keys_in(f"番茄和大米{more}，{word}") == set()


def test_what_sounds_alike_is_not_sensitive() -> None:
    assert WORDS.keys_in("没有农药的番茄，孩子吃了两碗米饭") == {"番茄"}
