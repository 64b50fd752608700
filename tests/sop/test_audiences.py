"""``audiences.yaml``: read as operators write it, with mistakes told where they stand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from bot.audience.conditions import (
    Active,
    AllOf,
    AnyOf,
    Condition,
    InRoom,
    Leveled,
    Not,
    Silent,
    Spends,
    Tagged,
)
from bot.errors import BotError
from bot.foresight.review import review
from bot.sop.audiences import named_or_said
from bot.sop.kinds import collect
from bot.sop.loader import Loaded, Loader, SopSet, load
from bot.sop.problems import Problem

SOPS, TEMPLATES = Path("sops"), Path("templates")
LEVELS = ("新朋友", "同行者", "共创者", "美食大使", "生活导师")
COOKS = "爱做饭的: {tag: 烹饪热情}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """``community.yaml`` and ``scoring.yaml`` as they come, and the questionnaire that gives the tags."""
    for name in ("community.yaml", "scoring.yaml", "welcome-survey.yaml"):
        (tmp_path / name).write_text((SOPS / name).read_text("utf-8"), "utf-8")
    return tmp_path


def loaded(folder: Path, audiences: str, **files: str) -> Loaded:
    (folder / "audiences.yaml").write_text(audiences, "utf-8")
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text, "utf-8")
    return load(folder, TEMPLATES, collect())


def sound(folder: Path, audiences: str, **files: str) -> SopSet:
    found = loaded(folder, audiences, **files)
    assert found.problems == []
    assert found.sops is not None
    return found.sops


def told(problem: Problem) -> str:
    return str(problem).partition("/")[2]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("{tag: 烹饪热情}", Tagged("烹饪热情")),
        ("{level: 同行者 以上}", Leveled(1, 4, LEVELS)),
        ("{level: 同行者以下}", Leveled(0, 1, LEVELS)),
        ("{level: 共创者}", Leveled(2, 2, LEVELS)),
        ("{spend: V2 以上}", Spends(2, 3)),
        ("{spend: v1}", Spends(1, 1)),
        ("{spend: V1 以下}", Spends(0, 1)),
        ("{active: 3天/30d}", Active(3, 30)),
        ("{active: 7d}", Active(1, 7)),
        ("{silent: 30d}", Silent(30)),
        ("{room: 会员1群}", InRoom(frozenset({"会员1群"}))),
        ("{room: 会员群}", InRoom(frozenset({"会员1群", "会员2群", "会员3群"}))),
        ("{tag: 办公室, silent: 7d}", AllOf((Tagged("办公室"), Silent(7)))),
        ("{not: {tag: 办公室}}", Not(Tagged("办公室"))),
        ("{any: [爱做饭的, {silent: 7d}]}", AnyOf((Tagged("烹饪热情"), Silent(7)))),
        ("{all: [爱做饭的, {silent: 7d}]}", AllOf((Tagged("烹饪热情"), Silent(7)))),
        ("{not: 爱做饭的}", Not(Tagged("烹饪热情"))),
        ("爱做饭的", Tagged("烹饪热情")),
    ],
)
def test_each_condition_is_read(folder: Path, written: str, meant: Condition) -> None:
    before_who_is_named = f"这群人: {written}\n{COOKS}"
    assert sound(folder, before_who_is_named).audiences.conditions["这群人"] == meant


@pytest.mark.parametrize(
    ("text", "at", "why"),
    [
        ("甲: {tagg: 烹饪热情}\n", "1:5", "建议：tag"),
        ("甲: {any: [{nott: 爱做饭的}]}\n", "1:12", "建议：not"),
        ("甲: {level: 同形者 以上}\n", "1:12", "建议：同行者 以上"),
        ("甲: {spend: V4}\n", "1:12", "V2 以上"),
        ("甲: {spend: 2}\n", "1:12", "写成了数字 2"),
        ("甲: {active: 40天/30d}\n", "1:13", "30天里来过40天"),
        ("甲: {silent: 36h}\n", "1:13", "整天"),
        ("甲: {silent: 400d}\n", "1:13", "最多 366 天"),
        ("甲: {room: 会员7群}\n", "1:11", "建议：会员群"),
        ("甲: {}\n", "1:4", "这里要写条件"),
        ("甲: {any: []}\n", "1:10", "至少要有 1 项"),
        ("甲: [{tag: 烹饪热情}]\n", "1:4", "{any: […]}"),
        ("甲 乙: {tag: 烹饪热情}\n", "1:1", "不能有空格"),
        (COOKS + "甲: {any: [{silent: 7d}, 爱做反的]}\n", "2:25", "建议：爱做饭的"),
        (COOKS + "甲: {not: 爱做反的}\n", "2:10", "建议：爱做饭的"),
        ("甲: {not: 甲}\n", "1:4", "说回自己"),
    ],
)
def test_mistakes_are_told_where_they_stand_and_then_there_are_none(
    folder: Path, text: str, at: str, why: str
) -> None:
    found = loaded(folder, text)
    assert [f"{it.line}:{it.column}" for it in found.problems] == [at]
    assert why in told(found.problems[0])
    assert found.sops is not None
    assert found.sops.audiences.conditions == {}


def test_who_goes_in_a_circle_is_told_at_each_name(folder: Path) -> None:
    found = loaded(folder, COOKS + "甲: {any: [乙, 爱做饭的]}\n乙: {not: 丙}\n丙: 甲\n")
    assert [told(it).split("：")[1][:3] for it in found.problems] == ["“甲”", "“乙”", "“丙”"]


def test_levels_cannot_be_named_while_their_file_is_wrong(folder: Path) -> None:
    found = loaded(folder, "甲: {level: 同行者}\n", scoring="prompted: 2\n")
    assert any("scoring.yaml 有错" in it.message for it in found.problems)


# --- SOPs that name one ---

SURVEY = "sop: survey\nid: ask\nname: 问问\nevery: 周一 12:10\nnps: true\naudience: {}\n"


def test_a_sop_names_an_audience_that_is_there(folder: Path) -> None:
    sops = sound(folder, COOKS, ask=SURVEY.format("爱做饭的"))
    assert sops.sops["ask"].audience == "爱做饭的"
    assert list(sops.sops["ask"].told())[-1] == "人群“爱做饭的”：只问其中的人，别人发“小问卷”也不问。"


def test_a_sop_that_names_another_is_left_out(folder: Path) -> None:
    found = loaded(folder, COOKS, ask=SURVEY.format("爱做反的"))
    assert [told(it) for it in found.problems] == [
        "ask.yaml:6:11 audience：audiences.yaml 里没有“爱做反的”这群人（建议：爱做饭的）"
    ]
    assert found.sops is not None
    assert "ask" not in found.sops.declared


def test_a_sop_is_left_out_while_the_file_is_wrong_rather_than_be_for_everybody(folder: Path) -> None:
    found = loaded(folder, COOKS + "甲: {}\n", ask=SURVEY.format("爱做饭的"))
    assert found.sops is not None
    assert "ask" not in found.sops.declared
    assert any("audiences.yaml 有错，先改好它" in it.message for it in found.problems)


def test_nobody_says_that_there_is_no_such_audience_while_the_rooms_are_wrong(folder: Path) -> None:
    community = folder / "community.yaml"
    community.write_text(
        community.read_text("utf-8").replace("operators: 运营群", "operators: 运营9群"), "utf-8"
    )
    found = loaded(folder, COOKS, ask=SURVEY.format("爱做饭的"))
    assert [it.path for it in found.problems] == ["operators"]


def test_a_sop_is_judged_again_when_its_audience_goes(folder: Path) -> None:
    (folder / "ask.yaml").write_text(SURVEY.format("爱做饭的"), "utf-8")
    (folder / "audiences.yaml").write_text(COOKS, "utf-8")
    load_again = Loader(folder, TEMPLATES, collect())
    assert load_again().problems == []
    (folder / "audiences.yaml").write_text("别的: {silent: 7d}\n", "utf-8")
    assert [it.path for it in load_again().problems] == ["audience"]


def test_newcomers_at_the_gate_are_in_none(folder: Path) -> None:
    gate = (SOPS / "welcome-survey.yaml").read_text("utf-8") + "audience: 爱做饭的\n"
    found = loaded(folder, COOKS, **{"welcome-survey": gate})
    assert [(it.path, "还不在群里" in it.message) for it in found.problems] == [("audience", True)]


def test_where_it_is_in_vain_and_which_tags_nobody_gives_is_told_by_check(folder: Path) -> None:
    post = (SOPS / "saturday-product-story.yaml").read_text("utf-8") + "audience: 爱做饭的\n"
    sops = sound(
        folder, COOKS + "跳舞的: {any: [{tag: 跳舞}, 爱做饭的]}\n", **{"saturday-product-story": post}
    )
    found = review(sops, date(2026, 11, 30))
    assert [told(it) for it in found if "模板" not in it.message] == [
        "audiences.yaml:2:19 跳舞的.any[0].tag：没有一个 SOP 会打“跳舞”这个标签，"
        "tags.yaml 里也没有，这里永远用不上",
        "saturday-product-story.yaml:14:1 audience：这个 SOP 只往群里发帖，"
        "不听谁说话，也不对着谁说，写人群没有用（建议：去掉 audience）",
    ]


def test_nights_look_at_what_is_spent_where_an_audience_goes_by_it(folder: Path) -> None:
    (folder / "scoring.yaml").write_text("half_life: 90d\n", "utf-8")
    for text, graded in ((COOKS, False), ("常来买的: {not: {spend: V1}}\n", True)):
        scoring = sound(folder, text).scoring
        assert scoring is not None
        assert scoring.has_grades is graded


# --- typed ---


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("爱做饭的", Tagged("烹饪热情")),
        ("tag: 跳舞", Tagged("跳舞")),
        ("tag：跳舞，silent：7d", AllOf((Tagged("跳舞"), Silent(7)))),
        ("{any: [爱做饭的, {level: 同行者 以上}]}", AnyOf((Tagged("烹饪热情"), Leveled(1, 4, LEVELS)))),
    ],
)
def test_what_is_typed_is_a_name_or_a_condition(sops: SopSet, typed: str, meant: Condition) -> None:
    assert named_or_said(typed, sops.audiences, sops.known) == meant


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("爱做反的", "是不是“爱做饭的”"),
        ("tagg: 跳舞", "建议：tag"),
        ("not: 爱做反的", "是不是“爱做饭的”"),
        ("tag: [", "看不懂"),
        ("level: 大王", "没有“大王”这一级"),
    ],
)
def test_what_is_neither_is_told(sops: SopSet, typed: str, why: str) -> None:
    with pytest.raises(BotError, match=why):
        named_or_said(typed, sops.audiences, sops.known)


def test_a_broken_scoring_is_told_too(sops: SopSet) -> None:
    with pytest.raises(BotError, match=r"scoring\.yaml 有错"):
        named_or_said("level: 同行者", sops.audiences, replace(sops, scoring=None).known)
