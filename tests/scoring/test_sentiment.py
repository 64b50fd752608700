"""Lines of chat, and what each expresses."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.scoring.sentiment import MODEL, Sign, judge

_SIGNS: dict[str, set[Sign | None]] = {"+": {1}, "-": {-1}, "0": {0}, "?": {None}, "~": {0, None}}


def _lines(name: str) -> list[tuple[str, str]]:
    lines = (Path(__file__).parent / name).read_text(encoding="utf-8").splitlines()
    return [(line[0], line[2:]) for line in lines if not line.startswith("# ")]


@pytest.mark.parametrize(("expected", "line"), _lines("chat_lines.txt"))
def test_a_line_of_chat(expected: str, line: str) -> None:
    assert judge(line).sign in _SIGNS[expected]


def test_lines_that_no_phrase_was_written_for() -> None:
    """Many are abstained from; none is taken for its opposite, and none says something that says nothing."""
    judged = [(_SIGNS[expected], judge(line).sign, line) for expected, line in _lines("chat_unseen.txt")]
    assert [line for signs, sign, line in judged if sign is not None and sign not in signs] == []
    assert sum(sign in signs for signs, sign, _ in judged) >= 0.7 * len(judged)


@pytest.mark.parametrize(
    ("line", "same"),
    [
        ("太好吃了吧", "@小禾 太好吃了吧"),
        ("太好吃了吧", "太好吃了吧！在哪买的？"),
        ("太好吃了吧", "#我的原野餐桌# 太好吃了吧"),
        ("太好吃了吧", "太好吃了吧 https://example.com/差评"),
        ("踩雷了", "踩雷了，怎么退？"),
        ("YYDS", "ｙｙｄｓ"),
    ],
)
def test_names_links_tags_and_questions_change_nothing(line: str, same: str) -> None:
    assert judge(line).sign is not None
    assert judge(line).sign == judge(same).sign


def test_a_long_text_is_weighed_as_a_whole() -> None:
    """One kind word is none of the rest's."""
    line = (
        "第一次买还挺好，这回送来的箱子底下全是水，一半菜叶子都黄了，"
        "打电话过去又是让等，等了三天没人管，真的不想再买了"
    )
    assert judge(line).sign == -1


@given(st.text(max_size=300))
def test_any_text_is_judged_and_a_side_is_the_likelier_one(text: str) -> None:
    feeling = judge(text)
    assert 0 <= feeling.probability <= 1
    if feeling.sign:
        assert feeling.sign == (1 if feeling.probability > 0.5 else -1)
    assert judge(text) == feeling


@pytest.mark.parametrize("text", ["", " \n", "。。。", "？", "https://example.com", "@小禾", "\ufe0f", "𠮷"])
def test_what_holds_no_words_is_abstained_from(text: str) -> None:
    assert judge(text).sign is None


def test_a_text_without_end_takes_no_time() -> None:
    assert judge("好吃" * 500_000) == judge("好吃" * 1_000)


def test_judging_needs_no_package_that_it_learnt_with() -> None:
    program = (
        "import sys; from bot.scoring.sentiment import judge; assert judge('太好吃了').sign == 1;"
        "sys.exit(bool({'sklearn', 'numpy', 'scipy', 'snownlp'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_the_model_is_small() -> None:
    assert MODEL.stat().st_size < 2_000_000
