"""``scoring.yaml``: read as operators write it, with mistakes told where they stand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot.scoring.goals import Goal, Goals, Month
from bot.scoring.rules import Benefit, Scoring, Weight
from bot.sop.kinds import collect
from bot.sop.loader import Loaded, load

SOPS, TEMPLATES = Path("sops"), Path("templates")
_GIFT = "id: gift, name: 新年礼"


def loaded(folder: Path, scoring: str) -> Loaded:
    (folder / "community.yaml").write_text((SOPS / "community.yaml").read_text("utf-8"), "utf-8")
    (folder / "scoring.yaml").write_text(scoring, "utf-8")
    return load(folder, TEMPLATES, collect())


def test_the_sample_says_what_is_usual() -> None:
    found = load(SOPS, TEMPLATES, collect())
    assert found.sops is not None
    assert found.sops.scoring is not None
    assert replace(found.sops.scoring, benefits=(), goals=Goals(), graded=False) == Scoring()


def test_benefits_of_the_sample() -> None:
    found = load(SOPS, TEMPLATES, collect())
    assert found.sops is not None
    assert found.sops.scoring is not None
    assert found.sops.scoring.benefits == (
        Benefit("tasting", "新品试吃", level=2, per="季", cost=3500),
        Benefit("diet", "定制膳食", level=1, grade=2, cost=12000),
    )


def test_what_is_left_out_is_usual_and_what_is_written_is_not(tmp_path: Path) -> None:
    text = (
        "half_life: 60d\nweights:\n  link_shared: {points: 3, dimension: 传播}\nrewards: {answer_given: 9}\n"
    )
    found = loaded(tmp_path, text)
    assert found.problems == []
    assert found.sops is not None
    scoring = found.sops.scoring
    assert scoring is not None
    assert (scoring.half_life, scoring.prompted) == (60, 0.7)
    assert scoring.weights["link_shared"] == Weight(3, 1, "传播")
    assert scoring.weights["message_posted"] == Scoring().weights["message_posted"]
    assert (scoring.rewards["answer_given"], scoring.rewards["answer_thanked"]) == (9, 3)
    assert scoring.levels == Scoring().levels


def test_goals_are_written_as_people_say_them(tmp_path: Path) -> None:
    goals = "{月活: 60, 人均互动: ×15, works: +400%, 沉默: 最多 20%, 投诉: ≤3, mood: 最多×0.5}"
    found = loaded(tmp_path, f"baseline: 2026年9月\ngoals: {goals}\n")
    assert found.problems == []
    assert found.sops is not None
    assert found.sops.scoring is not None
    assert found.sops.scoring.goals == Goals(
        Month(2026, 9),
        {
            "monthly_active": Goal(60),
            "interactions_per_member": Goal(times=15),
            "works": Goal(times=5),
            "silent": Goal(20, at_most=True),
            "complaints": Goal(3, at_most=True),
            "mood": Goal(times=0.5, at_most=True),
        },
    )


@pytest.mark.parametrize(
    ("text", "at", "told"),
    [
        ("weights:\n  message_postd: {points: 1, dimension: 参与}\n", "2:3", "message_posted"),
        ("weights:\n  message_posted: {points: 1, dimension: 热闹}\n", "2:42", "参与"),
        ("half_life: 36h\n", "1:12", "整天"),
        ("levels:\n- name: 甲\n- {name: 乙, score: 9}\n- {name: 丙, score: 5}\n", "4:20", "不能比前一级少"),
        ("levels:\n- {name: 甲, score: 3}\n- {name: 乙, score: 9}\n", "2:20", "第一级"),
        ("prompted: 2\n", "1:11", ""),
        ("halflife: 90d\n", "1:1", "half_life"),
        (f"benefits:\n- {{{_GIFT}, level: 共创人}}\n", "2:32", "共创者"),
        (f"benefits:\n- {{{_GIFT}, level: 共创者, per: 周}}\n", "2:42", "季"),
        (f"benefits:\n- {{{_GIFT}}}\n", "2:3", "给谁"),
        (f"benefits:\n- {{{_GIFT}, grade: V4}}\n", "2:32", "V3"),
        (f"benefits:\n- {{{_GIFT}, grade: V1, holds: 36h}}\n", "2:43", "整天"),
        ("benefits:\n- {id: gift, name: 新年 礼物, grade: V1}\n", "2:20", "空格"),
        (
            f"benefits:\n- {{{_GIFT}, grade: V1}}\n- {{id: other, name: 新年礼, grade: V2}}\n",
            "3:21",
            "有两个权益都叫",
        ),
        ("purchase: {grades: [0.7, 0.4, 0.9]}\n", "1:20", "一个比一个大"),
        ("money: {margin: 35}\n", "1:17", "不能大于"),
        ("money: {acquisition: []}\n", "1:22", "至少要有 1 项"),
        ("money: {margins: 0.3}\n", "1:9", "margin"),
        ("baseline: 2026年13月\n", "1:11", "哪一年哪一月"),
        ("goals:\n  月火: 60\n", "2:3", "月活"),
        ("goals: {月活: 60, monthly_active: 70}\n", "1:17", "写了两次"),
        ("goals: {月活: 很高}\n", "1:13", "×15"),
        ("descent: {benefits: 7d}\n", "1:21", "至少还能用 30 天"),
        ("benefits:\n- {id: Gift, name: 新年礼, grade: V1}\n", "2:8", "gift"),
        ("benefits:\n- {id: gift, name: 一二三四五六七八九十一二三, grade: V1}\n", "2:20", "最多 12 个字"),
    ],
)
def test_mistakes_are_told_where_they_stand_and_nothing_counts_by_them(
    tmp_path: Path, text: str, at: str, told: str
) -> None:
    found = loaded(tmp_path, text)
    assert [str(problem).split(" ")[0].rpartition("scoring.yaml:")[2] for problem in found.problems] == [at]
    assert told in str(found.problems[0])
    assert found.sops is not None
    assert found.sops.scoring is None
