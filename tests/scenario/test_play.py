from __future__ import annotations

import time
from pathlib import Path

import pytest

from bot import fetcher
from bot.errors import ScenarioError
from bot.likeness import dhash
from bot.scenario.play import play
from bot.scenario.playing import Play, report
from bot.scenario.script import PAT, SENT, read
from bot.sop.loader import Loader, SopSet
from bot.store.session import open_engine
from bot.store.tables import interaction
from tests.builders import rows

STATUS, ONLINE = "who: 管, say: /状态", "bot: 在线"


class Director:
    """Writes scenarios, whose talk begins in line 4, and has them played."""

    def __init__(self, folder: Path, sops: SopSet, loader: Loader) -> None:
        self.file, self.sops, self.loader = folder / "talk.yaml", sops, loader

    def write(self, *talk: str, more: str = "") -> Path:
        lines = "".join(f"  - {{{line}}}\n" for line in talk)
        self.file.write_text(f"scenario: 试\nadmins: [管]\ntalk:\n{lines}{more}", encoding="utf-8")
        return self.file

    async def play(self, *talk: str, more: str = "", url: str | None = None) -> Play:
        return await play(read(self.write(*talk, more=more)), self.sops, url, self.loader)

    async def fail(self, *talk: str, more: str = "") -> str:
        playing = await self.play(*talk, more=more)
        return playing.failure


@pytest.fixture
def director(tmp_path: Path, sops: SopSet, loader: Loader) -> Director:
    return Director(tmp_path, sops, loader)


async def test_a_talk_that_goes_as_written_does_not_fail(director: Director) -> None:
    playing = await director.play(STATUS, ONLINE, "at: 12:10, bot: 溯源｜")
    assert playing.failure == ""
    assert playing.transcript[0] == "11月30日 周一 09:00 管（会员1群） /状态"
    assert playing.transcript[1] == "11月30日 周一 09:00 机器人（会员1群）：在线｜1群｜今天发0 待发0"
    assert playing.transcript[2].startswith("11月30日 周一 12:10 机器人（会员1群）：溯源｜")


# --- what the bot is expected to say ---


async def test_silence_where_words_were_expected_fails(director: Director) -> None:
    assert await director.fail("who: 甲, say: 番茄", "after: 1m, bot: 好吃") == (
        "第 5 行：等机器人在会员1群说 好吃，它什么也没说"
    )


async def test_other_words_than_expected_fail_and_both_are_shown(director: Director) -> None:
    assert await director.fail(STATUS, "bot: 掉线") == (
        "第 5 行：说的不一样\n  应该：在会员1群 掉线\n"
        "  实际：11月30日 周一 09:00 机器人（会员1群）：在线｜1群｜今天发0 待发0"
    )


async def test_words_at_another_place_fail(director: Director) -> None:
    assert "应该：私聊 管 在线" in await director.fail(STATUS, "bot: 在线, private: 管")
    assert await director.fail("who: 管, private: /状态", "bot: 在线, private: 管") == ""
    assert "实际：11月30日 周一 09:00 机器人（私聊 person-管）" in await director.fail(
        "who: 管, private: /状态", ONLINE
    )


async def test_words_at_another_time_fail(director: Director) -> None:
    failure = await director.fail("at: 12:30, bot: 溯源")
    assert "时间不对" in failure
    assert "应该：11月30日 周一 12:30" in failure


async def test_words_that_nobody_expected_fail_before_anybody_else_speaks(director: Director) -> None:
    failure = await director.fail(STATUS, "after: 1m, who: 甲, say: 番茄")
    assert failure.startswith("第 5 行：机器人说了没有人等的话\n  多出：11月30日 周一 09:00")
    assert (await director.fail(STATUS)).startswith("机器人说了没有人等的话")


async def test_words_between_slashes_are_searched_for(director: Director) -> None:
    assert await director.fail(STATUS, r"bot: '/\d群.*待发0$/'") == ""
    assert "说的不一样" in await director.fail(STATUS, "bot: /群在线/")


# --- what is counted ---


async def test_counts_that_are_wrong_fail_and_are_shown(director: Director) -> None:
    more = "expect: {message_posted: 2, command_given: 1}\n"
    assert await director.fail("who: 甲, say: 番茄", STATUS, ONLINE, more=more) == (
        "记录的次数不对\n  message_posted：应该 2，实际 1"
    )


async def test_slots_can_be_counted(director: Director) -> None:
    assert (
        await director.fail("at: 12:10, bot: 溯源", more="expect: {slots_done: 1, slots_missed: 0}\n") == ""
    )


async def test_a_count_of_what_does_not_exist_is_a_mistake(director: Director) -> None:
    with pytest.raises(ScenarioError, match="是不是“message_posted”"):
        await director.fail("who: 甲, say: 番茄", more="expect: {mesage_posted: 1}\n")


# --- what people do ---


async def test_who_and_what_is_renumbered_is_unknown_to_the_bot(director: Director) -> None:
    assert await director.fail(STATUS, ONLINE, "who: 管, renumbered: true", STATUS, "bot: 要管理员") == ""
    more = "expect: {message_posted: 0}\n"
    playing = await director.play("renumbered: true", STATUS, "who: 甲, say: 番茄", more=more)
    assert playing.failure == ""
    assert playing.transcript[0] == "11月30日 周一 09:00 —— 会员1群换了编号 ——"


async def test_everything_that_people_do_is_recorded(director: Director, url: str) -> None:
    playing = await director.play(
        "who: 甲, join: true",
        "who: 甲, say: 番茄, quote: 谁有番茄",
        "who: 甲, image: [a.jpg, b.jpg]",
        "who: 甲, voice: 12 秒",
        "who: 甲, sticker: 哈哈",
        "who: 甲, private: 在吗各位",
        "who: 甲, recall: 1",
        "who: 甲, recall: 5",
        "who: 甲, leave: true",
        more="expect: {member_joined: 1, message_posted: 4, presence_shown: 1, member_left: 1}\n",
        url=url,
    )
    assert playing.failure == ""
    engine = open_engine(url)
    with engine.connect() as connection:
        found = {row["id"]: row for row in rows(connection, interaction)}
        recalled = [
            found[row["parent_event_id"]] for row in found.values() if row["name"] == "message_recalled"
        ]
    engine.dispose()
    assert [(row["channel"], row["text_len"]) for row in recalled] == [("dm", 4), ("group", 2)]


async def test_whatever_wechat_lets_people_send_is_recorded_by_its_name(director: Director) -> None:
    names = {
        "message_posted": ["视频", "文件", "聊天记录"],
        "link_shared": ["链接"],
        "card_shared": ["小程序", "视频号", "名片"],
        "location_shared": ["位置"],
        "red_packet_sent": ["红包"],
        "transfer_sent": ["转账"],
        "group_note_posted": ["群公告"],
        "pat_given": ["拍一拍"],
    }
    ways = [what for sent in names.values() for what in sent]
    assert sorted(ways) == sorted([*SENT, PAT])
    lines = (f"who: 甲, sends: {what}" for what in ways)
    counts = ", ".join(f"{name}: {len(sent)}" for name, sent in names.items())
    playing = await director.play(*lines, more=f"expect: {{{counts}}}\n")
    assert playing.failure == ""
    assert any("甲（会员1群） 红包" in line for line in playing.transcript)


async def test_somebody_may_mention_the_bot(director: Director) -> None:
    assert await director.fail("who: 管, say: 排行, mention: true", "bot: 还没有人打卡") == ""


async def test_what_is_delivered_late_happened_when_it_is_told(director: Director, url: str) -> None:
    await director.play("at: 10:00, who: 甲, say: 番茄, late: 5m", url=url)
    engine = open_engine(url)
    with engine.connect() as connection:
        (row,) = rows(connection, interaction, name="message_posted")
    engine.dispose()
    assert (row["received_at"] - row["occurred_at"]).total_seconds() == 300


async def test_time_passes_without_a_word(director: Director) -> None:
    assert await director.fail("at: 12:00", "after: 10m, bot: 溯源") == ""


async def test_the_bot_may_stop_and_begin_again(director: Director) -> None:
    playing = await director.play(
        "at: 12:00, stop: true", "at: 12:30, who: 甲, say: 在吗各位", "after: 4m, restart: true", "bot: 溯源"
    )
    assert playing.failure == ""
    assert playing.transcript[0] == "11月30日 周一 12:00 —— 机器人停了 ——"
    assert playing.transcript[2] == "11月30日 周一 12:34 —— 机器人重启 ——"


FAREWELL = "{sops/farewell.yaml: '{sop: theme_day, id: farewell, name: 道别, every: 周一 20:00, \
post: {template: origin_story.j2, shelf: 溯源故事}}'}"


async def test_files_change_and_are_read_anew_as_when_they_are_saved(director: Director) -> None:
    playing = await director.play(
        "at: 9:30, reload: {sops/monday-origin.yaml: {'周一 12:10': '周一 10:10'}}", "at: 10:10, bot: 溯源"
    )
    assert playing.failure == ""
    assert playing.transcript[0] == "11月30日 周一 09:30 —— 改了 sops/monday-origin.yaml ——"


async def test_files_change_and_are_read_because_somebody_says_so(director: Director) -> None:
    playing = await director.play(
        f"who: 管, privately: true, reload: {FAREWELL}",
        "bot: 装好了：+1 ~0 -0, private: 管",
        "who: 甲, privately: true, reload: {sops/farewell.yaml: null}",
        "at: 12:10, bot: 溯源",
        "at: 20:00, bot: 溯源",
    )
    assert playing.failure == ""
    assert playing.transcript[1] == "11月30日 周一 09:00 管（私聊） /重新装载"


async def test_the_projects_own_files_stay_as_they_are(director: Director, loader: Loader) -> None:
    await director.play("reload: {sops/monday-origin.yaml: null}")
    assert (loader.sops / "monday-origin.yaml").is_file()


async def test_of_sops_that_a_scenario_names_no_other_plays_after_a_reload_but_those_that_came(
    director: Director,
) -> None:
    talk = (f"reload: {FAREWELL}", "at: 20:00, bot: 溯源")
    assert await director.fail(*talk, more="sops: [dinner-table]\n") == ""


async def test_a_restart_begins_with_the_files_as_they_are_by_then(director: Director) -> None:
    earlier = "reload: {sops/monday-origin.yaml: {'周一 12:10': '周一 10:10'}}"
    assert await director.fail("stop: true", earlier, "restart: true", "at: 10:10, bot: 溯源") == ""


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ("{sops/gone.yaml: null}", "没有 sops/gone.yaml 这个文件"),
        ("{sops/gone.yaml: {早: 晚}}", "没有 sops/gone.yaml 这个文件"),
        (
            "{sops/monday-origin.yaml: {周八: 晚}}",
            "sops/monday-origin.yaml 里“周八”要正好有一处，现在有 0 处",
        ),
    ],
)
async def test_a_change_that_cannot_be_made_fails(director: Director, changes: str, said: str) -> None:
    assert await director.fail(f"reload: {changes}") == f"第 4 行：{said}"


async def test_where_nobody_reads_files_none_can_be_reloaded(director: Director, sops: SopSet) -> None:
    file = director.write("reload: {}")
    assert (await play(read(file), sops)).failure == "第 4 行：这里没有可以重新装载的文件夹"


async def test_only_the_sops_that_are_named_play(director: Director) -> None:
    assert await director.fail("at: 13:00", more="sops: [dinner-table]\n") == ""


# --- mistakes ---


async def test_a_sop_that_does_not_exist_is_a_mistake(director: Director) -> None:
    with pytest.raises(ScenarioError, match="没有 id 是 diner-table 的 SOP，是不是“dinner-table”？"):
        await director.fail("at: 13:00", more="sops: [diner-table]\n")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("at: 2020-01-01 10:00, who: 甲, say: 早", "已经过去了"),
        ("who: 甲, recall: 1", "甲 还没有说过"),
    ],
)
async def test_a_line_that_cannot_be_played_is_told_with_its_number(
    director: Director, line: str, said: str
) -> None:
    failure = await director.fail("at: 9:30", line)
    assert failure.startswith("第 5 行：")
    assert said in failure


async def test_a_report_shows_what_was_said_before(director: Director) -> None:
    playing = await director.play("who: 甲, say: 番茄", STATUS, "bot: 掉线")
    assert report(playing).splitlines()[-3:] == [
        "之前：",
        "  11月30日 周一 09:00 甲（会员1群） 番茄",
        "  11月30日 周一 09:00 管（会员1群） /状态",
    ]
    nothing_before = await director.play("bot: 早")
    assert report(nothing_before) == nothing_before.failure


async def test_pictures_take_no_time_however_busy_the_machine_is(
    sops: SopSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slowly(content: bytes) -> int | None:
        time.sleep(0.2)
        return dhash(content)

    monkeypatch.setattr(fetcher, "dhash", slowly)
    file = Path(__file__).parents[1] / "scenarios/challenge/approved-after-recall.yaml"
    assert (await play(read(file), sops)).failure == ""
