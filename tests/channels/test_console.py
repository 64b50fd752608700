from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.channels.base import LARGEST, Message
from bot.channels.console import Cast
from bot.channels.console.channel import BOT_ID, ROOM_ID
from bot.channels.console.lines import READER
from bot.channels.placeholder import placeholder
from bot.errors import FetchFailed, SendFailed
from bot.events import (
    ChannelEvent,
    FriendMade,
    LinkUp,
    Media,
    MembersJoined,
    MembersLeft,
    MessageKind,
    MessageRecalled,
    MessageReceived,
    Person,
)
from tests.channels.console_stage import MONDAY, FakeStage, build, play
from tests.channels.contract import ChannelContract, Heard, listening


class PipeDriver:
    """Writes into the pipe that the console reads, and looks at what the bot said on its screen."""

    room, friend = ROOM_ID, "xiaoman"

    def __init__(self) -> None:
        read, write = os.pipe()
        self._stdin = os.fdopen(read)
        self._keyboard = os.fdopen(write, "w")
        self.channel, self._out = build(FakeStage(), self._stdin)

    async def say(self, text: str) -> None:
        print(text, file=self._keyboard, flush=True)

    async def whisper(self, text: str) -> None:
        print(f"小满: :dm {text}", file=self._keyboard, flush=True)

    async def befriend(self) -> None:
        print(":friend 小满", file=self._keyboard, flush=True)

    async def show(self) -> tuple[str, bytes]:
        print("小满: :image nowhere/dinner.jpg", file=self._keyboard, flush=True)
        return "nowhere/dinner.jpg", placeholder("dinner.jpg")

    async def shown(self, count: int) -> list[str]:
        said = self._out.getvalue().split("[周一 09:00] 小野")[1:]
        assert len(said) == count
        return [one.partition("▸ ")[2].rstrip().replace("\n    ", "\n") for one in said]

    def close(self) -> None:
        self._keyboard.close()
        for thread in threading.enumerate():
            if thread.name == READER:  # it sees the end of the pipe; the next pipe may get the same number
                thread.join()
        self._stdin.close()


@pytest.fixture
def driver() -> Iterator[PipeDriver]:
    driver = PipeDriver()
    yield driver
    driver.close()


class TestContract(ChannelContract):
    """The console keeps what every channel keeps."""


async def test_a_picture_that_is_there_is_read(driver: PipeDriver, tmp_path: Path) -> None:
    picture = tmp_path / "dinner.jpg"
    picture.write_bytes(b"\xff\xd8\xff tomato")
    async with listening(driver.channel) as heard:
        await heard.some(LinkUp)
        assert await driver.channel.fetch(str(picture)) == b"\xff\xd8\xff tomato"
        with picture.open("ab") as file:
            file.truncate(LARGEST + 1)
        with pytest.raises(FetchFailed):
            await driver.channel.fetch(str(picture))


def received(events: list[ChannelEvent]) -> list[MessageReceived]:
    return [event for event in events if isinstance(event, MessageReceived)]


async def heard(script: str, bot_name: str = "小野") -> list[MessageReceived]:
    return received((await play(script, bot_name=bot_name))[1])


async def test_the_welcome_says_what_this_is_and_where_the_clock_stands() -> None:
    channel, out = build(FakeStage(), io.StringIO())
    got = Heard()
    await channel.run(got.deliver)
    assert out.getvalue() == (
        "· 这里是“会员1群”，小野也在群里。直接打字就能说话，打 :help 看看还能做什么。\n"
        "· 这里的时间可以拨，打 :next 跳到下一件到点的事。现在是：\n"
        "—— 11月30日 周一 09:00 ——\n"
    )
    assert got.events == [LinkUp(MONDAY, BOT_ID, "小野")]


async def test_a_conversation_reads_like_a_chat() -> None:
    def answer(event: ChannelEvent) -> list[Message]:
        if not isinstance(event, MessageReceived) or not event.to_bot:
            return []
        return [
            Message(1, "今晚两桌：\n\n1. 番茄牛腩\n2. 芋头", chat_id=ROOM_ID, mentions=(("aqing", "阿青"),)),
            Message(2, "给您留了位子", person_id="aqing"),
        ]

    shown, _ = await play(
        """大家好
阿青：@小野 今晚有什么
:image dinner.jpg soup.jpg
:recall
小满: :dm 我想报名
:join 小舟 by 阿青
:leave 老周
:as 小舟
我来了
""",
        answer=answer,
    )
    assert shown == [
        "[周一 09:00] 我 ▸ 大家好",
        "[周一 09:00] 阿青 ▸ @小野 今晚有什么",
        "[周一 09:00] 小野 ▸ @阿青 今晚两桌：",
        "",
        "    1. 番茄牛腩",
        "    2. 芋头",
        "[周一 09:00] 小野（私聊给 阿青）▸ 给您留了位子",
        "[周一 09:00] 我 ▸ [图片] dinner.jpg",
        "[周一 09:00] 我 ▸ [图片] soup.jpg",
        "[周一 09:00] 我 撤回了一条消息",
        "[周一 09:00] 小满（私聊给 小野）▸ 我想报名",
        "[周一 09:00] 小舟 进群了（阿青 邀请）",
        "[周一 09:00] 老周 离开了群",
        "· 现在是小舟在说话",
        "[周一 09:00] 小舟 ▸ 我来了",
    ]


async def test_a_line_is_answered_before_the_next_one_is_read() -> None:
    def answer(event: ChannelEvent) -> list[Message]:
        return [Message(1, "收到", chat_id=ROOM_ID)] if isinstance(event, MessageReceived) else []

    shown, _ = await play("一\n二\n", answer=answer)
    assert [line.partition("] ")[2] for line in shown] == ["我 ▸ 一", "小野 ▸ 收到", "我 ▸ 二", "小野 ▸ 收到"]


async def test_what_the_bot_says_at_the_start_comes_before_the_first_line() -> None:
    def answer(event: ChannelEvent) -> list[Message]:
        return [Message(1, "早", chat_id=ROOM_ID)] if isinstance(event, LinkUp) else []

    shown, _ = await play("一\n", answer=answer)
    assert shown == ["[周一 09:00] 小野 ▸ 早", "[周一 09:00] 我 ▸ 一"]


async def test_the_same_script_gives_the_same_transcript_and_ids() -> None:
    script = "大家好\n:image a.jpg\n:recall\n:+3h\n:join 大刘\n"
    assert await play(script) == await play(script)


async def test_members_and_bot_share_one_counter_of_ids() -> None:
    stage = FakeStage()
    channel, _ = build(stage, io.StringIO("一\n二\n"))
    ids: list[str | None] = []

    async def deliver(event: ChannelEvent) -> None:
        if isinstance(event, MessageReceived):
            ids.extend([event.id, await channel.send(Message(1, "收到", chat_id=ROOM_ID))])

    await channel.run(deliver)
    assert ids == ["c1", "c2", "c3", "c4"]


async def test_two_runs_on_a_real_clock_have_no_id_in_common() -> None:
    first, later = FakeStage(can_move=False), FakeStage(can_move=False)
    later.moment += timedelta(seconds=1)
    ids = [received((await play("一\n二\n", stage))[1]) for stage in (first, later)]
    assert len({message.id for messages in ids for message in messages}) == 4


async def test_a_picture_is_announced_and_never_opened() -> None:
    (picture,) = await heard("小满: :image /nowhere/at/all.jpg\n")
    assert picture.kind is MessageKind.IMAGE
    assert picture.media == (Media(ref="/nowhere/at/all.jpg", name="/nowhere/at/all.jpg"),)
    assert picture.sender == Person("xiaoman", "小满")


@pytest.mark.parametrize(
    ("text", "mentioned"),
    [
        ("@小野 在吗", (BOT_ID,)),
        ("＠小野，在吗", (BOT_ID,)),
        ("你好@阿青 @小野\u2005@阿青", ("aqing", BOT_ID)),
        ("@老周", ("laozhou",)),
        ("@小野菜 在吗", ()),
        ("@小舟 不在群里", ()),
        ("小野在吗", ()),
    ],
)
async def test_an_at_sign_and_a_name_mention_someone(text: str, mentioned: tuple[str, ...]) -> None:
    (message,) = await heard(f"{text}\n")
    assert (message.text, message.mentioned) == (text, mentioned)
    assert message.to_bot == (BOT_ID in mentioned)


async def test_a_bot_whose_name_has_a_space_can_be_mentioned() -> None:
    (message,) = await heard("@Wild Field 在吗\n", bot_name="Wild Field")
    assert message.to_bot


async def test_a_longer_name_is_not_taken_for_the_shorter_one_inside_it() -> None:
    cast = Cast([Person("a", "小满"), Person("b", "小满 妈妈")])
    channel, _ = build(FakeStage(), io.StringIO("@小满 妈妈 好\n"), cast=cast)
    got = Heard()
    await channel.run(got.deliver)
    assert received(got.events)[0].mentioned == ("b",)


async def test_recall_takes_back_the_speakers_own_last_message_then_the_one_before() -> None:
    _, events = await play("一\n:dm 二\n阿青: 三\n:recall\n:recall\n:recall\n")
    recalled = [event for event in events if isinstance(event, MessageRecalled)]
    assert [(event.message_id, event.sender.name, event.chat is None) for event in recalled] == [
        ("c2", "我", True),
        ("c1", "我", False),
    ]


async def test_a_stranger_can_talk_to_the_bot_in_private_but_not_in_the_group() -> None:
    shown, events = await play("小舟: 大家好\n小舟: :dm 想进群\n")
    assert [message.text for message in received(events)] == ["想进群"]
    assert shown[0] == "· 小舟不在群里。可以 :join 小舟 进群，或者用 :dm 私聊。"


async def test_who_left_can_come_back_as_the_same_person() -> None:
    _, events = await play(":leave 老周\n:join 老周\n老周: 又见面了\n")
    left, joined, message = events
    assert isinstance(left, MembersLeft)
    assert isinstance(joined, MembersJoined)
    assert isinstance(message, MessageReceived)
    assert left.people == joined.people == (message.sender,) == (Person("laozhou", "老周"),)


async def test_several_come_in_at_once_with_an_id_that_the_next_run_gives_again() -> None:
    _, (joined,) = await play(":join 小舟 大刘 by 林姨\n")
    assert isinstance(joined, MembersJoined)
    assert joined.people == (Person("xiaozhou", "小舟"), Person("name:大刘", "大刘"))
    assert joined.inviter == Person("linyi", "林姨")


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        (":join 阿青", "阿青已经在群里了"),
        (":join 小野", "小野已经在群里了"),
        (":join 小@野", "不能有 @"),
        (":join a\u202eb", "名字最多 20 个字"),
        (":join 大刘 by 无名", "没有叫“无名”的人"),
        (":leave 无名", "没有叫“无名”的人"),
        (":leave 小舟", "小舟不在群里"),
        (":friend 小野", "机器人不能加自己"),
        (":friend 小@野", "不能有 @"),
        (":as 无名", "没有叫“无名”的人"),
        (":recall", "我没有可以撤回的消息"),
        (":hepl", "是不是想写 :help"),
        (":image", "要这样写： :image"),
    ],
)
async def test_what_cannot_be_done_is_explained_and_does_not_happen(typed: str, reason: str) -> None:
    shown, events = await play(f"{typed}\n")
    assert events == []
    assert len(shown) == 1
    assert reason in shown[0]


async def test_who_becomes_a_friend_stays_outside_the_group() -> None:
    shown, events = await play(":friend 大刘\n大刘: :dm 我想进群\n:friend 阿青\n大刘: 大家好\n")
    made = [event for event in events if isinstance(event, FriendMade)]
    assert [event.person.name for event in made] == ["大刘", "阿青"]
    assert [type(event) for event in events] == [FriendMade, MessageReceived, FriendMade]
    assert "大刘 和小野成了好友" in shown[0]
    assert "大刘不在群里" in shown[-1]


async def test_everybody_is_listed() -> None:
    shown, _ = await play(":as 阿青\n:who\n")
    assert shown[1:] == [
        "· 群里有：我、阿青、小满、老周、林姨、小野",
        "· 不在群里：小舟",
        "· 现在是阿青在说话",
    ]


async def test_the_help_names_every_command() -> None:
    shown, _ = await play(":help\n")
    text = "\n".join(shown)
    words = ["as", "image", "recall", "dm", "join", "leave", "friend", "who", "next", "+3h", "to", "quit"]
    assert [word for word in words if f":{word}" not in text] == []


async def test_nothing_after_quit_is_read() -> None:
    assert await play(":quit\n大家好\n") == ([], [])


async def test_the_clock_moves_to_what_is_due_and_a_new_day_has_its_own_line() -> None:
    noon, tomorrow = MONDAY.replace(hour=12, minute=10), MONDAY + timedelta(days=1)
    due = [
        (noon, Message(1, "溯源日", chat_id=ROOM_ID)),
        (tomorrow, Message(2, "早", chat_id=ROOM_ID)),
    ]
    shown, _ = await play(":next\n:next\n:next\n", FakeStage(due=due))
    assert shown == [
        "[周一 12:10] 小野 ▸ 溯源日",
        "—— 12月1日 周二 09:00 ——",
        "[周二 09:00] 小野 ▸ 早",
        "· 后面没有安排了。",
    ]


async def test_after_a_quiet_move_the_time_is_told_once() -> None:
    shown, _ = await play(":+3h\n：to 18：30\n:+6h\n一\n")
    assert shown == [
        "—— 周一 12:00 ——",
        "—— 周一 18:30 ——",
        "—— 12月1日 周二 00:30 ——",
        "[周二 00:30] 我 ▸ 一",
    ]


async def test_a_move_that_the_stage_refuses_is_explained_in_its_words() -> None:
    shown, _ = await play(":+3x\n")
    assert shown == ["· 看不懂“3x”，可以写 3h。"]


@pytest.mark.parametrize("typed", [":next", ":+3h", ":to 19:00"])
async def test_a_real_clock_cannot_be_moved(typed: str) -> None:
    stage = FakeStage(can_move=False)
    shown, _ = await play(f"{typed}\n", stage)
    assert shown == ["· 现在走的是真实时间，不能拨。想快进，请用 bot demo。"]
    assert stage.now() == MONDAY


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("\x1b[2J\x1b]0;pwned\x07红\x9b31m色", "[2J]0;pwned红31m色"),
        ("abc\u202edcba\u2066x\u200f", "abcdcbax"),
        ("一\r[周一 09:00] 小野 ▸ 假的", "一[周一 09:00] 小野 ▸ 假的"),
        ("👨\u200d👩\u200d👧 \u4e00", "👨\u200d👩\u200d👧 一"),
    ],
)
async def test_what_people_write_cannot_play_tricks_on_the_terminal(typed: str, shown: str) -> None:
    channel, out = build(FakeStage(), io.StringIO(f"{typed}\n", newline="\n"))
    got = Heard()
    await channel.run(got.deliver)
    assert out.getvalue().split("\n")[-2] == f"[周一 09:00] 我 ▸ {shown}"
    assert received(got.events)[0].text == typed


async def test_what_the_bot_repeats_cannot_play_tricks_either() -> None:
    def answer(event: ChannelEvent) -> list[Message]:
        text = "谢谢\x1b[31m\n[周一 09:00] 我 ▸ 假的"
        return [Message(1, text, chat_id=ROOM_ID)] if isinstance(event, MessageReceived) else []

    shown, _ = await play("一\n", answer=answer)
    assert shown[1:] == ["[周一 09:00] 小野 ▸ 谢谢[31m", "    [周一 09:00] 我 ▸ 假的"]


@pytest.mark.parametrize(
    "message",
    [Message(1, "谁", chat_id="elsewhere"), Message(1, "谁", person_id="nobody"), Message(1, "谁")],
)
async def test_what_goes_to_nobody_here_is_refused(message: Message, driver: PipeDriver) -> None:
    async with listening(driver.channel) as got:
        await got.some(LinkUp)
        with pytest.raises(SendFailed):
            await driver.channel.send(message)


async def test_a_regular_file_is_read_to_its_end(tmp_path: Path) -> None:
    script = tmp_path / "script.txt"
    script.write_bytes("\ufeff大家好\r\n坏字节".encode() + b"\xff\n" + "没有换行".encode())
    with script.open() as stdin:
        channel, _ = build(FakeStage(), stdin)
        got = Heard()
        await channel.run(got.deliver)
    assert [message.text for message in received(got.events)] == ["大家好", "坏字节\ufffd", "没有换行"]


WAITING = """
import asyncio
from bot.channels.console import ConsoleChannel
from tests.channels.console_stage import FakeStage

async def main():
    up = asyncio.Event()
    async def deliver(event):
        up.set()
    channel = ConsoleChannel(FakeStage(), bot_name="小野", room_title="会员1群")
    running = asyncio.create_task(channel.run(deliver))
    await up.wait()
    await asyncio.sleep(0.1)  # so that the reader waits inside the system call
    running.cancel()
    await asyncio.wait({running}, timeout=1)
    assert running.cancelled()

asyncio.run(main())
"""


def test_a_process_whose_pipe_stays_open_can_exit() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WAITING],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.getcwd(), "PYTHONIOENCODING": "ascii"},
    ) as process:
        assert process.wait(timeout=30) == 0
        assert process.stderr is not None
        assert process.stdout is not None
        assert process.stderr.read() == b""
        assert "小野也在群里".encode() in process.stdout.read()


def test_the_line_editor_is_not_imported_before_it_is_needed() -> None:
    code = "import sys, bot.channels.console; sys.exit('prompt_toolkit' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
