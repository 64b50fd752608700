from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sop.problems import MAX_PROBLEMS, Problem
from bot.sop.yaml_reader import MAX_BYTES, parse, read


def only_problem(text: str) -> Problem:
    (problem,) = parse(text, "x.yaml").problems
    return problem


def test_words_are_read_by_the_rules_of_yaml_1_2() -> None:
    text = "on: no\nyes: off\nat: 09:30\nday: 2026-11-30\n"
    words = {"on": "no", "yes": "off", "at": "09:30", "day": "2026-11-30"}
    assert parse(text, "x.yaml").data == words
    text = "n: 10\nx: 0x1f\nf: 1.5\nnot: ~\ntrue: true\n7: '7'\n"
    assert parse(text, "x.yaml").data == {"n": 10, "x": 31, "f": 1.5, "not": None, "true": True, "7": "7"}


def test_a_number_too_long_to_count_with_stays_as_it_was_written() -> None:
    assert parse("id: 12345678901234567890", "x.yaml").data == {"id": "12345678901234567890"}
    assert parse("id: " + "9" * 5000, "x.yaml").data == {"id": "9" * 5000}


def test_every_key_and_value_keeps_its_place() -> None:
    document = parse("甲: 1\n问题:\n  - {问: 吃了吗, 答: 吃了}\n", "x.yaml")
    assert document.where(("问题", 0, "答")) == (3, 17)
    assert document.where(("问题", 0, "答"), key=True) == (3, 14)
    assert document.where(("问题",), key=True) == (2, 1)


def test_what_is_not_there_is_placed_at_its_nearest_parent() -> None:
    document = parse("a: 1\npost:\n  shelf: x\n", "x.yaml")
    assert document.where(("post", "template")) == (2, 1)
    assert document.where(("nowhere",)) == (1, 1)


@pytest.mark.parametrize(
    ("text", "line", "column", "reason"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, 1, "写了两次，前一次在第 1 行"),
        ("a: !!python/object:os.system x\n", 1, 4, "不支持标签"),
        ("a: &bomb [1]\n", 1, 4, "不支持锚点"),
        ("a: *bomb\n", 1, 4, "不支持引用"),
        ("a:\n  b: 1\n\tc: 2\n", 3, 1, "制表符"),
        ("a: 1\n---\nb: 1\n", 2, 1, "第二份"),
        ("", 1, 1, "文件是空的"),
        ("# 只有说明\n", 1, 1, "文件是空的"),
        ("- a\n- b\n", 1, 1, "键: 值"),
        ("a: " + "[" * 60 + "]" * 60, 1, 54, "超过了 50 层"),
        ("a: " + "[" * 20_000, 1, 54, "超过了 50 层"),
        ("a: [1, 2\nb: 3\n", 1, 4, "方括号没有收住"),
        ("a: 'x\nb: 3\n", 1, 4, "引号没有收住"),
        ("a: @x\n", 1, 4, "不能放在文字的最前面"),
        ("a: b: c\n", 1, 5, "不能再有冒号"),
        ("a: x\x07\n", 1, 5, "控制字符"),
        ('a: "x\\0"\n', 1, 4, "控制字符"),
        ("? [a]\n: b\n", 1, 3, "键要写成一个词"),
        ("a: b\u2028c: ]\n", 1, 5, "控制字符"),
        ("a: b\x85c: ]\n", 1, 5, "控制字符"),
        ("a: !!binary aGVsbG8=\n", 1, 4, "不支持标签"),
    ],
)
def test_what_is_not_plain_yaml_is_refused_at_its_place(
    text: str, line: int, column: int, reason: str
) -> None:
    problem = only_problem(text)
    assert (problem.line, problem.column) == (line, column)
    assert reason in problem.message


def test_a_duplicate_key_does_not_hide_the_rest_of_the_file() -> None:
    document = parse("a: {x: 1}\na: {x: 2}\nb: 3\nb: 4\n", "x.yaml")
    assert document.data == {"a": {"x": 1}, "b": 3}
    assert [problem.line for problem in document.problems] == [2, 4]
    assert document.where(("a", "x")) == (1, 8)


@pytest.mark.parametrize(
    ("text", "suggestion"),
    [
        ("sop：theme_day\nid: x\n", "把全角冒号“：”换成英文冒号加空格"),
        ("every: cron: 30 9 * * mon\n", '"cron: 30 9 * * mon"'),
    ],
)
def test_what_operators_do_most_gets_the_right_words(text: str, suggestion: str) -> None:
    assert only_problem(text).suggestion == suggestion


def test_a_wrong_byte_is_found_in_its_line(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes("a: 1\n名: ".encode() + "周一".encode("gbk"))
    (problem,) = read(path, "sops/x.yaml").problems
    assert (problem.file, problem.line, problem.column) == ("sops/x.yaml", 2, 4)
    assert "UTF-8" in problem.message


def test_a_file_that_is_too_big_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(b"a: " + b"x" * MAX_BYTES)
    (problem,) = read(path, "x.yaml").problems
    assert "256 KB" in problem.message


def test_a_file_that_cannot_be_opened_is_a_problem(tmp_path: Path) -> None:
    assert "读不到" in read(tmp_path, "x.yaml").problems[0].message


def test_what_is_no_ordinary_file_is_a_problem_and_holds_nobody_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "folder.yaml").mkdir()
    (tmp_path / "device.yaml").symlink_to("/dev/zero")
    (tmp_path / "loop.yaml").symlink_to("loop.yaml")
    for path in tmp_path.iterdir():
        assert "读不到" in read(path, path.name).problems[0].message


def test_files_of_old_machines_have_lines_too(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(b"a: 1\rb: 2\ra: 3\r")
    assert [problem.line for problem in read(path, "x.yaml").problems] == [3]
    path.write_bytes("\ufeffa: 1\rb: ".encode() + b"\xff")
    assert [(it.line, it.column) for it in read(path, "x.yaml").problems] == [(2, 4)]


@pytest.mark.parametrize(
    "text", ["\t" * 250_000, "a: 1\n" * 40_000, "a: [" + "&a 1, " * 30_000 + "]", "a: " + "1" * 250_000]
)
def test_no_file_takes_long_or_has_problems_without_end(text: str) -> None:
    begin = time.process_time()
    assert len(parse(text, "x.yaml").problems) <= MAX_PROBLEMS + 1
    assert time.process_time() - begin < 1


def test_a_number_without_measure_stays_as_it_was_written() -> None:
    assert parse("a: 1e999", "x.yaml").data == {"a": "1e999"}


def test_files_saved_by_windows_are_read_as_any_other(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes("\ufeffa: 1\r\nb: 甲\r\n".encode())
    assert read(path, "x.yaml").data == {"a": 1, "b": "甲"}


@given(st.text(alphabet="ab: -[]{},'\"&*!|>%@`#?\n\t1~甲：", max_size=60))
def test_any_text_is_read_or_refused_in_chinese(text: str) -> None:
    for problem in parse(text, "x.yaml").problems:
        assert 1 <= problem.line <= text.count("\n") + 2
        assert not problem.message.isascii()


def test_a_hashtag_that_yaml_takes_for_a_comment_is_known() -> None:
    document = parse("hashtag: #番茄# 一个\nid: a # 说明\nname:\n", "f")
    assert [document.comment_at((key,)) for key in ("hashtag", "id", "name")] == ["#番茄#", "", ""]
