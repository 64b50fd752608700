from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands.parser import LONGEST, Call, Commands, Unknown, split
from tests.builders import command

ENABLE = command("room enable", "开群")
DISABLE = command("room disable", "关群")
RUN = command("sop run", "发sop")
HELP = command("help", "帮助")
RANK = command("rank", "排行", words=("排行",))
ACCEPT = command("ugc accept", leads=("过",))
CONFIRM = command("confirm", leads=("发",), glued=True)
COMMANDS = Commands([ENABLE, DISABLE, RUN, HELP, RANK, ACCEPT, CONFIRM])


def read(text: str, *, addressed: bool = False) -> Call | Unknown | None:
    return COMMANDS.read(text, addressed=addressed)


@pytest.mark.parametrize(
    "typed",
    [
        "/room enable 会员1群",
        "／room enable 会员1群",
        "、room enable 会员1群",
        "/开群 会员1群",
        "、开群 会员1群",
        "  /开群   会员1群  ",
        "/ 开群 会员1群",
        "/开群　会员1群",
        "/Room  ENABLE\t会员1群",
        "/ROOM\nenable 会员1群",
        "/开群 “会员1群”",
        "/开群 ”会员1群“",
        '/开群 "会员1群"',
        "/开群 '会员1群'",
        "/开群 ‘会员1群’",
        "/开群 「会员1群」",
        "/开群 『会员1群』",
        "@小野\u2005/开群 会员1群",
        "@小野 ／开群 会员1群",
        " @小野　、开群 会员1群",
    ],
)
def test_a_command_is_read_however_a_phone_types_it(typed: str) -> None:
    assert read(typed) == Call(ENABLE, ("会员1群",))


@pytest.mark.parametrize(
    ("typed", "call"),
    [
        ("/help", Call(HELP, ())),
        ("/帮助", Call(HELP, ())),
        ("/发SOP 周一溯源日 会员群", Call(RUN, ("周一溯源日", "会员群"))),
        ("/sop run “周一 溯源日” 会员群", Call(RUN, ("周一 溯源日", "会员群"))),
        ("/help room enable", Call(HELP, ("room", "enable"))),
        ("/room disable 'a b' “c d”", Call(DISABLE, ("a b", "c d"))),
        ("/开群 “”", Call(ENABLE, ("",))),
        ("/开群 “会员1群", Call(ENABLE, ("“会员1群",))),
    ],
)
def test_the_longest_name_is_the_command_and_the_rest_are_its_arguments(typed: str, call: Call) -> None:
    assert read(typed) == call


@pytest.mark.parametrize(
    ("typed", "suggestion"),
    [
        ("/hlep", "help"),
        ("/帮住", "帮助"),
        ("/room enabel 会员1群", "room enable"),
        ("/roomenable 会员1群", "room enable"),
        ("/开裙 会员1群", "开群"),
        ("/sop runn", "sop run"),
        ("/番茄牛腩", ""),
    ],
)
def test_an_unknown_command_comes_with_what_may_have_been_meant(typed: str, suggestion: str) -> None:
    unknown = read(typed)
    assert isinstance(unknown, Unknown)
    assert unknown.suggestion == suggestion
    assert unknown.typed in typed


@pytest.mark.parametrize(
    "text", ["今天的番茄", "", "   ", "/", "／ ", "、", "1/2 杯", "我觉得 /help 很好", "@小野 你好", "help"]
)
def test_what_does_not_begin_with_a_slash_is_no_command(text: str) -> None:
    assert read(text) is None


@pytest.mark.parametrize("text", ["排行", " 排行 ", "@小野 排行", "@小野\u2005排行"])
def test_a_bare_word_is_a_command_only_when_it_is_said_to_the_bot(text: str) -> None:
    assert read(text, addressed=True) == Call(RANK, ())
    assert read(text, addressed=False) is None


@pytest.mark.parametrize("text", ["排行榜", "看排行", "开群", "帮助"])
def test_a_bare_word_must_be_the_whole_message_and_be_declared(text: str) -> None:
    assert read(text, addressed=True) is None


@pytest.mark.parametrize(
    "text", ["过 31 32", "过　31　32", " 过\u2005 31 32 ", "@小野 过 31 32", "@小野\u2005过\n31 32"]
)
def test_a_lead_is_read_with_whatever_space_stands_behind_it(text: str) -> None:
    assert COMMANDS.read_lead(text, addressed=True) == Call(ACCEPT, ("31", "32"))


@pytest.mark.parametrize(
    "text", ["", "过", "过　", "过31", "路过 31", "过 31" + " " * LONGEST, "@张三 过 31"]
)
def test_what_only_looks_like_a_lead_is_none(text: str) -> None:
    assert COMMANDS.read_lead(text, addressed=False) is None


@pytest.mark.parametrize("text", ["发4821", " 发4821 ", "发４８２１", "@小野 发4821"])
def test_a_code_may_stand_right_behind_its_lead(text: str) -> None:
    found = COMMANDS.read_lead(text, addressed=text.startswith("@"))
    assert found is not None
    assert (found.command, [str(int(it)) for it in found.args]) == (CONFIRM, ["4821"])


def test_a_code_may_stand_right_behind_the_command() -> None:
    assert read("/发4821") == Call(CONFIRM, ("4821",))


@pytest.mark.parametrize("text", ["发48a1", "发4821吧", "发货4821", "发¥4821"])
def test_a_code_is_nothing_but_a_number(text: str) -> None:
    assert COMMANDS.read_lead(text, addressed=False) is None


def test_all_commands_are_kept_in_their_order() -> None:
    assert COMMANDS.all == (ENABLE, DISABLE, RUN, HELP, RANK, ACCEPT, CONFIRM)


@given(st.text(max_size=40), st.booleans())
def test_whatever_is_typed_can_be_read(text: str, addressed: bool) -> None:
    found = read(text, addressed=addressed)
    assert found is None or isinstance(found, Call | Unknown)


@given(st.lists(st.text("甲乙ab1 ", min_size=1, max_size=5).map(str.strip).filter(bool), max_size=4))
def test_quoted_words_come_back_as_they_were(words: list[str]) -> None:
    assert split(" ".join(f"“{word}”" for word in words)) == words


@pytest.mark.parametrize("part", ["「 ", "「『 ", "“", "‘a ", "a ", "开群", "@ ", "\u0301\u0316"])
@pytest.mark.parametrize("length", [LONGEST, 100_000])
def test_no_text_takes_long_to_be_read(part: str, length: int) -> None:
    begin = time.process_time()
    read("/" + (part * length)[: length - 1], addressed=True)
    read(("@" + part * length)[:length], addressed=True)
    assert time.process_time() - begin < 0.2


def test_whoever_writes_pages_gives_no_command() -> None:
    assert isinstance(read("/帮助 " + "长" * (LONGEST - 4)), Call)
    assert read("/帮助 " + "长" * LONGEST) is None
