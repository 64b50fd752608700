from __future__ import annotations

import os
import time
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.errors import ScenarioError
from bot.scenario.script import Line, Script, read
from bot.sop.problems import MAX_PROBLEMS

ZONE = ZoneInfo("Asia/Shanghai")
BEGINS = datetime(2026, 11, 30, 9, 0, tzinfo=ZONE)


def written(folder: Path, text: str) -> Path:
    path = folder / "talk.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def problems(folder: Path, text: str) -> list[str]:
    path = written(folder, text)
    with pytest.raises(ScenarioError) as caught:
        read(path)
    return [line.removeprefix(f"{path}:") for line in str(caught.value).splitlines()]


def test_a_scenario_is_read_with_its_line_numbers(tmp_path: Path) -> None:
    script = read(
        written(
            tmp_path,
            "scenario: 早\nsops: [dinner-table]\ntalk:\n"
            "  - {at: 周二 18:30, who: 甲, image: [a.jpg, b.jpg]}\n\n  - {after: 1m, bot: /早/}\n"
            "expect: {message_posted: 1}\n",
        )
    )
    assert (script.scenario, script.sops, script.expect) == ("早", ["dinner-table"], {"message_posted": 1})
    assert script.lines == [4, 6]
    assert [line.acts for line in script.talk] == [{"image"}, {"bot"}]


def test_what_is_left_out_has_plain_defaults() -> None:
    script = Script(scenario="早", talk=[])
    assert (script.sops, script.admins, script.rooms) == (None, [], ["会员1群"])
    assert script.begins == "2026-11-30 09:00"


@pytest.mark.parametrize(
    ("talk", "place", "said"),
    [
        ("[{who: 甲, say: 早, image: a.jpg}]", "2:8", "一行只能有一件事，这里有 image、say"),
        ("[{say: 早}]", "2:8", "缺少 who"),
        ("[{join: true}]", "2:8", "缺少 who"),
        ("[{who: 甲, sai: 早}]", "2:17", "不认识的键 sai（建议：say）"),
        ("[{who: 甲, say: 12}]", "2:22", "这里要写文字"),
        ("[{who: 甲, recall: 0}]", "2:25", "不能小于 1"),
        ("[{who: 甲, sends: 红宝}]", "2:24", "可以写 视频、文件"),
        ("[{sends: 红包}]", "2:8", "缺少 who"),
        ("[{at: 周八 10:00}]", "2:13", "周八"),
        ("[{after: 一会儿}]", "2:16", "一会儿"),
        ("[{late: 一会儿, who: 甲, say: 早}]", "2:15", "一会儿"),
        ("[{reload: {../x.yaml: 早}}]", "2:17", "“../x.yaml”不是 sops/ 或 templates/ 里的文件"),
        ("[{reload: {sops/../../x.yaml: 早}}]", "2:17", "不是 sops/ 或 templates/ 里的文件"),
        ("[{reload: {dinner-table.yaml: null}}]", "2:17", "（建议：sops/dinner-table.yaml）"),
        ("早", "2:7", "列表"),
    ],
)
def test_a_mistake_is_told_in_chinese_at_its_place(tmp_path: Path, talk: str, place: str, said: str) -> None:
    (problem,) = problems(tmp_path, f"scenario: 早\ntalk: {talk}\n")
    assert problem.startswith(f"{place} ")
    assert said in problem


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    found = problems(tmp_path, "talk:\n  - {say: 早}\n  - {who: 甲, sai: 早}\nbegins: 早上\nwhat: 1\n")
    assert len(found) == 5
    assert any("缺少 scenario" in problem for problem in found)
    assert any("早上" in problem for problem in found)


def test_what_is_no_yaml_is_told_at_its_place(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, "scenario: 早\ntalk: [\n")
    assert problem[0].isdigit()


@pytest.mark.parametrize(
    ("line", "moment"),
    [
        (Line(at="10:00"), BEGINS + timedelta(hours=1)),
        (Line(at="9:00"), BEGINS),
        (Line(at="周二 18:30"), datetime(2026, 12, 1, 18, 30, tzinfo=ZONE)),
        (Line(at="8:59"), BEGINS + timedelta(days=1, minutes=-1)),
        (Line(after="1h30m"), BEGINS + timedelta(minutes=90)),
        (Line(), BEGINS + timedelta(minutes=5)),
    ],
)
def test_a_line_happens_at_its_moment(line: Line, moment: datetime) -> None:
    assert line.moment(BEGINS, BEGINS + timedelta(minutes=5), ZONE) == moment


def test_a_line_may_be_delivered_late() -> None:
    assert Line(who="甲", say="早", late="3m").delay == timedelta(minutes=3)
    assert Line(who="甲", say="早").delay == timedelta(0)


def test_a_line_of_the_bot_may_name_whom_it_writes_to() -> None:
    assert Line(bot="早", private="甲").acts == {"bot", "private"}


def test_a_pipe_or_a_folder_is_no_scenario_and_holds_nobody_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "folder.yaml").mkdir()
    for name in ("pipe.yaml", "folder.yaml"):
        with pytest.raises(ScenarioError, match="读不到"):
            read(tmp_path / name)


@pytest.mark.parametrize(
    "text",
    [
        "scenario: 好\ntalk:\n" + "  - {who: 甲, sya: 早}\n" * 5_000,
        "scenario: 好\ntalk:\n  - {at: 周一" + " " * 100_000 + "x, who: 甲, say: 早}\n",
        "scenario: 好\ntalk:\n  - {after: " + "1d" * 50_000 + ", who: 甲, say: 早}\n",
        "scenario: &a 好\ntalk: [*a, *a]\n",
    ],
)
def test_a_hostile_scenario_is_refused_soon_and_in_a_few_lines(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(text, "utf-8")
    begin = time.process_time()
    with pytest.raises(ScenarioError) as refused:
        read(path)
    assert time.process_time() - begin < 3
    assert len(str(refused.value).splitlines()) <= MAX_PROBLEMS
