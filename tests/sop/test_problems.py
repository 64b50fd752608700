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


def test_a_problem_is_one_line_whatever_the_file_is_made_of() -> None:
    problem = Problem("sops/a\nb\udc80.yaml", 1, 1, "键" * 1000, "没有\u202e“x\r”", "y\0")
    assert str(problem).isprintable()
    assert len(str(problem)) < 500
    assert str(problem).startswith("sops/a\\nb\\udc80.yaml:1:1 键")


def test_a_word_without_end_is_close_to_nothing() -> None:
    assert closest("restart" * 50_000, ["restart"]) == ""
