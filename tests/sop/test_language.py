from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field

from bot.sop.community import PrivacyWords
from bot.sop.language import Days, Duration, Every, Model, Sop, Tag, TemplateOf
from bot.sop.validation import validate
from bot.sop.yaml_reader import parse


class Step(Model):
    ask: str
    limit: Annotated[int, Field(ge=1, le=5)] = 1


class Lesson(Sop):
    every: Every
    days: Days | None = None
    late_after: Duration = timedelta(hours=2)
    tag: Tag = "标签"
    mood: Literal["轻松", "认真"] = "轻松"
    steps: tuple[Step, ...] = ()
    extra: dict[str, Step] = Field({})


HEAD = "sop: lesson\nid: a-lesson\nname: 一课\n"
EVERY = "every: 周一 09:30\n"


def problems(text: str) -> list[tuple[int, int, str, str, str]]:
    _, found = validate(Lesson, parse(text, "a.yaml"))
    return [(it.line, it.column, it.path, it.message, it.suggestion) for it in found]


def test_a_sop_is_read_from_plain_words() -> None:
    text = HEAD + "every: {cron: 30 9 * * mon}\nlate_after: 1h30m\ntag: ＃我的 餐桌\nsteps: [{ask: 吃了吗}]\n"
    sop, found = validate(Lesson, parse(text, "a.yaml"))
    assert found == []
    assert sop is not None
    assert sop.every.words == "cron: 30 9 * * mon"
    assert sop.late_after == timedelta(minutes=90)
    assert sop.tag == "我的餐桌"
    assert sop.steps == (Step(ask="吃了吗"),)
    assert sop.rooms is None
    assert sop.enabled


@pytest.mark.parametrize(
    ("text", "line", "column", "path", "message", "suggestion"),
    [
        ("", 1, 1, "every", "缺少 every", "every: 周一 09:30"),
        (EVERY + "evry: x\n", 5, 1, "evry", "不认识的键 evry", ""),
        (EVERY + "steps:\n  - limit: 2\n", 6, 5, "steps[0].ask", "缺少 ask", ""),
        (EVERY + "steps: [{ask: x, lmit: 2}]\n", 5, 18, "steps[0].lmit", "不认识的键 lmit", "limit"),
        (EVERY + "extra: {甲: {ask: x, lmit: 2}}\n", 5, 21, "extra.甲.lmit", "不认识的键 lmit", "limit"),
        (EVERY + "steps: [{limit: 0, ask: x}]\n", 5, 17, "steps[0].limit", "不能小于 1", ""),
        (EVERY + "enabled: no\n", 5, 10, "enabled", "这里要写 true 或 false，写成了文字“no”", "false"),
        (EVERY + "steps: x\n", 5, 8, "steps", "这里要写列表，写成了文字“x”", "[x]"),
        (EVERY + "steps: [x]\n", 5, 9, "steps[0]", "这里要写一组“键: 值”，写成了文字“x”", ""),
        (EVERY + "mood: 认直\n", 5, 7, "mood", "这里只能写 轻松、认真，写成了文字“认直”", "认真"),
        (EVERY + "rooms: 5\n", 5, 8, "rooms", "这里要写群的键，或者它们的列表", "[会员1群, 会员2群]"),
        (EVERY + "late_after: 30\n", 5, 13, "late_after", "这里要写成“30m”这样的文字，写成了数字 30", "30m"),
        ("every:\n", 4, 7, "every", "这里要写成“周一 09:30”这样的文字，写成了空的", "周一 09:30"),
        (EVERY + "days: 2026-11-30\n", 5, 7, "days", "要写从哪天到哪天", "2026-11-30 到 2026-12-20"),
        (EVERY + "tag: '##'\n", 5, 6, "tag", "话题里要有文字或数字", "我的原野餐桌"),
    ],
)
def test_what_is_wrong_is_said_in_chinese_at_its_place(
    text: str, line: int, column: int, path: str, message: str, suggestion: str
) -> None:
    assert problems(HEAD + text) == [(line, column, path, message, suggestion)]


@pytest.mark.parametrize(
    ("key", "value", "message", "suggestion"),
    [
        ("id", "Monday Origin", "编号“Monday Origin”只能用小写字母、数字和“-”", "monday-origin"),
        ("id", "溯源", "编号“溯源”只能用小写字母、数字和“-”", "monday-origin"),
        ("name", "''", "这里要写一行文字，不能空着", ""),
        ("name", "2026", "这里要写文字，写成了数字 2026", '"2026"'),
    ],
)
def test_ids_and_names_keep_to_their_form(key: str, value: str, message: str, suggestion: str) -> None:
    lines = {"sop": "lesson", "id": "a-lesson", "name": "一课", "every": "每天 9:00"} | {key: value}
    (problem,) = problems("".join(f"{name}: {words}\n" for name, words in lines.items()))
    assert problem[2:] == (key, message, suggestion)


def test_all_mistakes_of_a_file_are_found_at_once() -> None:
    assert [it[2] for it in problems("sop: lesson\nid: X\nname: 一课\nevery: 9:30\nx: 1\n")] == [
        "id",
        "every",
        "x",
    ]


def test_what_the_reader_refused_is_not_reported_again() -> None:
    document = parse(HEAD + "every: *x\n", "a.yaml")
    assert [problem.message for problem in document.problems] == ["不支持引用（*x）"]
    assert validate(Lesson, document) == (None, [])


def schema_of(model: type[Model]) -> dict[str, Any]:
    return model.model_json_schema(mode="serialization")


def test_editors_get_a_schema_in_the_words_of_the_language() -> None:
    fields = schema_of(Lesson)["properties"]
    assert fields["every"]["type"] == "string"
    assert fields["late_after"]["default"] == "2h"
    assert "周一 09:30" in fields["every"]["examples"]


def test_a_template_is_only_looked_for_where_templates_are_known(tmp_path: Path) -> None:
    class Note(Model):
        template: Annotated[str, TemplateOf(PrivacyWords)]

    assert Note(template="none.j2").template == "none.j2"
    assert schema_of(Note)["properties"]["template"]["type"] == "string"
