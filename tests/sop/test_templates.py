from __future__ import annotations

import os
import time
import unicodedata
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import TemplateFailure
from bot.sop.templates import Templates, harmless, harmless_name


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


def test_what_is_saved_later_is_heeded_by_the_next_reading_alone(tmp_path: Path) -> None:
    path = tmp_path / "t.j2"
    path.write_text("早上好", encoding="utf-8")
    templates = Templates(tmp_path)
    path.write_text("{{ 写到一半", encoding="utf-8")
    assert templates.render("t.j2", Words()) == "早上好"
    path.write_text("中午好！", encoding="utf-8")
    assert templates.render("t.j2", Words()) == "早上好"
    assert Templates(tmp_path).render("t.j2", Words()) == "中午好！"


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
        ("{% set x = [0] %}" + "{% set x = [x, x] %}" * 40 + "{{ x }}", "套得太深"),
        ("{% set x = [0] %}" + "{% set x = [x, x] %}" * 40 + "{{ x | join }}", "套得太深"),
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


NESTED = "{% set a = [0] %}" + "{% set a = [a, a] %}" * 40


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (NESTED + NESTED.replace("a", "b") + "{{ a == b }}", "套得太深"),
        ("{% set a = (0,) %}" + "{% set a = (a, a) %}" * 40 + "{{ {a: 1} | count }}", "套得太深"),
        ("{% set a = {0: 0} %}" + "{% set a = {0: a, 1: a} %}" * 40 + "{{ a == 1 }}", "套得太深"),
        ("{% set n = namespace(a=[0]) %}" + "{% set n.a = [n.a, n.a] %}" * 40, "套得太深"),
        ("{{ 5 | round(-1000000000) }}", "round"),
        ("{{ 5.5 | round(1000000000) }}", "round"),
        (
            "{% for i in range(4000) %}{% set x = range(5000) | map('string') | list %}{% endfor %}",
            "要算的太多",
        ),
        ("{% for i in range(4000) %}{% set x = range(5000) | sort %}{% endfor %}", "要算的太多"),
        ("{% set x = 'a ' * 1000 %}" + "{{ x | wordcount }}" * 200, "要算的太多"),
        ("{% set l = range(5000) | list %}" + "{{ -1 in l }}" * 100, "要算的太多"),
        ("{% for i in range(4999) %}{% if 'a' * 1999 == 'a' * 1999 %}{% endif %}{% endfor %}", "要算的太多"),
        ("{% for i in range(4999) %}{% include 'long.j2' %}{% endfor %}", "要算的太多"),
        (
            "{% set l = range(5000) | list %}"
            + "{% set x = [-9999999] | map('_begin') | list %}{% set x = -9999999 | _begin %}{{ -1 in l }}"
            * 50,
            "要算的太多",
        ),
        ("{{ 1" + "+1" * 300 + " }}", "太深"),
        ("{{ " + "not " * 2000 + "1 }}", "太深"),
        ("{{ " + "(" * 400 + "1" + ")" * 400 + " }}", "太深"),
        ("{{ text" + ".a" * 2000 + " }}", "太深"),
        ("{{ text" + "|title" * 1000 + " }}", "太深"),
        ("{% if 1 %}" * 150 + "x" + "{% endif %}" * 150, "太深"),
        ("{% for x in [1] %}" * 21 + "x" + "{% endfor %}" * 21, "太深"),
        ("{# " + "说" * 10_000 + " #}好", "超过了 10000 个字"),
        ("{{ '" + "a" * 9_000 + "' }}", "超过了 2000 个字"),
        ("{{ " + "9" * 4_000 + " * " + "9" * 4_000 + " }}", "太大"),
    ],
)
def test_no_template_takes_a_second_or_much_memory(tmp_path: Path, source: str, reason: str) -> None:
    (tmp_path / "long.j2").write_text("{% if count > 9 %}" + "{{ count }}" * 500 + "{% endif %}", "utf-8")
    begin = time.process_time()
    with pytest.raises(TemplateFailure, match=reason):
        render(tmp_path, source)
    assert time.process_time() - begin < 1


@pytest.mark.parametrize(
    "source",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ ''['__class__'] }}",
        "{{ guests | map(attribute='__class__') | first }}",
        "{{ guests | sort(attribute='__class__.__name__') | first }}",
        "{{ guests | map(attribute='name.__class__') | join }}",
        "{{ guests | join('', '__class__') }}",
        "{{ text | attr('__class__') }}",
        "{{ '{0.__class__}'.format(text) }}",
        "{{ '{a.__class__}'.format_map({'a': 1}) }}",
        "{{ ['{0.__class__}'] | map('format', text) | first }}",
        "{{ cycler.__init__.__globals__ }}",
        "{{ lipsum(n=1000000) }}",
        "{{ joiner }}",
        "{{ dict(a=1) }}",
        "{{ self._TemplateReference__context }}",
        "{% block a %}{{ self.a() }}{% endblock %}",
        "{% for x in [1] %}{{ loop.__init__.__globals__ }}{% endfor %}",
        "{% for x in [1] %}{{ loop._iterator }}{% endfor %}",
        "{% set n = namespace(x=1) %}{{ n._Namespace__attrs }}",
        "{{ nope.__class__ }}",
        "{{ range.__self__ }}",
        "{% include '/etc/hostname' %}",
        "{% include '../t.j2' %}",
        "{% include text %}",
        "{% include 'sh' ~ text %}",
        "{% include ['none.j2', 't.j2'] %}",
        "{% extends text %}",
        "{% from 't.j2' import x %}",
    ],
)
def test_no_template_gets_at_anything_but_its_words(tmp_path: Path, source: str) -> None:
    with pytest.raises(TemplateFailure, match=r"第 1 行：.*[一-龥]"):
        render(tmp_path, source)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{% set l = [count, 3] %}{{ l | max }}", "3"),
        ("{% for a, b in [(1, 2), (3, count)] %}{{ a }}{{ b }}{% endfor %}", "1232"),
        ("{{ {'a': 1}['a'] }}{{ 2.345 | round(2) }}{{ 7 | round }}", "12.357"),
        ("{{ nope | default('无') }}{{ '有' if text is defined }}{{ count in (1, 2) }}", "无有True"),
        ("{% for g in guests | reverse %}{{ loop.index }}{{ g.name }}{% endfor %}", "1老周2阿青"),
    ],
)
def test_what_wording_needs_works(tmp_path: Path, source: str, text: str) -> None:
    assert render(tmp_path, source) == text


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
        ("打卡 ＃我的原野餐桌#", "打卡 我的原野餐桌"),
        ("､状态", "状态"),
        ("👨\u200d👩\u200d👧一家", "👨\u200d👩\u200d👧一家"),
        ("阿\u200d青\u200b", "阿青"),
        ("e" + "\u0301" * 40, "e\u0301\u0301"),
        ("番\ufe0f茄\u2065\U000e0001", "番茄"),
        ("\u200b" * 100_000 + "番茄", ""),
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


def test_who_shows_no_name_is_called_a_friend() -> None:
    assert harmless_name("\u3164\u200b/#@") == "一位朋友"
    assert harmless_name("@所有人") == "所有人"


TRICKS = st.sampled_from(
    "@＠﹫#＃﹟/／、､\u200b\u200d\u202e\u2066\u2028\n\0\ufe0f\u3164\u034f👨🍅\u0301\U000e0041"
)


@given(st.text(st.characters(exclude_categories=()) | TRICKS, max_size=80))
def test_harmless_text_is_short_one_line_and_calls_nobody(text: str) -> None:
    shown = harmless(text, 20)
    assert len(shown) <= 20
    assert len(shown.splitlines()) <= 1
    assert not set(shown) & set("@＠﹫#＃﹟\u200b\u202e\u2066\x00\ufe0f\u3164\u034f")
    assert not shown.startswith(("/", "／", "、", "､", " "))
    assert all(unicodedata.category(it) not in ("Cc", "Co", "Cs") for it in shown)
    assert harmless(shown, 20) == shown
