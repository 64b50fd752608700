"""``tags.yaml``: read as operators write it, with mistakes told where they stand."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.scoring.tag_rules import InterestRule, Tagging, Value
from bot.sop.kinds import collect
from bot.sop.loader import Loaded, load

SOPS, TEMPLATES = Path("sops"), Path("templates")


def loaded(folder: Path, tags: str) -> Loaded:
    (folder / "community.yaml").write_text((SOPS / "community.yaml").read_text("utf-8"), "utf-8")
    (folder / "tags.yaml").write_text(tags, "utf-8")
    return load(folder, TEMPLATES, collect())


def test_the_sample_has_tags_of_every_dimension_by_usual_rules() -> None:
    found = load(SOPS, TEMPLATES, collect())
    assert found.problems == []
    assert found.sops is not None
    tagging = found.sops.tagging
    assert tagging is not None
    assert [len(keys) for keys in tagging.dimensions.values()] == [6, 34, 5, 3]
    assert (tagging.interest, tagging.value, tagging.standing) == (
        Tagging().interest, Tagging().value, Tagging().standing
    )  # fmt: skip


def test_without_the_file_there_are_no_tags(tmp_path: Path) -> None:
    (tmp_path / "community.yaml").write_text((SOPS / "community.yaml").read_text("utf-8"), "utf-8")
    found = load(tmp_path, TEMPLATES, collect())
    assert found.sops is not None
    assert found.sops.tagging == Tagging()


def test_what_is_left_out_is_usual_and_what_is_written_is_not(tmp_path: Path) -> None:
    text = (
        "values: {社区互助: {acts: [answer_given]}}\ninterests: {番茄: [西红柿]}\n"
        "interest: {days: 5, half_life: 60d}\n"
    )
    found = loaded(tmp_path, text)
    assert found.problems == []
    assert found.sops is not None
    assert found.sops.tagging == Tagging(
        values={"社区互助": Value((), ("answer_given",))},
        interests={"番茄": ("西红柿",)},
        interest=InterestRule(days=5, half_life=60),
    )


@pytest.mark.parametrize(
    ("text", "at", "told"),
    [
        ("interest: {番茄: [番茄]}\n", "1:12", ""),
        ("intrests: {番茄: [番茄]}\n", "1:1", "interests"),
        ("interests: {番茄: []}\n", "1:17", "至少要有 1 项"),
        ("interests: {红 茄: [番茄]}\n", "1:13", "空格"),
        ("interests: {一二三四五六七八九十一二三: [番茄]}\n", "1:13", "最多 12 个字"),
        ("interests: {番茄: [番茄]}\nown: [老朋友, 番茄]\n", "2:12", "写了两次"),
        ("interests: {孕妇餐: [汤]}\n", "1:13", "敏感"),
        ("interests: {汤: [汤, 月子餐]}\n", "1:20", "敏感"),
        ("own: [糖尿病友]\n", "1:7", "“糖尿病”是敏感的"),
        ("never: [离婚]\nown: [离婚]\n", "2:7", "“离婚”是敏感的"),
        ("contribution: {热闹: 常来}\n", "1:16", ""),
        ("values: {社区互助: {acts: [answer_givn]}}\n", "1:24", "answer_given"),
        ("interest: {off: 3}\n", "1:17", "不然天天变"),
        ("interest: {half_life: 36h}\n", "1:23", "整天"),
        ("interest: {lift: 0.5}\n", "1:18", "不能小于 1"),
    ],
)
def test_mistakes_are_told_where_they_stand_and_no_tags_are_made_by_them(
    tmp_path: Path, text: str, at: str, told: str
) -> None:
    found = loaded(tmp_path, text)
    assert [str(problem).split(" ")[0].rpartition("tags.yaml:")[2] for problem in found.problems] == [at]
    assert told in str(found.problems[0])
    assert found.sops is not None
    assert found.sops.tagging is None
