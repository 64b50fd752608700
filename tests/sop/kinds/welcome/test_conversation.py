"""A questionnaire while its SOP is changed or removed, and what stays of the answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType

import pytest

from bot.events import FriendMade, MembersJoined, MessageRecalled, Person
from bot.scenario.world import World
from bot.sop import yaml_reader
from bot.sop.kinds.welcome.model import Welcome
from bot.sop.loader import LoadedFile, SopSet
from bot.sop.questions.reading import agrees
from bot.store.tables import consent, interaction, outgoing, run, tag, texts
from tests.builders import BOSS, MONDAY_9, QING, ROOM, ZHOU, look, said
from tests.conftest import MakeWorld

ID = "welcome-survey"
MINUTE = timedelta(minutes=1)


def only(sops: SopSet) -> SopSet:
    """No SOP but the questionnaire."""
    return replace(sops, sops=MappingProxyType({ID: sops.sops[ID]}))


def changed(sops: SopSet, old: str, new: str) -> SopSet:
    """The set after an operator changed the questionnaire's file."""
    source = sops.source[ID]
    assert old in source.text
    text = source.text.replace(old, new)
    sop = Welcome.model_validate(yaml_reader.parse(text, "").data)
    sop = sop.model_copy(update={"rooms": sops.sops[ID].rooms})
    return replace(
        sops,
        sops=MappingProxyType({**sops.sops, ID: sop}),
        declared=MappingProxyType({**sops.declared, ID: sop}),
        source=MappingProxyType({**sops.source, ID: LoadedFile(source.file, "hash-2", text)}),
    )


def removed(sops: SopSet) -> SopSet:
    """The set after an operator removed it."""
    return replace(
        sops,
        sops=MappingProxyType({}),
        declared=MappingProxyType({}),
        source=MappingProxyType({key: file for key, file in sops.source.items() if key != ID}),
    )


@pytest.fixture
async def begun(make_world: MakeWorld, sops: SopSet) -> World:
    """阿青 is a friend, said yes, and hears the first question."""
    world = await make_world(only(sops))
    await world.happen(FriendMade("friend-1", QING, MONDAY_9))
    await world.move_to(MONDAY_9 + 2 * MINUTE)
    await tell(world, "好")
    assert "（1/3）家里平时谁做饭" in heard(world)[-1]
    return world


async def tell(world: World, *texts: str) -> None:
    for text in texts:
        await world.happen(said(text, QING, None, occurred_at=world.clock.now()))
        await world.move_to(world.clock.now() + MINUTE)


def heard(world: World) -> list[str]:
    """What 阿青 was told."""
    return [message.text for _, message in world.sent if message.person_id == QING.id]


async def again_with(world: World, sops: SopSet) -> None:
    await world.stop()
    world.sops = sops
    await world.start()


async def test_consent_is_on_record_with_the_version_that_asked(begun: World, sops: SopSet) -> None:
    assert [(row["purpose"], row["given"]) for row in look(begun, consent)] == [("questionnaire", True)]
    granted = look(begun, interaction, name="consent_granted")
    assert [row["props"]["version"] for row in granted] == [sops.source[ID].hash]


async def test_a_questionnaire_goes_on_as_it_began_when_its_questions_change(
    begun: World, sops: SopSet
) -> None:
    await again_with(begun, changed(only(sops), "家里平时谁做饭？", "您爱吃什么？"))
    await tell(begun, "A", "上一题")
    assert "家里平时谁做饭？" in heard(begun)[-1]
    await tell(begun, "A", "A", "跳过")
    submitted = look(begun, interaction, name="questionnaire_submitted")
    assert [row["props"]["version"] for row in submitted] == [sops.source[ID].hash]


async def test_who_begins_again_gets_the_questions_of_today(begun: World, sops: SopSet) -> None:
    await tell(begun, "取消")
    await again_with(begun, changed(only(sops), "家里平时谁做饭？", "您爱吃什么？"))
    await tell(begun, "问卷", "好")
    assert "您爱吃什么？" in heard(begun)[-1]


async def test_a_questionnaire_goes_on_when_its_file_is_gone_and_begins_no_more(
    begun: World, sops: SopSet
) -> None:
    await again_with(begun, removed(only(sops)))
    await tell(begun, "A")
    assert "（2/3）" in heard(begun)[-1]
    await tell(begun, "取消", "问卷")
    assert "不打扰" in heard(begun)[-1]
    assert begun.count("failures") == 0


async def test_an_answer_of_ten_thousand_letters_is_kept_as_one_line_and_not_endlessly(begun: World) -> None:
    await tell(begun, "A", "B", "\n菜" * 10_000)
    (answered,) = look(begun, interaction, name="questionnaire_answered")
    (kept,) = look(begun, texts, id=answered["text_id"])
    assert len(kept["body"]) == 500
    assert "\n" not in kept["body"]
    assert kept["keep_until"] is None


async def test_two_answers_in_free_words_are_both_kept(make_world: MakeWorld, sops: SopSet) -> None:
    more = "answer: text, optional: true}\n  - {ask: 还想说什么？, answer: text}\n"
    world = await make_world(changed(only(sops), "answer: text, optional: true}", more))
    await world.happen(FriendMade("friend-1", QING, MONDAY_9))
    await world.move_to(MONDAY_9 + 2 * MINUTE)
    await tell(world, "好", "A", "A", "想吃得放心", "早点开群")
    answered = look(world, interaction, name="questionnaire_answered")
    kept = [look(world, texts, id=row["text_id"])[0]["body"] for row in answered]
    assert [(row["object_id"], body) for row, body in zip(answered, kept, strict=True)] == [
        ("q3", "想吃得放心"),
        ("q4", "早点开群"),
    ]


async def test_a_reminder_that_was_held_too_long_does_not_come_after_the_end(begun: World) -> None:
    await begun.move_to(MONDAY_9 + timedelta(hours=24) + 2 * MINUTE)
    (reminder,) = [row for row in look(begun, outgoing) if row["intent"] == "ask"]
    assert reminder["expires_at"] == MONDAY_9 + timedelta(days=3) + MINUTE


async def test_what_is_over_keeps_no_answers_beside_the_record(begun: World) -> None:
    await tell(begun, "A", "B", "想知道孩子吃的菜从哪来")
    (kept,) = look(begun, run, sop_id=ID)
    assert kept["state"]["step"] == "invited"
    assert kept["state"]["answers"] == {}


async def test_words_that_are_taken_back_are_kept_nowhere(begun: World) -> None:
    await tell(begun, "A", "无所谓")
    words = said("我住在幸福路八号", QING, None, occurred_at=begun.clock.now())
    await begun.happen(words)
    await begun.move_to(begun.clock.now() + MINUTE)
    alarms = [message.text for _, message in begun.sent if message.person_id == BOSS.id]
    assert "我住在幸福路八号" in alarms[-1]
    await begun.happen(MessageRecalled("recall-1", words.id, QING, begun.clock.now()))
    assert not [row for row in look(begun, texts) if "幸福路" in row["body"]]
    assert not [row for row in look(begun, outgoing) if "幸福路" in str(row["payload"])]
    assert not [row for row in look(begun, run) if "幸福路" in str(row["state"])]


@pytest.mark.parametrize(
    "text", ["好", "好的。", "好👌", "嗯好的谢谢", "我同意", "OK", "可以", "那就开始吧", "回复好"]
)
def test_a_yes_is_a_yes(text: str) -> None:
    assert agrees(text, "好") is True


@pytest.mark.parametrize("text", ["start now", "Start now!", "回复 start now"])
def test_the_word_that_was_asked_for_is_a_yes(text: str) -> None:
    assert agrees(text, "Start now") is True


@pytest.mark.parametrize(
    "text", ["不", "不用了，谢谢", "我不同意", "取消", "/取消", "算了", "暂时不需要", "不可以"]
)
def test_a_no_is_a_no(text: str) -> None:
    assert agrees(text, "好") is False


@pytest.mark.parametrize(
    "text", ["你好", "您好", "好像不太明白", "可以吗", "好不好", "不好意思", "不错", "", "🌹", "好" * 10_000]
)
def test_what_might_mean_something_else_is_no_consent(text: str) -> None:
    assert agrees(text, "好") is None


async def test_a_changed_greeting_is_the_one_of_today(make_world: MakeWorld, sops: SopSet) -> None:
    world = await make_world(only(sops))
    await world.happen(MembersJoined("join-1", ROOM, (QING,), MONDAY_9))
    await world.move_to(MONDAY_9 + 11 * MINUTE)
    await again_with(world, changed(only(sops), "names: 5", "names: 1"))
    await world.happen(MembersJoined("join-2", ROOM, (ZHOU, Person("new", "新")), world.clock.now()))
    await world.move_to(MONDAY_9 + 25 * MINUTE)
    greetings = [message.text for _, message in world.sent if message.chat_id == ROOM.id]
    assert "等2位新朋友" in greetings[-1]


async def test_who_waits_for_a_human_does_so_though_the_file_is_gone(begun: World, sops: SopSet) -> None:
    await tell(begun, "A", "无所谓", "跳过")
    await again_with(begun, removed(only(sops)))
    await order(begun, "/待定")
    assert "M2 阿青" in told(begun)
    await order(begun, "/通过 M2")
    assert "已邀请 M2" in told(begun)
    assert "邀请您进" in heard(begun)[-1]


async def test_marks_of_one_value_are_one_tag_with_their_mean(make_world: MakeWorld, sops: SopSet) -> None:
    more = "answer: scale, tag: 有机认同}\n  - {ask: 公平吗？, answer: scale, tag: 有机认同}\n"
    world = await make_world(changed(only(sops), "answer: text, optional: true}", more))
    await world.happen(FriendMade("friend-1", QING, MONDAY_9))
    await world.move_to(MONDAY_9 + 2 * MINUTE)
    await tell(world, "好", "B", "B", "5", "4分")
    assert [(row["key"], row["score"]) for row in look(world, tag)] == [("有机认同", 0.75)]


async def test_a_promise_of_less_than_an_hour_is_not_one_of_none(make_world: MakeWorld, sops: SopSet) -> None:
    world = await make_world(changed(only(sops), "answer_within: 24h", "answer_within: 30m"))
    await world.happen(FriendMade("friend-1", QING, MONDAY_9))
    await world.move_to(MONDAY_9 + 2 * MINUTE)
    await tell(world, "好", "A", "无所谓", "跳过")
    assert "1小时内给您回音" in heard(world)[-1]


async def test_words_that_are_taken_back_are_kept_nowhere_though_the_file_is_gone(
    begun: World, sops: SopSet
) -> None:
    await tell(begun, "A", "B")
    words = said("我住在幸福路八号", QING, None, occurred_at=begun.clock.now())
    await begun.happen(words)
    await again_with(begun, removed(only(sops)))
    await begun.happen(MessageRecalled("recall-1", words.id, QING, begun.clock.now()))
    assert not [row for row in look(begun, texts) if "幸福路" in row["body"]]


async def order(world: World, command: str) -> None:
    await world.happen(said(command, BOSS, None, occurred_at=world.clock.now()))
    await world.move_to(world.clock.now() + MINUTE)


def told(world: World) -> str:
    return [message.text for _, message in world.sent if message.person_id == BOSS.id][-1]
