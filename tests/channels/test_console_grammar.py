from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.console.grammar import (
    Befriend,
    Hint,
    Join,
    Leave,
    Line,
    MoveBy,
    MoveNext,
    MoveTo,
    Quit,
    Recall,
    Say,
    SayPrivately,
    SendPictures,
    ShowCast,
    ShowHelp,
    SpeakAs,
    parse,
)

CAST = ("我", "阿青", "小满")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("大家好", Say("大家好")),
        ("  大家好 \n", Say("大家好")),
        ("阿青: 大家好", Say("大家好", by="阿青")),
        ("阿青：大家好", Say("大家好", by="阿青")),
        ("阿青 ：时间: 周五", Say("时间: 周五", by="阿青")),
        ("我: 第一行\n第二行", Say("第一行\n第二行", by="我")),
        (":image dinner.jpg", SendPictures(("dinner.jpg",))),
        ("阿青: :image a.jpg  b.jpg", SendPictures(("a.jpg", "b.jpg"), by="阿青")),
        ("阿青：：image a.jpg", SendPictures(("a.jpg",), by="阿青")),
        (":dm 我想报名", SayPrivately("我想报名")),
        ("小满: :dm 好", SayPrivately("好", by="小满")),
        (":recall", Recall()),
        ("小满: :recall", Recall(by="小满")),
        (":as 阿青", SpeakAs("阿青")),
        (":join 小舟", Join(("小舟",))),
        (":join 小舟 大刘 by 阿青", Join(("小舟", "大刘"), inviter="阿青")),
        (":join 小舟 小舟", Join(("小舟",))),
        (":leave 小满", Leave(("小满",))),
        (":friend 大刘", Befriend("大刘")),
        (":who", ShowCast()),
        (":help", ShowHelp()),
        ("：HELP", ShowHelp()),
        (":next", MoveNext()),
        (":+3h", MoveBy("3h")),
        ("：＋3h", MoveBy("3h")),
        (":to 周五 19:00", MoveTo("周五 19:00")),
        ("：to 周五 19：00", MoveTo("周五 19:00")),
        (":quit", Quit()),
    ],
)
def test_a_line_means_what_it_looks_like(typed: str, meant: Line) -> None:
    assert parse(typed, CAST) == meant


@pytest.mark.parametrize(
    "typed",
    [
        "陌生人: 大家好",
        "Bob: hello",
        "时间：周五晚上",
        "https://example.com/a:b",
        "阿青:",
        ":)",
        ":",
        "3:1",
        "/帮助",
        "#我的原野餐桌# 番茄",
    ],
)
def test_what_only_resembles_the_grammar_is_said_as_it_stands(typed: str) -> None:
    assert parse(typed, CAST) == Say(typed)


@pytest.mark.parametrize("typed", ["", "   ", "\n", "\u3000"])
def test_an_empty_line_means_nothing(typed: str) -> None:
    assert parse(typed, CAST) is None


@pytest.mark.parametrize(("typed", "near"), [(":hepl", ":help"), (":jion 小舟", ":join"), (":nxt", ":next")])
def test_a_misspelt_command_is_answered_with_the_one_that_was_meant(typed: str, near: str) -> None:
    hint = parse(typed, CAST)
    assert isinstance(hint, Hint)
    assert f"是不是想写 {near}？" in hint.text


def test_an_unknown_command_that_resembles_nothing_points_to_the_help() -> None:
    assert parse(":番茄", CAST) == Hint("没有 :番茄 这个命令。打 :help 看看都有什么。")


@pytest.mark.parametrize(
    "typed",
    [
        ":image",
        ":dm",
        ":as",
        ":join",
        ":join 小舟 by 阿青 小满",
        ":leave",
        ":friend",
        ":friend 大刘 小舟",
        ":+",
        ":to",
        ":next 3",
        ":recall 2",
    ],
)
def test_a_command_with_too_little_or_too_much_is_answered_with_its_usage(typed: str) -> None:
    hint = parse(typed, CAST)
    assert isinstance(hint, Hint)
    assert hint.text.startswith(f"要这样写： {typed.split()[0]}")


def test_a_command_that_nobody_in_particular_gives_takes_no_name() -> None:
    assert parse("阿青: :next", CAST) == Hint(":next 前面不用写名字。")


@given(st.text())
def test_whatever_is_typed_is_understood_or_explained(typed: str) -> None:
    assert (parse(typed, CAST) is None) == (not typed.strip())


@given(st.text(alphabet=st.characters(exclude_characters=":："), min_size=1).filter(str.strip))
def test_text_without_a_colon_is_always_said_unchanged(typed: str) -> None:
    assert parse(typed, CAST) == Say(typed.strip())
