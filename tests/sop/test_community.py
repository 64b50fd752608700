from __future__ import annotations

import time
from pathlib import Path

import pytest

from bot.sop.community import Community
from bot.sop.loader import load
from bot.sop.problems import Problem

HEAD = "name: 原野之味\nmission: 让每一餐都知道来处\n"
ROOMS = "rooms: [会员1群, 会员2群]\n"


def read(folder: Path, text: str, notice: str = "我是{{ bot }}") -> tuple[Community | None, list[Problem]]:
    (folder / "sops").mkdir()
    (folder / "sops" / "community.yaml").write_text(text, encoding="utf-8")
    (folder / "templates").mkdir()
    (folder / "templates" / "privacy_notice.j2").write_text(notice, encoding="utf-8")
    (folder / "templates" / "complaint_reply.j2").write_text("看到了。", encoding="utf-8")
    loaded = load(folder / "sops", folder / "templates", {})
    return None if loaded.sops is None else loaded.sops.community, loaded.problems


def test_left_out_means_the_usual(tmp_path: Path) -> None:
    community, problems = read(tmp_path, HEAD + ROOMS)
    assert problems == []
    assert community is not None
    assert community.zone.key == "Asia/Shanghai"
    assert community.bot.name == "小助手"
    assert (community.privacy.template, community.privacy.keep_days) == ("privacy_notice.j2", 90)


def test_a_set_stands_for_its_rooms(tmp_path: Path) -> None:
    community, _ = read(tmp_path, HEAD + ROOMS + "sets: {全部: [会员2群, 会员1群]}\n")
    assert community is not None
    assert community.expand("全部") == ("会员2群", "会员1群")
    assert community.expand("会员1群") == ("会员1群",)
    assert community.expand("没有") == ()


@pytest.mark.parametrize(
    ("text", "line", "column", "path", "suggestion"),
    [
        ("rooms: []\n", 3, 8, "rooms", ""),
        ("rooms: [甲群, 甲群]\n", 3, 13, "rooms[1]", "只留一处"),
        ("rooms: [会员 1群]\n", 3, 9, "rooms[0]", "会员1群"),
        (ROOMS + "sets: {会员1群: [会员2群]}\n", 4, 8, "sets.会员1群", "会员1群们"),
        (ROOMS + "sets: {全部: [会员1群, 会员9群]}\n", 4, 19, "sets.全部[1]", "会员2群"),
        (ROOMS + "timezone: Asia/Shanhai\n", 4, 11, "timezone", "Asia/Shanghai"),
        (ROOMS + "roles: {营养师: exprt}\n", 4, 14, "roles.营养师", "expert"),
        (ROOMS + "privacy: {keep_days: 0}\n", 4, 22, "privacy.keep_days", ""),
        (ROOMS + "privacy: {template: notice.j2}\n", 4, 21, "privacy.template", "privacy_notice.j2"),
        (ROOMS + "complaints: {hold: 2d}\n", 4, 20, "complaints.hold", "24h"),
        (ROOMS + "complaints: {words: [坏了, '']}\n", 4, 26, "complaints.words[1]", ""),
        (ROOMS + "complaints: {template: reply.j2}\n", 4, 24, "complaints.template", "complaint_reply.j2"),
        (ROOMS + "guard: {private_a_week: 0}\n", 4, 25, "guard.private_a_week", ""),
        (ROOMS + "guard: {hours: {每天: 早到晚}}\n", 4, 21, "guard.hours.每天", "08:30-21:30"),
        (ROOMS + "bot: 小野\n", 4, 6, "bot", ""),
    ],
)
def test_a_mistake_is_found_at_its_place(
    tmp_path: Path, text: str, line: int, column: int, path: str, suggestion: str
) -> None:
    community, (problem,) = read(tmp_path, HEAD + text)
    assert community is None
    assert (problem.line, problem.column, problem.path) == (line, column, path)
    assert problem.suggestion == suggestion


def test_the_usual_notice_is_looked_for_even_where_nobody_names_it(tmp_path: Path) -> None:
    community, problems = read(tmp_path, HEAD + ROOMS, notice="{{ bott }}")
    assert community is None
    assert [(it.file, it.line) for it in problems] == [
        ("sops/community.yaml", 1),
        ("templates/privacy_notice.j2", 1),
    ]


def test_thousands_of_rooms_and_sets_are_read_in_no_time(tmp_path: Path) -> None:
    many = "rooms: [甲, " + "".join(f"r{n}," for n in range(10_000)) + "甲]\nsets:\n"
    begin = time.process_time()
    community, problems = read(tmp_path, HEAD + many + "".join(f"  s{n}: [x]\n" for n in range(8_000)))
    assert time.process_time() - begin < 5
    assert community is None
    assert any("写了两次" in problem.message for problem in problems)
