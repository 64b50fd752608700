"""Any text behind a slash, by anybody, anywhere: strangers change nothing, members next to nothing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.events import Chat, Person
from tests.builders import BOSS, KEY, OTHER_KEY, OTHER_ROOM, QING, ROOM, said
from tests.fuzz.budget import cases
from tests.fuzz.hall import CODE, Hall
from tests.fuzz.nasty import NAMES, SECRET, WORDS

STRANGER = Person("stranger", "路人")
NAMED = [
    "help",
    "帮助",
    "状态",
    "claim",
    "认领",
    "room",
    "开群",
    "关群",
    "SOP列表",
    "发SOP",
    "排行",
    "挑战",
    "banana",
]
ARGUMENTS = st.sampled_from([KEY, OTHER_KEY, "会员群", "周一溯源日", "enable", CODE, "“", "「", "'"]) | WORDS
LINES = st.builds(
    "{}{}{}{}{}".format,
    st.sampled_from(["", "@小野\u2005", " ", "\u200b"]),
    st.sampled_from("/／、"),
    st.sampled_from(NAMED) | WORDS,
    st.sampled_from([" ", "\u3000", "\n", ""]),
    st.lists(ARGUMENTS, max_size=6).map(" ".join) | st.just("「 " * 1_500) | st.just(f"{SECRET} " * 20),
)
COUNTED = ("unheard", "counter", "id_block")
TALK = ("interaction", "text", "outgoing", "identity", *COUNTED)
"""What any message may change, and any answer."""


@cases(120, soak=150_000)
@given(
    lines=st.lists(LINES, min_size=1, max_size=4),
    name=NAMES,
    who=st.sampled_from([BOSS, QING]),
    chat=st.sampled_from([ROOM, OTHER_ROOM, None]),
    addressed=st.booleans(),
)
def test_whatever_is_typed_nothing_fails_and_members_change_nothing(
    hall: Hall, lines: list[str], name: str, who: Person, chat: Chat | None, addressed: bool, round: int
) -> None:
    with hall.play() as play:
        play.hear([said("大家好", Person(who.id, name))])
        before = play.snapshot(*TALK)
        play.hear([said(line, Person(who.id, name), chat, to_bot=addressed) for line in lines])
        play.check()
        assert who is BOSS or play.snapshot(*TALK) == before


@cases(120, soak=150_000)
@given(lines=st.lists(LINES, min_size=1, max_size=4), name=NAMES, chat=st.sampled_from([OTHER_ROOM, None]))
def test_whatever_strangers_type_leaves_no_trace_and_gets_no_answer(
    hall_without_gate: Hall, lines: list[str], name: str, chat: Chat | None, round: int
) -> None:
    with hall_without_gate.play() as play:
        before = play.snapshot(*COUNTED)
        play.hear([said(line, Person(STRANGER.id, name), chat) for line in lines])
        assert play.snapshot(*COUNTED) == before
        play.check()
