from __future__ import annotations

import pytest

from bot.sop.problems import Problem, closest, show_path


def test_a_problem_reads_as_one_line_that_an_editor_can_follow() -> None:
    problem = Problem("sops/a.yaml", 3, 8, "every", "没写哪一天", "每天 09:30")
    assert str(problem) == "sops/a.yaml:3:8 every：没写哪一天（建议：每天 09:30）"
    assert str(Problem("a.yaml", 1, 1, "", "文件是空的")) == "a.yaml:1:1：文件是空的"


def test_problems_sort_by_file_and_place() -> None:
    later, earlier = Problem("a", 10, 1, "", "x"), Problem("a", 9, 1, "", "x")
    assert sorted([later, earlier]) == [earlier, later]


@pytest.mark.parametrize(
    ("word", "known", "meant"),
    [
        ("theme_dya", ["theme_day", "challenge"], "theme_day"),
        ("会员9群", ["会员1群", "运营群"], "会员1群"),
        ("evry", ["every", "id"], "every"),
        ("MON", ["mon", "tue"], "mon"),
        ("完全不同", ["theme_day"], ""),
        ("x", [], ""),
    ],
)
def test_the_word_that_was_meant_is_found(word: str, known: list[str], meant: str) -> None:
    assert closest(word, known) == meant


def test_a_path_is_shown_as_it_would_be_written() -> None:
    assert show_path(("questions", 0, "ask")) == "questions[0].ask"
    assert show_path(()) == ""
