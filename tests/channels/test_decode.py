from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.wechaty import decode
from bot.channels.wechaty.decode import Scene, Unreadable
from bot.channels.wechaty.pat import Pat, read_pat
from bot.channels.wechaty.quote import split_quote
from bot.channels.wechaty.xml import MOST_CHARACTERS
from bot.events import Chat, Media, MessageKind, MessageRecalled, MessageReceived, Person, Quote

NOW = datetime(2026, 11, 30, 1, tzinfo=UTC)
THEN = datetime(2026, 11, 29, 10, 30, tzinfo=UTC)
ME = Person("bot", "小原", "小原助手")
FRIEND = Person("xiaoman", "小满")
ROOM = Chat("members", "会员群")
PAYLOAD: decode.Fields = {"roomId": ROOM.id, "timestamp": THEN.timestamp()}
IN_ROOM = Scene(FRIEND, ME, ROOM)
IN_PRIVATE = Scene(FRIEND, ME)


@dataclass
class Payload:
    """The gateway's answer about a message, with what it leaves out left empty."""

    text: str = ""
    type: int = 7
    from_id: str = "xiaoman"
    timestamp: int = 0
    filename: str = ""
    room_id: str = ""
    to_id: str = ""
    mention_ids: list[str] = field(default_factory=list)


def received(payload: Payload, scene: Scene = IN_ROOM) -> MessageReceived:
    message = decode.message("m1", payload, scene, NOW)
    assert isinstance(message, MessageReceived)
    return message


class TestTimes:
    def test_seconds_and_milliseconds_are_told_apart(self) -> None:
        assert decode.moment(THEN.timestamp(), NOW) == THEN
        assert decode.moment(int(THEN.timestamp() * 1000), NOW) == THEN

    @pytest.mark.parametrize("stamp", [None, 0, -5, "soon", 10**40, float("nan")])
    def test_what_is_missing_or_absurd_is_now(self, stamp: object) -> None:
        assert decode.moment(stamp, NOW) == NOW


class TestMessages:
    @pytest.mark.parametrize(
        ("wire_type", "kind"),
        [
            (0, MessageKind.UNKNOWN),
            (1, MessageKind.FILE),
            (2, MessageKind.VOICE),
            (3, MessageKind.CONTACT),
            (4, MessageKind.CHAT_HISTORY),
            (5, MessageKind.STICKER),
            (6, MessageKind.IMAGE),
            (7, MessageKind.TEXT),
            (8, MessageKind.LOCATION),
            (9, MessageKind.MINI_PROGRAM),
            (10, MessageKind.GROUP_NOTE),
            (11, MessageKind.TRANSFER),
            (12, MessageKind.RED_PACKET),
            (14, MessageKind.LINK),
            (15, MessageKind.VIDEO),
            (16, MessageKind.POST),
            (99, MessageKind.UNKNOWN),
        ],
    )
    def test_the_types_of_the_javascript_puppets_are_known(self, wire_type: int, kind: MessageKind) -> None:
        message = received(Payload(type=wire_type))
        assert (message.kind, message.wire_type) == (kind, wire_type)

    def test_text_is_kept_as_written_but_for_what_cannot_be_stored(self) -> None:
        assert received(Payload(text=" 早\x00 \ud800")).text == " 早\ufffd \ufffd"

    def test_a_picture_has_a_reference_and_no_text(self) -> None:
        message = received(Payload(type=6, text="<msg><img/></msg>", filename="dinner.jpg"))
        assert (message.text, message.media) == ("", (Media("m1", "dinner.jpg"),))

    def test_a_group_note_keeps_what_was_written(self) -> None:
        assert received(Payload(type=10, text="本周六开放日")).text == "本周六开放日"

    @pytest.mark.parametrize(
        ("app_type", "kind"),
        [
            (5, MessageKind.LINK),
            (6, MessageKind.FILE),
            (19, MessageKind.CHAT_HISTORY),
            (33, MessageKind.MINI_PROGRAM),
            (51, MessageKind.POST),
            (2000, MessageKind.TRANSFER),
            (2001, MessageKind.RED_PACKET),
        ],
    )
    @pytest.mark.parametrize("wire_type", [0, 7, 14])
    def test_what_an_app_message_is_stands_in_it_where_the_puppet_does_not_say(
        self, wire_type: int, app_type: int, kind: MessageKind
    ) -> None:
        message = received(Payload(type=wire_type, text=app_message("限时秒杀", "x", kind=app_type)))
        assert (message.kind, message.text, message.quote) == (kind, "", None)

    def test_an_app_message_of_an_unknown_type_is_unknown(self) -> None:
        message = received(Payload(type=0, text=app_message("什么", "x", kind=4711)))
        assert (message.kind, message.text) == (MessageKind.UNKNOWN, "")

    def test_a_list_is_text_however_it_is_wrapped(self) -> None:
        written = "#接龙\n周六开放日\n1. 小满"
        for payload in (Payload(text=written), Payload(type=0, text=app_message(written, "", kind=53))):
            message = received(payload)
            assert (message.kind, message.text) == (MessageKind.TEXT, written)

    def test_a_group_note_says_what_it_announces(self) -> None:
        note = "<title>群公告</title><type>87</type><textannouncement>周六开放日</textannouncement>"
        xml = f"<msg><appmsg>{note}</appmsg></msg>"
        message = received(Payload(type=0, text=xml))
        assert (message.kind, message.text) == (MessageKind.GROUP_NOTE, "周六开放日")

    def test_the_title_of_a_link_is_nobodys_words(self) -> None:
        assert received(Payload(type=14, text="限时秒杀")).text == ""

    @pytest.mark.parametrize(("told", "seconds"), [("31200", 32), ("1000", 1), ("0", 0)])
    def test_a_voice_message_tells_its_length(self, told: str, seconds: int) -> None:
        message = received(Payload(type=2, text=f'<msg><voicemsg voicelength="{told}"/></msg>'))
        assert (message.kind, message.seconds) == (MessageKind.VOICE, seconds)

    def test_a_voice_message_may_not_tell_its_length(self) -> None:
        assert received(Payload(type=2)).seconds is None

    def test_xml_that_somebody_typed_is_their_text(self) -> None:
        assert received(Payload(text="<b>番茄</b>")).text == "<b>番茄</b>"

    def test_a_recall_holds_the_id_of_what_was_taken_back(self) -> None:
        recalled = decode.message("m2", Payload(type=13, text=" m1\n"), IN_ROOM, NOW)
        assert recalled == MessageRecalled("m2", "m1", FRIEND, NOW, IN_ROOM.chat)

    def test_a_recall_of_nothing_cannot_be_read(self) -> None:
        with pytest.raises(Unreadable):
            decode.message("m2", Payload(type=13), IN_ROOM, NOW)

    def test_our_own_private_message_tells_to_whom_it_went(self) -> None:
        message = received(Payload(from_id="bot"), Scene(ME, ME, recipient=FRIEND))
        assert (message.is_self, message.recipient) == (True, FRIEND)

    def test_a_private_message_to_us_has_no_recipient(self) -> None:
        message = received(Payload(), Scene(FRIEND, ME, recipient=ME))
        assert (message.is_self, message.recipient) == (False, None)


class TestMentions:
    def test_the_ids_count_where_there_are_any(self) -> None:
        message = received(Payload(text="@老周\u2005@小原\u2005", mention_ids=["laozhou", "bot"]))
        assert (message.mentioned, message.to_bot) == (("laozhou", "bot"), True)

    @pytest.mark.parametrize("text", ["@小原\u2005排行", "排行 @小原助手", "你好@小原 排行"])
    @pytest.mark.parametrize("ids", [[], [""]])
    def test_without_ids_our_name_in_the_text_counts(self, text: str, ids: list[str]) -> None:
        assert received(Payload(text=text, mention_ids=ids)).to_bot

    def test_an_id_that_is_left_out_may_be_ours(self) -> None:
        message = received(Payload(text="@老周\u2005@小原\u2005", mention_ids=["laozhou", ""]))
        assert message.mentioned == ("laozhou", "bot")

    @pytest.mark.parametrize("text", ["@小原野 你好", "小原 你好", "@老周\u2005小原"])
    def test_a_longer_name_or_a_bare_one_is_no_mention(self, text: str) -> None:
        assert not received(Payload(text=text)).to_bot

    def test_in_private_nobody_is_mentioned(self) -> None:
        message = received(Payload(text="@小原 你好", mention_ids=["bot"]), IN_PRIVATE)
        assert (message.mentioned, message.to_bot) == ((), False)


def app_message(title: str, quoted: str, kind: int = 57) -> str:
    return (
        f'<?xml version="1.0"?>\n<msg><appmsg><title>{title}</title><type>{kind}</type>'
        f"<refermsg><svrid>123</svrid><displayname>小满</displayname><content>{quoted}</content></refermsg>"
        "</appmsg></msg>"
    )


class TestQuotes:
    @pytest.mark.parametrize("wire_type", [0, 7, 14, 17])
    def test_a_quote_is_taken_apart_whatever_type_it_comes_as(self, wire_type: int) -> None:
        message = received(Payload(type=wire_type, text=app_message("焯20秒 &amp; 沥干", "羽衣甘蓝要焯水吗")))
        assert (message.kind, message.text) == (MessageKind.TEXT, "焯20秒 & 沥干")
        assert message.quote == Quote("123", "小满", "羽衣甘蓝要焯水吗")

    @pytest.mark.parametrize("wire_type", [0, 7, 17])
    def test_the_quoted_part_may_be_left_out(self, wire_type: int) -> None:
        xml = "<msg><appmsg><title>同问</title><type>57</type></appmsg></msg>"
        message = received(Payload(type=wire_type, text=xml))
        assert (message.kind, message.text, message.quote) == (MessageKind.TEXT, "同问", Quote())

    def test_a_quote_may_come_as_a_type_of_its_own_with_nothing_but_the_words(self) -> None:
        message = received(Payload(type=17, text="同问"))
        assert (message.kind, message.text, message.quote) == (MessageKind.TEXT, "同问", Quote())

    def test_a_line_before_the_xml_does_not_matter(self) -> None:
        quote, said = split_quote("wxid_x:\n" + app_message("同问", "几点开始"))
        assert (quote, said) == (Quote("123", "小满", "几点开始"), "同问")

    def test_a_quoted_picture_has_no_text(self) -> None:
        quote, said = split_quote(app_message("算打卡", "&lt;msg&gt;&lt;img/&gt;&lt;/msg&gt;"))
        assert (quote, said) == (Quote("123", "小满", ""), "算打卡")

    def test_quotes_with_a_ruler_are_taken_apart_too(self) -> None:
        ruled = "「小满：几点开始」\n- - - - - - - - - - - - - - -\n七点"
        assert split_quote(ruled) == (Quote(sender="小满", text="几点开始"), "七点")

    @pytest.mark.parametrize(
        "text",
        [
            app_message("一个链接", "x", kind=5),
            "<msg><appmsg><type>57</type></appmsg></msg>",
            "<msg><refermsg>",
            "我说 refermsg <3",
            "<!DOCTYPE x [<!ENTITY a 'aaaa'>]>" + app_message("&a;", "x"),
            app_message("长", "x" * MOST_CHARACTERS),
            "「小满：几点开始",
        ],
    )
    def test_what_is_no_quote_is_just_text(self, text: str) -> None:
        assert split_quote(text) == (None, text)

    @given(st.text() | st.text("<>&;/「」：- \nrefmsgap", max_size=200))
    def test_no_text_is_too_strange(self, text: str) -> None:
        quote, said = split_quote(text)
        assert quote is not None or said == text


class TestFields:
    @pytest.mark.parametrize("raw", ["", "{", "[]", "null", "7", "[" * 50_000, "9" * 50_000])
    def test_an_event_is_an_object(self, raw: str) -> None:
        with pytest.raises(Unreadable):
            decode.fields(raw)

    @pytest.mark.parametrize("value", [None, "", 7, ["x"]])
    def test_an_id_is_a_text(self, value: object) -> None:
        with pytest.raises(Unreadable, match="no roomId"):
            decode.need({"roomId": value}, "roomId")

    @pytest.mark.parametrize("value", [None, [], [""], "x", [7]])
    def test_a_list_of_ids_has_one_at_least(self, value: object) -> None:
        with pytest.raises(Unreadable, match="no inviteeIdList"):
            decode.need_list({"inviteeIdList": value}, "inviteeIdList")


class TestRoomEvents:
    def test_the_same_join_told_twice_has_the_same_id(self) -> None:
        first = decode.joined(PAYLOAD, ROOM, [FRIEND], None, "bot", NOW)
        later = datetime(2026, 11, 30, 2, tzinfo=UTC)
        assert first == decode.joined(PAYLOAD, ROOM, [FRIEND], None, "bot", later)
        assert (first.occurred_at, first.bot_joined) == (THEN, False)

    def test_joins_without_a_time_are_told_apart_by_when_we_heard_of_them(self) -> None:
        payload: decode.Fields = {"roomId": "members"}
        first = decode.joined(payload, ROOM, [FRIEND], None, "bot", THEN)
        assert first.id != decode.joined(payload, ROOM, [FRIEND], None, "bot", NOW).id

    def test_it_is_told_when_we_come_and_go(self) -> None:
        assert decode.joined(PAYLOAD, ROOM, [FRIEND, ME], FRIEND, "bot", NOW).bot_joined
        assert decode.left(PAYLOAD, ROOM, [ME], FRIEND, "bot", NOW).bot_left


PAT = "<fromusername>xiaoman</fromusername><pattedusername>laozhou</pattedusername>"


class TestPats:
    @pytest.mark.parametrize("wire_type", [0, 10, 13])
    def test_its_xml_tells_both_whatever_type_it_comes_as(self, wire_type: int) -> None:
        xml = f'room:\n<sysmsg type="pat"><pat>{PAT}<template>"${{xiaoman}}" 拍了拍</template></pat></sysmsg>'
        assert read_pat(wire_type, xml) == Pat("xiaoman", "laozhou")

    @pytest.mark.parametrize(
        ("line", "pat"),
        [
            ('"小满" 拍了拍 "老周"', Pat(whom_shown="老周")),
            ("“小满” 拍了拍 “老周” 的肩膀", Pat(whom_shown="老周")),
            ('"小满" 拍了拍我', Pat(to_us=True)),
            ('"小满" 拍了拍自己', Pat()),
            ('我拍了拍 "老周"', Pat(whom_shown="老周", by_us=True)),
        ],
    )
    def test_a_line_of_the_system_tells_names(self, line: str, pat: Pat) -> None:
        assert read_pat(0, line) == pat
        assert read_pat(0, app_message(line.replace('"', "&quot;"), "", kind=62)) == pat

    @pytest.mark.parametrize("text", ['"小满" 拍了拍 "老周"', "我拍了拍他", f"<pat>{PAT}拍了拍</pat>", ""])
    def test_what_somebody_typed_is_theirs(self, text: str) -> None:
        assert read_pat(7, text) is None

    @given(st.integers(0, 99), st.text('"我拍了拍<pat>/fromusername ', max_size=80))
    def test_no_text_is_too_strange(self, wire_type: int, text: str) -> None:
        read_pat(wire_type, text)
