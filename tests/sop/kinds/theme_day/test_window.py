"""Windows over a restart, a file that changed or went, and a room that was closed meanwhile."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.events import Person
from bot.people import directory, points, roles, tags
from bot.store.tables import failure, interaction, run, tag
from bot.store.writer import Writer
from tests.builders import BOSS, OTHER_ROOM, QING, ZHOU
from tests.listener import SOURCE, Listener
from tests.theme_folder import POST, Folder, listen, moment, play, reload

WINDOW = "window: {until: 21:30, ask: 好吃吗？, collect: {tag: {可持续农业: 1}}}\n"
CHOSEN = "digest: {at: 周二 12:10, template: origin_digest.j2, at_least: 1条}\n"
BY_ITSELF = CHOSEN.replace("}", ", pick: 自动}")
MONDAY = f"every: 周一 12:10\n{POST}{WINDOW}"
CONGEE, RICE = "我家用它煮了一大锅粥，孩子喝了两碗", "晚上又拿剩饭炒了一盘蛋炒饭"


def operated(listener: Listener) -> Listener:
    """With an operators' room, where the boss may command."""
    listener.enable(OTHER_ROOM, "运营群")
    listener.give(BOSS, roles.ADMIN)
    return listener


def views(listener: Listener) -> list[int | None]:
    return [row["value_int"] for row in listener.rows(interaction, name="window_contributed")]


def failed(listener: Listener) -> list[str]:
    return [row["error"] for row in listener.rows(failure)]


def earned(listener: Listener) -> tuple[float, list[str]]:
    """The points and the tags of Qing."""
    with listener.writer.transaction(listener.now) as tx:
        qing = directory.known_people(tx, SOURCE, [QING.id])[QING.id]
        return points.of(tx, qing.member_id), list(tags.of(tx, qing.member_id))


def test_two_posts_of_a_day_have_one_window(folder: Folder, writer: Writer) -> None:
    listener = listen(
        writer, folder.load(f"every: [周一 12:10, 周一 19:30]\n{POST}{WINDOW}"), "2026-12-07 09:00"
    )
    play(listener, "2026-12-07 20:00")
    listener.say(CONGEE)
    assert len(listener.rows(run)) == 1
    assert len(views(listener)) == 1


def test_a_view_has_one_number_over_all_sops(folder: Folder, writer: Writer) -> None:
    folder.load(f"{MONDAY}{CHOSEN}", id="noon")
    later = folder.load(f"every: 周二 12:10\n{POST}{WINDOW}{CHOSEN.replace('周二', '周三')}")
    listener = listen(writer, later, "2026-12-07 09:00")
    play(listener, "2026-12-07 13:00")
    listener.say(CONGEE)
    play(listener, "2026-12-08 13:00")
    listener.say(RICE)
    assert views(listener) == [1, 2]


def test_where_nobody_chooses_views_have_no_number(folder: Folder, writer: Writer) -> None:
    listener = listen(writer, folder.load(f"{MONDAY}{BY_ITSELF}"), "2026-12-07 09:00")
    play(listener, "2026-12-07 13:00")
    listener.say(CONGEE)
    play(listener, "2026-12-08 13:00")
    assert views(listener) == [None]
    assert listener.queued()[-1].endswith(f"阿青：{CONGEE}\n谢谢大家，想起什么随时补。")


@pytest.mark.parametrize("digest", ["", BY_ITSELF])
def test_what_was_said_in_time_counts_though_it_is_heard_late(
    folder: Folder, writer: Writer, digest: str
) -> None:
    listener = listen(writer, folder.load(f"{MONDAY}{digest}"), "2026-12-07 09:00")
    play(listener, "2026-12-07 23:00")
    listener.say(CONGEE, occurred_at=moment("2026-12-07 21:29"))
    listener.say(RICE, occurred_at=moment("2026-12-07 21:31"))
    assert len(views(listener)) == 1


def test_a_window_without_a_digest_ends(folder: Folder, writer: Writer) -> None:
    listener = listen(writer, folder.load(MONDAY), "2026-12-07 09:00")
    play(listener, "2026-12-09 09:00")
    (window,) = listener.rows(run)
    assert window["closed_at"] is not None


@pytest.mark.parametrize(("back", "told"), [("13:00", True), ("15:00", False)])
def test_a_digest_comes_on_its_day_or_not_at_all(
    folder: Folder, writer: Writer, back: str, told: bool
) -> None:
    """The bot is away from before the end of the window until after the digest's moment."""
    listener = operated(listen(writer, folder.load(f"{MONDAY}{BY_ITSELF}"), "2026-12-07 09:00"))
    play(listener, "2026-12-07 21:00")
    listener.say(CONGEE)
    listener.tick(moment(f"2026-12-08 {back}") - listener.now)
    listener.tick(timedelta(seconds=1))
    assert (CONGEE in listener.queued()[-1]) is told
    assert ("错过了时间，合集这次不发" in listener.queued()[-1]) is not told
    play(listener, "2026-12-20 09:00")
    assert len([said for said in listener.queued() if "合集这次不发" in said]) == (not told)


def test_a_digest_may_come_as_the_window_ends(folder: Folder, writer: Writer) -> None:
    digest = BY_ITSELF.replace("周二 12:10", "每天 21:30")
    listener = listen(writer, folder.load(f"{MONDAY}{digest}"), "2026-12-07 09:00")
    play(listener, "2026-12-07 21:00")
    listener.say(CONGEE)
    play(listener, "2026-12-07 22:00")
    assert CONGEE in listener.queued()[-1]


def test_nobody_is_asked_to_choose_when_it_is_too_late(folder: Folder, writer: Writer) -> None:
    listener = operated(listen(writer, folder.load(f"{MONDAY}{CHOSEN}"), "2026-12-07 09:00"))
    play(listener, "2026-12-07 21:00")
    listener.say(CONGEE)
    listener.tick(moment("2026-12-08 13:00") - listener.now)
    listener.tick(timedelta(seconds=1))
    assert [said for said in listener.queued() if "收到1条" in said] == [
        "一天（会员1群）收到1条，没有人选，合集这次不发。"
    ]


def test_a_window_whose_file_changed_ends_as_it_began(folder: Folder, writer: Writer) -> None:
    listener = operated(listen(writer, folder.load(f"{MONDAY}{CHOSEN}"), "2026-12-07 09:00"))
    play(listener, "2026-12-07 13:00")
    reload(listener, folder.load(f"every: 周五 12:10\n{POST}"))
    listener.say(CONGEE)
    listener.say("/选 1", BOSS, OTHER_ROOM)
    play(listener, "2026-12-08 13:00")
    assert "选了1条，发合集时用。" in listener.queued()
    assert CONGEE in listener.queued()[-1]
    assert failed(listener) == []


def test_a_window_whose_file_is_gone_ends_as_it_began(folder: Folder, writer: Writer) -> None:
    listener = operated(listen(writer, folder.load(f"{MONDAY}{CHOSEN}"), "2026-12-07 09:00"))
    play(listener, "2026-12-07 13:00")
    reload(listener, folder.without())
    listener.say(CONGEE)
    taken_back = listener.say(RICE, ZHOU)
    listener.recall(taken_back)
    listener.say("/选 1 2", BOSS, OTHER_ROOM)
    play(listener, "2026-12-08 13:00")
    assert "选了1条，发合集时用。没有 2 号。" in listener.queued()
    assert "1位回了话" in listener.queued()[-1]
    assert failed(listener) == []


def test_a_second_post_after_the_file_changed_keeps_the_version(folder: Folder, writer: Writer) -> None:
    """What was put off begins its window under the version that it has itself."""
    moved = f'{MONDAY}except: {{2026-12-07: "2026-12-08 12:20"}}\n'
    loaded = folder.load(moved)
    assert loaded.sops is not None
    listener = listen(writer, loaded, "2026-12-07 09:00")
    play(listener, "2026-12-07 13:00")
    reload(listener, folder.load(moved.replace("12:10", "12:15")))
    play(listener, "2026-12-08 13:00")
    assert {row["sop_hash"] for row in listener.rows(run)} == {loaded.sops.source["day"].hash}


def test_what_is_put_off_does_not_come_once_its_sop_is_gone(folder: Folder, writer: Writer) -> None:
    loaded = folder.load(f'every: 周一 12:10\nexcept: {{2026-12-07: "15:00"}}\n{POST}')
    listener = listen(writer, loaded, "2026-12-07 09:00")
    play(listener, "2026-12-07 13:00")
    reload(listener, folder.without())
    assert play(listener, "2026-12-08 13:00") == []
    assert failed(listener) == []


def test_of_a_room_that_was_closed_the_operators_hear_nothing(folder: Folder, writer: Writer) -> None:
    listener = operated(listen(writer, folder.load(f"{MONDAY}{CHOSEN}"), "2026-12-07 09:00"))
    play(listener, "2026-12-07 13:00")
    listener.say(CONGEE)
    before = len(listener.queued())
    listener.disable()
    play(listener, "2026-12-09 13:00")
    assert len(listener.queued()) == before
    assert all(row["closed_at"] is not None for row in listener.rows(run))


def test_who_takes_back_their_only_view_keeps_nothing_of_it(folder: Folder, writer: Writer) -> None:
    listener = listen(writer, folder.load(MONDAY), "2026-12-07 09:00")
    play(listener, "2026-12-07 13:00")
    said = listener.say(CONGEE)
    assert earned(listener) == (1, ["可持续农业"])
    listener.recall(said)
    assert earned(listener) == (0, [])
    assert [row["props"]["to"] for row in listener.rows(interaction, name="tag_changed")] == [1, None]


def test_who_takes_back_the_first_of_two_views_keeps_what_one_earns(folder: Folder, writer: Writer) -> None:
    listener = listen(writer, folder.load(MONDAY), "2026-12-07 09:00")
    play(listener, "2026-12-07 13:00")
    first = listener.say(CONGEE)
    second = listener.say(RICE)
    listener.recall(first)
    assert earned(listener) == (1, ["可持续农业"])
    assert len(listener.rows(tag)[0]["evidence"]) == 1
    listener.recall(second)
    assert earned(listener) == (0, [])


@pytest.mark.parametrize("typed", ["/选 ²", f"/选 {'9' * 3000}", "/选 31-35", "/选"])
def test_what_is_no_number_shows_what_there_is(folder: Folder, writer: Writer, typed: str) -> None:
    listener = operated(listen(writer, folder.load(f"{MONDAY}{CHOSEN}"), "2026-12-07 09:00"))
    play(listener, "2026-12-07 13:00")
    said = listener.say(CONGEE)
    listener.say(typed, BOSS, OTHER_ROOM)
    assert failed(listener) == []
    assert f"1 阿青 {CONGEE}" in listener.queued()
    listener.recall(said)
    assert not any(CONGEE in said for said in listener.queued())


def test_the_operators_are_shown_how_to_choose_what_they_see(folder: Folder, writer: Writer) -> None:
    """Of many views they see the fullest; the first of all is not among them."""
    listener = operated(listen(writer, folder.load(f"{MONDAY}{CHOSEN}"), "2026-12-07 09:00"))
    play(listener, "2026-12-07 13:00")
    for n in range(10):
        listener.say("晚上吃了一碗白米饭呀" + "真香" * min(n, 1), Person(f"member-{n}", f"会员{n}"))
    play(listener, "2026-12-07 22:00")
    assert listener.queued()[-1].startswith("一天（会员1群）收到10条：\n2 会员1 ")
    assert listener.queued()[-1].endswith("\n还有1条\n选几条进合集，回 /选 2")


def test_numbers_may_stand_in_a_list(folder: Folder, writer: Writer) -> None:
    listener = operated(listen(writer, folder.load(f"{MONDAY}{CHOSEN}"), "2026-12-07 09:00"))
    play(listener, "2026-12-07 13:00")
    listener.say(CONGEE)
    listener.say(RICE, ZHOU)
    listener.say("/选 1、2，7", BOSS, OTHER_ROOM)
    assert listener.queued()[-1] == "选了2条，发合集时用。没有 7 号。"
