"""Lectures that were announced and did not come, changed or went, and what is asked and noted around them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.store.tables import failure, interaction, outgoing, run
from bot.store.writer import Writer
from tests.builders import BOSS, OTHER_ROOM, ZHOU
from tests.listener import Listener
from tests.theme_folder import Folder, listen, moment, play, reload

NOTICE = "{at: 周六 12:10, template: lecture_notice.j2}"
LECTURE = f"""every: 周六 20:00
lecture:
  title: 番茄怎么挑
  speaker: 小林
  notices: [{NOTICE}]
  recap: {{after: 16h}}
"""
NOTHING_OPEN = "现在没有等着回顾的讲座。"


@pytest.fixture
def announced(folder: Folder, writer: Writer) -> Listener:
    """A lecture was announced at noon and begins at eight; the operators have a room."""
    listener = listen(writer, folder.load(LECTURE), "2026-12-12 09:00")
    listener.enable(OTHER_ROOM, "运营群")
    listener.give(BOSS, "管理员")
    play(listener, "2026-12-12 13:00")
    return listener


def note(listener: Listener, words: str = "看蒂，青的新鲜") -> str:
    """What the operators are answered when they note something."""
    listener.say(f"/要点 {words}", BOSS, OTHER_ROOM)
    return listener.queued()[-1]


def is_over(listener: Listener) -> bool:
    return all(row["closed_at"] is not None for row in listener.rows(run))


def test_a_lecture_that_was_missed_takes_no_notes_and_has_no_recap(announced: Listener) -> None:
    announced.now = moment("2026-12-13 09:00")  # the bot was away since noon
    announced.tick()
    announced.tick(timedelta(seconds=1))
    assert note(announced) == NOTHING_OPEN
    play(announced, "2026-12-16 09:00")
    assert is_over(announced)
    assert not any("回顾" in said for said in announced.queued() if said != NOTHING_OPEN)


def test_a_lecture_that_was_left_out_after_all_takes_no_notes(announced: Listener, folder: Folder) -> None:
    reload(announced, folder.load(f"except: {{2026-12-12: 停}}\n{LECTURE}"))
    play(announced, "2026-12-12 20:30")
    assert note(announced) == NOTHING_OPEN
    play(announced, "2026-12-16 09:00")
    assert is_over(announced)


def test_before_it_begins_nothing_is_noted(announced: Listener) -> None:
    assert note(announced) == NOTHING_OPEN


@pytest.mark.parametrize(
    "changed", [None, "every: 周一 12:10\npost: {shelf: 溯源故事, template: origin_story.j2}\n"]
)
def test_a_lecture_whose_file_changed_or_went_ends_as_it_began(
    announced: Listener, folder: Folder, changed: str | None
) -> None:
    play(announced, "2026-12-12 20:30")
    reload(announced, folder.without() if changed is None else folder.load(changed))
    assert note(announced) == "记下了，会进《番茄怎么挑》的回顾。"
    play(announced, "2026-12-13 13:00")
    assert announced.queued()[-1].startswith("《番茄怎么挑》没赶上也不要紧，记了几条：\n· 看蒂，青的新鲜")
    assert announced.rows(failure) == []


def test_a_note_belongs_to_the_lecture_that_began_last(folder: Folder, writer: Writer) -> None:
    folder.load(LECTURE, id="evening")
    listener = listen(
        writer, folder.load(LECTURE.replace("周六 20", "周日 10").replace("番茄", "白菜")), "2026-12-12 09:00"
    )
    listener.enable(OTHER_ROOM, "运营群")
    listener.give(BOSS, "管理员")
    play(listener, "2026-12-13 10:30")
    assert note(listener) == "记下了，会进《白菜怎么挑》的回顾。"


def test_a_note_for_which_there_is_no_room_is_refused(announced: Listener) -> None:
    play(announced, "2026-12-12 20:30")
    assert [note(announced, f"第{n}条")[:2] for n in range(4)] == ["记下"] * 4
    assert note(announced, "第五条") == "《番茄怎么挑》已经记了4条，回顾里放不下更多了。"
    play(announced, "2026-12-13 13:00")
    assert announced.queued()[-1].count("· ") == 4


def test_two_lectures_of_a_day_have_notes_of_their_own(folder: Folder, writer: Writer) -> None:
    twice = LECTURE.replace("周六 20:00", "[周六 10:00, 周六 20:00]").replace("16h", "4h")
    listener = listen(writer, folder.load(twice), "2026-12-12 09:00")
    listener.enable(OTHER_ROOM, "运营群")
    listener.give(BOSS, "管理员")
    play(listener, "2026-12-12 10:30")
    note(listener)
    play(listener, "2026-12-12 20:30")
    note(listener, "皮薄的先吃")
    play(listener, "2026-12-13 09:00")
    recaps = [said for said in listener.queued() if "记了几条" in said]
    assert ["看蒂" in said for said in recaps] == [True, False]
    assert ["皮薄" in said for said in recaps] == [False, True]


def test_of_a_room_that_was_closed_the_operators_hear_nothing(announced: Listener) -> None:
    announced.say("提问：番茄能放冰箱吗", ZHOU)
    before = len(announced.queued())
    announced.disable()
    play(announced, "2026-12-14 09:00")
    assert len(announced.queued()) == before
    assert is_over(announced)


def test_a_notice_is_not_sent_once_the_lecture_has_begun(folder: Folder, writer: Writer) -> None:
    loaded = folder.load(LECTURE.replace("周六 12:10", "周六 19:30"))
    listener = listen(writer, loaded, "2026-12-12 09:00")
    play(listener, "2026-12-12 19:40")
    (told,) = listener.rows(outgoing)
    assert told["expires_at"] == moment("2026-12-12 20:00")


def test_a_notice_is_not_sent_hours_later(announced: Listener) -> None:
    (told,) = announced.rows(outgoing)
    assert told["expires_at"] == moment("2026-12-12 14:10")


@pytest.mark.parametrize(
    ("said", "listed"),
    [
        ("提问", None),
        ("提问：", None),
        ("提问 ？？", None),
        ("提问：番茄能放冰箱吗", "番茄能放冰箱吗"),
        ("  ｢提问｣番茄", None),
        ("问一下，皮厚的甜不甜", "皮厚的甜不甜"),
        ("　提问番茄要洗吗", "番茄要洗吗"),
    ],
)
def test_a_question_is_what_stands_behind_the_word(
    announced: Listener, said: str, listed: str | None
) -> None:
    announced.say(said, ZHOU)
    assert len(announced.rows(interaction, name="lecture_question_asked")) == (listed is not None)
    before = len(announced.queued())
    play(announced, "2026-12-12 19:50")
    if listed is None:
        assert len(announced.queued()) == before
    else:
        assert announced.queued()[-1] == f"《番茄怎么挑》（会员1群）会前收到1个问题：\n1. 老周：{listed}"


def test_questions_are_not_handed_over_long_after(announced: Listener) -> None:
    announced.say("提问：番茄能放冰箱吗", ZHOU)
    announced.now = moment("2026-12-13 09:00")
    announced.tick()
    assert not any("会前收到" in said for said in announced.queued())


def test_without_notes_the_operators_are_reminded_where(announced: Listener) -> None:
    play(announced, "2026-12-13 13:00")
    assert announced.queued()[-1].startswith("《番茄怎么挑》（会员1群）没有记要点，回顾这次不发。")


def test_a_recap_that_is_late_is_not_told_and_the_operators_know(announced: Listener) -> None:
    play(announced, "2026-12-12 20:30")
    note(announced)
    announced.now = moment("2026-12-13 15:00")
    announced.tick()
    assert announced.queued()[-1] == "《番茄怎么挑》（会员1群）错过了时间，回顾这次不发。"


def test_a_lecture_that_was_put_off_is_announced_for_its_day(folder: Folder, writer: Writer) -> None:
    """Monday is a holiday: the lecture comes on Thursday, and the notice of Wednesday is about that one."""
    text = LECTURE.replace("周六 20:00", "周一 20:00").replace("周六 12:10", "周三 12:10")
    listener = listen(writer, folder.load(f"on_holiday: 顺延\n{text}"), "2027-02-08 09:00")
    play(listener, "2027-02-10 13:00")
    assert listener.queued()[-1].startswith("2月11日 周四 20:00")
