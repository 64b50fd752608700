"""Holidays, exceptions, several posts a day and pictures: what the samples do not all use."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.store.tables import interaction, outgoing
from bot.store.writer import Writer
from tests.theme_folder import POST, Folder, listen, play


@pytest.mark.parametrize(
    ("rule", "posted"),
    [("照发", ["02-08 12:10"]), ("跳过", []), ("顺延", ["02-11 12:10"])],
)
def test_a_holiday_is_kept_skipped_or_put_off(
    folder: Folder, writer: Writer, rule: str, posted: list[str]
) -> None:
    loaded = folder.load(f"every: 周一 12:10\non_holiday: {rule}\n{POST}")
    assert play(listen(writer, loaded, "2027-02-08 09:00"), "2027-02-14 09:00") == posted


@pytest.mark.parametrize(
    ("every", "posted"),
    [
        ("每天 12:10", ["02-11 12:10"]),  # the day's own, and nothing of the holidays
        ("[周一 12:10, 周三 19:30]", ["02-11 19:30"]),  # Wednesday's, which comes last
        ("[周三 12:10, 周三 19:30]", ["02-11 12:10", "02-11 19:30"]),
        ("周六 12:10", ["10-08 12:10"]),
    ],
)
def test_what_is_put_off_comes_unless_something_else_does(
    folder: Folder, writer: Writer, every: str, posted: list[str]
) -> None:
    """The holidays end on Wednesday, in February 2027 as in October 2026."""
    begins, ends = ("2027-02-05", "2027-02-12") if every != "周六 12:10" else ("2026-10-02", "2026-10-09")
    loaded = folder.load(f"every: {every}\non_holiday: 顺延\n{POST}")
    listener = listen(writer, loaded, f"{begins} 09:00")
    assert play(listener, f"{ends} 09:00") == posted
    assert len(listener.queued()) == len(posted)


def test_a_weekend_that_is_worked_is_no_holiday(folder: Folder, writer: Writer) -> None:
    loaded = folder.load(f"every: 周六 12:10\non_holiday: 顺延\n{POST}")
    assert play(listen(writer, loaded, "2026-10-09 09:00"), "2026-10-12 09:00") == ["10-10 12:10"]


@pytest.mark.parametrize(
    ("exception", "posted"),
    [
        ("停", []),
        ('"15:00"', ["12-07 15:00"]),
        ('"2026-12-08 12:20"', ["12-08 12:20"]),
    ],
)
def test_single_days_go_otherwise(folder: Folder, writer: Writer, exception: str, posted: list[str]) -> None:
    loaded = folder.load(f"every: 周一 12:10\nexcept: {{2026-12-07: {exception}}}\n{POST}")
    listener = listen(writer, loaded, "2026-12-07 09:00")
    assert play(listener, "2026-12-10 09:00") == posted
    assert len(listener.rows(interaction, name="post_skipped")) == (not posted)


def test_several_posts_a_day_show_different_items(folder: Folder, writer: Writer) -> None:
    loaded = folder.load(f"every: [周一 12:10, 周一 19:30]\n{POST}")
    listener = listen(writer, loaded, "2026-12-07 09:00")
    assert play(listener, "2026-12-08 09:00") == ["12-07 12:10", "12-07 19:30"]
    shown = [row["object_id"] for row in listener.rows(interaction, name="shelf_item_shown")]
    assert len(set(shown)) == 2


def test_outside_its_days_it_is_silent(folder: Folder, writer: Writer) -> None:
    loaded = folder.load(f"every: 每天 12:10\ndays: 2026-12-08 到 2026-12-09\n{POST}")
    posted = play(listen(writer, loaded, "2026-12-07 09:00"), "2026-12-12 09:00")
    assert posted == ["12-08 12:10", "12-09 12:10"]


def test_pictures_go_with_the_words_as_one_post(folder: Folder, writer: Writer) -> None:
    shelf = folder.path / "templates" / "shelves" / "溯源故事"
    (shelf / "cover.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    for item in shelf.glob("*.md"):
        item.write_text(item.read_text("utf-8").replace("---\n", "---\n封面: cover.png\n", 1), "utf-8")
    loaded = folder.load(f"every: 周一 12:10\n{POST.replace('}', ', pictures: [封面, 检测报告]}')}")
    listener = listen(writer, loaded, "2026-12-07 09:00")
    play(listener, "2026-12-07 13:00")
    words, picture = listener.rows(outgoing)
    assert (words["kind"], picture["kind"]) == ("text", "picture")
    assert words["post_id"] == picture["post_id"]
    assert picture["payload"]["path"].endswith("cover.png")


def test_a_picture_that_is_not_there_is_said(folder: Folder) -> None:
    item = next((folder.path / "templates" / "shelves" / "溯源故事").glob("*.md"))
    item.write_text(item.read_text("utf-8").replace("---\n", "---\n封面: 没有.png\n", 1), "utf-8")
    (problem,) = folder.problems(f"every: 周一 12:10\n{POST.replace('}', ', pictures: [封面]}')}")
    assert "图片“封面”找不到：没有.png" in problem


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("every: 周一 12:10\n", "要写发什么"),
        (f"every: 周一 12:10\n{POST}digest: {{at: 周二 12:10, template: origin_digest.j2}}\n", "没有 window"),
        (f"every: 周一 12:10\n{POST}window: {{until: 25:00, ask: 好吃吗？}}\n", "看不懂时刻"),
        (f"every: 周一 12:10\nexcept: {{12月7日: 停}}\n{POST}", "看不懂“12月7日: 停”"),
        (f"every: 周一 12:10\nexcept: {{20261207: 停}}\n{POST}", "看不懂“20261207: 停”"),
        (f"every: 周一 12:10\nexcept: {{2026-W50-1: 停}}\n{POST}", "看不懂“2026-W50-1: 停”"),
        (f"every: 周一 12:10\nexcept: {{2026-12-07: '11:00'}}\n{POST}", "这天 12:10 发，只能往后挪"),
        (f"every: 周一 12:10\nexcept: {{2026-12-07: '12:10'}}\n{POST}", "这天 12:10 发，只能往后挪"),
        (f"every: 周一 12:10\nexcept: {{2026-12-07: 12-06 12:10}}\n{POST}", "2027-12-06 离得太远"),
        (f"every: 周一 12:10\nexcept: {{2026-12-08: '15:00'}}\n{POST}", "这天本来就不发"),
        (
            f"every: [周一 12:10, 周一 19:30]\nexcept: {{2026-12-07: '20:00'}}\n{POST}",
            "这天发2次，不能都挪到",
        ),
        (f"every: 周一 12:10\non_holiday: 跳\n{POST}", "on_holiday"),
        (
            f"every: 周一 12:10\n{POST}window: {{until: 21:30, ask: 好吗？, collect: {{at_least: 很多}}}}\n",
            "这里要写数量",
        ),
    ],
)
def test_what_cannot_be_meant_is_said_at_its_place(folder: Folder, text: str, why: str) -> None:
    (problem, *_) = folder.problems(text)
    assert why in problem
    assert problem.startswith("sops/day.yaml:")


def test_days_that_are_left_out_need_not_be_days_of_the_sop(folder: Folder) -> None:
    """So that the days of a holiday can be listed whole."""
    assert folder.problems(f"every: 周一 12:10\nexcept: {{2026-12-07: 停, 2026-12-08: 停}}\n{POST}") == []


def test_a_picture_that_is_spelled_otherwise_in_the_items_is_said(folder: Folder) -> None:
    item = next((folder.path / "templates" / "shelves" / "溯源故事").glob("*.md"))
    item.write_text(item.read_text("utf-8").replace("---\n", "---\n封面图: 01.png\n", 1), "utf-8")
    (item.parent / "01.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    pictures = POST.replace("}", ", pictures: [封面, 检测报告]}")
    (problem,) = folder.problems(f"every: 周一 12:10\n{pictures}")
    assert "没有哪一篇写了图片“封面”" in problem
    assert "封面图" in problem


LECTURE = """every: 周六 20:00
except: {{2026-12-12: {0}}}
lecture:
  title: 番茄怎么挑
  speaker: 小林
  notices: [{{at: 周三 19:30, template: lecture_notice.j2}}]
"""


@pytest.mark.parametrize(("exception", "told"), [("停", []), ('"2026-12-13 20:00"', ["12月13日 周日 20:00"])])
def test_a_lecture_that_is_left_out_or_moved_is_announced_so(
    folder: Folder, writer: Writer, exception: str, told: list[str]
) -> None:
    listener = listen(writer, folder.load(LECTURE.format(exception)), "2026-12-07 09:00")
    play(listener, "2026-12-10 09:00")
    said = [row["payload"]["text"].partition("，")[0] for row in listener.rows(outgoing)]
    assert said == told


def test_what_is_put_off_and_found_too_late_is_not_posted(folder: Folder, writer: Writer) -> None:
    loaded = folder.load(f'every: 周一 12:10\nexcept: {{2026-12-07: "15:00"}}\n{POST}')
    listener = listen(writer, loaded, "2026-12-07 09:00")
    play(listener, "2026-12-07 13:00")
    listener.tick(timedelta(days=3))
    assert listener.rows(outgoing) == []
    assert len(listener.rows(interaction, name="post_skipped")) == 1
