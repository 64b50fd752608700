from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import TemplateFailure
from bot.sop.templates import Templates, harmless


@dataclass(frozen=True, slots=True)
class Guest:
    name: str = "阿青"


@dataclass(frozen=True, slots=True)
class Words:
    guests: tuple[Guest, ...] = (Guest(), Guest("老周"))
    count: int = 2
    text: str = "番茄牛腩"


def render(folder: Path, source: str, words: Words | None = None) -> str:
    (folder / "t.j2").write_text(source, encoding="utf-8")
    return Templates(folder).render("t.j2", words or Words())


def test_the_fields_of_the_words_are_the_variables(tmp_path: Path) -> None:
    source = "{{ count }}桌：{% for g in guests %}{{ g.name }}{{ '' if loop.last else '、' }}{% endfor %}\n\n"
    assert render(tmp_path, source) == "2桌：阿青、老周"


def test_lines_of_tags_leave_no_blank_lines(tmp_path: Path) -> None:
    assert render(tmp_path, "一\n{% if count %}\n  {# 说明 #}\n二\n{% endif %}\n三\n") == "一\n二\n三"


def test_what_a_member_wrote_is_never_a_template(tmp_path: Path) -> None:
    assert render(tmp_path, "{{ text }}", Words(text="{{ 7 * 7 }}{% raw %}")) == "{{ 7 * 7 }}{% raw %}"


def test_templates_include_and_extend_others_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "sign.j2").write_text("——{{ text }}", encoding="utf-8")
    (tmp_path / "page.j2").write_text("头{% block body %}{% endblock %}尾", encoding="utf-8")
    assert render(tmp_path, "好{% include 'sign.j2' %}") == "好——番茄牛腩"
    assert render(tmp_path, "{% extends 'page.j2' %}{% block body %}{{ count }}{% endblock %}") == "头2尾"


def test_wording_is_live(tmp_path: Path) -> None:
    path = tmp_path / "t.j2"
    path.write_text("早上好", encoding="utf-8")
    templates = Templates(tmp_path)
    assert templates.render("t.j2", Words()) == "早上好"
    path.write_text("中午好！", encoding="utf-8")
    assert templates.render("t.j2", Words()) == "中午好！"


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("{{ 'a' * 300000000 }}", "太大"),
        ("{{ 300000000 * 'a' }}", "太大"),
        ("{{ [0] * 300000000 }}", "太大"),
        ("{{ 9 ** 9 ** 9 }}", "乘方"),
        ("{{ 10**9 }}", "乘方"),
        ("{% set x = 999999999 * 999999999 %}", "太大"),
        ("{{ '%300000000d' % 1 }}", "不能用 %"),
        ("{{ '{:300000000}'.format(1) }}", "不能这样调用"),
        ("{{ 'a'.ljust(300000000) }}", "不能这样调用"),
        ("{{ text.encode() }}", "不能这样调用"),
        ("{{ 'a' | center(300000000) }}", "不认识的过滤器 center"),
        ("{{ '%300000000d' | format(1) }}", "不认识的过滤器 format"),
        ("{{ 'a' | indent(300000000) }}", "不认识的过滤器 indent"),
        ("{% for i in range(300000000) %}{% endfor %}", "range"),
        ("{% for i in range(4000) %}{% for j in range(4000) %}{% endfor %}{% endfor %}", "循环超过"),
        ("{% for i in range(4000) %}一二三{% endfor %}", "超过了 2000 个字"),
        ("{% set x = 'a' %}" + "{% set x = x ~ x %}" * 40 + "{{ x }}", "太长"),
        ("{% set x = 'a' %}" + "{% set x = x + x %}" * 40 + "{{ x }}", "太长"),
        ("{% set x = 'aa' %}" + "{% set x = x | replace('a', 'aaaaaaaaaa') %}" * 40, "太长"),
        ("{% set x = ['aaaaaaaaaa'] * 100 %}{% set x = x | join('aaaaaaaaaaaaaaa') %}", "太长"),
        ("{% set x = [0] %}" + "{% set x = [x, x] %}" * 40 + "{{ x }}", "不是文字或数字"),
        ("{% set x = [0] %}" + "{% set x = [x, x] %}" * 40 + "{{ x | join }}", "不是文字或数字"),
        ("{% macro m() %}{% endmacro %}", "不能用 macro"),
        ("{% set x %}aa{% endset %}", "不能用 成段的 set"),
        ("{% filter upper %}a{% endfilter %}", "不能用 filter"),
        ("{% import 't.j2' as t %}", "不能用 import"),
        ("{% for x in [[1]] recursive %}{{ loop(x) }}{% endfor %}", "不能用 recursive"),
        ("{% include 't.j2' %}", "没完没了"),
        ("{{ guests }}", "不是文字或数字"),
        ("{{ text.__class__.__mro__ }}", "没有|不能"),
        ("{{ self.__init__.__globals__ }}", "不能|没有"),
        ("{{ namespace.__init__ }}", "没有|不能"),
        ("{{ 1 / 0 }}", "ZeroDivisionError"),
    ],
)
def test_a_template_can_neither_blow_up_nor_break_out(tmp_path: Path, source: str, reason: str) -> None:
    with pytest.raises(TemplateFailure, match=reason):
        render(tmp_path, source)


@pytest.mark.parametrize(
    ("source", "line", "reason"),
    [
        ("好\n{{ cuont }}", 2, "没有变量 cuont"),
        ("好\n\n{{ guests[0].nmae }}", 3, "没有“nmae”这一项"),
        ("{% if count %}\n好", 2, "if 没有结束"),
        ("好\n{{ count }", 2, "多了"),
        ("好\n{% fro x in guests %}", 2, "不认识的标签 fro"),
        ("好\n{% include 'x.j2' %}", 2, "找不到模板 x.j2"),
    ],
)
def test_a_failure_tells_the_line_and_the_reason(tmp_path: Path, source: str, line: int, reason: str) -> None:
    with pytest.raises(TemplateFailure, match=reason) as failure:
        render(tmp_path, source)
    assert failure.value.line == line


@pytest.mark.parametrize("name", ["../secret.j2", "/secret.j2", "link.j2", "none.j2", ".", "a\0b"])
def test_nothing_outside_of_the_folder_is_a_template(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret.j2").write_text("密", encoding="utf-8")
    folder = tmp_path / "templates"
    folder.mkdir()
    os.symlink(tmp_path / "secret.j2", folder / "link.j2")
    with pytest.raises(TemplateFailure):
        Templates(folder).render(name, Words())


def test_a_template_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "t.j2").write_bytes("好\n原野之味".encode("gbk"))
    with pytest.raises(TemplateFailure, match="UTF-8"):
        Templates(tmp_path).render("t.j2", Words())


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("番茄牛腩", "番茄牛腩"),
        ("一行\n两行\r\n\u2028三行", "一行 两行 三行"),
        ("@所有人 快来", "所有人 快来"),
        ("＠ＡＬＬ hi", "ＡＬＬ hi"),
        ("a@\u200beveryone", "aeveryone"),
        ("/room enable", "room enable"),
        ("／状态", "状态"),
        ("、、#我的原野餐桌", "我的原野餐桌"),
        ("\u200b/状态", "状态"),
        ("@/状态", "状态"),
        ("\u202e倒着写\u2066", "倒着写"),
        ("\u3164\u200b", ""),
        ("长" * 41, "长" * 39 + "…"),
        ("{{ x }}", "{{ x }}"),
    ],
)
def test_what_members_wrote_is_made_harmless(text: str, shown: str) -> None:
    assert harmless(text) == shown


@given(st.text(max_size=80))
def test_harmless_text_is_short_one_line_and_calls_nobody(text: str) -> None:
    shown = harmless(text, 20)
    assert len(shown) <= 20
    assert len(shown.splitlines()) <= 1
    assert not set(shown) & set("@＠﹫\u200b\u202e\x00")
    assert not shown.startswith(("/", "／", "、", "#", "＃", " "))
    assert harmless(shown, 20) == shown
