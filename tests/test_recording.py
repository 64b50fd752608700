from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.events import (
    Media,
    MembersJoined,
    MembersLeft,
    MessageKind,
    MessageRecalled,
    Patted,
    Person,
    RoomRenamed,
)
from bot.naming import is_presence
from bot.recording import LONGEST_TEXT
from bot.sop.loader import SopSet
from bot.store.tables import (
    counter,
    identity,
    interaction,
    media,
    member,
    membership,
    outgoing,
    room,
    texts,
    unheard,
)
from bot.store.writer import Writer
from tests.builders import BOSS, MONDAY_9, OTHER_KEY, OTHER_ROOM, QING, ROOM, ZHOU, only, said, values
from tests.listener import Listener

MINUTE = timedelta(minutes=1)
SELF = Person("bot", "小野")


def joined(*people: Person, at: int = 0, **more: Any) -> MembersJoined:
    return MembersJoined(f"join-{at}", ROOM, people, MONDAY_9 + at * MINUTE, **more)


def left(*people: Person, at: int = 0, **more: Any) -> MembersLeft:
    return MembersLeft(f"left-{at}", ROOM, people, MONDAY_9 + at * MINUTE, **more)


# --- what people say ---


def test_a_message_is_recorded_with_who_said_what_when_and_where(listener: Listener) -> None:
    listener.now = MONDAY_9 + MINUTE
    listener.hear(said("今天的番茄", id="m1"))
    (row,) = listener.rows(interaction)
    (who,) = listener.rows(identity)
    assert (row["source"], row["source_id"], row["name"]) == ("fake:main", "m1", "message_posted")
    assert (row["occurred_at"], row["received_at"]) == (MONDAY_9, MONDAY_9 + MINUTE)
    assert (row["identity_id"], who["external_id"], who["name"]) == (who["id"], QING.id, QING.name)
    assert (row["room_id"], row["channel"], row["actor_role"]) == (listener.room, "group", "member")
    assert (row["text_len"], row["media_count"], row["props"]) == (5, 0, {"kind": "text"})
    (text,) = listener.rows(texts, id=row["text_id"])
    assert text["body"] == "今天的番茄"


def test_pictures_are_counted_and_what_is_no_text_has_none(listener: Listener) -> None:
    listener.hear(said("", kind=MessageKind.IMAGE, media=(Media("a"), Media("b"))))
    (row,) = listener.rows(interaction)
    assert (row["name"], row["media_count"], row["text_id"], row["props"]) == (
        "message_posted", 2, None, {"kind": "image"}
    )  # fmt: skip


def test_a_message_that_comes_twice_in_a_batch_is_recorded_once(listener: Listener) -> None:
    message = said("番茄")
    listener.hear(message, said("牛腩"), message)
    assert listener.log() == ["message_posted"] * 2
    assert sorted(listener.kept()) == ["牛腩", "番茄"]


def test_a_message_that_comes_again_later_is_recorded_once(listener: Listener) -> None:
    message = said("番茄")
    listener.hear(message)
    listener.hear(message, said("牛腩"))
    assert listener.log() == ["message_posted"] * 2
    assert sorted(listener.kept()) == ["牛腩", "番茄"]


def test_the_same_words_said_twice_are_recorded_twice(listener: Listener) -> None:
    listener.hear(said("番茄"), said("番茄"))
    assert listener.log() == ["message_posted"] * 2


def test_what_many_say_in_one_batch_is_recorded_in_its_order(listener: Listener) -> None:
    listener.hear(*(said(f"第{n}句", (QING, ZHOU)[n % 2], id=f"m{n:03}") for n in range(200)))
    assert [row["source_id"] for row in listener.rows(interaction)] == [f"m{n:03}" for n in range(200)]
    assert len(listener.rows(member)) == 2


def test_a_clock_that_is_ahead_of_ours_is_not_believed(listener: Listener) -> None:
    listener.hear(said("番茄", occurred_at=MONDAY_9 + MINUTE))
    assert [row["occurred_at"] for row in listener.rows(interaction)] == [MONDAY_9]


def test_the_name_that_somebody_bears_in_the_room_is_known(listener: Listener) -> None:
    listener.hear(said("早啊各位", Person(QING.id, "阿青", "青姐")))
    assert [(row["alias"], row["joined_at"]) for row in listener.rows(membership)] == [("青姐", None)]


@pytest.mark.parametrize(
    ("role", "recorded"),
    [("管理员", "staff"), ("运营", "staff"), ("营养师", "expert"), ("生活导师", "koc"), ("没有的", "member")],
)
def test_the_record_says_as_what_somebody_speaks(listener: Listener, role: str, recorded: str) -> None:
    listener.give(ZHOU, role)
    listener.give(ZHOU, "美食大使")
    listener.hear(said("今天的番茄", ZHOU), said("今天的牛腩", QING))
    expected = "koc" if recorded == "member" else recorded
    assert [row["actor_role"] for row in listener.rows(interaction)] == [expected, "member"]


def test_a_room_is_renamed(listener: Listener) -> None:
    listener.hear(RoomRenamed("r1", type(ROOM)(ROOM.id, "新名字"), MONDAY_9))
    assert [row["title"] for row in listener.rows(room)] == ["新名字"]
    assert listener.log() == []


# --- presence ---


SIGNS = ["早", "早早早", "早上好！", "收到", "收到～收到", "好", "好的。", "嗯嗯", "1", "11", "哈哈哈哈"]
SIGNS += ["OK", "ok！", "谢谢老板", "👍👍", "[强]", "[捂脸][捂脸]", "", "  "]


@pytest.mark.parametrize("text", SIGNS)
def test_signs_of_presence_are_recorded_as_such(listener: Listener, text: str) -> None:
    listener.hear(said(text))
    assert listener.log() == ["presence_shown"]


@pytest.mark.parametrize(
    "text",
    [
        "番茄",
        "早餐吃了吗",
        "好吃",
        "12 焯20秒",
        "2",
        "谢谢您的番茄",
        "[今天的番茄真好]",
        "哈哈哈哈哈哈哈哈哈哈哈哈哈",
    ],
)
def test_words_are_recorded_as_words(listener: Listener, text: str) -> None:
    listener.hear(said(text))
    assert listener.log() == ["message_posted"]


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (MessageKind.STICKER, "presence_shown"),
        (MessageKind.IMAGE, "message_posted"),
        (MessageKind.VOICE, "message_posted"),
        (MessageKind.VIDEO, "message_posted"),
        (MessageKind.UNKNOWN, "message_posted"),
    ],
)
def test_of_what_is_no_text_stickers_alone_are_presence(
    listener: Listener, kind: MessageKind, name: str
) -> None:
    listener.hear(said("", kind=kind))
    assert listener.log() == [name]


@given(st.text("早1哈👍 番[]谢", max_size=30))
def test_whatever_is_said_it_is_quickly_known_whether_it_is_presence(text: str) -> None:
    assert is_presence(said(text)) in (True, False)
    assert not is_presence(said(text + "番茄"))


# --- how long words are kept ---


def test_words_are_kept_for_as_long_as_the_notice_says(listener: Listener) -> None:
    listener.hear(said("番茄"))
    days = timedelta(days=listener.sops.community.privacy.keep_days)
    (text,) = listener.rows(texts)
    assert days <= text["keep_until"] - MONDAY_9 < days + timedelta(days=1)


def test_words_are_gone_when_their_time_is_over_and_the_row_stays(listener: Listener) -> None:
    listener.hear(said("番茄"))
    (text,) = listener.rows(texts)
    listener.tick(text["keep_until"] - MONDAY_9 - MINUTE)
    assert listener.kept() == ["番茄"]
    listener.tick(MINUTE)
    assert listener.kept() == []
    assert "message_posted" in listener.log()


def test_of_a_very_long_message_the_beginning_is_kept(listener: Listener) -> None:
    listener.hear(said("番" * (LONGEST_TEXT + 1)))
    assert [len(body) for body in listener.kept()] == [LONGEST_TEXT]
    assert [row["text_len"] for row in listener.rows(interaction)] == [LONGEST_TEXT + 1]


def test_what_is_said_in_private_is_recorded_without_the_words(listener: Listener) -> None:
    listener.hear(said("番茄"))
    listener.hear(said("我妈妈住院了", chat=None))
    assert listener.kept() == ["番茄"]
    row = listener.rows(interaction)[-1]
    assert (row["channel"], row["room_id"], row["text_id"], row["text_len"]) == ("dm", None, None, 6)


# --- WeChat's own ways (which name each has is told by test_naming) ---


def test_a_pat_is_recorded_with_who_patted_whom(listener: Listener) -> None:
    listener.hear(Patted("p1", ROOM, MONDAY_9, by=QING, whom=ZHOU))
    (row,) = listener.rows(interaction)
    by, whom = listener.rows(identity)
    assert (row["name"], row["source_id"], row["props"]) == ("pat_given", "p1", {"to_bot": False})
    assert (row["identity_id"], row["target_identity_id"]) == (by["id"], whom["id"])


def test_a_pat_of_the_bot_makes_it_no_member_and_draws_no_answer(listener: Listener) -> None:
    listener.hear(Patted("p1", ROOM, MONDAY_9, by=QING, to_bot=True))
    (row,) = listener.rows(interaction)
    assert (row["target_identity_id"], row["props"]) == (None, {"to_bot": True})
    assert len(listener.rows(identity)) == 1
    assert listener.queued() == []


def test_a_pat_by_names_alone_is_recorded_without_people(listener: Listener) -> None:
    listener.hear(Patted("p1", ROOM, MONDAY_9))
    (row,) = listener.rows(interaction)
    assert (row["name"], row["identity_id"]) == ("pat_given", None)
    assert listener.rows(identity) == []


def test_a_pat_where_nobody_listens_leaves_nothing(listener: Listener) -> None:
    listener.hear(Patted("p1", OTHER_ROOM, MONDAY_9, by=QING, whom=ZHOU))
    assert (listener.log(), listener.rows(identity)) == ([], [])


def test_a_list_is_kept_with_its_words_and_how_long_it_is(listener: Listener) -> None:
    listener.say("#接龙\n周六开放日\n1. 小满\n2. 阿青")
    (row,) = listener.rows(interaction)
    assert (row["name"], row["props"]) == ("list_posted", {"kind": "text", "lines": 2})
    assert listener.kept() == ["#接龙\n周六开放日\n1. 小满\n2. 阿青"]


def test_what_our_staff_posts_has_its_name_too(listener: Listener) -> None:
    listener.hear(said("周六开放日", SELF, kind=MessageKind.GROUP_NOTE, is_self=True))
    note, post = listener.rows(interaction)
    assert (note["name"], note["actor_role"]) == ("group_note_posted", "staff")
    assert (post["name"], post["props"]) == ("post_made_by_hand", {"sells": False, "at_all": True})


def test_what_was_sent_in_any_way_can_be_taken_back(listener: Listener) -> None:
    for kind in MessageKind:
        listener.recall(listener.say("", kind=kind))
    assert listener.log().count("message_recalled") == len(MessageKind)


@pytest.mark.parametrize("kind", [kind for kind in MessageKind if kind is not MessageKind.TEXT])
def test_what_nobody_typed_is_no_command(listener: Listener, kind: MessageKind) -> None:
    listener.give(BOSS, "管理员")
    listener.hear(said("/关群", BOSS, kind=kind))
    listener.hear(said("/关群", BOSS, OTHER_ROOM, kind=kind))
    assert "command_given" not in listener.log()
    assert listener.queued() == []


# --- pictures ---


def picture(*refs: str, **more: Any) -> Any:
    return said("", kind=MessageKind.IMAGE, media=tuple(Media(ref, f"{ref}.jpg") for ref in refs), **more)


def test_a_picture_is_wanted_for_as_long_as_words_are_kept(listener: Listener) -> None:
    listener.hear(picture("a", "b"), said("番茄"))
    first, second = listener.rows(media)
    (row, _), (text,) = listener.rows(interaction), listener.rows(texts)
    assert (first["ref"], second["ref"], first["state"]) == ("a", "b", "wanted")
    assert first["interaction_id"] == second["interaction_id"] == row["id"]
    assert first["keep_until"] == text["keep_until"]
    assert first["name"] == "", "what members call their files is not kept"


def test_a_picture_that_comes_twice_is_wanted_once(listener: Listener) -> None:
    message = picture("a")
    listener.hear(message, message)
    listener.hear(message)
    assert len(listener.rows(media)) == 1


@pytest.mark.parametrize(
    "kind", [MessageKind.VOICE, MessageKind.VIDEO, MessageKind.FILE, MessageKind.STICKER]
)
def test_nothing_but_pictures_is_fetched(listener: Listener, kind: MessageKind) -> None:
    listener.hear(said("", kind=kind, media=(Media("a"),)))
    assert listener.rows(media) == []


def test_pictures_in_private_and_where_nobody_listens_are_not_fetched(listener: Listener) -> None:
    listener.hear(said("番茄"), picture("a", chat=None), picture("b", chat=OTHER_ROOM))
    assert listener.rows(media) == []


def test_the_time_of_a_picture_that_was_taken_back_is_over(listener: Listener) -> None:
    message = picture("a")
    listener.hear(message, picture("b"))
    listener.recall(message)
    assert [row["keep_until"] > listener.now for row in listener.rows(media)] == [False, True]


# --- recalls ---


def test_a_recall_deletes_the_words_at_once_and_keeps_the_row(listener: Listener) -> None:
    message = listener.say("番茄")
    listener.recall(message)
    assert listener.kept() == []
    posted, recalled = listener.rows(interaction)
    assert (posted["name"], recalled["name"]) == ("message_posted", "message_recalled")
    assert (recalled["parent_event_id"], recalled["identity_id"]) == (posted["id"], posted["identity_id"])
    assert recalled["actor_role"] == "member"


def test_a_message_and_its_recall_may_come_in_one_batch(listener: Listener) -> None:
    message = said("番茄")
    listener.hear(
        said("牛腩"), message, MessageRecalled("r1", message.id, QING, MONDAY_9, ROOM), said("土豆")
    )
    assert listener.log() == ["message_posted", "message_posted", "message_recalled", "message_posted"]
    assert listener.kept() == ["牛腩", "土豆"]


def test_a_recall_that_comes_twice_is_recorded_once(listener: Listener) -> None:
    message = listener.say("番茄")
    listener.recall(message)
    listener.recall(message)
    assert listener.log() == ["message_posted", "message_recalled"]


def test_a_recall_of_what_nobody_recorded_is_passed_over(listener: Listener) -> None:
    listener.hear(MessageRecalled("r1", "unknown", QING, MONDAY_9, ROOM))
    assert listener.log() == []


def test_a_recalled_sign_of_presence_is_recalled_too(listener: Listener) -> None:
    listener.recall(listener.say("早"))
    assert listener.log() == ["presence_shown", "message_recalled"]
    assert listener.kept() == []


def test_a_recall_in_private_is_the_members(listener: Listener) -> None:
    listener.say("番茄")
    listener.recall(listener.say("我妈妈住院了", chat=None))
    *_, recalled = listener.rows(interaction)
    assert (recalled["name"], recalled["channel"]) == ("message_recalled", "dm")
    assert recalled["actor_role"] == "member"
    assert recalled["identity_id"] is not None


def test_a_recall_after_the_room_was_disabled_still_deletes_the_words(listener: Listener) -> None:
    message = listener.say("番茄")
    listener.disable()
    listener.recall(message)
    assert listener.kept() == []


# --- where nobody is recorded ---

NO_TRACE = (interaction, texts, member, identity, membership, outgoing, counter)


def traces(listener: Listener) -> list[str]:
    return [table.name for table in NO_TRACE if listener.rows(table)]


def test_what_is_said_in_a_room_nobody_enabled_leaves_no_trace(listener: Listener) -> None:
    listener.hear(
        said("今天的番茄", chat=OTHER_ROOM),
        said("#我的原野餐桌# 番茄", chat=OTHER_ROOM),
        said("", chat=OTHER_ROOM, kind=MessageKind.IMAGE, media=(Media("a"),)),
        said("自己说的", SELF, chat=OTHER_ROOM, is_self=True),
        MembersJoined("j", OTHER_ROOM, (ZHOU,), MONDAY_9, inviter=QING),
        MembersLeft("l", OTHER_ROOM, (ZHOU,), MONDAY_9),
        RoomRenamed("r", OTHER_ROOM, MONDAY_9),
        MessageRecalled("x", "y", QING, MONDAY_9, OTHER_ROOM),
    )
    assert traces(listener) == []
    assert listener.rows(unheard) == []


@pytest.fixture
def no_gate(writer: Writer, sops: SopSet) -> Listener:
    """Where no SOP minds who becomes a friend."""
    return Listener(writer, only(sops, "monday-origin", "dinner-table"))


def test_what_a_stranger_says_in_private_leaves_no_trace(no_gate: Listener) -> None:
    listener = no_gate
    listener.hear(said("在吗", chat=None), said("/hlep", chat=None))
    listener.hear(said("", chat=None, kind=MessageKind.VOICE))
    assert traces(listener) == []


def test_a_disabled_room_leaves_no_trace_any_more(listener: Listener) -> None:
    listener.disable()
    listener.hear(said("今天的番茄"), joined(ZHOU))
    assert traces(listener) == []


def test_of_commands_where_nobody_is_recorded_a_daily_count_is_kept(listener: Listener) -> None:
    for _ in range(2):
        listener.hear(said("/help", chat=OTHER_ROOM), said("/状态 番茄", ZHOU, chat=None))
    listener.now = MONDAY_9 + timedelta(hours=16)  # past midnight in Shanghai
    listener.hear(said("/帮助", chat=OTHER_ROOM), said("/开群 会员2群", chat=OTHER_ROOM))
    assert traces(listener) == []
    assert [values(row) for row in listener.rows(unheard)] == [
        ["2026-11-30", "help", 2],
        ["2026-11-30", "status", 2],
        ["2026-12-01", "help", 1],
        ["2026-12-01", "room enable", 1],
    ]


def test_at_a_gate_a_stranger_is_met_and_their_words_are_not_kept(listener: Listener) -> None:
    listener.hear(said("在吗", chat=None), said("还在吗", chat=None))
    listener.hear(said("有人吗", chat=None))
    made, later = listener.rows(interaction)
    assert (later["name"], later["channel"]) == ("message_posted", "dm")
    assert (made["name"], made["text_id"], made["text_len"]) == ("friend_made", None, 0)
    assert listener.rows(texts) == []


def test_who_is_known_from_a_room_is_recorded_in_private(no_gate: Listener) -> None:
    listener = no_gate
    listener.hear(said("番茄"), said("在吗各位", chat=None), said("在吗", ZHOU, chat=None))
    assert [(row["name"], row["channel"]) for row in listener.rows(interaction)] == [
        ("message_posted", "group"),
        ("message_posted", "dm"),
    ]


# --- who comes and goes ---


def test_a_join_is_recorded_with_who_invited_them(listener: Listener) -> None:
    listener.say("番茄", QING)
    listener.hear(joined(ZHOU, inviter=QING))
    _, row, word = listener.rows(interaction)
    invited_by, came = listener.rows(identity)
    assert (row["name"], row["identity_id"], row["target_identity_id"]) == (
        "member_joined", came["id"], invited_by["id"]
    )  # fmt: skip
    assert (word["name"], word["parent_event_id"]) == ("member_referred", row["id"])
    assert (row["room_id"], row["occurred_at"]) == (listener.room, MONDAY_9)


def test_several_come_at_once_and_who_invited_them_is_there_though_they_never_spoke(
    listener: Listener,
) -> None:
    silent = Person("who", "某人", "群里的某人")
    listener.hear(joined(QING, ZHOU, inviter=silent))
    (inviter,) = (row["id"] for row in listener.rows(identity, name=silent.name))
    assert [(row["name"], row["target_identity_id"]) for row in listener.rows(interaction)[:2]] == [
        ("member_joined", inviter),
        ("member_joined", inviter),
    ]
    (there,) = listener.rows(membership, identity_id=inviter)
    assert (there["alias"], there["joined_at"], there["left_at"]) == (silent.alias, None, None)
    words = listener.rows(interaction, name="member_referred")
    assert [row["target_identity_id"] for row in words] == [inviter, inviter]


def test_who_invites_after_they_are_said_to_have_left_is_there_again(listener: Listener) -> None:
    listener.now = MONDAY_9 + 10 * MINUTE
    listener.hear(joined(QING), left(QING, at=1))
    listener.hear(joined(ZHOU, at=2, inviter=QING))
    assert {row["left_at"] for row in listener.rows(membership)} == {None}


def test_a_join_that_is_told_twice_is_recorded_once(listener: Listener) -> None:
    listener.now = MONDAY_9 + 5 * MINUTE
    listener.hear(joined(ZHOU, at=0), joined(ZHOU, at=1))
    listener.hear(joined(ZHOU, at=2, inviter=QING))
    assert listener.log() == ["member_joined"]


def test_a_join_that_is_told_after_the_first_words_is_recorded_once(listener: Listener) -> None:
    listener.hear(said("大家好我是新来的", ZHOU))
    listener.hear(joined(ZHOU), joined(ZHOU, at=1))
    assert listener.log() == ["message_posted", "member_joined"]


def test_a_return_is_a_new_stay(listener: Listener) -> None:
    listener.now = MONDAY_9 + 10 * MINUTE
    for at in range(3):
        listener.hear(joined(ZHOU, at=2 * at), left(ZHOU, at=2 * at + 1))
    assert listener.log() == ["member_joined", "member_left"] * 3
    assert [row["ordinal"] for row in listener.rows(membership)] == [3]


def test_a_return_is_a_new_stay_even_if_the_first_words_come_before_it(listener: Listener) -> None:
    listener.now = MONDAY_9 + 10 * MINUTE
    listener.hear(joined(ZHOU), left(ZHOU, at=1))
    listener.hear(said("我又回来了", ZHOU))
    listener.hear(joined(ZHOU, at=2))
    listener.hear(left(ZHOU, at=3))
    moves = ["member_joined", "member_left"]
    assert listener.log() == [*moves, "message_posted", *moves]


def test_who_was_removed_is_recorded_as_removed(listener: Listener) -> None:
    listener.hear(said("番茄", BOSS), joined(ZHOU))
    listener.hear(left(ZHOU, remover=BOSS))
    row = listener.rows(interaction)[-1]
    assert row["name"] == "member_removed"


def test_who_was_not_known_to_be_there_does_not_leave(listener: Listener) -> None:
    listener.hear(left(ZHOU))
    assert listener.log() == []


def test_a_room_that_the_bot_was_removed_from_is_not_served_any_more(listener: Listener) -> None:
    listener.hear(left(bot_left=True))
    assert listener.rows(room)[0]["disabled_at"] == MONDAY_9
    listener.hear(said("番茄"))
    listener.tick(timedelta(hours=4))
    assert listener.log() == []
    assert listener.queued() == []


def test_what_waited_for_a_room_that_the_bot_was_removed_from_is_dropped(listener: Listener) -> None:
    listener.tick(timedelta(hours=4))
    assert len(listener.queued()) == 1
    listener.hear(left(bot_left=True))
    assert [row["state"] for row in listener.rows(outgoing)] == ["dropped"]


def test_the_bot_itself_is_no_member(listener: Listener) -> None:
    listener.hear(joined(bot_joined=True), said("大家好呀", SELF, is_self=True), left(bot_left=True))
    assert listener.rows(member) == []
    assert listener.log() == ["message_posted"]


# --- our own account ---


def test_a_human_at_the_bots_account_is_recorded_as_staff(listener: Listener) -> None:
    listener.hear(said("大家好，我是运营小李", SELF, is_self=True))
    (row,) = listener.rows(interaction)
    assert (row["name"], row["actor_role"], row["identity_id"]) == ("message_posted", "staff", None)
    assert listener.kept() == ["大家好，我是运营小李"]
    assert listener.rows(member) == []


@pytest.mark.parametrize("text", ["/状态", "/关群", "#我的原野餐桌# 番茄", "/hlep"])
def test_what_our_own_account_says_is_not_obeyed(listener: Listener, text: str) -> None:
    listener.give(SELF, "管理员")
    listener.hear(said(text, SELF, is_self=True))
    assert listener.queued() == []
    assert listener.rows(room)[0]["disabled_at"] is None


def test_what_our_account_says_in_private_is_not_recorded(listener: Listener) -> None:
    listener.say("番茄")
    listener.hear(said("您好", SELF, chat=None, is_self=True, recipient=QING))
    assert listener.log() == ["message_posted"]


def test_two_rooms_are_told_apart(listener: Listener) -> None:
    other = listener.enable(OTHER_ROOM, OTHER_KEY)
    listener.hear(said("番茄"), said("牛腩", chat=OTHER_ROOM))
    assert [row["room_id"] for row in listener.rows(interaction)] == [listener.room, other]


def test_who_comes_and_goes_takes_nothing_out_of_the_queue(listener: Listener) -> None:
    listener.tick(timedelta(hours=4))
    waiting = listener.queued()
    assert len(waiting) == 1
    listener.hear(joined(QING), left(QING))
    assert listener.queued() == waiting
